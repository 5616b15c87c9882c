//! Hostile text in every field of the inventory that accepts it, carried to a real droplet: its facts,
//! its stage and its plan take it as data.

use std::process::Command;

use serde_json::{Value, json};

use super::Laptop;
use super::arguments::hostile;

/// An inventory with every kind of field that reaches a droplet.
fn full(laptop: &Laptop) -> Value {
    let path = |name: &str| laptop.sshd.path(name).display().to_string();
    let mut inventory = laptop.inventory();
    let environment = &mut inventory["environments"]["prod"];
    environment["url"] = json!("https://erp.example.com");
    environment["stack"] = json!({
        "path": path("stack"), "compose": ["compose.yaml", "more.yaml"], "profiles": ["one"],
        "git": { "remote": path("origin"), "ref": "main", "allow": ["main", "release/*"] },
        "web": "odoo", "db": "db", "database": "odoo", "addons": ["custom-addons"],
        "env": { "WORKERS": "2", "SECRET": { "env": "CANARY" }, "FILE": { "file": path("secret") } },
    });
    environment["proxy"] = json!({
        "server_name": "erp.example.com", "site": path("site"), "upstream": "odoo", "websocket_upstream": "chat",
    });
    environment["modules"] = json!(["sale", "stock"]);
    let when = json!(["preflight", "verify"]);
    environment["checks"] = json!([
        { "name": "portal", "http": "/my", "contains": "Odoo", "when": when },
        { "name": "moves", "sql": "select 'x'", "expect": "> 0", "when": when },
        { "name": "other", "tcp": "127.0.0.1:1", "when": when },
    ]);
    inventory
}

/// A repository on the droplet, as the inventory of [`full`] names it.
fn origin(laptop: &Laptop) {
    let dir = laptop.sshd.path("origin");
    let script = "git init -q -b main . && mkdir custom-addons && touch custom-addons/x more.yaml &&
        printf 'services:\\n  odoo: { image: odoo }\\n  db: { image: postgres }\\n' >compose.yaml &&
        git add . && git -c user.name=a -c user.email=a@b commit -q -m one";
    std::fs::create_dir(&dir).unwrap();
    assert!(Command::new("sh").args(["-c", script]).current_dir(&dir).status().unwrap().success());
}

fn accepts(inventory: &Value) -> bool {
    let (file, home) = ("/project/ops.yaml", "/home/alice");
    ops::inventory::parse(&inventory.to_string(), file.as_ref(), home.as_ref()).is_ok()
}

#[test]
fn no_field_of_an_inventory_becomes_shell() {
    let laptop = Laptop::new();
    origin(&laptop);
    let usual = full(&laptop);
    laptop.write(&usual);
    // It gets as far as judging the droplet; with a mistake in it nothing below would be tested.
    laptop.ops(&["preflight", "prod"]).exits(9).says("git remote and ref").says("portal");
    let mut fields = Vec::new();
    texts(&usual["environments"]["prod"], "/environments/prod", &mut fields);
    // Where the droplet is must stay true, or nothing is reached.
    fields.retain(|field| !field.contains("/droplets/"));
    assert!(fields.len() > 25, "only {} fields", fields.len());
    let mut carried = 0;
    for text in hostile() {
        let mut all = usual.clone();
        for field in &fields {
            let mut one = usual.clone();
            *one.pointer_mut(field).unwrap() = Value::from(text.clone());
            if accepts(&one) {
                *all.pointer_mut(field).unwrap() = Value::from(text.clone());
                carried += 1;
            }
        }
        if all == usual || !accepts(&all) {
            continue;
        }
        laptop.write(&all);
        laptop.ops(&["config", "check"]).exits(0);
        let deploy =
            laptop.ops(&["deploy", "prod", "-vv", "--reason", "a 'reason' $(canary_ran) `canary_ran`"]);
        assert!(matches!(deploy.code, Some(2 | 3 | 9)), "{text:?}\n{deploy}");
        laptop.nothing_was_executed(&format!("{text:?} in {all}"));
    }
    assert!(carried > 80, "only {carried} values were accepted anywhere");
}

#[test]
fn no_way_to_a_droplet_becomes_shell_or_an_option() {
    let laptop = Laptop::new();
    let mut tried = 0;
    for field in ["host", "user", "jump", "identity", "config", "known_hosts"] {
        for text in hostile() {
            laptop.change(&format!("/droplets/0/{field}"), text.clone());
            let ran = laptop.ops(&["preflight", "prod"]);
            assert!(matches!(ran.code, Some(2 | 4)), "{field}: {text:?}\n{ran}");
            laptop.nothing_was_executed(&format!("{field}: {text:?}"));
            tried += usize::from(ran.code == Some(4));
        }
    }
    assert!(tried > 10, "only {tried} values came as far as ssh");
}

/// The places of all texts below this one.
fn texts(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(place.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| texts(item, &format!("{place}/{at}"), found));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| texts(item, &format!("{place}/{key}"), found));
        }
        _ => {}
    }
}
