//! The compose file of a rehearsal: the release's web service alone, which sees the code as a deploy would run it, the
//! data of production read-only, and no network but the rehearsal's. Pure.

use serde_json::{Map, Value, json};

use super::super::render::service;
use super::super::staged::Model;

/// What would let it out, clash with what serves, or draw users to it.
const LEFT_OUT: [&str; 17] = [
    "container_name",
    "deploy",
    "depends_on",
    "dns_search",
    "external_links",
    "extra_hosts",
    "healthcheck",
    "hostname",
    "labels",
    "links",
    "logging",
    "mac_address",
    "network_mode",
    "ports",
    "profiles",
    "scale",
    "build",
];
/// An address that leads nowhere (RFC 5737): older engines ask a name server of the outside for every network.
const NOWHERE: &str = "192.0.2.1";

/// Why a web service cannot be set apart.
pub(super) fn objection(model: &Model, web: &str) -> Option<String> {
    let own = service(model, web)?;
    if let Some(mode) = own.get("network_mode").and_then(Value::as_str) {
        return Some(format!("{web} has `network_mode: {mode}`, and could not be kept from reaching others"));
    }
    let from = own.get("volumes_from").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    from.then(|| {
        format!("{web} has the volumes of another service (`volumes_from`), which it could write to")
    })
}

/// `release`: the release's own compose file; `names`: its web service, and what that is called apart; `command`: what
/// it does where nobody says otherwise.
pub(super) fn apart(release: &str, names: (&str, &str), network: &str, command: &[String]) -> String {
    let model: Value = serde_json::from_str(release).unwrap_or_default();
    let mut own = model.pointer("/services").and_then(|all| all.get(names.0)).cloned().unwrap_or_default();
    if let Some(own) = own.as_object_mut() {
        own.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
        let set = json!({
            "command": command,
            "networks": {"rehearsal": {}},
            "dns": [NOWHERE],
            "restart": "no",
        });
        own.extend(set.as_object().cloned().unwrap_or_default());
        for volume in own.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            if volume.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "tmpfs") {
                volume["read_only"] = json!(true);
            }
        }
    }
    let mut apart = Map::new();
    for key in ["name", "volumes", "configs", "secrets"] {
        apart.extend(model.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    apart.insert("services".into(), json!({names.1: own}));
    apart.insert("networks".into(), json!({"rehearsal": {"external": true, "name": network}}));
    format!("{:#}\n", Value::Object(apart))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_apart_reaches_nobody_and_writes_to_nothing_of_production() {
        let release = json!({
            "name": "odoo",
            "services": {
                "odoo": {
                    "image": "ops/odoo:r-odoo", "container_name": "erp", "ports": [{"target": 8069}], "restart": "always",
                    "networks": {"default": null, "edge": {"aliases": ["erp"]}}, "labels": {"traefik.enable": "true"},
                    "depends_on": {"db": {}}, "extra_hosts": ["host.docker.internal=host-gateway"],
                    "environment": {"HOST": "db"},
                    "volumes": [
                        {"type": "volume", "source": "odoo-data", "target": "/var/lib/odoo"},
                        {"type": "bind", "source": "/x/addons", "target": "/mnt", "read_only": true},
                        {"type": "tmpfs", "target": "/run"},
                    ],
                },
                "db": {"image": "postgres"},
            },
            "volumes": {"odoo-data": {"name": "odoo_odoo-data"}},
            "networks": {"default": {"name": "odoo_default"}},
        });
        let text = apart(&release.to_string(), ("odoo", "odoo-rehearsal"), "net", &["odoo".into()]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["services"].as_object().unwrap().keys().collect::<Vec<_>>(), ["odoo-rehearsal"]);
        let own = &json["services"]["odoo-rehearsal"];
        for gone in ["container_name", "ports", "labels", "depends_on", "extra_hosts"] {
            assert!(own.get(gone).is_none(), "{gone}: {own}");
        }
        assert_eq!(own["environment"], json!({"HOST": "db"}));
        assert_eq!(own["networks"], json!({"rehearsal": {}}));
        assert_eq!(json["networks"], json!({"rehearsal": {"external": true, "name": "net"}}));
        let written = |one: &&Value| one["type"] != "tmpfs" && one["read_only"] != true;
        assert!(own["volumes"].as_array().unwrap().iter().find(written).is_none(), "{own}");
        assert_eq!(json["volumes"], release["volumes"]);
    }

    #[test]
    fn what_cannot_be_set_apart_is_refused() {
        let of = |own: Value| {
            objection(&Model { project: "x".into(), json: json!({"services": {"odoo": own}}) }, "odoo")
        };
        assert!(of(json!({"network_mode": "host"})).unwrap().contains("network_mode: host"));
        assert!(of(json!({"volumes_from": ["data"]})).unwrap().contains("volumes_from"));
        assert_eq!(of(json!({"volumes_from": []})), None);
    }
}
