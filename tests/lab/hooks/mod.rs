//! The user's hooks around a deploy, on demo-1.

mod again;
mod asked;
mod before;
mod failed;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;

/// A laptop whose inventory has these hooks; every deploy recreates the container.
fn untrusted(hooks: &str) -> Laptop {
    let hooks = format!("    modules: [ipai_docs]\n    hooks:\n{hooks}");
    Laptop::with(&[
        ("    modules: [ipai_docs]", &hooks),
        ("strategy: auto", "strategy: recreate"),
        ("health_timeout: 2m", "health_timeout: 20s"),
    ])
}

/// The same after somebody has said at a terminal that it may run them.
fn with(hooks: &str) -> Laptop {
    let laptop = untrusted(hooks);
    let (inventory, state) = (laptop.file("ops.yaml"), laptop.file(".local/state/ops"));
    let hash = Sha256::digest(std::fs::read(&inventory).unwrap());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::create_dir_all(&state).unwrap();
    let mut options = std::fs::File::options();
    let record = options.write(true).create_new(true).mode(0o600).open(state.join("trusted")).unwrap();
    std::io::Write::write_all(&mut &record, format!("{hash} {}\n", inventory.display()).as_bytes()).unwrap();
    laptop
}

/// A droplet on which release `standin` serves.
fn deployed() -> Droplet {
    let droplet = DEMO.fresh();
    Laptop::recreating().deploy("demo", "standin", &[]).exits(0);
    droplet
}

fn last_run(laptop: &Laptop) -> String {
    laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn appears(file: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} does not appear", file.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Nobody writes into the file any more.
#[track_caller]
fn is_quiet(file: &Path) {
    std::thread::sleep(Duration::from_millis(300));
    std::fs::remove_file(file).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert!(!file.exists(), "what the hook started goes on");
}

/// It ends when there is a file `go`.
const WAITS: &str = r#"      pre_deploy: [{ name: wait, cmd: [sh, -c, 'date >begun; until [ -e go ]; do date >alive; sleep 0.1; done; echo ran >>ran'] }]
      post_deploy: [{ name: tell, cmd: [sh, -c, 'echo told >>told'] }]"#;
