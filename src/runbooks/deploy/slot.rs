//! The web service in one of its two slots: the model of a release with that slot's service in the place of
//! the web service, and the reasons why two cannot stand side by side. Pure.

use serde_json::{Map, Value, json};

use super::render::service;
use super::staged::Model;
use crate::record::Slot;

/// What the second slot's published ports are higher by.
const HIGHER: u16 = 10_000;

/// A published port of the web service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub container: u16,
    pub host: u16,
    pub loopback: bool,
}

/// The model with the web service `web` in a slot; the other slot's is not started by it, so that a hand-typed
/// `docker compose up` starts nothing beside what serves.
pub fn place(model: &mut Value, web: &str, slot: Slot) {
    let name = slot.service(web);
    let Some(services) = model.get_mut("services").and_then(Value::as_object_mut) else { return };
    if slot == Slot::A {
        return;
    }
    let Some(mut own) = services.remove(web) else { return };
    second(&mut own);
    services.insert(name.clone(), own);
    if services.values().any(|other| depends(other, web)) {
        services.insert(web.to_owned(), stand_in(&services[&name], &name));
    }
}

/// A definition as it is in the second slot: a name, aliases and ports of its own.
fn second(service: &mut Value) {
    let Some(service) = service.as_object_mut() else { return };
    if let Some(Value::String(name)) = service.get_mut("container_name") {
        name.push_str("-b");
    }
    for network in
        service.get_mut("networks").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
    {
        if let Some(network) = network.as_object_mut() {
            network.remove("aliases");
        }
    }
    for port in service.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(host) = host_port(port).and_then(|host| host.checked_add(HIGHER)) {
            port["published"] = json!(host.to_string());
            port["host_ip"] = json!("127.0.0.1");
        }
    }
}

/// `depends_on`, as a list or as a map.
fn depends(service: &Value, web: &str) -> bool {
    match service.get("depends_on") {
        Some(Value::Object(all)) => all.contains_key(web),
        Some(Value::Array(all)) => all.iter().any(|one| one == web),
        _ => false,
    }
}

/// What others depend on by the old name: no container of its own, and after the second slot's. Written anew,
/// their `depends_on` would be a change for Compose (2.26), and a hand-typed `up` would recreate nginx.
fn stand_in(twin: &Value, name: &str) -> Value {
    json!({
        "image": twin.get("image"),
        "pull_policy": "never",
        "scale": 0,
        "depends_on": {name: {"condition": "service_started"}},
    })
}

fn host_port(port: &Value) -> Option<u16> {
    match port.get("published")? {
        Value::String(text) => text.parse().ok(),
        number => u16::try_from(number.as_u64()?).ok(),
    }
}

/// The published ports of a service; the entries that are none in the long form of a resolved model are
/// given as text.
pub fn ports(model: &Value, name: &str) -> (Vec<Port>, Vec<String>) {
    let (mut known, mut unclear) = (Vec::new(), Vec::new());
    let entries = model.pointer("/services").and_then(|all| all.get(name)?.get("ports")?.as_array());
    for entry in entries.into_iter().flatten() {
        let container = entry.get("target").and_then(Value::as_u64).and_then(|port| port.try_into().ok());
        let loopback = entry.get("host_ip").and_then(Value::as_str).is_some_and(is_loopback);
        match (container, host_port(entry)) {
            (Some(container), Some(host)) => known.push(Port { container, host, loopback }),
            (Some(_), None) if entry.get("published").is_none() => {}
            _ => unclear.push(entry.to_string()),
        }
    }
    (known, unclear)
}

pub fn is_loopback(address: &str) -> bool {
    matches!(address, "localhost" | "::1" | "[::1]") || address.starts_with("127.")
}

/// Why the model does not let two of its web service stand side by side; `shared`: bind mounts of the web
/// service that do not follow the release.
pub fn objection(model: &Model, web: &str, proxied_inside: bool) -> Option<String> {
    let own = service(model, web)?;
    let twin = Slot::B.service(web);
    if service(model, &twin).is_some() {
        return Some(format!("the stack has a service {twin} of its own"));
    }
    if let Some(mode) = own.get("network_mode").and_then(Value::as_str) {
        return Some(format!("{web} has `network_mode: {mode}`: two would want the same ports"));
    }
    fixed_address(own, web)
        .or_else(|| replicas(own, web))
        .or_else(|| ports_in_the_way(model, web, proxied_inside))
        .or_else(|| {
            let services = model.json.get("services")?.as_object()?;
            services.iter().filter(|(name, _)| *name != web).find_map(|(name, other)| bound(name, other, web))
        })
}

