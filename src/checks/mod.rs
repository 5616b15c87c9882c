//! Judging facts.
//!
//! A [`Check`] is pure: facts and the request in, a [`Verdict`] out. Preflight and health checks only
//! judge; a hardening rule is a check with a fix. Adding one is one file and one line in the `ALL` of
//! its folder.

pub mod preflight;

use serde::Serialize;

use crate::facts::Facts;
use crate::inventory::{Droplet, Environment, Severity};
use crate::runbooks::deploy::Staged;

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub env: &'a Environment,
    pub droplet: &'a Droplet,
    pub facts: &'a Facts,
    /// What the fetch told, in a deploy and in `ops preflight`; None where nothing is staged.
    pub staged: Option<&'a Staged>,
    /// The request allows to drop commits (`--allow-downgrade`).
    pub allow_downgrade: bool,
}

/// A rule with a stable, documented id.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// `disk.stack`, `docker.compose`, ..
    pub id: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    pub judge: fn(&Subject<'_>) -> Verdict,
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// With the evidence: "41 GB of 80 GB free".
    Pass { evidence: String },
    /// Shown, stops nothing.
    Warn { evidence: String, fix: String },
    /// Stops the run before its first change. `fix` says what to do, a command where there is one.
    Fail { evidence: String, fix: String },
    /// The facts needed are missing; treated as a failure, never as a pass.
    Unknown { why: String },
    /// Does not apply here.
    Skip { why: String },
}

impl Verdict {
    /// What was seen, or why nothing was.
    pub fn evidence(&self) -> &str {
        match self {
            Verdict::Pass { evidence } | Verdict::Warn { evidence, .. } | Verdict::Fail { evidence, .. } => {
                evidence
            }
            Verdict::Unknown { why } | Verdict::Skip { why } => why,
        }
    }

    pub fn fix(&self) -> Option<&str> {
        match self {
            Verdict::Warn { fix, .. } | Verdict::Fail { fix, .. } => Some(fix),
            _ => None,
        }
    }
}

/// A check's verdict on one droplet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub droplet: String,
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Finding {
    /// Stops a run.
    pub fn blocks(&self) -> bool {
        match self.verdict {
            Verdict::Fail { .. } => true,
            Verdict::Unknown { .. } => self.severity >= Severity::High,
            _ => false,
        }
    }
}

/// Every check of a list, judged.
pub fn run(list: &[Check], subject: &Subject<'_>) -> Vec<Finding> {
    list.iter()
        .map(|check| Finding {
            id: check.id.to_owned(),
            title: check.title.to_owned(),
            severity: check.severity,
            droplet: subject.droplet.name.clone(),
            verdict: (check.judge)(subject),
        })
        .collect()
}
