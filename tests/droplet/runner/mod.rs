//! The real runner, called as `ops` calls it, in a sandbox: with and without systemd, in each shell.

mod acts;
mod ends;
mod guard;
mod killed;
mod laptop;
mod lock;
mod no_return;
mod power;
mod records;
mod refusals;
mod space;
mod undo;

use std::time::{Duration, Instant};

use ops::execute::Script;
use ops::execute::runner::{Act, ActState, Mode, Report, Runner, Scripts, Seen};

use crate::sandbox::{Ran, Sandbox, Shell, Started};
use crate::systemd;

pub const DIR: &str = "/var/lib/ops/odoo";
const STACK: &str = r#"{"env":"prod","project":"odoo"}"#;
const MEMBERS: &str = r#""command":"deploy","operator":"alice","reason":null"#;
/// Steps append a line to it, so that it shows what ran and in which order.
const MARK: &str = "/root/mark";
const LIMIT: Duration = Duration::from_secs(20);

/// Who keeps the workers of acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// `setsid`: no systemd, or no root.
    Session,
    /// `systemd-run`.
    Unit,
}

/// A stack's runner on one droplet.
pub struct Stack {
    pub sandbox: Sandbox,
    pub runner: Runner,
    keeper: Keeper,
}

/// Runs a test in each shell, and with each keeper. What differs between shells does not differ by the keeper.
fn on_each(test: impl Fn(&mut Stack)) {
    use Keeper::{Session, Unit};
    for (shell, keeper) in
        [(Shell::Dash, Session), (Shell::Dash, Unit), (Shell::Bash, Unit), (Shell::Busybox, Session)]
    {
        eprintln!("in {shell:?} with {keeper:?}");
        test(&mut Stack::new(shell, keeper));
    }
}

/// Runs a test in each shell, without systemd.
fn in_each_shell(test: impl Fn(&mut Stack)) {
    for shell in Shell::each() {
        eprintln!("in {shell:?}");
        test(&mut Stack::new(shell, Keeper::Session));
    }
}

/// Runs a test in each shell, with systemd.
fn with_units(test: impl Fn(&mut Stack)) {
    for shell in Shell::each() {
        eprintln!("in {shell:?}");
        test(&mut Stack::new(shell, Keeper::Unit));
    }
}

impl Stack {
    pub fn new(shell: Shell, keeper: Keeper) -> Self {
        Self::on(Sandbox::new(shell), keeper)
    }

    fn on(sandbox: Sandbox, keeper: Keeper) -> Self {
        // A pause between two tries has no place in a test.
        sandbox
            .stub("sleep", "case $1 in 5) exec /usr/bin/sleep 0.05 ;; 1) exec /usr/bin/sleep 0.2 ;; *) exec /usr/bin/sleep \"$1\" ;; esac");
        if keeper == Keeper::Unit {
            systemd::install(&sandbox);
        }
        Self { sandbox, runner: Runner::new(DIR), keeper }
    }

    #[track_caller]
    fn take(&mut self, run: &str) -> Ran {
        self.sandbox.run(&self.runner.take(run, STACK, MEMBERS))
    }

