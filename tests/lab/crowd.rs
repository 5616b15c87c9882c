//! Many engineers at one droplet at the same moment.

use std::process::{Child, Stdio};

use crate::droplet::DEMO;
use crate::laptop::Laptop;
use crate::walk::{SHIM, await_hold, go_on, hold};

fn start(laptop: &Laptop, name: &str, more: &[&str]) -> Child {
    let args = [&["deploy", "demo", "--yes", "--ref", "standin-code"], more].concat();
    let log = std::fs::File::create(laptop.file("out")).unwrap();
    laptop.command(&args).env("USER", name).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn said(laptop: &Laptop) -> String {
    std::fs::read_to_string(laptop.file("out")).unwrap()
}

lab_test!(lab, demo, of_twenty_deploys_at_once_exactly_one_runs);
fn of_twenty_deploys_at_once_exactly_one_runs() {
    let droplet = DEMO.fresh();
    Laptop::recreating().deploy("demo", "standin", &[]).exits(0);
    droplet.root(SHIM);
    hold(droplet, "switch.web");
    // Twenty logins of one address at one busy sshd take their time, and one that is given up is held
    // against the others (OpenSSH 10): this is about what comes after the login.
    let patient = [("connect_timeout: 10s", "connect_timeout: 2m"), ("strategy: auto", "strategy: recreate")];
    let laptops: Vec<_> = (0..20).map(|_| Laptop::with(&patient)).collect();
    let started = laptops.iter().enumerate().map(|(n, laptop)| {
        std::thread::sleep(std::time::Duration::from_millis(150));
        start(laptop, &format!("engineer{n}"), &[])
    });
    let mut children: Vec<_> = started.collect();
    await_hold(droplet);
    let holder = droplet.root("cat /var/lib/ops/odoo/lock/holder.json");
    let winner = (0..20).find(|n| holder.contains(&format!("engineer{n}@")));
    let winner = winner.unwrap_or_else(|| panic!("{holder}"));
    let holder = format!("engineer{winner}");
    for (n, child) in children.iter_mut().enumerate().filter(|(n, _)| *n != winner) {
        let code = child.wait().unwrap().code();
        let said = said(&laptops[n]);
        assert_eq!(code, Some(5), "{said}");
        assert!(said.contains(&format!("{holder}@")), "the holder is not named\n{said}");
    }
    assert!(children[winner].try_wait().unwrap().is_none(), "{}", said(&laptops[winner]));

    // The holder dies, and the droplet ends its work: whoever waits sees it proven dead, and takes over.
    children[winner].kill().unwrap();
    children[winner].wait().unwrap();
    let waiting = Laptop::recreating();
    let mut child = start(&waiting, "patient", &["--wait-lock", "4m"]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(child.try_wait().unwrap().is_none(), "{}", said(&waiting));
    go_on(droplet);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", said(&waiting));
    assert!(said(&waiting).contains("waiting at most 240 s"), "{}", said(&waiting));
    assert_eq!(droplet.release(), "standin-code");
    Laptop::recreating().deploy("demo", "standin-code-2", &[]).exits(0);
    let audit = droplet.root("cat /var/lib/ops/odoo/audit.jsonl");
    assert_eq!(audit.matches("lock-taken-over").count(), 1, "{audit}");
    // Who did what is on record, and a line that was changed is seen.
    let audit = ["audit", "demo", "--verify"];
    let engineer = format!("{holder}@");
    Laptop::new().ops(&audit).exits(0).says(&["lock-taken-over", &engineer, "alice@", "The audit is whole"]);
    droplet.root("sed -i '3s/deploy/undo/' /var/lib/ops/odoo/audit.jsonl");
    Laptop::new().ops(&audit).exits(9).says(&["the audit was changed: line 4"]);
}
