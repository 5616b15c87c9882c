//! Modules that are installed, and what keeps them from it.

mod refused;

use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::migrate::{Prober, dump};
use crate::walk::{SHIM, await_hold, go_on, hold};

pub use refused::impossible_ones_change_nothing;

/// It loads, and fails while it does.
const RAISES: &str = r#"s=/var/lib/ops/odoo/releases; a=$s/$(cat $s/current)/src/custom-addons/ipai_raises; mkdir -p $a
printf '%s\n' '{"name": "raises", "version": "1.0", "depends": ["base"]}' >$a/__manifest__.py
echo 'from . import made_to_fail' >$a/__init__.py"#;

pub fn state(droplet: Droplet, module: &str) -> String {
    droplet.sql(&format!(
        "select state || ' ' || coalesce(latest_version, '') from ir_module_module where name = '{module}'"
    ))
}

/// On a droplet with the base release: installed and proven, taken back where it fails, one at a time.
pub fn installed_and_proven(droplet: Droplet) {
    let laptop = Laptop::new();
    let env = droplet.env;
    let prober = Prober::on(droplet);
    laptop
        .ops(&["install-modules", env, "ipai_*", "--yes", "--output", "json"])
        .exits(0)
        .says(&["install ipai_expense", r#""event":"step-progress","note":"module ipai_expense""#]);
    prober.interruption("an installation");
    assert_eq!(state(droplet, "ipai_expense"), "installed 14.0.1.0.0");
    laptop.ops(&["install-modules", env, "ipai_expense", "--yes"]).exits(0).says(&["nothing to do"]);

    failed_installation_is_put_back(droplet, &laptop);

    // One at a time, and a deploy is one as well.
    droplet.root(SHIM);
    hold(droplet, "switch.update");
    let mut first =
        laptop.command(&["install-modules", env, "--update", "ipai_docs", "--yes"]).spawn().unwrap();
    await_hold(droplet);
    let other = Laptop::new();
    other
        .ops(&["install-modules", env, "--update", "ipai_docs", "--yes"])
        .exits(5)
        .says(&["install-modules"]);
    other.deploy(env, "standin-code", &[]).exits(5);
    go_on(droplet);
    assert_eq!(first.wait().unwrap().code(), Some(0));

    // Left half-way by something else.
    droplet.sql("update ir_module_module set state = 'to upgrade' where name = 'ipai_docs'");
    laptop.ops(&["install-modules", env, "--update", "ipai_expense", "--yes"]).exits(9).says(&[
        "left half-way",
        "ipai_docs is \"to upgrade\"",
        "--repair",
    ]);
    laptop.ops(&["install-modules", env, "--repair", "--yes"]).exits(0).says(&["update ipai_docs"]);
    assert_eq!(state(droplet, "ipai_docs"), "installed 14.0.1.0.0");
}

/// A module that raises while it loads: the database and the site are as they were.
pub fn failed_installation_is_put_back(droplet: Droplet, laptop: &Laptop) {
    let env = droplet.env;
    droplet.root(RAISES);
    // Odoo's own actions write when they like.
    droplet.sql("update ir_cron set active = false");
    droplet.root("c=$(docker ps -q --filter label=com.docker.compose.service=odoo-b); docker stop $c >/dev/null; docker start $c >/dev/null; sleep 3");
    let data = dump(droplet, "odoo");
    laptop.ops(&["install-modules", env, "ipai_raises", "--yes"]).exits(6).says(&[
        "install ipai_raises",
        "made_to_fail",
        "everything was put back as it was before",
    ]);
    assert_eq!(dump(droplet, "odoo"), data, "the database is not what it was");
    droplet.login_page();
    droplet.root("s=/var/lib/ops/odoo/releases; rm -rf $s/$(cat $s/current)/src/custom-addons/ipai_raises");
}

/// The way back of an installation is a rollback as any; uninstalling says what goes.
pub fn taken_back(droplet: Droplet) {
    let laptop = Laptop::new();
    let env = droplet.env;
    let ids = laptop.json(&["releases", "list", env]);
    let first = ids["releases"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    laptop.ops(&["rollback", env, "--to", &first, "--yes"]).exits(3).says(&["Data is lost"]);
    laptop.ops(&["rollback", env, "--to", &first, "--confirm", env]).exits(0);
    assert!(state(droplet, "ipai_expense").starts_with("uninstalled"));
}

/// Real Odoo: what needs a module goes with it, and the plan says so with the rows of its tables.
pub fn uninstalled(droplet: Droplet) {
    let laptop = Laptop::new();
    let env = droplet.env;
    laptop.ops(&["install-modules", env, "ipai_expense", "--yes"]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two'); analyze ipai_document");
    laptop.ops(&["install-modules", env, "--uninstall", "ipai_docs", "--yes"]).exits(3).says(&[
        "ipai_expense: it needs a module that goes",
        "ipai_document (about 2 rows)",
        "Data is lost",
    ]);
    laptop.ops(&["install-modules", env, "--uninstall", "ipai_docs", "--confirm", env]).exits(0);
    assert!(state(droplet, "ipai_docs").starts_with("uninstalled"));
    assert!(state(droplet, "ipai_expense").starts_with("uninstalled"));
    assert_eq!(droplet.sql("select to_regclass('ipai_document') is null"), "t");
    laptop.ops(&["rollback", env, "--confirm", env]).exits(0);
    assert_eq!(droplet.sql("select count(*) from ipai_document"), "2");
}
