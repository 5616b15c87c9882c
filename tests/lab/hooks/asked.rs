//! Hooks and the person at the terminal: trust, and Ctrl-C.

use super::{WAITS, appears, deployed, is_quiet, last_run, untrusted, with};
use crate::laptop::Laptop;
use crate::terminal::{CTRL_C, Terminal};

const STOPPED: &str = "Stopped after a step. [u]ndo what was done, [l]eave it as it is, [c]ontinue?";

lab_test!(lab, demo, nobody_runs_them_unasked);
fn nobody_runs_them_unasked() {
    let droplet = deployed();
    let before = droplet.state();
    let laptop = untrusted(WAITS);
    for args in [
        &["config", "check"][..],
        &["preflight", "demo", "--ref", "standin-code"],
        &["deploy", "demo", "--ref", "standin-code", "--dry-run"],
    ] {
        laptop.ops(args).exits(0).never_says(&["Trust"]);
    }
    laptop.deploy("demo", "standin-code", &[]).exits(3).says(&[
        "is not trusted to run commands",
        "on the laptop: sh -c 'date >begun",
        "on the laptop: sh -c 'echo told >>told'",
    ]);
    assert!(!laptop.file("begun").exists());
    assert_eq!(droplet.state(), before);
}

lab_test!(lab, demo, a_way_back_runs_none_and_needs_no_trust);
fn a_way_back_runs_none_and_needs_no_trust() {
    let droplet = deployed();
    Laptop::recreating().deploy("demo", "standin-code", &[]).exits(0);
    let laptop = untrusted(WAITS);
    laptop.ops(&["rollback", "demo", "--yes"]).exits(0).never_says(&["hook", "Trust"]);
    assert_eq!(droplet.release(), "base");
    assert!(!laptop.file("begun").exists() && !laptop.file("told").exists());
}

lab_test!(lab, demo, ctrl_c_lets_it_end_and_a_second_one_ends_it);
fn ctrl_c_lets_it_end_and_a_second_one_ends_it() {
    let droplet = deployed();
    let before = droplet.state();
    let laptop = untrusted(&format!(
        "{WAITS}\n      on_failure: [{{ cmd: [sh, -c, 'echo $OPS_EXIT $OPS_ERROR >failed'] }}]"
    ));
    let mut terminal = Terminal::start(laptop.command(&["deploy", "demo", "--ref", "standin-code"]));
    terminal.is_asked("Trust it, as it is now? [y/N]").types("y\n");
    terminal.is_asked("Carry out this plan: deploy demo on demo-1? [y/N]").types("y\n");
    appears(&laptop.file("begun"));
    terminal.types(CTRL_C).sees("the hook ends first");
    std::fs::write(laptop.file("go"), "").unwrap();
    terminal.is_asked(STOPPED).types("u\n");
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    assert!(laptop.file("ran").exists() && !laptop.file("told").exists());
    assert_eq!(droplet.state(), before);

    let failed = std::fs::read_to_string(laptop.file("failed")).unwrap();
    assert_eq!(failed, "130 interrupted, and put back as you asked\n");
    for name in ["go", "begun", "ran", "failed"] {
        std::fs::remove_file(laptop.file(name)).unwrap();
    }
    // Trusted as it is.
    let mut terminal = Terminal::start(laptop.command(&["deploy", "demo", "--ref", "standin-code", "--yes"]));
    appears(&laptop.file("begun"));
    terminal.types(CTRL_C).sees("the hook ends first").types(CTRL_C);
    assert_eq!(terminal.ends(), 8, "{}", terminal.shown());
    assert!(terminal.shown().contains("the hook was ended"), "{}", terminal.shown());
    is_quiet(&laptop.file("alive"));
    assert_eq!(droplet.state(), before);
    // Nobody knows yet how it ends.
    assert!(!laptop.file("failed").exists());
    assert!(terminal.shown().contains("ops runs resume demo-"), "{}", terminal.shown());
}

lab_test!(lab, demo, what_is_left_out_after_a_deploy_makes_no_failure_of_it);
fn what_is_left_out_after_a_deploy_makes_no_failure_of_it() {
    let droplet = deployed();
    let laptop = with(
        r#"      post_deploy:
        - { name: wait, cmd: [sh, -c, 'date >begun; until [ -e go ]; do sleep 0.1; done'] }
        - { name: tell, cmd: [touch, told] }
      on_failure: [{ cmd: [touch, failed] }]"#,
    );
    let mut terminal = Terminal::start(laptop.command(&["deploy", "demo", "--ref", "standin-code", "--yes"]));
    appears(&laptop.file("begun"));
    terminal.types(CTRL_C).sees("the hook ends first");
    std::fs::write(laptop.file("go"), "").unwrap();
    terminal.is_asked(STOPPED).types("l\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    assert!(terminal.shown().contains("left out: hook.post.2"), "{}", terminal.shown());
    assert!(!laptop.file("told").exists() && !laptop.file("failed").exists());
    assert_eq!(droplet.release(), "standin-code");
    let run = last_run(&laptop);
    laptop.ops(&["runs", "show", &run]).exits(0).says(&["done hook.post.1", "not reached hook.post.2"]);
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
}
