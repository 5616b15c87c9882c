//! Judging facts.
//!
//! A [`Check`] is pure: facts and the request in, a [`Verdict`] out. Preflight and health checks only
//! judge; a hardening rule is a check with a fix. Adding one is one file and one line in the `ALL` of
//! its folder.

pub mod doctor;
pub mod hardening;
pub mod health;
mod markdown;
mod own;
pub mod preflight;

use serde::Serialize;

use crate::facts::{Facts, Probe};
use crate::inventory::{Droplet, Environment, Role, Severity};
use crate::runbooks::deploy::Staged;
use crate::text::printable;

pub use markdown::markdown;
pub use own::own;

pub const PREFLIGHT_SCHEMA: &str = "ops.preflight/1";

/// What `ops preflight --output json` prints.
#[derive(Debug, Serialize)]
pub struct Preflight<'a> {
    pub schema: &'static str,
    pub env: &'a str,
    /// RFC 3339, UTC.
    pub at: &'a str,
    /// How many findings would stop a deploy.
    pub blocking: usize,
    pub findings: &'a [Finding],
}

impl<'a> Preflight<'a> {
    pub fn new(env: &'a Environment, at: &'a str, findings: &'a [Finding]) -> Self {
        let blocking = findings.iter().filter(|finding| finding.blocks()).count();
        Self { schema: PREFLIGHT_SCHEMA, env: &env.name, at, blocking, findings }
    }
}

/// Judges one droplet by a list of checks, in its order.
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

impl Subject<'_> {
    fn has(&self, role: Role) -> bool {
        self.droplet.roles.contains(&role)
    }

    /// Nothing of the web service is here: this will be the first deploy of the stack.
    fn is_first(&self) -> bool {
        self.facts.containers.is_ok() && self.facts.web(&self.env.stack.web).is_none()
    }
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

/// Evidence quotes droplets, so it is made printable here, once.
impl Verdict {
    pub fn pass(evidence: impl AsRef<str>) -> Self {
        Self::Pass { evidence: printable(evidence.as_ref()) }
    }

    pub fn warn(evidence: impl AsRef<str>, fix: impl AsRef<str>) -> Self {
        Self::Warn { evidence: printable(evidence.as_ref()), fix: printable(fix.as_ref()) }
    }

    pub fn fail(evidence: impl AsRef<str>, fix: impl AsRef<str>) -> Self {
        Self::Fail { evidence: printable(evidence.as_ref()), fix: printable(fix.as_ref()) }
    }

    pub fn unknown(why: impl AsRef<str>) -> Self {
        Self::Unknown { why: printable(why.as_ref()) }
    }

    pub fn skip(why: impl AsRef<str>) -> Self {
        Self::Skip { why: printable(why.as_ref()) }
    }

    /// What was seen, or why nothing was.
    pub fn evidence(&self) -> &str {
        match self {
            Self::Pass { evidence } | Self::Warn { evidence, .. } | Self::Fail { evidence, .. } => evidence,
            Self::Unknown { why } | Self::Skip { why } => why,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> Option<&str> {
        match self {
            Self::Warn { fix, .. } | Self::Fail { fix, .. } => Some(fix),
            _ => None,
        }
    }
}

/// A fact, or the verdict that it is missing.
fn known<T>(probe: &Probe<T>) -> Result<&T, Verdict> {
    probe.as_ref().map_err(|failure| Verdict::unknown(&failure.why))
}

/// At most `most` of the items, and how many more there are.
fn some_of(items: impl IntoIterator<Item = impl Into<String>>, most: usize) -> String {
    let mut all: Vec<String> = items.into_iter().map(Into::into).collect();
    let more = all.len().saturating_sub(most);
    all.truncate(most);
    let shown = all.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
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
