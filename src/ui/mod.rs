//! The only code that writes to the terminal: plans, progress, failures, lists, questions.
//!
//! stdout carries data, stderr carries talk. Three ways of telling what happens: *live* (a terminal:
//! a line with a spinner for every running step), *plain* (one line an event, for logs and screen
//! readers) and *JSON* (one object a line). Rendering is in pure functions from a value and a [`Look`]
//! to text; this file decides what goes where. Deliberately absent: deciding what to do.

mod ask;
mod canvas;
pub mod checklist;
mod doctor;
pub mod failure;
mod hardening;
mod health;
mod keys;
pub mod lists;
mod live;
mod logs;
mod look;
mod plain;
pub mod plan;
mod recovery;
mod rehearsal;
mod schedule;
mod screen;
mod setup;
pub mod table;
pub mod vigil;
pub mod words;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::checks::{self, Finding};
use crate::error::Error;
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::inventory::Environment;
use crate::plan::Plan;
use crate::record::Proposal;

pub use ask::Answer;
pub use canvas::{Canvas, Size};
pub use keys::Key;
use live::Board;
pub use look::Look;
pub use schedule::Stand;
pub use screen::Screen;
use screen::Stream;
pub use setup::{Colour, Format, Mode, Options, Wishes, fault, sane, show_cursor};

/// The terminal of this process; cheap to clone.
#[derive(Clone)]
pub struct Ui {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    screen: Screen,
    board: Mutex<Board>,
    /// The result line was written.
    ended: AtomicBool,
}

impl std::fmt::Debug for Ui {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ui").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Ui {
    pub fn new(options: Options, screen: Screen) -> Self {
        let board = Mutex::new(Board::new(options.talk));
        Self { shared: Arc::new(Shared { options, screen, board, ended: AtomicBool::new(false) }) }
    }

    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Whether a person is there to answer.
    pub fn asks(&self) -> bool {
        self.options().asks
    }

    // ---- data -------------------------------------------------------------------------------------

    /// Text that was asked for, on stdout.
    pub fn data(&self, text: &str) {
        self.shared.screen.write(Stream::Out, text);
    }

    /// One JSON object on a line of its own, on stdout.
    pub fn object(&self, value: &Value) {
        self.data(&format!("{value}\n"));
    }

    fn serialized(&self, value: &impl serde::Serialize) {
        match serde_json::to_value(value) {
            Ok(value) => self.object(&value),
            Err(error) => self.warn(&format!("this cannot be written as JSON: {error}")),
        }
    }

    pub fn list(&self, list: &lists::List) {
        match (self.options().format, self.options().table) {
            (Format::Json, _) => self.object(list.json()),
            (_, true) => self.data(&list.human(&self.options().data)),
            (_, false) => self.data(&list.tsv()),
        }
    }

    pub fn schedule(&self, env: &str, state: &schedule::Stand<'_>, now: jiff::Timestamp) {
        self.list(&schedule::state(env, state, now));
    }

    pub fn run(&self, run: &crate::record::RunRecord, now: jiff::Timestamp) {
        match self.options().format {
            Format::Json => self.serialized(run),
            _ => self.data(&lists::run(run, now, &self.options().data)),
        }
    }

    /// A key that nobody can show again: data, for whoever puts it into a safe.
    pub fn key(&self, key: &crate::secret::Secret) {
        match self.options().format {
            Format::Json => self.object(&serde_json::json!({ "schema": "ops.key/1", "key": key.expose() })),
            _ => self.data(&format!("{}\n", key.expose())),
        }
        self.say(
            "This key opens every backup, and is shown only now. Keep it in a safe, not on the droplet.",
        );
    }

    /// A backup that is on this machine now.
    pub fn pulled(&self, backup: &str, file: &std::path::Path, bytes: u64, sha256: &str) {
        let shown = crate::text::printable(&file.display().to_string());
        match self.options().format {
            Format::Json => self.object(&serde_json::json!({
                "schema": "ops.pull/1", "backup": backup, "file": shown, "bytes": bytes, "sha256": sha256,
            })),
            _ => self.data(&format!("{shown}: {}, sha256 {sha256}\n", crate::text::size(bytes))),
        }
    }

