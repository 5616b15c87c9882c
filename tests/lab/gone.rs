//! A laptop that disappears in the middle of a deploy.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// Its lock is respected while it may live, then proven dead and taken over; the next deploy works.
pub fn a_laptop_that_is_gone(droplet: Droplet) {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop.deploy(droplet.env, "standin", &[]).exits(0);
    let mut command = laptop.command(&["deploy", droplet.env, "--yes", "--ref", "standin-code"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let switched = lines.map_while(Result::ok).any(|line| line.starts_with("start     verify.healthy"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(switched, "the deploy did not come to its switch");

    laptop.deploy(droplet.env, "standin-code", &[]).exits(5).says(&["held by alice@", "ops lock release"]);
    // What was begun is brought to its end by the droplet itself.
    assert_eq!(droplet.release(), "standin-code");
    // Without a sign of life for so long, the droplet itself says that nothing of the run lives.
    std::thread::sleep(Duration::from_secs(125));
    laptop.deploy(droplet.env, "standin-code", &[]).exits(0).says(&["no sign of life", "nothing to do"]);
    laptop.deploy(droplet.env, "standin-code-2", &[]).exits(0);
    assert_eq!(droplet.release(), "standin-code-2");
    laptop.ops(&["runs", "list", droplet.env]).exits(0).says(&["no end on record"]);
    laptop.ops(&["lock", "status", droplet.env]).exits(0).says(&["free"]);
}