fn fixed_address(own: &Value, web: &str) -> Option<String> {
    let networks = own.get("networks").and_then(Value::as_object);
    let fixed = networks.into_iter().flat_map(Map::values).any(|network| {
        ["ipv4_address", "ipv6_address", "mac_address"].iter().any(|key| network.get(key).is_some())
    });
    (fixed || own.get("mac_address").is_some()).then(|| format!("{web} has a fixed address"))
}

fn replicas(own: &Value, web: &str) -> Option<String> {
    let number = own.get("scale").or_else(|| own.pointer("/deploy/replicas"))?.as_u64()?;
    (number > 1).then(|| format!("{web} runs {number} times"))
}

fn ports_in_the_way(model: &Model, web: &str, proxied_inside: bool) -> Option<String> {
    let (ports, unclear) = ports(&model.json, web);
    if let Some(entry) = unclear.first() {
        return Some(format!("where {web} publishes {entry} cannot be told"));
    }
    if let Some(port) = ports.iter().find(|port| !port.loopback) {
        return Some(format!(
            "port {0} is published to everyone, and who uses it past nginx would lose it; publish 127.0.0.1:{0}",
            port.host
        ));
    }
    if ports.iter().any(|port| port.host.checked_add(HIGHER).is_none()) {
        return Some(format!("a port of {web} is too high for a second one beside it"));
    }
    (ports.is_empty() && !proxied_inside).then(|| format!("{web} publishes no port that nginx could use"))
}

/// How another service is bound to the one container or the one name of the web service.
fn bound(name: &str, other: &Value, web: &str) -> Option<String> {
    for key in ["network_mode", "pid", "ipc"] {
        if other.get(key).and_then(Value::as_str) == Some(&format!("service:{web}")) {
            return Some(format!("{name} shares the {key} of {web}"));
        }
    }
    let listed = |key: &str| {
        let list = other.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).any(|one| one.split(':').next() == Some(web))
    };
    if let Some(key) = ["links", "volumes_from"].into_iter().find(|key| listed(key)) {
        return Some(format!("{name} has {web} in its {key}"));
    }
    let said = words(other).into_iter().find(|(key, text)| names_host(key, text, web))?;
    Some(format!("{name} reaches {web} by its name ({})", crate::text::printable(&said.0)))
}