    pub fn rehearsal(&self, found: &crate::record::Rehearsal) {
        match self.options().format {
            Format::Json => self.serialized(found),
            _ => self.data(&rehearsal::render(found, &self.options().data)),
        }
    }

    /// In words it is a file, whose name is said.
    pub fn sheet(&self, sheet: &crate::record::Sheet) {
        if self.options().format == Format::Json {
            self.serialized(sheet);
        }
    }

    pub fn recovered(&self, done: &crate::record::Recovered) {
        match self.options().format {
            Format::Json => self.serialized(done),
            _ => self.data(&recovery::render(done, &self.options().data)),
        }
    }

    pub fn logs(&self, run: &str, logs: &[crate::record::StepLog]) {
        match self.options().format {
            Format::Json => self.object(&lists::logs_json(run, logs)),
            _ => self.data(&lists::logs(logs, &self.options().data)),
        }
    }

    /// One line of a container; `several`: of several droplets. `width`: of the longest name of a service.
    pub fn logged(&self, line: &crate::event::LogLine, several: bool, width: usize) {
        match self.options().format {
            Format::Json => self.object(&logs::json(line)),
            _ => self.data(&logs::line(line, several, width, &self.options().data)),
        }
    }

    /// The answer of `ops preflight`.
    pub fn checklist(&self, env: &Environment, findings: &[Finding], at: &str) {
        match self.options().format {
            Format::Json => self.serialized(&checks::Preflight::new(env, at, findings)),
            Format::Markdown => self.data(&checks::markdown(findings, env, at)),
            _ => self.data(&checklist::render(findings, &self.options().data)),
        }
    }

    /// The answer of `ops health`, as it was asked for.
    pub fn health(&self, report: &checks::health::Report) -> String {
        match self.options().format {
            Format::Human => health::render(report, &self.options().data),
            Format::Json => format!("{}\n", report.json()),
            Format::Markdown => checks::health::markdown(report),
            Format::Prometheus => checks::health::prometheus(report),
            Format::Nagios => checks::health::nagios(report) + "\n",
            Format::Sarif => format!("{}\n", report.json()),
        }
    }

    /// The answer of `ops harden`; `proposals`: what to write into the user's own files, by droplet.
    pub fn hardening(&self, report: &checks::hardening::Report, proposals: &[(String, Proposal)]) {
        match self.options().format {
            Format::Json => {
                let mut json = report.json();
                let one =
                    |(droplet, one): &(String, Proposal)| json!({ "droplet": droplet, "proposal": one });
                json["proposals"] = proposals.iter().map(one).collect();
                self.object(&json);
            }
            Format::Sarif => self.object(&checks::hardening::sarif(report)),
            Format::Markdown => self.data(&checks::hardening::markdown(report)),
            _ => self.data(&hardening::render(report, proposals, &self.options().data)),
        }
    }

    /// The answer of `ops doctor`.
    pub fn doctor(&self, doctor: &checks::doctor::Doctor) {
        match self.options().format {
            Format::Json => self.object(&doctor.json()),
            _ => self.data(&doctor::render(doctor, &self.options().data)),
        }
    }

    /// The answer of `ops notify test`.
    pub fn sent(&self, env: &str, sent: &[crate::notify::Sent]) {
        self.list(&lists::sent(env, sent));
    }

    /// What the checks before a plan found, as far as it has to be read.
    pub fn findings(&self, env: &Environment, findings: &[Finding], at: &str) {
        match self.options().format {
            Format::Json => self.serialized(&checks::Preflight::new(env, at, findings)),
            _ if self.options().quiet && !findings.iter().any(Finding::blocks) => {}
            _ => self.talk(&(checklist::problems(findings, &self.options().talk) + "\n")),
        }
    }

