//! A droplet that cannot be reached: exit 4, the droplet, the reason, the next command, whoever asks.

use std::net::TcpListener;

use super::Laptop;
use crate::transport::sshd::free_port;

/// Says the same to every command that has to connect, and puts nothing anywhere.
#[track_caller]
fn unreachable(laptop: &Laptop, what: &str, why: &str, next: &str) {
    for command in [&["preflight", "prod"][..], &["deploy", "prod", "--yes"], &["runs", "list", "prod"]] {
        let ran = laptop.ops(command).exits(4).says(what).says("erp-1").says(why).says("Next:").says(next);
        assert_eq!(ran.out, "", "{ran}");
        let error = laptop.ops(&[command, &["--output", "json"]].concat()).exits(4);
        let last: serde_json::Value = serde_json::from_str(error.out.lines().last().unwrap()).unwrap();
        assert_eq!((&last["schema"], &last["exit"]), (&"ops.result/1".into(), &4.into()), "{error}");
        assert_eq!(last["error"]["droplet"], "erp-1", "{error}");
        assert!(!last["error"]["next"].as_array().unwrap().is_empty(), "{error}");
    }
    assert!(!laptop.sshd.path("droplet-state").exists(), "{what}");
}

#[test]
fn a_host_key_that_changed() {
    let laptop = Laptop::new();
    let other = std::fs::read_to_string(laptop.sshd.path("other.pub")).unwrap();
    laptop.sshd.know(other.trim());
    unreachable(&laptop, "will not trust erp-1", "changed", "ssh-keygen -R");
}

#[test]
fn a_host_key_nobody_knows_and_no_terminal_to_ask_on() {
    let laptop = Laptop::new();
    let known = laptop.sshd.path("known_hosts");
    std::fs::write(&known, "").unwrap();
    unreachable(&laptop, "will not trust erp-1", "host key", "compare it before you say yes");
    assert_eq!(std::fs::read_to_string(known).unwrap(), "", "nothing is trusted");
}

#[test]
fn a_login_that_is_refused() {
    let laptop = Laptop::new();
    laptop.change("/droplets/0/identity", laptop.sshd.path("other").display().to_string());
    unreachable(&laptop, "cannot log in to erp-1", "Permission denied", "ssh -v");
    laptop.change("/droplets/0/user", "nobody-here");
    unreachable(&laptop, "cannot log in to erp-1", "nobody-here", "ssh -v");
}

#[test]
fn a_port_where_nobody_listens_and_one_that_is_silent() {
    let laptop = Laptop::new();
    let port = free_port("127.0.0.1");
    laptop.change("/droplets/0/port", port);
    unreachable(&laptop, "cannot reach erp-1", "refuses the connection", &format!("listen on port {port}"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    laptop.change("/droplets/0/port", silent.local_addr().unwrap().port());
    unreachable(&laptop, "cannot reach erp-1", "2 s", "connect_timeout");
}

#[test]
fn a_name_that_is_not_found() {
    let laptop = Laptop::new();
    laptop.change("/droplets/0/host", "no-such-host.invalid");
    unreachable(&laptop, "cannot reach erp-1", "no-such-host.invalid", "getent hosts no-such-host.invalid");
}

#[test]
fn a_user_who_may_not_become_root() {
    let laptop = Laptop::new();
    laptop.change("/become", "sudo");
    laptop.program("sudo", "#!/bin/sh\necho 'alice is not in the sudoers file.' >&2\nexit 1\n");
    unreachable(&laptop, "cannot become root on erp-1", "sudo", "sudo -l");
    laptop.program("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n");
    unreachable(&laptop, "cannot become root on erp-1", "password", "--ask-become-pass");
    // Nobody is there to type it.
    laptop.ops(&["preflight", "prod", "--ask-become-pass"]).exits(3).says("nobody is there to ask");
}

#[test]
fn one_of_several_is_named() {
    let laptop = Laptop::new();
    let mut inventory = laptop.inventory();
    let port = free_port("127.0.0.1");
    let droplets = &mut inventory["environments"]["prod"]["droplets"];
    droplets[0]["roles"] = serde_json::json!(["db"]);
    droplets.as_array_mut().unwrap().push(serde_json::json!(
        { "name": "web-7", "host": "127.0.0.1", "port": port, "roles": ["web"] }
    ));
    laptop.write(&inventory);
    let ran = laptop.ops(&["preflight", "prod"]).exits(4).says("cannot reach web-7").says("Next:");
    assert!(!ran.err.contains("cannot reach erp-1"), "{ran}");
}
