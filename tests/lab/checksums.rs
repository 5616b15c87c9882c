//! `deploy.update: hash`: the checksums of click-odoo-update decide what is updated, and are stored.

use serde_json::Value;

use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::migrate::Prober;

/// Refs whose code differs, and images that do not.
pub struct Family {
    pub base: &'static str,
    /// Another body of a controller's Python.
    pub code: &'static str,
    pub code_2: &'static str,
    pub bad: &'static str,
    pub other_image: &'static str,
}

/// What `addon_hash` of click-odoo-contrib 1.24 returned for `custom-addons/ipai_docs` of `main` (and of `standin`, which
/// has the same files), with its default patterns and `en_US` as the only active language.
const CHECKSUM: &str = "7547bab8839758e97e30d81666b3dfe3839ff6c6";

pub const STANDIN: Family = Family {
    base: "standin",
    code: "standin-code",
    code_2: "standin-code-2",
    bad: "standin-bad-migration",
    other_image: "registry.lab:5000/standin:2",
};
pub const ODOO: Family = Family {
    base: "main",
    code: "code-only",
    code_2: "code-only-2",
    bad: "bad-migration",
    other_image: "registry.lab:5000/odoo:14.0-b",
};

fn stored(droplet: Droplet) -> Value {
    let text = droplet
        .sql("select value from ir_config_parameter where key = 'module_auto_update.installed_checksums'");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

fn store(droplet: Droplet, value: &str) {
    droplet.sql(&format!(
        "update ir_config_parameter set value = '{value}' where key = 'module_auto_update.installed_checksums'"
    ));
}

/// The same without one module.
fn without(all: &Value, module: &str) -> Value {
    let mut all = all.clone();
    all.as_object_mut().unwrap().remove(module);
    all
}

fn laptop() -> Laptop {
    Laptop::with(&[("update: auto", "update: hash")])
}

/// What is stored decides: nothing, one module, and after a failure what it was.
pub fn only_what_changed_is_updated(droplet: Droplet, family: &Family) {
    let (laptop, env) = (laptop(), droplet.env);
    droplet.fresh();
    laptop.deploy(env, family.base, &[]).exits(0).says(&["store the checksums of all installed modules"]);
    let first = stored(droplet);
    assert_eq!(first["ipai_docs"], CHECKSUM, "{first}");

    // Another image with the same files is fetched before the plan, and changes nothing in the database.
    let tags = "docker image ls --format '{{.Repository}}:{{.Tag}} {{.ID}}' | grep -v ^ops/ | grep -v '<none>' | sort";
    let before = droplet.root(tags);
    let prober = Prober::on(droplet);
    let image = ["--image", family.other_image];
    laptop
        .deploy(env, family.base, &image)
        .exits(0)
        .says(&["changed since the last update"])
        .never_says(&["in the database"]);
    assert!(prober.interruption("a deploy without an update").is_zero(), "a page was shown");
    assert_eq!((stored(droplet), droplet.root(tags)), (first.clone(), before));

    laptop.deploy(env, family.code, &[]).exits(0).says(&[
        "ipai_docs: files changed since the last update",
        "1 module updated in the database",
        "store the checksums of all installed modules",
    ]);
    let second = stored(droplet);
    assert_ne!(second["ipai_docs"], first["ipai_docs"]);
    assert_eq!(without(&second, "ipai_docs"), without(&first, "ipai_docs"));
    assert_eq!(droplet.release(), family.code);
    laptop.deploy(env, family.code, &[]).exits(0).says(&["nothing to do"]);

    let downgrade = ["--allow-downgrade"];
    laptop.deploy(env, family.bad, &downgrade).exits(6).says(&["this migration was made to fail"]);
    assert_eq!((stored(droplet), droplet.release()), (second, family.code.to_owned()));
}

/// After [`only_what_changed_is_updated`]: what cannot be read is said, and the operator's word settles it.
pub fn what_is_not_known_is_said_and_settled(droplet: Droplet, family: &Family) {
    let (laptop, env) = (laptop(), droplet.env);
    let known = stored(droplet);
    for rubbish in ["{\"base\": ", "\u{1b}[2J<html>", "[]"] {
        store(droplet, rubbish);
        laptop.deploy(env, family.code_2, &["--dry-run"]).exits(0).says(&[
            "the stored checksums cannot be read",
            "every installed module is updated once",
            &format!("ops deploy {env} --ref {} --no-update", family.code_2),
        ]);
    }
    droplet.sql("update ir_config_parameter set value = repeat('x', 2000000) where key = 'module_auto_update.installed_checksums'");
    laptop.deploy(env, family.code_2, &["--dry-run"]).exits(0).says(&["they are 2000000 bytes long"]);
    droplet.sql("delete from ir_config_parameter where key = 'module_auto_update.installed_checksums'");
    laptop
        .deploy(env, family.code_2, &["--dry-run"])
        .exits(0)
        .says(&["no checksums are stored: every installed module is updated once"]);
    laptop.deploy(env, family.code_2, &["--no-update"]).exits(0);
    let run = droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    let rows =
        "select count(*) from ir_config_parameter where key = 'module_auto_update.installed_checksums'";
    assert_eq!(droplet.sql(rows), "0", "the undo left what the run had stored");
    laptop
        .deploy(env, family.code_2, &["--no-update"])
        .exits(0)
        .says(&["store the checksums of installed modules that have none"]);
    let now = stored(droplet);
    assert_eq!(without(&now, "ipai_docs"), without(&known, "ipai_docs"));
    assert_ne!(now["ipai_docs"], known["ipai_docs"]);

    // What was left out is not forgotten.
    laptop.deploy(env, family.code, &["--no-update", "--allow-downgrade"]).exits(0);
    assert_eq!(stored(droplet), now);
    laptop.deploy(env, family.code, &[]).exits(0).says(&[
        "not updated since their files changed: ipai_docs",
        "ops install-modules demo --update ipai_docs",
    ]);
    laptop.ops(&["install-modules", env, "--update", "ipai_docs", "--yes"]).exits(0);
    assert_eq!(stored(droplet), known);
    laptop.deploy(env, family.code, &[]).exits(0).never_says(&["not updated"]);

    laptop
        .ops(&["install-modules", env, "ipai_expense", "--yes"])
        .exits(0)
        .says(&["store the checksums of ipai_expense"]);
    let with = stored(droplet);
    assert_eq!(with["ipai_expense"].as_str().map(str::len), Some(40), "{with}");
    for (name, checksum) in known.as_object().unwrap() {
        assert_eq!(with[name], *checksum, "{name}");
    }
}
