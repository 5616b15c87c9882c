//! Somebody comes in to a real droplet, or tries to: the next look says so.

use std::process::{Command, Stdio};

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;

/// What somebody left, if an earlier run of the test did not end.
const CLEAN: &str = "sed -i '/mallory@nowhere/d' /root/.ssh/authorized_keys; rm -f /etc/sudoers.d/ops-test
  userdel -rf eve 2>/dev/null; systemctl stop ops-test-door 2>/dev/null; :";

fn refused(laptop: &Laptop, droplet: Droplet) -> u64 {
    let seen = laptop.json(&["health", droplet.env, "--only", "access.ssh"]);
    let evidence = seen["droplets"][0]["checks"][0]["evidence"].as_str().unwrap_or_default().to_owned();
    evidence.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{seen}"))
}

lab_test!(lab, demo, whoever_is_new_on_a_droplet_is_named_and_who_was_refused_is_counted);
fn whoever_is_new_on_a_droplet_is_named_and_who_was_refused_is_counted() {
    let droplet = DEMO.seeded(&["standin"]);
    droplet.root(CLEAN);
    let laptop = Laptop::new();
    let look = || laptop.ops(&["health", droplet.env, "--only", "access.new", "-v"]);
    look().exits(0).says(&["none that is new"]);
    let before = refused(&laptop, droplet);
    let stranger = [
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
    ];
    let address = format!("nobody-here@127.0.{}.11", crate::droplet::net());
    let tried = Command::new("ssh")
        .args(stranger)
        .args(["-o", "IdentityAgent=none", "-o", "IdentityFile=none", &address, "true"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!tried.status.success());
    assert_eq!(refused(&laptop, droplet), before + 1, "{}", String::from_utf8_lossy(&tried.stderr));
    droplet.root(
        "ssh-keygen -q -t ed25519 -N '' -C mallory@nowhere -f /root/mallory && cat /root/mallory.pub >>/root/.ssh/authorized_keys; rm /root/mallory*
         useradd -m -s /bin/bash eve; usermod -aG sudo eve; echo 'eve ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops-test; chmod 440 /etc/sudoers.d/ops-test
         systemd-run -q --unit=ops-test-door python3 -m http.server 9099; until curl -s http://127.0.0.1:9099 >/dev/null; do sleep 0.1; done",
    );
    look().exits(9).says(&[
        "key SHA256:",
        "of root: mallory@nowhere",
        "member eve is in sudo",
        "port 9099 on 0.0.0.0",
    ]);
    let all = laptop.ops(&["health", droplet.env, "--only", "access.new", "--output", "json"]).exits(9);
    all.says(&["rules /etc/sudoers.d/ops-test as of"]);
    // Another laptop has not looked before.
    Laptop::new().ops(&["health", droplet.env, "--only", "access.new"]).exits(0);
    droplet.root(CLEAN);
    look().exits(0);
}
