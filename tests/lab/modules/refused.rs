//! What cannot be installed, and the reasons that are given.

use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::migrate::dump;

/// Modules by hand in the release that runs: each is refused for a reason of its own.
const BAD: &str = r#"s=/var/lib/ops/odoo/releases; a=$s/$(cat $s/current)/src/custom-addons
add() { mkdir -p $a/$1; : >$a/$1/__init__.py; printf '%s\n' "$2" >$a/$1/__manifest__.py; }
add ipai_needs '{"name": "needs", "version": "1.0", "depends": ["base", "ipai_nowhere"]}'
add ipai_python '{"name": "python", "version": "1.0", "depends": ["base"], "external_dependencies": {"python": ["no_such_python"], "bin": ["no-such-program"]}}'
add ipai_closed '{"name": "closed", "version": "1.0", "depends": ["base"], "installable": False}'
add ipai_auto '{"name": "auto", "version": "1.0", "depends": ["ipai_expense"], "auto_install": True}'
add ipai_broken '{"name": '"#;

const UNDO_BAD: &str = "s=/var/lib/ops/odoo/releases; a=$s/$(cat $s/current)/src/custom-addons; rm -rf $a/ipai_needs $a/ipai_python $a/ipai_closed $a/ipai_auto $a/ipai_broken";

/// What cannot be installed is refused with its reason before anything changes.
pub fn impossible_ones_change_nothing(droplet: Droplet, base: &str) {
    droplet.fresh();
    let laptop = Laptop::new();
    let env = droplet.env;
    laptop
        .ops(&["install-modules", env, "ipai_expense", "--yes"])
        .exits(2)
        .says(&["no release", "ops deploy"]);
    laptop.deploy(env, base, &[]).exits(0);
    droplet.root(BAD);
    let (before, data) = (droplet.state(), dump(droplet, "odoo"));
    let refused = |names: &[&str], code, says: &[&str]| {
        laptop.ops(&[&["install-modules", env, "--yes"], names].concat()).exits(code).says(says);
    };
    refused(&["ipai_expens"], 2, &["did you mean `ipai_expense`?", "--list"]);
    refused(&["xpai_*"], 2, &["no module on the addons paths of the running release is called xpai_*"]);
    refused(&["--update", "ipai_expense"], 2, &["no installed module is called ipai_expense"]);
    refused(&["--uninstall", "ipai_expense"], 2, &["no installed module is called ipai_expense"]);
    refused(&["base;id"], 2, &["is not an Odoo module's name"]);
    refused(&["ipai_needs"], 9, &["ipai_needs needs ipai_nowhere, which is nowhere on the addons paths"]);
    refused(&["ipai_python"], 9, &["wants python no_such_python", "wants program no-such-program"]);
    refused(&["ipai_closed"], 9, &["ipai_closed says that it is not installable"]);
    refused(&["ipai_broken"], 9, &["the manifest of ipai_broken cannot be read: SyntaxError"]);
    laptop.ops(&["install-modules", env, "ipai_expense"]).exits(3).says(&[
        "install ipai_expense",
        "Odoo adds by itself: ipai_auto",
        "--yes",
    ]);
    laptop.ops(&["install-modules", env, "--dry-run"]).exits(0).says(&["nothing to do"]);
    let typo = Laptop::with(&[("database: odoo", "database: odo")]);
    typo.ops(&["install-modules", env, "ipai_expense", "--yes"]).exits(9).says(&["there is no database odo"]);
    assert_eq!(droplet.state(), before);
    assert_eq!(dump(droplet, "odoo"), data, "the database is not what it was");

    let list = laptop.json(&["install-modules", env, "--list", "ipai_*"]);
    let note = |name: &str| {
        let all = list["modules"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["note"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(note("ipai_expense"), "");
    assert!(note("ipai_python").contains("the image lacks python no_such_python"), "{list}");
    assert!(note("ipai_broken").contains("cannot be read"), "{list}");
    assert_eq!(note("ipai_closed"), "not installable");
    droplet.root(UNDO_BAD);
}
