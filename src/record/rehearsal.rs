//! What a rehearsal found, as its run keeps it and as `ops.rehearsal/1` tells of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub const REHEARSAL_SCHEMA: &str = "ops.rehearsal/1";

/// The judgement of an update that was tried on a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A deploy would do it.
    Passes,
    /// It would, and somebody should read on first.
    PassesWithFindings,
    /// A deploy would be put back.
    Fails,
    /// The rehearsal itself did not come so far.
    Unfinished,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    pub schema: Cow<'static, str>,
    pub run: String,
    pub verdict: Verdict,
    /// Of what was rehearsed, where there is git.
    pub sha: Option<String>,
    /// What was updated.
    pub modules: Vec<String>,
    /// In their order, of the steps that ended.
    pub phases: Vec<Timed>,
    /// Bytes of the database, where it was asked.
    pub bytes: Option<u64>,
    /// In what Odoo wrote.
    pub errors: u64,
    pub warnings: u64,
    /// The first of them.
    pub lines: Vec<String>,
    /// Seconds in which work on the copy, or the dump of the original, waited for a lock.
    pub waited: u64,
    /// What Odoo's own tests came to, in its words.
    pub tests: Option<String>,
    /// What should be read before a deploy.
    pub findings: Vec<String>,
    /// Seconds for which a deploy is expected to keep users away; None where the update did not end.
    pub interruption: Option<u64>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// `dump`, `restore`, `update`, ..
    pub phase: String,
    pub millis: u64,
}

impl Rehearsal {
    pub fn millis(&self, phase: &str) -> Option<u64> {
        self.phases.iter().find(|one| one.phase == phase).map(|one| one.millis)
    }
}
