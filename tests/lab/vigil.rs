//! `ops health --watch` on demo-1: the view in a real terminal, and lines where there is none.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::droplet::DEMO;
use crate::laptop::Laptop;
use crate::terminal::{CTRL_C, Terminal};

/// A minute apart: what is seen earlier was heard from Docker.
const WATCH: [&str; 6] = ["health", "demo", "--only", "containers", "--watch", "60"];
const SOON: Duration = Duration::from_secs(25);

const STOP: &str = "docker stop -t 1 odoo-odoo-1 >/dev/null";
const START: &str = "docker start odoo-odoo-1 >/dev/null; n=0
    until [ \"$(docker inspect -f '{{.State.Health.Status}}' odoo-odoo-1)\" = healthy ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done";

fn laptop() -> Laptop {
    let laptop = Laptop::recreating();
    DEMO.fresh();
    laptop.deploy("demo", "standin", &[]).exits(0);
    laptop
}

/// The shell that comes after it says which modes the terminal has.
fn seat(laptop: &Laptop) -> Terminal {
    let ops = laptop.command(&WATCH);
    let mut command = Command::new("sh");
    command.env_clear().envs(ops.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["-c", r#"trap : INT; stty -g; "$@"; code=$?; echo; stty -g; exit $code"#, "sh"]);
    command.arg(ops.get_program()).args(ops.get_args());
    Terminal::start(command)
}

/// The exit code; the terminal is as it was, and shows nothing of the view.
#[track_caller]
fn given_back(mut terminal: Terminal) -> i32 {
    let code = terminal.ends();
    let (screen, shown) = (terminal.screen(), terminal.shown());
    let modes: Vec<&str> = shown.split_whitespace().filter(|word| word.matches(':').count() > 10).collect();
    assert!(modes.len() == 2 && modes[0] == modes[1], "{modes:?}\n{screen:#?}");
    assert!(!screen.iter().any(|line| line.contains("q quit")), "{screen:#?}");
    code
}

lab_test!(lab, demo, what_happens_to_a_container_is_seen_at_once);
fn what_happens_to_a_container_is_seen_at_once() {
    let laptop = laptop();
    let mut terminal = seat(&laptop);
    let screen = terminal.shows(&["all fine", "> ok       demo-1"]);
    assert!(screen.len() == 24 && screen[0].starts_with("all fine  every 60 s"), "{screen:#?}");
    assert!(screen[1].starts_with("  status   droplet seen     login"), "{screen:#?}");
    assert!(
        !screen[2].contains('·') && screen[2].contains('%'),
        "a droplet's figures are missing\n{screen:#?}"
    );
    assert!(screen[23].ends_with("q quit"), "{screen:#?}");

    // Once it hears Docker's events, of what was before as well.
    let begun = Instant::now();
    DEMO.root(STOP);
    let critical = ["1 critical", "> CRITICAL demo-1", "Problems", "Changes", "demo-1 CRITICAL ct.running"];
    terminal.shows(&critical);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let wide = terminal.resize(200, 60).shows(&critical);
    assert!(wide.len() == 60 && wide[59].ends_with("q quit"), "{wide:#?}");

    DEMO.root(START);
    terminal.shows(&[
        "all fine",
        "> ok       demo-1",
        "demo-1 ok ct.running (was critical)",
        "demo-1 CRITICAL ct.running",
    ]);
    terminal.types("\r").shows(&["Esc back", "ok       containers: "]);
    terminal.types("\x1b").shows(&["Enter its checks"]);
    terminal.types("p").shows(&["PAUSED  all fine"]);
    terminal.resize(80, 24).types(" ").shows(&["all fine  every 60 s"]);
    terminal.types("q");
    assert_eq!(given_back(terminal), 0);

    DEMO.root(STOP);
    let mut terminal = seat(&laptop);
    terminal.shows(&["> CRITICAL demo-1"]);
    terminal.types(CTRL_C);
    assert_eq!(given_back(terminal), 9);
}

lab_test!(lab, demo, without_a_terminal_each_change_is_a_line);
fn without_a_terminal_each_change_is_a_line() {
    let laptop = laptop();
    let mut child = laptop.command(&WATCH).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut until =
        |text: &str| lines.find(|line| line.contains(text)).unwrap_or_else(|| panic!("not said: {text}"));
    until("1 droplet, all fine.");
    DEMO.root(STOP);
    let said = until("CRITICAL");
    assert!(said.contains("Z demo-1 CRITICAL ct.running: "), "{said}");
    DEMO.root(START);
    until("demo-1 ok ct.running (was critical): ");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let mut child =
        laptop.command(&[&WATCH[..], &["--output", "json"]].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let report: serde_json::Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!((&report["schema"], &report["status"]), (&"ops.health/1".into(), &"ok".into()), "{report}");
    // Whoever reads it has enough; it ends by itself when it has something to say.
    drop(lines);
    DEMO.root(STOP);
    assert_eq!(child.wait().unwrap().code(), Some(9));
}
