//! What happens during a run, for everybody who listens: screen, `--output json`, journal.
//!
//! The work emits, the listeners draw; nothing here knows how an event looks.

use serde::Serialize;

/// How a step on a droplet ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    Undone,
    Failed,
    NotReached,
    Unknown,
}

/// `ops.event/1`, one JSON object a line. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Something before the plan: connecting, reading facts, staging. Read-only.
    Activity {
        title: String,
        droplet: Option<String>,
    },
    ActivityEnded {
        title: String,
        droplet: Option<String>,
        ok: bool,
    },
    RunStarted {
        run: String,
        env: String,
        command: String,
        steps: usize,
    },
    StepStarted {
        step: String,
        droplet: String,
        title: String,
        phase: String,
        attempt: u32,
        undo: bool,
    },
    /// A line the step printed. Already made printable.
    StepOutput {
        step: String,
        droplet: String,
        line: String,
    },
    /// How far a long step is. `total` is 0 while it is unknown.
    StepProgress {
        step: String,
        droplet: String,
        done: u64,
        total: u64,
        unit: Unit,
        note: String,
    },
    /// A step that says nothing, or a droplet: what is known of it meanwhile. Empty: it spoke again.
    StepWaiting {
        step: String,
        droplet: String,
        text: String,
    },
    StepEnded {
        step: String,
        droplet: String,
        outcome: Outcome,
        millis: u64,
        undo: bool,
    },
    /// One line worth reading that belongs to no step.
    Note {
        text: String,
    },
    Warning {
        text: String,
    },
    /// What it took: SSH connections opened and used again, commands run.
    Links {
        opened: u64,
        reused: u64,
        commands: u64,
    },
    RunEnded {
        run: String,
        exit: u8,
        millis: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Bytes,
    Count,
}

/// Where events go.
pub trait Listener: Send + Sync {
    fn on(&self, event: &Event);
}

/// A listener for tests and for read-only commands that show nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Listener for Silent {
    fn on(&self, _: &Event) {}
}

/// One line of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// RFC 3339 with nanoseconds, UTC: in the order of their letters.
    pub at: String,
    pub droplet: String,
    pub service: String,
    /// Printable.
    pub text: String,
}
