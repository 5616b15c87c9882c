//! The user's own checks after a switch.

use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// One that is critical takes a release back; one that is not, warns.
pub fn own_checks_decide_after_a_switch(droplet: Droplet) {
    let with = |severity: &str| {
        let checks = format!(
            "    modules: [ipai_docs]\n    checks:\n      \
               - {{ name: portal, http: /web/login, contains: no such text, severity: {severity}, when: [verify] }}\n      \
               - {{ name: modules, sql: \"select count(*) from ir_module_module\", expect: \"> 0\", severity: critical, when: [verify] }}"
        );
        Laptop::with(&[("    modules: [ipai_docs]", &checks)])
    };
    droplet.fresh();
    Laptop::new().deploy(droplet.env, "standin", &[]).exits(0);
    with("critical").deploy(droplet.env, "standin-code", &[]).exits(6).says(&[
        "your check “portal” failed after the switch",
        "without “no such text”",
        "verify.checks",
    ]);
    assert_eq!(droplet.release(), "base");
    with("medium")
        .deploy(droplet.env, "standin-code", &[])
        .exits(0)
        .says(&["Warning: portal on", "your own checks: portal, modules"]);
    assert_eq!(droplet.release(), "standin-code");
}
