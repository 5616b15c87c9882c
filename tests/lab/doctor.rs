//! `ops doctor` on a real droplet beside a dead one, and where somebody else answers in its place.

use std::time::{Duration, Instant};

use crate::droplet::{DEMO, net};
use crate::laptop::Laptop;

/// The lab's demo, its database on demo-1 and its web on a droplet that is no more.
fn beside_a_dead_one() -> Laptop {
    let net = net();
    let known = format!("known_hosts: {}", known_hosts());
    Laptop::with(&[
        (
            &format!("- {{ name: demo-1, host: 127.0.{net}.11, port: 22, roles: [web, db] }}"),
            &format!(
                "- {{ name: demo-1, host: 127.0.{net}.11, port: 22, roles: [db] }}
      - {{ name: gone-1, host: 127.0.{net}.99, roles: [web] }}"
            ),
        ),
        (&known, "known_hosts: known"),
    ])
}

fn known_hosts() -> String {
    let text = crate::droplet::lab(&["inventory"]);
    text.lines().find_map(|line| line.trim().strip_prefix("known_hosts: ")).unwrap().to_owned()
}

lab_test!(lab, demo, a_dead_droplet_hides_no_other_and_a_changed_host_key_is_a_failure);
fn a_dead_droplet_hides_no_other_and_a_changed_host_key_is_a_failure() {
    DEMO.fresh();
    let laptop = beside_a_dead_one();
    let known = std::fs::read_to_string(known_hosts()).unwrap();
    std::fs::write(laptop.file("known"), &known).unwrap();
    let begin = Instant::now();
    let ran = laptop.ops(&["doctor", "demo"]).exits(9);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    ran.says(&[
        "CRITICAL gone-1: port:",
        "refuses the connection",
        "not looked at, because of: port",
        "ok demo-1:",
    ]);
    laptop.ops(&["doctor", "demo", "--droplet", "gone-1"]).exits(4);
    laptop.ops(&["doctor", "demo", "--droplet", "demo-1"]).exits(0).says(&["ok demo-1:", "fine."]);

    // The same droplet, and a key that is not its own on record.
    let own = DEMO.root("cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub");
    let other = format!("{}{}", &own[..own.len() - 4], if own.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    assert!(known.contains(&own), "{known}");
    let wrong = known.replace(&own, &other);
    std::fs::write(laptop.file("known"), &wrong).unwrap();
    laptop.ops(&["doctor", "demo", "--droplet", "demo-1"]).exits(4).says(&[
        "CRITICAL demo-1: host key:",
        "CHANGED",
        "do not connect until you know why",
        "ssh-keygen -R",
        "not looked at, because of: host key",
    ]);
    assert_eq!(std::fs::read_to_string(laptop.file("known")).unwrap(), wrong, "it changes nothing");
    assert_eq!(DEMO.root("ls -A /var/lib/ops 2>/dev/null; :"), "");
}
