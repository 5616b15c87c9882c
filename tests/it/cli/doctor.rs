//! `ops doctor`: the laptop, and the way to droplets that answer, that do not, and that somebody else answers for.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Laptop, Ran};
use crate::transport::sshd::{free_port, run};

/// A docker that answers as the probes ask, so that the way leads to its end.
const DOCKER: &str = "#!/bin/sh
case $* in
  *info*) printf 'engine\\t26.1.5\\nroot\\t/var/lib/docker\\ncompose\\tv2.26.1\\n' ;;
esac
exit 0
";

/// The status of each check of a droplet, or of the laptop.
fn checks(of: &Value) -> Vec<(String, String, String)> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let all = of["checks"].as_array().unwrap().iter();
    all.map(|check| {
        (text(check, "id"), text(check, "status"), text(check, "evidence") + " " + &text(check, "hint"))
    })
    .collect()
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"))
}

/// What the check says, with what to do, and how bad it is.
#[track_caller]
fn status(of: &Value, id: &str) -> (String, String) {
    let all = checks(of);
    let found = all.iter().find(|check| check.0 == id).unwrap_or_else(|| panic!("{id} is not in {all:?}"));
    (found.1.clone(), found.2.clone())
}

/// The first hop that does not pass, and that nothing behind it was called well.
#[track_caller]
fn ends_at(droplet: &Value, id: &str, wants: &[&str]) {
    let hops: Vec<_> = checks(droplet).into_iter().filter(|(one, ..)| one.starts_with("hop.")).collect();
    let at = hops.iter().position(|(one, ..)| one == id).unwrap();
    assert!(hops[..at].iter().all(|(_, status, _)| status == "ok"), "{hops:#?}");
    assert_eq!(hops[at].1, "critical", "{hops:#?}");
    for want in wants {
        assert!(hops[at].2.contains(want), "{want} is not said: {hops:#?}");
    }
    let behind =
        |(_, status, said): &(String, String, String)| status == "unknown" && said.contains("not looked at");
    assert!(hops[at + 1..].iter().all(behind), "{hops:#?}");
}

#[test]
fn a_laptop_without_an_inventory_is_told_how_to_make_one() {
    let laptop = Laptop::new();
    std::fs::remove_file(laptop.sshd.path("ops.yaml")).unwrap();
    let ran = laptop.ops(&["doctor"]).exits(0).says("inventory: there is none").says("config.example.yaml");
    assert!(ran.out.contains("ops config check") && ran.out.contains("This laptop"), "{ran}");
    // Whoever names an environment wants to go somewhere.
    laptop.ops(&["doctor", "prod"]).exits(9).says("CRITICAL this laptop: inventory: there is none");
    let json = json_of(&laptop.ops(&["doctor", "--output", "json"]).exits(0));
    assert_eq!((&json["schema"], &json["droplets"]), (&"ops.doctor/1".into(), &json!([])));
}

#[test]
fn an_inventory_that_is_wrong_or_open_to_others_is_said_and_hides_nothing_of_the_laptop() {
    let laptop = Laptop::new();
    let file = laptop.sshd.path("ops.yaml");
    std::fs::write(&file, "version: 1\nprojekt: demo\n").unwrap();
    let json = json_of(&laptop.ops(&["doctor", "--output", "json"]).exits(9));
    let (found, said) = status(&json["laptop"], "laptop.config");
    assert!(found == "critical" && said.contains("projekt"), "{said}");
    assert_eq!(status(&json["laptop"], "laptop.ssh").0, "ok");
    laptop.write(&laptop.inventory());
    laptop.program("docker", DOCKER);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    laptop.ops(&["doctor"]).exits(9).says("others may write to it").says("do: chmod go-w");
    laptop.ops(&["doctor", "production"]).exits(2).says("prod");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o666, "it changes nothing");
}

