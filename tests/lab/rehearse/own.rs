//! Odoo's own tests and its own `neutralize`, in a copy.

use super::{ODOO, STANDIN, production, rehearse, stand};
use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// Odoo's own tests, of real Odoo.
pub fn own_tests(droplet: Droplet) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, &ODOO);
    let before = production(droplet);
    rehearse(&laptop, droplet, "tested", &["--test-tags", "/ipai_docs"])
        .exits(0)
        .says(&["it would pass", "0 failed, 0 error(s) of 1 tests"]);
    rehearse(&laptop, droplet, "tested-bad", &["--test-tags", "/ipai_docs"])
        .exits(9)
        .says(&["IT WOULD FAIL", "AssertionError: 'one' != 'two'"]);
    rehearse(&laptop, droplet, "tested", &["--test-tags", "/no_such_module"])
        .exits(0)
        .says(&["does not say that it ran any test"]);
    // Code that needs no update can be tested, too.
    rehearse(&laptop, droplet, "code-only", &["--test-tags", "/no_such_module"])
        .exits(0)
        .says(&["rehearse.tests"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
}

/// From 16 on Odoo switches off its own copies; where it fails, what ops does by itself holds.
pub fn odoo_neutralizes(droplet: Droplet) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, &STANDIN);
    droplet.sql("update ir_module_module set latest_version = '16.0.1.3' where name = 'base'");
    rehearse(&laptop, droplet, STANDIN.bump, &[]).exits(0).says(&["(odoo neutralize)", "it would pass"]);
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop
        .ops(&["runs", "logs", &run, "--step", "rehearse.neutralize"])
        .exits(0)
        .says(&["odoo_rehearsal odoo.modules.neutralize: Neutralizing database"]);
    droplet.sql("alter table ir_cron rename to ir_cron_gone");
    droplet.sql("create view ir_cron as select 1 as one");
    rehearse(&laptop, droplet, STANDIN.bump, &[])
        .exits(0)
        .says(&["Odoo's own neutralize failed, and what ops switches off by itself holds alone"]);
}

/// Code that does not serve is found, although its update passes.
pub fn sick_code_is_found(droplet: Droplet) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, &STANDIN);
    let before = production(droplet);
    let impatient = Laptop::with(&[("health_timeout: 2m", "health_timeout: 10s")]);
    rehearse(&impatient, droplet, "standin-sick", &["--update", "ipai_docs"]).exits(9).says(&[
        "IT WOULD FAIL",
        "/web/login with Host erp.lab: 500",
        "away for about",
    ]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
}
