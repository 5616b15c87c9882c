//! The inventory that everybody reads first is the one that `lab/lab up` writes.

use crate::droplet::{lab, net};

lab_test!(lab, machine, ops_yaml_is_what_the_lab_prints_for_the_default_place);
fn ops_yaml_is_what_the_lab_prints_for_the_default_place() {
    let committed = include_str!("../../lab/ops.yaml");
    let parsed = ops::inventory::parse(
        committed,
        std::path::Path::new("/project/ops.yaml"),
        std::path::Path::new("/home/alice"),
    )
    .unwrap();
    assert_eq!(parsed.environments.keys().collect::<Vec<_>>(), ["demo", "old", "trio"]);
    let work = lab(&["inventory"]);
    let place = work.lines().find_map(|line| line.trim().strip_prefix("known_hosts: ")).unwrap();
    let place = place.strip_suffix("/known_hosts").unwrap();
    let net = net();
    // A machine whose own sshd holds port 22 has the lab's at 20022.
    let printed = work
        .replace(place, "~/.cache/ops-lab")
        .replace(&format!("127.0.{net}."), "127.0.0.")
        .replace(&format!("10.213.{net}."), "10.213.0.")
        .replace("port: 20022", "port: 22");
    assert_eq!(printed, committed);
}