/// What a service is told of others: environment, command and entrypoint, with the key they stand under.
fn words(service: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    match service.get("environment") {
        Some(Value::Object(map)) => {
            all.extend(map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
        }
        Some(Value::Array(list)) => {
            all.extend(
                list.iter()
                    .filter_map(|one| one.as_str()?.split_once('='))
                    .map(|(k, v)| (k.into(), v.into())),
            );
        }
        _ => {}
    }
    for key in ["command", "entrypoint"] {
        match service.get(key) {
            Some(Value::String(text)) => all.push((key.to_owned(), text.clone())),
            Some(Value::Array(list)) => {
                all.extend(list.iter().filter_map(Value::as_str).map(|one| (key.to_owned(), one.to_owned())));
            }
            _ => {}
        }
    }
    all
}

/// The text names the service as a host: with a port, in an address, or alone under a key that wants a host.
/// A user or a database may have the same name and means nothing.
fn names_host(key: &str, text: &str, web: &str) -> bool {
    let key = key.to_uppercase();
    let wants_host = ["HOST", "URL", "URI", "UPSTREAM", "BACKEND", "SERVER", "ADDR", "TARGET"];
    if text == web {
        return wants_host.iter().any(|word| key.contains(word));
    }
    let edge = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    text.match_indices(web).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + web.len()..]);
        let port = after.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let address = before.ends_with("://") || before.ends_with('@') && before.contains("://");
        before.chars().next_back().is_none_or(edge)
            && (port || address && after.chars().next().is_none_or(|c| edge(c) && c != ':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(own: Value, others: Value) -> Model {
        let mut services = others.as_object().cloned().unwrap_or_default();
        services.insert("odoo".into(), own);
        Model { project: "x".into(), json: json!({ "services": services }) }
    }

    fn loopback() -> Value {
        json!({"ports": [{"target": 8069, "published": "8069", "host_ip": "127.0.0.1"}]})
    }

    #[test]
    fn the_second_slot_has_a_name_ports_and_aliases_of_its_own() {
        let mut own = loopback();
        own["container_name"] = json!("erp");
        own["networks"] = json!({"default": null, "edge": {"aliases": ["erp"]}});
        let others = json!({"nginx": {"depends_on": {"odoo": {"condition": "service_started"}}},
            "cron": {"depends_on": ["db", "odoo"]}});
        let mut placed = model(own, others).json;
        let before = placed.clone();
        place(&mut placed, "odoo", Slot::A);
        assert_eq!(placed, before, "slot a is the user's own");
        place(&mut placed, "odoo", Slot::B);
        assert_eq!(placed["services"]["odoo"]["scale"], 0, "nothing but a name for others");
        let twin = &placed["services"]["odoo-b"];
        assert_eq!((&twin["container_name"], &twin["networks"]["edge"]), (&json!("erp-b"), &json!({})));
        assert_eq!(ports(&placed, "odoo-b").0, [Port { container: 8069, host: 18069, loopback: true }]);
        for other in ["nginx", "cron"] {
            assert_eq!(placed["services"][other], before["services"][other], "Compose would recreate it");
        }
        let mut alone = model(loopback(), json!({"db": {}})).json;
        place(&mut alone, "odoo", Slot::B);
        assert_eq!(alone["services"].get("odoo"), None);
    }

    #[test]
    fn a_usual_stack_lets_two_stand_side_by_side() {
        // The database's user is called like the service, which is no address.
        let db = json!({"db": {"environment": {"POSTGRES_USER": "odoo", "POSTGRES_DB": "odoo"}}});
        assert_eq!(objection(&model(loopback(), db), "odoo", false), None);
        assert_eq!(objection(&model(json!({}), json!({})), "odoo", true), None, "nginx asks it by its name");
    }

    #[test]
    fn what_cannot_stand_side_by_side_says_why() {
        let with = |key: &str, value: Value| {
            let mut own = loopback();
            own[key] = value;
            model(own, json!({}))
        };
        let beside = |other: Value| model(loopback(), json!({"other": other}));
        let port = |port: Value| with("ports", json!([port]));
        let cases = [
            (with("network_mode", json!("host")), "network_mode: host"),
            (with("networks", json!({"a": {"ipv4_address": "10.0.0.9"}})), "a fixed address"),
            (with("scale", json!(3)), "runs 3 times"),
            (port(json!({"target": 8069, "published": "8069"})), "published to everyone"),
            (port(json!("${PORT}:8069")), "cannot be told"),
            (port(json!({"target": 8069, "published": "60000", "host_ip": "127.0.0.1"})), "too high"),
            (model(json!({}), json!({})), "publishes no port"),
            (model(loopback(), json!({"odoo-b": {}})), "of its own"),
            (beside(json!({"network_mode": "service:odoo"})), "shares the network_mode"),
            (beside(json!({"links": ["odoo:erp"]})), "in its links"),
            (beside(json!({"environment": {"ODOO_HOST": "odoo"}})), "by its name (ODOO_HOST)"),
            (beside(json!({"environment": ["API=http://odoo/jsonrpc"]})), "by its name (API)"),
            (beside(json!({"command": ["serve", "--odoo", "odoo:8069"]})), "by its name (command)"),
        ];
        for (model, why) in cases {
            let said = objection(&model, "odoo", false).unwrap_or_default();
            assert!(said.contains(why), "{why}: {said}");
        }
    }

    #[test]
    fn a_name_inside_another_word_is_no_address() {
        for text in
            ["postgres://odoo:secret@db/odoo", "myodoo:8069", "odoo.example.com:80", "http://odoo-b/x"]
        {
            assert!(!names_host("X", text, "odoo"), "{text}");
        }
        for text in ["http://odoo", "https://me:pw@odoo/x", "tcp://odoo:8072", "odoo:8069"] {
            assert!(names_host("X", text, "odoo"), "{text}");
        }
    }
}
