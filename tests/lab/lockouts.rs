//! Whoever is locked out by what `ops harden` changed is let in again by the droplet, by the old way, in the guard's time.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::droplet::{Droplet, lab};
use crate::mended::{STATE, harden, laptop, loose};
use crate::terminal::{CTRL_C, Terminal};

/// sshd's next reload shuts the door behind us, as long as our file is there.
const SHUT: &str = "mkdir -p /etc/systemd/system/ssh.service.d; printf '%s\\n' '[Service]' 'ExecReload=' 'ExecReload=/root/reload' \
    >/etc/systemd/system/ssh.service.d/test.conf
    cat >/root/reload <<'SH'
#!/bin/sh
if [ -e /etc/ssh/sshd_config.d/00-ops.conf ]; then iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP
else iptables -D INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP; fi
kill -HUP $(cat /run/sshd.pid)
SH
    chmod +x /root/reload; systemctl daemon-reload";

/// By the old way, and everything is what it was.
fn comes_back(droplet: Droplet, before: &str) {
    let since = Instant::now();
    let shut = || {
        droplet.root(
            "iptables -S INPUT; ls /etc/ssh/sshd_config.d/00-a.conf /etc/sudoers.d/zz-test 2>/dev/null || :",
        )
    };
    while droplet.root(STATE) != before || shut().contains("--dport 22") || shut().contains("/etc/") {
        assert!(since.elapsed() < Duration::from_secs(120), "{}", droplet.root(STATE));
        std::thread::sleep(Duration::from_secs(1));
    }
    lab(&["ssh", droplet.name, "true"]);
}

pub fn who_is_locked_out_is_let_in_again_by_the_droplet() {
    let droplet = loose();
    droplet.root(SHUT);
    let before = droplet.root(STATE);
    let laptop = laptop("15s");
    laptop.ops(&["harden", "status", "demo"]).exits(0).never_says(&["access"]);
    let says = ["goes back at", "no new login yet", "no new login came"];
    harden(&laptop, &["--yes"]).exits(6).says(&says);
    comes_back(droplet, &before);
    let rows = laptop.json(&["harden", "status", "demo"])["changes"].clone();
    let of = |row: &serde_json::Value| (row["class"].to_string(), row["state"].to_string());
    let states: Vec<_> = rows.as_array().unwrap().iter().map(of).collect();
    let all =
        ["\"access\"", "\"quiet\"", "\"reload\""].map(|one| (one.to_owned(), "\"put-back\"".to_owned()));
    assert_eq!(states, all, "{rows}");
}

lab_test!(lab, demo, a_sshd_that_does_not_come_back_is_started_as_it_was);
fn a_sshd_that_does_not_come_back_is_started_as_it_was() {
    let shut = "iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP";
    for death in ["exit 1", "kill $(cat /run/sshd.pid)", "(sleep 2; kill $(cat /run/sshd.pid)) & exit 0"] {
        let droplet = loose();
        droplet.root(&SHUT.replace(shut, &format!("{death}; exit")));
        let before = droplet.root(STATE);
        harden(&laptop("15s"), &["--yes"]).exits(6).says(&["put back"]);
        comes_back(droplet, &before);
    }
}

lab_test!(lab, demo, what_somebody_left_unread_in_sshds_files_is_not_read);
/// Whoever left something in sshd's files would find it read now.
fn what_somebody_left_unread_in_sshds_files_is_not_read() {
    let droplet = loose();
    droplet.root("echo 'Port 2222' >/etc/ssh/sshd_config.d/70-port.conf");
    let before = droplet.root(STATE);
    harden(&laptop("15s"), &["--yes"]).exits(6).says(&["sshd does not listen on port 2222"]);
    comes_back(droplet, &before);
}

/// The laptop vanishes while the door is shut; then `worse` happens.
fn left_alone(worse: impl FnOnce(Droplet)) {
    let droplet = loose();
    droplet.root(SHUT);
    let before = droplet.root(STATE);
    let laptop = laptop("20s");
    let mut ops =
        laptop.command(&["harden", "demo", "--only", "ssh.root,ssh.attempts", "--yes"]).spawn().unwrap();
    is_shut(droplet);
    ops.kill().unwrap();
    ops.wait().unwrap();
    worse(droplet);
    comes_back(droplet, &before);
}

fn is_shut(droplet: Droplet) {
    let since = Instant::now();
    while !droplet.root("iptables -S INPUT").contains("--dport 22") {
        assert!(since.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(200));
    }
}

lab_test!(lab, demo, a_laptop_that_slept_is_told_what_the_droplet_did);
/// The lid is shut while the droplet waits, and opened when all is long over.
fn a_laptop_that_slept_is_told_what_the_droplet_did() {
    let droplet = loose();
    droplet.root(SHUT);
    let before = droplet.root(STATE);
    let laptop = laptop("15s");
    let mut command = laptop.command(&["harden", "demo", "--only", "ssh.root,ssh.attempts", "--yes"]);
    let ops = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    is_shut(droplet);
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &ops.id().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    comes_back(droplet, &before);
    signal("-CONT");
    let told = ops.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&told.stderr).into_owned() + &String::from_utf8_lossy(&told.stdout);
    assert!(told.status.code() == Some(6) && said.contains("put back"), "{:?}\n{said}", told.status);
}

