//! What will be done, as a value.
//!
//! A [`Plan`] is made by a runbook from facts, is compared, shown, serialised, linted and approved.
//! It leaves nothing open: execution makes no meaningful choice. Deliberately absent: the clock, the
//! network, and any way to run itself (`execute` does, and only with an `ApprovedPlan`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;
use crate::inventory::Source;

pub const SCHEMA: &str = "ops.plan/1";

/// The step that looks on for a time after a switch. Somebody may end that, which changes nothing.
pub const WATCH: &str = "watch";

/// The section in which an update is tried on a copy. Somebody may end it early: it always leaves nothing.
pub const REHEARSAL: &str = "rehearse";

/// The section in which a backup is made. Somebody may end it early: then there is none.
pub const BACKUP: &str = "backup";

/// The section in which a backup is tried. Somebody may end it early: it always leaves nothing.
pub const VERIFY: &str = "verify";

/// The section in which a backup is packed for somebody else's tools. Somebody may end it early: then there is no zip.
pub const EXPORT: &str = "export";

/// The section in which somebody else's backup becomes one of ours. Somebody may end it early: then it does not.
pub const IMPORT: &str = "import";

/// The section in which a backup comes back beside what serves. Somebody may end it early: what it made is dropped.
pub const FETCH: &str = "fetch";

/// The section in which a stack comes back onto a bare droplet. Somebody may end it early: what it made is removed.
pub const RECOVERY: &str = "recover";

/// What sections that change the droplet itself begin with.
pub const HARDEN: &str = "harden.";

/// Ordered sections of steps, and what a person should know before saying yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub schema: Cow<'static, str>,
    pub env: String,
    /// `deploy`, `rollback`, ..
    pub command: String,
    /// One line: what this plan brings about.
    pub title: String,
    pub sections: Vec<Section>,
    /// Shown, never compared: estimates, differences, warnings.
    pub notes: Vec<Note>,
    /// Carried out one by one only where the run fails, when everything else of it is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Section>,
    /// Why the name of the environment must be typed, if it must (besides being protected).
    pub data_loss: Option<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// All steps, section by section.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sections.iter().flat_map(|section| &section.steps)
    }

    /// Two plans are the same work when their ordered steps are.
    pub fn same_work(&self, other: &Plan) -> bool {
        self.sections == other.sections && self.on_failure == other.on_failure
    }
}

/// Steps of one droplet, carried out there one after the other whether or not anybody is connected.
/// Consecutive sections of one name run on their droplets at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Stable: `prepare`, `web`. `[a-z0-9.-]`.
    pub id: String,
    pub droplet: String,
    /// It must not stop half-way: where a step of it fails, is killed or loses its power, the droplet
    /// itself undoes what the section did.
    pub critical: bool,
    pub steps: Vec<Step>,
}

impl Section {
    /// Its steps read secrets, which come over the connection and are stored nowhere.
    pub fn needs_secrets(&self) -> bool {
        let secret = |action: &Action| matches!(action, Action::Put { content: Content::EnvFile(_), .. });
        self.steps.iter().flat_map(|step| &step.actions).any(secret)
    }

    /// Where the section can no longer be taken back, once it got there.
    pub fn point_of_no_return(&self) -> Option<usize> {
        self.steps.iter().position(|step| matches!(step.undo, Undo::Onward(_)))
    }

    /// Once it is done the droplet serves what is new. A section that is critical for another reason leaves what serves.
    pub fn switches(&self) -> bool {
        self.critical && self.steps.iter().any(|step| step.phase >= Phase::Switch)
    }

    /// It stays done only where somebody logs in anew.
    pub fn waits_for_proof(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.actions).any(|action| matches!(action, Action::Prove { .. }))
    }

    /// It is asked and judged from the laptop; the droplet runs nothing of its own.
    pub fn only_asks(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.actions).all(|action| matches!(action, Action::OwnChecks))
    }
}

