//! One run, several laptops: looking on, finishing, undoing.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::droplet::DEMO;
use crate::laptop::Laptop;
use crate::walk::{SHIM, await_hold, go_on, hold};

fn start(laptop: &Laptop, args: &[&str]) -> Child {
    let mut command: Command = laptop.command(args);
    let log = std::fs::File::create(laptop.file("out")).unwrap();
    command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

#[track_caller]
fn ends(laptop: &Laptop, child: &mut Child, code: i32, says: &[&str]) {
    let ended = child.wait().unwrap().code();
    let said = std::fs::read_to_string(laptop.file("out")).unwrap();
    assert_eq!(ended, Some(code), "{said}");
    for text in says {
        assert!(said.contains(text), "it does not say {text}\n{said}");
    }
}

fn last_run(laptop: &Laptop) -> String {
    laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned()
}

lab_test!(lab, demo, any_laptop_sees_the_same_run);
fn any_laptop_sees_the_same_run() {
    let droplet = DEMO.fresh();
    let (alice, bob, carol) = (Laptop::recreating(), Laptop::recreating(), Laptop::recreating());
    alice.deploy("demo", "standin", &[]).exits(0);
    let first = last_run(&alice);
    droplet.root(SHIM);
    hold(droplet, "switch.web");
    let mut deploy = start(&alice, &["deploy", "demo", "--yes", "--ref", "standin-code"]);
    await_hold(droplet);
    let run = last_run(&bob);
    let attach = ["runs", "attach", &run];
    let (mut one, mut two) = (start(&bob, &attach), start(&carol, &attach));
    // Its laptop is at it: nobody else may take it from there.
    Laptop::recreating()
        .ops(&["runs", "undo", &run, "--yes"])
        .exits(5)
        .says(&["still at it", &attach.join(" ")]);
    go_on(droplet);
    ends(&alice, &mut deploy, 0, &[]);
    let whole = ["done      checkout", "start     switch.web", "done      record"];
    ends(&bob, &mut one, 0, &whole);
    ends(&carol, &mut two, 0, &whole);
    // Later it is told from the beginning.
    bob.ops(&attach).exits(0).says(&["checkout", "record"]);
    bob.ops(&["runs", "attach", "demo-20200101T000000Z-abcd"]).exits(2).says(&["knows no run"]);

    bob.ops(&["runs", "resume", &run, "--yes"]).exits(0).says(&["nothing to do"]);
    bob.ops(&["runs", "undo", &first, "--yes"]).exits(2).says(&["is not the last run", &run]);
    bob.ops(&["runs", "undo", &run]).exits(3).says(&["undo"]);
    bob.ops(&["runs", "undo", &run, "--dry-run"]).exits(0).says(&["put back what", "switch.web"]);
    bundled(&bob, &run);
    assert_eq!(droplet.release(), "standin-code");
    bob.ops(&["runs", "undo", &run, "--yes"]).exits(0).says(&["put back switch.web"]);
    assert_eq!(droplet.release(), "base");
    bob.ops(&["runs", "show", &run]).exits(0).says(&["put back"]);
    alice.deploy("demo", "standin-code", &[]).exits(0);
    assert_eq!(droplet.release(), "standin-code");
}

pub fn a_run_that_nobody_is_at_says_how_to_go_on() {
    let droplet = DEMO.fresh();
    let (alice, bob) = (Laptop::recreating(), Laptop::recreating());
    alice.deploy("demo", "standin", &[]).exits(0);
    droplet.root(SHIM);
    hold(droplet, "checkout");
    let mut deploy = start(&alice, &["deploy", "demo", "--yes", "--ref", "standin-code"]);
    await_hold(droplet);
    let run = last_run(&bob);
    deploy.kill().unwrap();
    deploy.wait().unwrap();
    let mut looks = start(&bob, &["runs", "attach", &run]);
    std::thread::sleep(Duration::from_secs(2));
    go_on(droplet);
    // What was begun, the section `prepare`, is done; the switch was not begun.
    let next = [format!("ops runs resume {run}"), format!("ops runs undo {run}")];
    ends(&bob, &mut looks, 8, &["done      render", "nobody is at work on this run", &next[0], &next[1]]);
    assert_eq!(droplet.release(), "base");
    bob.ops(&["runs", "resume", &run, "--yes"]).exits(0).never_says(&["start     checkout"]);
    assert_eq!(droplet.release(), "standin-code");
    bob.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
    bob.deploy("demo", "standin-code", &[]).exits(0).says(&["nothing to do"]);
}

/// The archive holds what a colleague needs, and no value of the droplet's `.env`.
fn bundled(laptop: &Laptop, run: &str) {
    let value = DEMO.root("sed -n 's/^[A-Z_]*PASS[A-Z_]*=//p' /opt/odoo/.env | tr -d \"'\"");
    assert!(value.len() >= 6, "no secret to look for");
    // Where somebody printed it, it is taken out all the same.
    DEMO.root(&format!(
        "echo 'connecting with {value} as odoo' >>/var/lib/ops/odoo/runs/{run}/steps/record.1/log"
    ));
    let to = laptop.file("bundle.tar.gz");
    let to = to.to_str().unwrap();
    laptop.ops(&["runs", "bundle", run, "--to", to]).exits(0).says(&["without secrets"]);
    laptop.ops(&["runs", "bundle", run, "--to", to]).exits(1).says(&["cannot write"]);
    let out = Command::new("tar").args(["-xzOf", to]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("connecting with *** as odoo") && !text.contains(&value), "{text}");
    let list = Command::new("tar").args(["-tzf", to]).output().unwrap();
    let list = String::from_utf8_lossy(&list.stdout);
    for name in
        ["plan.json", "journal.jsonl", "steps/switch.web.1.log", "droplet/docker.txt", "inventory.json"]
    {
        assert!(list.contains(name), "{name} is missing\n{list}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(to).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
