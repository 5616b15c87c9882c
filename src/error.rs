//! What went wrong, said once and completely: what, which droplet, which step, why, what next.
//!
//! The kind alone decides the exit code. Deliberately absent: rendering (`ui::failure`).

use crate::exit::Exit;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure as an operator needs it at 3 a.m.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// Decides the exit code.
    pub exit: Exit,
    /// One sentence, lower case, without a full stop: "cannot log in to 203.0.113.10".
    pub what: String,
    pub droplet: Option<String>,
    /// The id of the step that failed.
    pub step: Option<String>,
    /// The chain of reasons, the nearest first.
    pub why: Vec<String>,
    /// What the operator can do, the most likely first. A command where there is one.
    pub next: Vec<String>,
    /// Titled excerpts: last lines of a log, the state of a container.
    pub evidence: Vec<Evidence>,
    /// How every step ended, where a run got that far.
    pub ledger: Vec<crate::record::LedgerRow>,
}

/// A titled excerpt under a failure. Lines are already printable.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Evidence {
    pub title: String,
    pub lines: Vec<String>,
}

impl Error {
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            droplet: None,
            step: None,
            why: Vec::new(),
            next: Vec::new(),
            evidence: Vec::new(),
            ledger: Vec::new(),
        }
    }

    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what)
    }

    #[must_use]
    pub fn on(mut self, droplet: impl Into<String>) -> Self {
        self.droplet = Some(droplet.into());
        self
    }

    #[must_use]
    pub fn at(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    #[must_use]
    pub fn because(mut self, why: impl std::fmt::Display) -> Self {
        self.why.push(why.to_string());
        self
    }

    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }

    #[must_use]
    pub fn evidence(mut self, title: impl Into<String>, lines: Vec<String>) -> Self {
        if !lines.is_empty() {
            self.evidence.push(Evidence { title: title.into(), lines });
        }
        self
    }

    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