#[test]
fn a_way_that_leads_to_its_end_is_one_line() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    let known = std::fs::read_to_string(laptop.sshd.path("known_hosts")).unwrap();
    let ran = laptop.ops(&["doctor", "prod"]).exits(0).says("ok this laptop:").says("ok erp-1:");
    assert!(ran.out.contains("This laptop and 1 droplet: fine."), "{ran}");
    assert!(ran.out.lines().count() < 6, "{ran}");
    let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(0));
    let droplet = &json["droplets"][0];
    assert_eq!((&droplet["reached"], &droplet["status"]), (&true.into(), &"ok".into()));
    assert!(checks(droplet).iter().all(|(_, status, _)| status == "ok"), "{droplet:#}");
    assert!(status(droplet, "hop.login").1.contains("ssh -F "), "{droplet:#}");
    assert!(status(droplet, "doctor.left").1.contains("nothing yet"), "{droplet:#}");
    // Nothing is left: no connection, no file, no key.
    assert!(!laptop.sshd.path("droplet-state").exists());
    assert_eq!(std::fs::read_to_string(laptop.sshd.path("known_hosts")).unwrap(), known);
    // A master that was told to end may take a moment on a busy machine.
    let begin = Instant::now();
    while !laptop.sshd.masters().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", laptop.sshd.masters());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn each_hop_that_fails_is_named_with_its_fix_and_those_behind_it_are_not_called_well() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    let ends = |id: &str, code: i32, wants: &[&str]| {
        let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(code));
        ends_at(&json["droplets"][0], id, wants);
    };
    laptop.change("/droplets/0/host", "no-such-host.invalid");
    ends("hop.name", 4, &["no-such-host.invalid", "getent hosts no-such-host.invalid"]);
    let port = free_port("127.0.0.1");
    laptop.change("/droplets/0/port", port);
    ends("hop.port", 4, &["refuses the connection", &format!("listen on port {port}")]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    laptop.change("/droplets/0/port", silent.local_addr().unwrap().port());
    ends("hop.port", 4, &["2 s"]);
    laptop.write(&laptop.inventory());
    let known = laptop.sshd.path("known_hosts");
    let own = std::fs::read_to_string(&known).unwrap();
    let other = std::fs::read_to_string(laptop.sshd.path("other.pub")).unwrap();
    laptop.sshd.know(other.trim());
    ends("hop.key", 4, &["CHANGED", "ssh-keygen -R", "do not connect until you know"]);
    std::fs::write(&known, "").unwrap();
    ends("hop.key", 4, &["not known", "ssh-keygen -lf", "compare it before you say yes: ssh "]);
    assert_eq!(std::fs::read_to_string(&known).unwrap(), "", "nothing is trusted");
    std::fs::write(&known, own).unwrap();
    laptop.change("/droplets/0/identity", laptop.sshd.path("other").display().to_string());
    ends("hop.login", 4, &["Permission denied", "ssh -v"]);
    laptop.change("/become", "sudo");
    laptop.program("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n");
    ends("hop.root", 4, &["password", "--ask-become-pass"]);
    laptop.write(&laptop.inventory());
    laptop.program("docker", "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
    ends("hop.docker", 9, &["systemctl start docker"]);
}

#[test]
fn a_key_that_is_missing_open_to_others_or_locked() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    let key = laptop.sshd.path("id");
    let mode = |mode: u32| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    let looked = |code: i32| json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(code));
    mode(0o644);
    let (found, said) = status(&looked(4)["laptop"], "laptop.identity");
    assert!(found == "critical" && said.contains("chmod 600"), "{said}");
    mode(0o600);
    run("ssh-keygen", &["-q", "-p", "-P", "", "-N", "open-sesame", "-f", &key.display().to_string()]);
    let json = looked(4);
    let (found, said) = status(&json["laptop"], "laptop.identity");
    assert!(found == "warning" && said.contains("passphrase") && said.contains("ssh-add"), "{said}");
    // The agent that is named does not answer.
    let mut command = laptop.command(&["doctor", "prod"]);
    let out = command.env("SSH_AUTH_SOCK", laptop.sshd.path("no-agent")).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("ssh agent: $SSH_AUTH_SOCK names one that does not answer"), "{text}");
    std::fs::rename(&key, laptop.sshd.path("gone")).unwrap();
    let (found, said) = status(&looked(4)["laptop"], "laptop.identity");
    assert!(found == "critical" && said.contains("there is no file") && said.contains("identity:"), "{said}");
}