/// Something beside the steps that helps to decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub kind: NoteKind,
    pub title: String,
    /// May be empty; a diff's lines begin with `+`, `-` or a blank.
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    Info,
    Diff,
    Warning,
}

/// The named groups of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Preflight,
    Prepare,
    /// An update is tried on a copy; nothing that runs changes.
    Rehearse,
    /// What is there is stored once more; nothing that runs changes.
    Backup,
    Switch,
    Verify,
    /// The old release ends what it has begun.
    Drain,
    Record,
    /// Users are let in; what they write from then on belongs to the new release.
    Open,
    /// The new release is compared with the one before it.
    Watch,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::Preflight => "preflight",
            Phase::Prepare => "prepare",
            Phase::Rehearse => "rehearse",
            Phase::Backup => "backup",
            Phase::Switch => "switch",
            Phase::Verify => "verify",
            Phase::Drain => "drain",
            Phase::Record => "record",
            Phase::Open => "open",
            Phase::Watch => "watch",
        })
    }
}

/// The smallest change that can be put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Stable and documented: `pull`, `switch.web`. `[a-z0-9.-]`.
    pub id: String,
    pub phase: Phase,
    pub droplet: String,
    /// What a person reads: "pull odoo:14.0-b (433 MB)".
    pub title: String,
    pub actions: Vec<Action>,
    pub undo: Undo,
    /// The longest it may take, in seconds.
    pub timeout: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// Safe to repeat; also covers the step that failed half-way.
    By(Vec<Action>),
    /// Nothing that matters was changed; the reason is said.
    NotNeeded(Cow<'static, str>),
    /// It opens a new release to its users, who write into it from then on: what began is finished, and
    /// never taken back. Safe to repeat; before it begins, its section counts as done. The reason is said.
    Onward(Cow<'static, str>),
    Impossible(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Run(Cmd),
    /// A whole file, written beside and renamed over; parents are made.
    Put {
        path: String,
        mode: u32,
        content: Content,
    },
    /// Pulls an image with progress by the layers of its manifest.
    Pull {
        image: String,
        layers: Vec<Layer>,
    },
    /// Waits until the Compose service's container is healthy (or runs, where it has no health check).
    /// The droplet decides, by `wait`; the laptop shows what Docker says meanwhile. Read-only.
    AwaitHealthy {
        project: String,
        service: String,
        wait: Cmd,
    },
    /// The droplet waits, by `wait`, until `proof` came over a connection that was logged in anew; else the section goes
    /// back. The last of a critical section.
    Prove {
        wait: Cmd,
        proof: Cmd,
        /// What opened to the laptop before has to open still.
        ports: Vec<u16>,
    },
    /// Asks the user's own checks of the phase *verify* and judges them. Read-only.
    OwnChecks,
    /// A program of the user's own on the laptop; a section of its own.
    Hook(HookCall),
}

/// A layer of an image's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The first twelve hexadecimal digits of its digest, as `docker pull` prints them.
    pub id: String,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Text(String),
    /// Lines `NAME='value'`; secrets are resolved when the step runs and never stored elsewhere.
    EnvFile(Vec<(String, EnvValue)>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvValue {
    Plain(String),
    Secret(Source),
    /// An address of `notify` that the inventory has in plain text, found there again by the name of its line: whoever has
    /// it can write to the channel.
    Address,
    /// One that is no affair of the inventory: drawn, fetched or asked for by the command that carries the plan out.
    Drawn,
}

/// A value as Compose reads it from an `.env`: single quotes keep everything but themselves as it is.
pub fn env_quote(value: &str) -> String {
    if value.contains('\'') {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        format!("\"{escaped}\"")
    } else {
        format!("'{value}'")
    }
}

pub(crate) mod hook;
mod lint;
pub use hook::{HookCall, Told, VARIABLES, sections as hooks, words};
pub use lint::{Fault, lint};
