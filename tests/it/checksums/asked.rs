//! What the droplet is asked, and its answer.

use ops::facts::{ContainerMount, Facts};
use ops::runbooks::deploy::{Staged, Stored, Wanted, hashing};
use serde_json::{Value, json};

use super::planned::{environment, facts, staged};

/// The compose file that the droplet is given, and the rest of its script.
fn script(facts: &Facts, staged: &Staged) -> Option<(Value, String)> {
    let cmd =
        hashing::script(&environment(), facts, staged, &Wanted::default(), ("odoo", "0123456789abcdef"))?;
    let text = cmd.stdin_text().unwrap().to_owned();
    let model = text.split_once("\nmodel=").unwrap().1.split_once("\nimage=").unwrap().0;
    let words = shlex::split(model).unwrap();
    Some((serde_json::from_str(&words[0]).unwrap(), text))
}

#[test]
fn files_are_looked_at_in_the_new_image_with_the_new_code_and_nothing_is_written() {
    let mut facts = facts();
    let volume = |source: &str, target: &str| ContainerMount {
        kind: "volume".into(),
        source: source.into(),
        target: target.into(),
        writable: true,
    };
    let web = facts.containers.as_mut().unwrap().iter_mut().find(|one| one.service == "odoo").unwrap();
    web.mounts = vec![volume("odoo_data", "/var/lib/odoo")];
    let mut staged = staged(Stored::Nothing);
    if let (Ok(model), Some(Ok(code))) = (&mut staged.model, &mut staged.code) {
        let bind = |source: &str, target: &str| json!({"type": "bind", "source": source, "target": target});
        let odoo = &mut model.json["services"]["odoo"];
        odoo["command"] = json!("odoo --addons-path=${X}");
        odoo["environment"] = json!({"HOST": "db"});
        odoo["volumes"] = json!([
            bind("/opt/odoo/custom-addons", "/mnt/extra-addons"),
            bind("/srv/enterprise", "/mnt/enterprise"),
            {"type": "volume", "source": "data", "target": "/var/lib/odoo"},
            {"type": "volume", "source": "other", "target": "/new"},
        ]);
        code.tree = vec!["custom-addons/tree/__manifest__.py".into()];
    }
    let (model, text) = script(&facts, &staged).unwrap();
    let odoo = &model["services"]["odoo"];
    let mounts = odoo["volumes"].as_array().unwrap();
    let stage = format!("/var/lib/ops/odoo/cache/stage/{}/custom-addons", "2".repeat(40));
    assert_eq!(mounts[0]["source"], stage.as_str());
    assert_eq!((mounts.len(), &mounts[1]["source"]), (3, &json!("/srv/enterprise")));
    assert!(mounts.iter().all(|one| one["read_only"] == true), "{odoo:#}");
    assert_eq!(model["volumes"], json!({"data": {"external": true, "name": "odoo_data"}}));
    assert_eq!((&odoo["network_mode"], odoo.get("ports")), (&json!("none"), None));
    let digest = format!("registry.example.com/odoo@sha256:{}", "ab".repeat(32));
    assert_eq!(odoo["image"], digest.as_str());
    assert!(text.contains(&format!("\npull={digest}\n")) && text.contains("\nwords=''\n"), "{text:.2000}");
}

#[test]
fn nothing_is_asked_where_nothing_can_be_told() {
    assert!(script(&facts(), &staged(Stored::Nothing)).is_some());
    let mut fresh = facts();
    fresh.containers = Ok(Vec::new());
    assert!(script(&fresh, &staged(Stored::Nothing)).is_none());
    let mut other = facts();
    other.database.as_mut().unwrap().as_mut().unwrap().odoo = false;
    assert!(script(&other, &staged(Stored::Nothing)).is_none());
    let mut built = staged(Stored::Nothing);
    built.model.as_mut().unwrap().json["services"]["odoo"]["build"] = json!({});
    assert!(script(&facts(), &built).is_none());
}

#[test]
fn an_image_that_was_fetched_for_it_is_on_the_droplet() {
    let mut staged = staged(Stored::Nothing);
    let part = |name: &str, code: i32, text: &str| format!("\nN {name} {code} {}\n{text}", text.len());
    let question = r#"{"modules": {"tree": "installed"}, "stored": null, "bytes": null}"#;
    let disk = r#"{"tree": {"installable": true, "checksum": "1"}}"#;
    let said =
        part("question", 0, question) + &part("image", 0, "sha256:new\n") + &part("checksums", 0, disk);
    hashing::tell(&environment(), &mut staged, "N", said.as_bytes());
    let image = staged.images["odoo"].as_ref().unwrap();
    assert_eq!((image.present, image.local_id.as_deref()), (true, Some("sha256:new")));
    assert_eq!(staged.checksums.as_ref().unwrap().as_ref().unwrap().modules, ["tree"]);

    let said = part("question", 0, question) + &part("image", 1, "denied");
    hashing::tell(&environment(), &mut staged, "N", said.as_bytes());
    assert!(staged.checksums.unwrap().unwrap_err().why.contains("denied"));
}
