//! Hooks and the person at the terminal: trust, and Ctrl-C.

use super::{WAITS, appears, deployed, is_quiet, untrusted};
use crate::terminal::{CTRL_C, Terminal};

#[test]
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

#[test]
fn ctrl_c_lets_it_end_and_a_second_one_ends_it() {
    let droplet = deployed();
    let before = droplet.state();
    let laptop = untrusted(WAITS);
    let mut terminal = Terminal::start(laptop.command(&["deploy", "demo", "--ref", "standin-code"]));
    terminal.is_asked("Trust it, as it is now? [y/N]").types("y\n");
    terminal.is_asked("Carry out this plan: deploy demo on demo-1? [y/N]").types("y\n");
    appears(&laptop.file("begun"));
    terminal.types(CTRL_C).sees("the hook ends first");
    std::fs::write(laptop.file("go"), "").unwrap();
    terminal
        .is_asked("Stopped after a step. [u]ndo what was done, [l]eave it as it is, [c]ontinue?")
        .types("u\n");
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    assert!(laptop.file("ran").exists() && !laptop.file("told").exists());
    assert_eq!(droplet.state(), before);

    for name in ["go", "begun", "ran"] {
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
}