    /// A plan is data, except where the person who is to answer would not see stdout.
    pub fn plan(&self, plan: &Plan, asking: bool) {
        let Options { format, table, talk, data, .. } = self.options();
        match format {
            Format::Json => self.serialized(plan),
            _ if asking && !table => self.talk(&(plan::render(plan, talk) + "\n")),
            _ => self.data(&(plan::render(plan, data) + "\n")),
        }
    }

    // ---- talk -------------------------------------------------------------------------------------

    /// Talk that is shown even with `-q`, as it is.
    fn talk(&self, text: &str) {
        self.shared.screen.write(Stream::Err, text);
    }

    /// One sentence for the person, on stderr.
    pub fn say(&self, text: &str) {
        if !self.options().quiet {
            self.talk(&self.options().talk.wrap("", text));
        }
    }

    pub fn warn(&self, text: &str) {
        self.talk(&self.options().talk.wrap_with("Warning: ", text, Look::warn));
    }

    /// The end of the command: the failure card, and `ops.result/1` for programs. Once.
    pub fn finish(&self, exit: Exit, error: Option<&Error>) {
        if self.shared.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        let unexplained = {
            let mut board = self.board();
            board.clear(&self.shared.screen);
            board.unexplained(error)
        };
        if let Some(error) = error {
            let mut error = error.clone();
            error.evidence.extend(unexplained);
            self.talk(&failure::render(&error, &self.options().talk));
        }
        if self.options().format == Format::Json && (self.options().stream || error.is_some()) {
            self.object(&result(exit, error));
        }
    }

    /// Nothing is drawn until the guard is dropped: somebody else has the terminal. What is said
    /// meanwhile is shown afterwards.
    pub fn hold(&self) -> Hold {
        self.lending(true);
        Hold(self.clone())
    }

    /// [`Ui::hold`] for whoever tells of the beginning and of the end (`transport::Lender`).
    pub fn lending(&self, lent: bool) {
        canvas::lend(lent);
        match lent {
            true => self.shared.screen.hold(),
            false => self.shared.screen.resume(),
        }
    }

    /// Runs `work` while nothing is drawn.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        let _hold = self.hold();
        work()
    }

    /// Why data could not be written to stdout, if it could not. A reader who left is no reason.
    pub fn lost(&self) -> Option<String> {
        self.shared.screen.lost()
    }

    /// Nobody hears data any more: the reader of stdout has gone, or it cannot be written.
    pub fn is_left(&self) -> bool {
        self.shared.screen.is_left()
    }

    fn board(&self) -> std::sync::MutexGuard<'_, Board> {
        self.shared.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Ui {
    fn on(&self, event: &Event) {
        let Options { mode, stream, quiet, talk, clock, .. } = self.options();
        match mode {
            Mode::Json if *stream => self.object(&line(event, clock())),
            Mode::Json => {}
            Mode::Live => self.board().on(event, &self.shared.screen, *quiet),
            Mode::Plain => {
                let text = self.board().plain(event, talk, *quiet);
                if !text.is_empty() {
                    self.talk(&text);
                }
            }
        }
    }
}

/// While it lives the terminal belongs to somebody else.
#[derive(Debug)]
pub struct Hold(Ui);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.lending(false);
    }
}

/// `ops.event/1`.
fn line(event: &Event, now: jiff::Timestamp) -> Value {
    let mut value =
        json!({ "schema": "ops.event/1", "time": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string() });
    if let (Value::Object(line), Ok(Value::Object(event))) = (&mut value, serde_json::to_value(event)) {
        line.extend(event);
    }
    value
}

/// `ops.result/1`.
fn result(exit: Exit, error: Option<&Error>) -> Value {
    let error = error.map(|error| {
        json!({
            "what": error.what, "droplet": error.droplet, "step": error.step, "why": error.why,
            "next": error.next, "evidence": error.evidence,
        })
    });
    json!({ "schema": "ops.result/1", "exit": exit.code(), "outcome": exit, "error": error })
}