#[test]
fn a_dead_droplet_hides_no_other_and_costs_its_time_once() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    let silent = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut inventory = laptop.inventory();
    let droplets = &mut inventory["environments"]["prod"]["droplets"];
    droplets[0]["roles"] = json!(["db"]);
    for name in ["web-1", "web-2", "web-3"] {
        droplets.as_array_mut().unwrap().push(
            json!({ "name": name, "host": name.replace("web-", "127.0.0."), "port": port, "roles": ["web"] }),
        );
    }
    laptop.write(&inventory);
    let ran = laptop.ops(&["doctor", "prod"]).exits(9).says("ok erp-1:").says("CRITICAL web-3: port");
    assert!(ran.time < Duration::from_secs(15), "{:?}", ran.time);
    // One line for all that was not looked at because of it.
    assert!(ran.out.contains("not looked at, because of: port"), "{ran}");
    laptop.ops(&["doctor", "prod", "--droplet", "web-1"]).exits(4);
    laptop.ops(&["doctor", "prod", "--droplet", "erp-1"]).exits(0);
}

#[test]
fn behind_a_jump_host_its_name_and_port_are_what_is_tried() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    laptop.change("/droplets/0/jump", format!("127.0.0.1:{}", laptop.sshd.port));
    let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(0));
    assert!(status(&json["droplets"][0], "hop.port").1.contains("jump host 127.0.0.1:"), "{json:#}");
    laptop.change("/droplets/0/jump", format!("127.0.0.1:{}", free_port("127.0.0.1")));
    let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(4));
    ends_at(&json["droplets"][0], "hop.port", &["refuses the connection"]);
}

#[test]
fn a_clock_that_is_wrong_and_what_other_versions_left() {
    let laptop = Laptop::new();
    laptop.program("docker", DOCKER);
    let bin = laptop.sshd.path("droplet-state/demo/bin");
    let project = Path::new("droplet-state/stack/bin");
    for dir in [bin.clone(), laptop.sshd.path(&project.display().to_string())] {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("runner-0123456789ab"), "").unwrap();
    }
    laptop.program(
        "date",
        "#!/bin/sh\ncase $* in +%s) echo $(($(/bin/date +%s) - 4000)) ;; *) exec /bin/date \"$@\" ;; esac\n",
    );
    let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(9));
    let droplet = &json["droplets"][0];
    let (found, said) = status(droplet, "doctor.clock");
    assert!(found == "critical" && said.contains("66 min behind") && said.contains("timedatectl"), "{said}");
    let (found, said) = status(droplet, "doctor.left");
    assert!(found == "ok" && said.contains("runner-0123456789ab, of another version"), "{said}");
    laptop.program("date", "#!/bin/sh\necho soon\n");
    let json = json_of(&laptop.ops(&["doctor", "prod", "--output", "json"]).exits(4));
    assert_eq!(status(&json["droplets"][0], "doctor.clock").0, "unknown");
}

#[test]
fn what_an_inventory_says_is_never_run_nor_shown_raw() {
    let laptop = Laptop::new();
    for host in ["-oProxyCommand=canary_ran", "$(canary_ran)", "`canary_ran`", "a;canary_ran"] {
        laptop.change("/droplets/0/host", host);
        let ran = laptop.ops(&["doctor"]);
        assert!([Some(2), Some(4), Some(9)].contains(&ran.code), "{ran}");
        laptop.nothing_was_executed(host);
    }
    let mut inventory = laptop.inventory();
    let environment = &mut inventory["environments"]["prod"];
    environment["notify"] = json!([{ "kind": "slack", "url": { "cmd": ["canary_ran"] } }]);
    laptop.write(&inventory);
    laptop.ops(&["doctor"]);
    laptop.nothing_was_executed("a secret's command");
}