    #[track_caller]
    fn open(&mut self, run: &str, fence: u64, sections: &[Scripts<'_>]) -> Ran {
        self.sandbox.run(&self.runner.open(run, fence, TEXTS, sections))
    }

    /// Takes the lock as `run` with fence 1 and opens the run with one section.
    #[track_caller]
    fn begin(&mut self, run: &str, section: Scripts<'_>) {
        self.take(run).exits(0).says(&["taken 1"]);
        self.open(run, 1, &[section]).exits(0);
    }

    #[track_caller]
    fn start(&mut self, call: &Act<'_>, mode: Mode) -> Report {
        let started = self.launch(call, mode);
        report(&self.sandbox.wait(started).exits(0))
    }

    fn launch(&mut self, call: &Act<'_>, mode: Mode) -> Started {
        self.sandbox.start(&self.runner.start(call, mode))
    }

    #[track_caller]
    fn poll(&mut self, call: &Act<'_>) -> Report {
        report(&self.sandbox.run(&self.runner.poll(call, Seen::default())).exits(0))
    }

    /// The act's exit code, once it has one.
    #[track_caller]
    fn code(&mut self, call: &Act<'_>) -> i32 {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let ActState::Done(code) = self.poll(call).state {
                return code;
            }
            assert!(
                Instant::now() < deadline,
                "the act does not end in {:?}: {}",
                self.sandbox.shell(),
                self.tree()
            );
        }
    }

    /// Waits until the steps left this many lines in the mark.
    #[track_caller]
    fn await_marks(&self, count: usize) {
        let deadline = Instant::now() + LIMIT;
        while self.marks().len() < count {
            assert!(Instant::now() < deadline, "the steps do not come: {:?}", self.marks());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the guard of the act is disarmed: that comes after the act's exit code.
    #[track_caller]
    fn await_disarmed(&mut self, call: &Act<'_>) {
        let armed = format!("{DIR}/runs/{}/sections/{}/{}/armed", call.run, call.section, call.act);
        let deadline = Instant::now() + LIMIT;
        while self.sandbox.exists(&armed) || self.sandbox.sh("ls /run/timers").out.contains("timer") {
            assert!(Instant::now() < deadline, "the guard stays armed: {}", self.tree());
        }
    }

    fn marks(&self) -> Vec<String> {
        if !self.sandbox.exists(MARK) {
            return Vec::new();
        }
        self.sandbox.read(MARK).lines().map(str::to_owned).collect()
    }

    /// A file below the runner's directory.
    #[track_caller]
    fn file(&self, name: &str) -> String {
        self.sandbox.read(&format!("{DIR}/{name}"))
    }

    fn has(&self, name: &str) -> bool {
        self.sandbox.exists(&format!("{DIR}/{name}"))
    }

    fn tree(&mut self) -> String {
        self.sandbox
            .sh(&format!("cd {DIR} && find runs -type f -o -type l | sort; cat runs/*/journal.jsonl"))
            .out
    }

    /// Kills the worker of an act and its children, as the kernel's OOM killer or a person does.
    fn kill_worker(&mut self, call: &Act<'_>) {
        match self.keeper {
            Keeper::Unit => {
                let Act { run, section, act, .. } = call;
                systemd::kill(&mut self.sandbox, &format!("ops-{run}-{section}-{act}-carry.service"));
            }
            Keeper::Session => {
                let who = format!("{DIR}/runs/{}/sections/{}/{}/who", call.run, call.section, call.act);
                let kill = format!(
                    "read -r kind pid start <{who}; kill -KILL $(cat /proc/[0-9]*/stat | sed 's/^\\([0-9]*\\) .*) /\\1 /' | awk -v s=\"$pid\" '$5 == s {{print $1}}')"
                );
                self.sandbox.sh(&kill).exits(0);
            }
        }
    }
}

const TEXTS: [&str; 3] = [r#"{"id":"r"}"#, r#"{"order":[]}"#, r#"{"event":"begin"}"#];

#[track_caller]
fn report(ran: &Ran) -> Report {
    Report::parse(ran.out.as_bytes()).unwrap_or_else(|| panic!("no report\n{ran}"))
}

/// An act of the first fence; a call for it waits ten seconds for news.
fn act<'a>(run: &'a str, section: &'a str, act: &'a str) -> Act<'a> {
    Act { run, fence: 1, section, act, wait: 10 }
}

/// The same, for calls that come back at once.
fn now<'a>(call: &Act<'a>) -> Act<'a> {
    Act { wait: 0, ..*call }
}

fn section<'a>(id: &'a str, critical: bool, steps: Vec<Script<'a>>) -> Scripts<'a> {
    Scripts { id, critical, steps }
}

fn step<'a>(id: &'a str, script: &str, undo: &str) -> Script<'a> {
    Script { id, limit: 60, script: script.into(), undo: undo.into(), onward: false }
}

/// A step that is never taken back.
fn onward<'a>(id: &'a str, script: &str) -> Script<'a> {
    Script { onward: true, ..step(id, script, "") }
}

/// A step that marks that it ran, and then does `rest`.
fn marked<'a>(id: &'a str, rest: &str) -> Script<'a> {
    step(id, &format!("echo {id} >>{MARK}\n{rest}"), &format!("echo back {id} >>{MARK}"))
}

/// A critical section whose second step waits until somebody ends it.
fn begin_and_wait(stack: &mut Stack) {
    let steps = vec![marked("one", ""), marked("two", "exec /usr/bin/sleep 60"), marked("three", "")];
    stack.begin("r", section("a", true, steps));
    stack.start(&now(&act("r", "a", "1")), Mode::Detached);
    stack.await_marks(2);
}
