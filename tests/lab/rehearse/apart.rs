//! Nothing gets out of a copy.

use super::{Refs, production, rehearse, stand};
use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// Whatever the copy calls, nobody answers; the same migration reaches all of them in a deploy.
pub fn nothing_gets_out(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    // A mail server on the droplet, by each of its addresses; others of the outside; the web container that serves.
    droplet.root("systemd-run -q --collect -u lab-mail python3 -m http.server 2525 2>/dev/null || systemd-run -q --collect -u lab-mail sh -c 'while :; do nc -l -p 2525 >/dev/null; done'; sleep 1; ss -ltn | grep -q :2525");
    let mut targets: Vec<String> = droplet
        .root("ip -4 -o addr | awk '$4 !~ /^127/ {sub(\"/.*\", \"\", $4); print $4 \":2525\"}'; getent hosts registry.lab | awk '{print $1 \":5000\"}'; getent hosts git.lab | awk '{print $1 \":22\"}'")
        .lines().map(str::to_owned).collect();
    targets.push(format!(
        "{}:8069",
        droplet
            .root("docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' odoo-odoo-1")
    ));
    targets.push("registry.lab:5000".into());
    assert!(targets.len() >= 6, "{targets:?}");
    let named = targets.join(" ");
    droplet.sql(&format!(
        "insert into ir_config_parameter (key, value) values ('lab.targets', '{named} odoo:8069 db:5432')"
    ));
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.calls, &[]).exits(0).says(&["verdict:"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    let said = laptop.ops(&["runs", "logs", &run, "--step", "rehearse.update"]).exits(0).out;
    let calls: Vec<&str> = said.lines().filter(|line| line.starts_with("lab: ")).collect();
    assert_eq!(calls.len(), targets.len() + 2, "{said}");
    let reached: Vec<_> = calls.iter().filter(|line| line.ends_with(" reached")).collect();
    assert_eq!(reached, [&"lab: db:5432 reached"], "{said}");
    // They are there.
    laptop.deploy(droplet.env, refs.calls, &[]).exits(0);
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    let said = laptop.ops(&["runs", "logs", &run, "--step", "switch.update"]).exits(0).out;
    let reached = said.lines().filter(|line| line.starts_with("lab: ") && line.ends_with(" reached")).count();
    assert!(reached >= 4, "nobody could have been reached\n{said}");
    droplet.root("systemctl stop lab-mail");
}
