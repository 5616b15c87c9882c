//! Hooks of a run whose laptop is gone.

use std::process::{Child, Stdio};

use super::{WAITS, appears, deployed, last_run, with};
use crate::laptop::Laptop;
use crate::walk::{SHIM, await_hold, go_on, hold};

fn start(laptop: &Laptop) -> Child {
    let mut command = laptop.command(&["deploy", "demo", "--yes", "--ref", "standin-code"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

lab_test!(lab, demo, another_laptop_runs_no_finished_one_again);
fn another_laptop_runs_no_finished_one_again() {
    let droplet = deployed();
    let (alice, bob) = (with(WAITS), with(WAITS));
    std::fs::write(alice.file("go"), "").unwrap();
    droplet.root(SHIM);
    hold(droplet, "checkout");
    let mut deploy = start(&alice);
    await_hold(droplet);
    deploy.kill().unwrap();
    deploy.wait().unwrap();
    go_on(droplet);
    let run = last_run(&bob);
    bob.ops(&["runs", "resume", &run, "--yes"]).exits(0).never_says(&["runs again"]);
    assert!(alice.file("ran").exists() && !bob.file("begun").exists());
    // What was left to do is done here.
    assert!(bob.file("told").exists() && !alice.file("told").exists());
    assert_eq!(droplet.release(), "standin-code");
}

lab_test!(lab, demo, one_whose_end_nobody_knows_is_said_and_runs_again);
fn one_whose_end_nobody_knows_is_said_and_runs_again() {
    let droplet = deployed();
    let (alice, bob) = (with(WAITS), with(WAITS));
    let mut deploy = start(&alice);
    appears(&alice.file("begun"));
    let run = last_run(&bob);
    deploy.kill().unwrap();
    deploy.wait().unwrap();
    std::fs::write(alice.file("go"), "").unwrap();
    // What a droplet remembers is not run here unless this inventory says the same.
    let carol = with("      pre_deploy: [{ cmd: [touch, other] }]");
    carol
        .ops(&["runs", "resume", &run, "--yes"])
        .exits(1)
        .says(&["hook \"wait\"", "is not a hook of this laptop's inventory"]);
    assert!(!carol.file("begun").exists() && !carol.file("other").exists());
    std::fs::write(bob.file("go"), "").unwrap();
    bob.ops(&["runs", "resume", &run, "--yes"])
        .exits(0)
        .says(&["hook \"wait\"", "was begun before, and no good end of it is on record: it runs again"]);
    assert!(bob.file("ran").exists());
    let logs = bob.json(&["runs", "logs", &run]);
    let hooks: Vec<_> =
        logs["logs"].as_array().unwrap().iter().filter(|log| log["step"] == "hook.pre.1").collect();
    assert_eq!(hooks.len(), 2, "{logs}");
    assert_eq!((&hooks[0]["code"], &hooks[1]["code"]), (&serde_json::Value::Null, &0.into()), "{logs}");
    assert_eq!(droplet.release(), "standin-code");
}
