//! A person at a terminal: questions, their answers, Ctrl-C before and during a deploy, a terminal that
//! goes away. On demo-1.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;
use crate::terminal::{CTRL_C, CTRL_D, Terminal};
use crate::walk::{SHIM, await_hold, go_on, hold};

const QUESTION: &str = "Carry out this plan: deploy demo on demo-1? [y/N]";
const STOPPED: &str = "Stopped after a step. [u]ndo what was done, [l]eave it as it is, [c]ontinue?";

fn deploy(laptop: &Laptop, git_ref: &str, more: &[&str]) -> Terminal {
    let mut args = vec!["deploy", "demo", "--ref", git_ref];
    args.extend(more);
    Terminal::start(laptop.command(&args))
}

/// As an engineer finds it: a stack that `ops` deployed before, on a droplet whose steps can be held.
fn deployed(laptop: &Laptop) -> Droplet {
    let droplet = DEMO.fresh();
    laptop.deploy("demo", "standin", &[]).exits(0);
    droplet.root(SHIM);
    droplet
}

/// At the terminal, while the step that recreates the web container is at work: what is typed there
/// is typed in time, however fast the step is.
fn recreating(droplet: Droplet, terminal: &mut Terminal) {
    terminal.is_asked(QUESTION).types("y\n").sees("recreate odoo on release");
    await_hold(droplet);
}

pub fn whoever_does_not_say_yes_changes_nothing() {
    let laptop = Laptop::recreating();
    let droplet = DEMO.fresh();
    let before = droplet.state();
    for (answer, code) in [("n\n", 3), ("\n", 3), ("maybe\n", 3), (CTRL_D, 3), (CTRL_C, 130)] {
        let mut terminal = deploy(&laptop, "standin", &[]);
        terminal.is_asked(QUESTION).types(answer);
        assert_eq!(terminal.ends(), code, "{answer:?}\n{}", terminal.shown());
    }
    // What was typed ahead is no answer.
    let mut terminal = deploy(&laptop, "standin", &[]);
    terminal.sees("reading facts").types("y\n");
    terminal.is_asked(QUESTION).types("n\n");
    assert_eq!(terminal.ends(), 3, "{}", terminal.shown());
    // Too early for a question.
    let mut terminal = deploy(&laptop, "standin", &[]);
    terminal.sees("reading facts").types(CTRL_C);
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    // Nobody is there at all: the command that would do it is named.
    for more in [&[][..], &["--no-input"], &["--output", "json"]] {
        let ran = laptop.ops(&[&["deploy", "demo", "--ref", "standin"], more].concat()).exits(3);
        ran.says(&["deploy demo --ref standin", "--yes"]);
    }
    let mut terminal = deploy(&laptop, "standin", &["--no-input"]);
    assert_eq!(terminal.ends(), 3, "{}", terminal.shown());
    assert_eq!(droplet.state(), before);
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
    assert_eq!(laptop.json(&["runs", "list", "demo"])["runs"].as_array().unwrap().len(), 0);
}