lab_test!(lab, demo, without_a_laptop_the_droplet_lets_in_again);
fn without_a_laptop_the_droplet_lets_in_again() {
    left_alone(|_| ());
}

lab_test!(lab, demo, after_a_power_loss_the_droplet_lets_in_again);
fn after_a_power_loss_the_droplet_lets_in_again() {
    left_alone(|droplet| droplet.power_loss());
}

/// What sshd's reload does besides, while our file is there; and what takes it back.
fn sabotaged(then: &str, back: &str) -> String {
    let shut = "iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP";
    SHUT.replace(shut, then).replace(&shut.replace("-I INPUT", "-D INPUT"), back)
}

lab_test!(lab, demo, a_list_without_us_goes_back);
/// Some other program writes who may log in, and forgets us.
fn a_list_without_us_goes_back() {
    let refused = sabotaged(
        "echo 'DenyUsers root' >/etc/ssh/sshd_config.d/00-a.conf",
        "rm -f /etc/ssh/sshd_config.d/00-a.conf",
    );
    let changed =
        sabotaged("sed -i 's/^AllowUsers.*/AllowUsers nobody/' /etc/ssh/sshd_config.d/00-ops.conf", ":");
    for (script, says) in [(refused, "no new login came"), (changed, "sshd says: allowusers nobody")] {
        let droplet = loose();
        droplet.root(&script);
        let before = droplet.root(STATE);
        let ran = laptop("15s").ops(&["harden", "demo", "--only", "ssh.password,ssh.allowed", "--yes"]);
        ran.exits(6).says(&["+AllowUsers deploy", "may log in then", says]);
        comes_back(droplet, &before);
    }
}

lab_test!(lab, demo, another_port_goes_back);
/// Some other program gives sshd another port, by which nobody comes.
fn another_port_goes_back() {
    let droplet = loose();
    let moved = "echo 'ListenAddress 0.0.0.0:2222' >/etc/ssh/sshd_config.d/00-a.conf";
    droplet.root(&sabotaged(moved, "rm -f /etc/ssh/sshd_config.d/00-a.conf"));
    let before = droplet.root(STATE);
    harden(&laptop("15s"), &["--yes"]).exits(6).says(&["goes back at", "put back"]);
    comes_back(droplet, &before);
}

lab_test!(lab, demo, a_firewall_that_forgets_ssh_goes_back);
/// ufw's own hook shuts ssh out as soon as ufw is up: as if nobody had let it in before everything else was denied.
fn a_firewall_that_forgets_ssh_goes_back() {
    let droplet = loose();
    droplet.root(
        "cat >/etc/ufw/after.init <<'SH'
#!/bin/sh
rule='INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP'
case $1 in start) iptables -I $rule ;; stop) iptables -D $rule || : ;; esac
SH
         chmod 750 /etc/ufw/after.init",
    );
    let before = droplet.root(STATE);
    let ran = laptop("15s").ops(&["harden", "demo", "--only", "firewall.active", "--yes"]);
    ran.exits(6).says(&["goes back at", "put back"]);
    comes_back(droplet, &before);
}

lab_test!(lab, demo, a_link_that_is_cut_is_no_proof);
/// Also for those who are connected: `ops` itself hears nothing any more.
fn a_link_that_is_cut_is_no_proof() {
    let droplet = loose();
    droplet.root(&sabotaged(
        "iptables -I INPUT -p tcp --dport 22 -j DROP",
        "iptables -D INPUT -p tcp --dport 22 -j DROP",
    ));
    let before = droplet.root(STATE);
    harden(&laptop("15s"), &["--yes"]).exits(6).says(&["goes back at", "put back"]);
    comes_back(droplet, &before);
}

lab_test!(lab, demo, who_interrupts_is_let_in_again);
/// Ctrl-C while the droplet waits: it decides alone.
fn who_interrupts_is_let_in_again() {
    let droplet = loose();
    droplet.root(SHUT);
    let before = droplet.root(STATE);
    let laptop = laptop("20s");
    let mut terminal = Terminal::start(laptop.command(&["harden", "demo", "--only", "ssh.attempts"]));
    terminal.is_asked("Carry out this plan: harden demo on demo-1? [y/N]").types("y\n");
    terminal.sees("no new login yet").types(CTRL_C);
    assert_eq!(terminal.ends(), 6, "{}", terminal.shown());
    comes_back(droplet, &before);
}

/// Whoever logs in and is not root any more can mend nothing: that is no proof either.
pub fn wrong_sudoers_go_back(droplet: Droplet) {
    droplet.seeded(&["standin"]);
    droplet.root(&sabotaged(
        "echo 'deploy ALL=(ALL) !ALL' >/etc/sudoers.d/zz-test",
        "rm -f /etc/sudoers.d/zz-test",
    ));
    let before = droplet.root(STATE);
    let ran = laptop("15s").ops(&["harden", droplet.env, "--only", "ssh.attempts,ssh.forwarding", "--yes"]);
    ran.exits(6).says(&["no new login yet", "put back"]);
    comes_back(droplet, &before);
}
