//! Logins that ask and logins that fail on a real droplet, and sudo with and without a password. On login-1, where Docker
//! does not run and OpenSSH turns away an address that failed too often.

use std::process::Command;

use crate::droplet::{Droplet, net};
use crate::laptop::Laptop;
use crate::terminal::{CTRL_C, Terminal};

const LOGIN: Droplet = Droplet { env: "demo", name: "login-1" };

/// A laptop whose environment `demo` is login-1, reached as `user`.
fn laptop(user: &str, r#become: &str) -> Laptop {
    let net = net();
    let demo = format!("name: demo-1, host: 127.0.{net}.11");
    let login = format!("name: login-1, host: 127.0.{net}.31, user: {user}, become: {become}");
    Laptop::with(&[(&demo, &login)])
}

/// Failed logins are forgotten when sshd starts anew.
fn forgiving() -> Droplet {
    LOGIN.fresh();
    LOGIN.root("systemctl restart ssh");
    LOGIN
}

lab_test!(lab, login, sudo_that_is_refused_and_sudo_that_wants_a_password);
fn sudo_that_is_refused_and_sudo_that_wants_a_password() {
    forgiving();
    let refused = laptop("nosudo", "sudo");
    for command in [&["preflight", "demo"][..], &["deploy", "demo", "--yes"]] {
        refused.ops(command).exits(4).says(&["cannot become root on login-1", "Next:", "sudo -l"]);
    }
    let wants = laptop("sudopw", "sudo");
    for command in [&["preflight", "demo"][..], &["deploy", "demo", "--yes"]] {
        wants.ops(command).exits(4).says(&["cannot become root on login-1", "password", "--ask-become-pass"]);
    }
    let asked = |password: &str| {
        let mut terminal = Terminal::start(wants.command(&["preflight", "demo", "--ask-become-pass"]));
        terminal.is_asked("sudo's password on the droplets of demo:").types(&format!("{password}\n"));
        let code = terminal.ends();
        assert!(!terminal.shown().contains(password), "{}", terminal.shown());
        (code, terminal.shown().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (code, shown) = asked("wrong-one");
    assert!(code == 4 && shown.contains("cannot become root on login-1"), "exit {code}\n{shown}");
    // Root at last; what it finds there is that Docker does not run.
    let (code, shown) = asked("lab-sudo");
    assert!(code == 9 && shown.contains("docker does not answer"), "exit {code}\n{shown}");
}

lab_test!(lab, login, a_docker_that_does_not_run_stops_a_deploy_before_it_begins);
fn a_docker_that_does_not_run_stops_a_deploy_before_it_begins() {
    let droplet = forgiving();
    let laptop = laptop("root", "no");
    laptop.ops(&["preflight", "demo"]).exits(9).says(&["docker does not answer", "systemctl"]);
    laptop.ops(&["deploy", "demo", "--yes"]).exits(9).says(&["docker does not answer", "Next:"]);
    assert_eq!(droplet.root("ls /opt/odoo /var/lib/ops/*/runs 2>/dev/null; :"), "");
}

pub fn logins_that_fail_and_the_penalty_for_them() {
    let droplet = forgiving();
    let stranger = laptop("root", "no");
    let key = stranger.file("other");
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let own = laptop("nobody-here", "no");
    own.ops(&["preflight", "demo"]).exits(4).says(&["cannot log in to login-1", "nobody-here", "ssh -v"]);
    let text = std::fs::read_to_string(stranger.file("ops.yaml")).unwrap();
    let become_no = "become: no";
    assert!(text.contains(become_no));
    let text = text.replacen(become_no, &format!("become: no, identity: {}", key.display()), 1);
    std::fs::write(stranger.file("ops.yaml"), text).unwrap();
    stranger.ops(&["preflight", "demo"]).exits(4).says(&["cannot log in to login-1", "Permission denied"]);
    // sshd has had enough of this address: said as such, not as a login that failed.
    let penalty = (0..8).map(|_| stranger.ops(&["deploy", "demo", "--yes"]).exits(4)).find(|ran| {
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        said.contains("cannot reach login-1") && said.contains("wait a few minutes")
    });
    assert!(penalty.is_some(), "no penalty was met");
    droplet.root("systemctl restart ssh");
    laptop("root", "no").ops(&["preflight", "demo"]).exits(9);
}

/// The laptop of [`laptop`], with another value of a key of `defaults.ssh`.
fn with_ssh(key: &str, value: &str) -> Laptop {
    let laptop = laptop("root", "no");
    let text = std::fs::read_to_string(laptop.file("ops.yaml")).unwrap();
    let old = text.lines().find(|line| line.trim().starts_with(&format!("{key}: "))).unwrap();
    std::fs::write(laptop.file("ops.yaml"), text.replace(old, &format!("    {key}: {value}"))).unwrap();
    laptop
}

lab_test!(lab, login, an_unknown_host_key_is_asked_about_on_a_terminal);
fn an_unknown_host_key_is_asked_about_on_a_terminal() {
    forgiving();
    let laptop = with_ssh("known_hosts", "known");
    let asked = |answer: &str| {
        let mut terminal = Terminal::start(laptop.command(&["preflight", "demo"]));
        terminal
            .is_asked("Are you sure you want to continue connecting (yes/no/[fingerprint])?")
            .types(answer);
        (terminal.ends(), terminal.shown())
    };
    let (code, shown) = asked("no\n");
    assert!(code == 4 && shown.contains("will not trust login-1"), "exit {code}\n{shown}");
    let (code, shown) = asked(CTRL_C);
    assert!(code == 130, "exit {code}\n{shown}");
    assert!(std::fs::read_to_string(laptop.file("known")).unwrap_or_default().is_empty());
    let (code, shown) = asked("yes\n");
    assert!(code == 9, "exit {code}\n{shown}");
    assert!(std::fs::read_to_string(laptop.file("known")).unwrap().contains("ssh-ed25519"));
    laptop.ops(&["preflight", "demo"]).exits(9);
}

lab_test!(lab, login, the_passphrase_of_a_key_is_asked_for_and_not_shown);
fn the_passphrase_of_a_key_is_asked_for_and_not_shown() {
    forgiving();
    let laptop = with_ssh("identity", "own-key");
    let text = crate::droplet::lab(&["inventory"]);
    let key = text.lines().find_map(|line| line.trim().strip_prefix("identity: ")).unwrap();
    std::fs::copy(key, laptop.file("own-key")).unwrap();
    let own = laptop.file("own-key");
    let lock = ["-q", "-p", "-P", "", "-N", "open-sesame", "-f"];
    assert!(Command::new("ssh-keygen").args(lock).arg(&own).status().unwrap().success());
    let mut terminal = Terminal::start(laptop.command(&["preflight", "demo"]));
    terminal.is_asked(&format!("Enter passphrase for key '{}':", own.display())).types("open-sesame\n");
    let code = terminal.ends();
    assert!(code == 9 && !terminal.shown().contains("open-sesame"), "exit {code}\n{}", terminal.shown());
}