lab_test!(lab, demo, a_protected_environment_wants_its_name);
fn a_protected_environment_wants_its_name() {
    let laptop = Laptop::with(&[("  demo:\n", "  demo:\n    protected: true\n")]);
    let droplet = DEMO.fresh();
    let before = droplet.state();
    const NAME: &str = "demo is protected. Type demo to deploy it on demo-1 (anything else declines):";
    // `--yes` answers y/N and nothing more.
    let mut terminal = deploy(&laptop, "standin", &["--yes"]);
    terminal.is_asked(NAME).types("prod\n").is_asked("That is not demo. Once more, or Enter to leave it:");
    terminal.types("y\n").is_asked("That is not demo. Once more, or Enter to leave it:").types("DEMO\n");
    assert_eq!(terminal.ends(), 3, "{}", terminal.shown());
    let mut terminal = deploy(&laptop, "standin", &[]);
    terminal.is_asked(NAME).types(CTRL_C);
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    laptop.deploy("demo", "standin", &[]).exits(3).says(&["--confirm demo"]);
    laptop.deploy("demo", "standin", &["--confirm", "prod"]).exits(3).says(&["--confirm says prod"]);
    assert_eq!(droplet.state(), before);
    let mut terminal = deploy(&laptop, "standin", &[]);
    terminal.is_asked(NAME).types("dem\n");
    terminal.is_asked("That is not demo. Once more, or Enter to leave it:").types("demo\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    droplet.login_page();
    laptop.deploy("demo", "standin-code", &["--confirm", "demo"]).exits(0);
    assert_eq!(droplet.release(), "standin-code");
}

/// Ctrl-C while the web container is recreated: the switch never stops half-way, then it is asked.
fn interrupted(laptop: &Laptop, droplet: Droplet, git_ref: &str) -> Terminal {
    hold(droplet, "switch.web");
    let mut terminal = deploy(laptop, git_ref, &[]);
    recreating(droplet, &mut terminal);
    terminal.types(CTRL_C).sees("never stops half-way");
    go_on(droplet);
    terminal.is_asked(STOPPED);
    let shown = terminal.shown();
    let (_, work) = shown.rsplit_once(QUESTION).unwrap();
    assert!(work.contains("✓ record"), "it stopped half-way\n{shown}");
    terminal
}

lab_test!(lab, demo, ctrl_c_while_it_is_prepared_finishes_the_step_and_asks);
fn ctrl_c_while_it_is_prepared_finishes_the_step_and_asks() {
    let laptop = Laptop::recreating();
    let droplet = DEMO.fresh();
    droplet.root(SHIM);
    let interrupted = || {
        hold(droplet, "pull.db");
        let mut terminal = deploy(&laptop, "standin", &[]);
        terminal.is_asked(QUESTION).types("y\n");
        await_hold(droplet);
        terminal.types(CTRL_C);
        std::thread::sleep(Duration::from_secs(1));
        go_on(droplet);
        terminal.is_asked(STOPPED);
        let shown = terminal.shown();
        let (_, work) = shown.rsplit_once(QUESTION).unwrap();
        assert!(
            work.contains("✓ pull.db") && !work.contains("✓ render"),
            "the step is not finished\n{shown}"
        );
        terminal
    };
    let before = droplet.state();
    let mut terminal = interrupted();
    terminal.types("u\n");
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    assert_eq!(droplet.state(), before);
    let mut terminal = interrupted();
    terminal.types("l\n");
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
    assert!(terminal.shown().contains("nothing that runs was changed"), "{}", terminal.shown());
    let mut terminal = interrupted();
    terminal.types("c\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    assert_eq!(terminal.shown().matches("Stopped after a step").count(), 1, "{}", terminal.shown());
    droplet.login_page();
}

/// A stack that `ops` deployed, and one Ctrl-C during the switch, answered with undo.
pub fn ctrl_c_during_the_switch_and_undo() -> (Laptop, Droplet) {
    let laptop = Laptop::recreating();
    let droplet = deployed(&laptop);
    let mut terminal = interrupted(&laptop, droplet, "standin-code");
    terminal.types("u\n");
    assert_eq!(terminal.ends(), 6, "{}", terminal.shown());
    assert_eq!(droplet.release(), "base");
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
    (laptop, droplet)
}

lab_test!(lab, demo, ctrl_c_during_the_switch_finishes_it_and_asks);
fn ctrl_c_during_the_switch_finishes_it_and_asks() {
    let (laptop, droplet) = ctrl_c_during_the_switch_and_undo();
    let mut terminal = interrupted(&laptop, droplet, "standin-code");
    terminal.types("what\n").is_asked(STOPPED).types("l\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);

    // It goes on from there, and is asked once for one Ctrl-C.
    let mut terminal = interrupted(&laptop, droplet, "standin-code-2");
    terminal.types("c\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    assert_eq!(terminal.shown().matches("Stopped after a step").count(), 1, "{}", terminal.shown());
    droplet.login_page();
    assert_eq!(droplet.release(), "standin-code-2");
}

lab_test!(lab, demo, a_second_ctrl_c_leaves_at_once_and_the_droplet_goes_on);
fn a_second_ctrl_c_leaves_at_once_and_the_droplet_goes_on() {
    let laptop = Laptop::recreating();
    let droplet = deployed(&laptop);
    hold(droplet, "switch.web");
    let mut terminal = deploy(&laptop, "standin-code", &[]);
    recreating(droplet, &mut terminal);
    terminal.types(CTRL_C);
    std::thread::sleep(Duration::from_millis(300));
    terminal.types(CTRL_C);
    let asked = Instant::now();
    assert_eq!(terminal.ends(), 8, "{}", terminal.shown());
    go_on(droplet);
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to leave", asked.elapsed());
    let run = run_named(&terminal.shown());
    assert!(terminal.shown().contains(&format!("ops runs show {run}")), "{}", terminal.shown());
    step_ends(droplet, &run);
    // Who looks later sees the run, its lock, and how to go on.
    laptop.ops(&["runs", "list", "demo"]).exits(0).says(&[&run]);
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&[&run]);
}

lab_test!(lab, demo, a_terminal_that_goes_away_detaches);
fn a_terminal_that_goes_away_detaches() {
    let laptop = Laptop::recreating();
    let droplet = deployed(&laptop);
    let code = laptop.file("code");
    // The shell between keeps the exit code when the terminal is gone.
    let ops = laptop.command(&["deploy", "demo", "--ref", "standin-code"]);
    let mut command = Command::new("sh");
    command.env_clear().envs(ops.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let script = r#"code=$1; shift; trap : HUP; (trap : HUP; "$@" </dev/tty; echo $? >"$code") & wait; wait"#;
    command.args(["-c", script, "sh"]).arg(&code).arg(ops.get_program()).args(ops.get_args());
    hold(droplet, "switch.web");
    let mut terminal = Terminal::start(command);
    recreating(droplet, &mut terminal);
    let run = run_named(&terminal.shown());
    drop(terminal);
    let deadline = Instant::now() + Duration::from_secs(10);
    let code = loop {
        match std::fs::read_to_string(&code) {
            Ok(text) if text.ends_with('\n') => break text,
            _ => assert!(Instant::now() < deadline, "ops does not end when its terminal goes away"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(code, "8\n");
    go_on(droplet);
    step_ends(droplet, &run);
}

/// What was at work comes to its end on the droplet, and its journal says so.
#[track_caller]
fn step_ends(droplet: Droplet, run: &str) {
    let journal = format!("cat /var/lib/ops/odoo/runs/{run}/journal.jsonl");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let lines = droplet.root(&journal);
        let ended = |line: &str| line.contains("\"end\"") && line.contains("\"record\"");
        if lines.lines().any(ended) {
            break;
        }
        assert!(Instant::now() < deadline, "the section did not end\n{lines}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(droplet.root("cd /opt/odoo && docker compose ps -q odoo | wc -l"), "1");
}

#[track_caller]
fn run_named(shown: &str) -> String {
    let word = |word: &&str| word.starts_with("demo-20");
    let run = shown.split_whitespace().find(word).unwrap_or_else(|| panic!("no run is named\n{shown}"));
    run.trim_end_matches([':', '.', ',', ')']).to_owned()
}

lab_test!(lab, demo, modules_are_chosen_at_a_terminal);
fn modules_are_chosen_at_a_terminal() {
    const WHICH: &str = "Install which of them? Names, with `*` and `?`; Enter: ipai_docs:";
    let laptop = Laptop::new();
    let droplet = DEMO.fresh();
    laptop.deploy("demo", "standin", &[]).exits(0);
    let before = droplet.state();
    let choose = || Terminal::start(laptop.command(&["install-modules", "demo"]));
    for (answer, code) in [(CTRL_D, 3), (CTRL_C, 130), ("rm -rf\n", 2), ("nothing_like_it\n", 2), ("\n", 0)] {
        let mut terminal = choose();
        terminal.is_asked(WHICH).types(answer);
        assert_eq!(terminal.ends(), code, "{answer:?}\n{}", terminal.shown());
        // What there is was shown, and Odoo's own modules are not.
        assert!(terminal.shown().contains("ipai_expense") && !terminal.shown().contains("web_tour"));
    }
    assert_eq!(droplet.state(), before);
    let mut terminal = choose();
    terminal.is_asked(WHICH).types("ipai_exp*\n");
    terminal.is_asked("Carry out this plan: install-modules demo on demo-1? [y/N]").types("y\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    assert!(terminal.shown().contains("✓ switch.install"), "{}", terminal.shown());
}
