//! Everything that one look found, in the order in which it should be read.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::figures::Figure;
use super::group;
use crate::checks::{Finding, Verdict};

pub const HEALTH_SCHEMA: &str = "ops.health/1";

/// How well something is, the best first. What could not be seen is worse than a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    Warning,
    Unknown,
    Critical,
}

impl Status {
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass { .. } | Verdict::Skip { .. } => Self::Ok,
            Verdict::Warn { .. } => Self::Warning,
            Verdict::Unknown { .. } => Self::Unknown,
            Verdict::Fail { .. } => Self::Critical,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Critical => "critical",
        }
    }

    /// As Nagios counts.
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// From where on findings are problems for the exit code. What is unknown may be critical, and always is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Floor {
    Warn,
    Crit,
}

impl Floor {
    fn holds(self, status: Status) -> bool {
        match self {
            Floor::Warn => status >= Status::Warning,
            Floor::Crit => status >= Status::Unknown,
        }
    }

    /// What is not as bad is well.
    pub(super) fn seen(self, status: Status) -> Status {
        if self.holds(status) { status } else { Status::Ok }
    }
}

/// One droplet, as far as it could be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub env: String,
    pub droplet: String,
    pub reached: bool,
    pub millis: u64,
    pub findings: Vec<Finding>,
    pub figures: Vec<Figure>,
}

/// A finding, and where.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub env: &'a str,
    pub finding: &'a Finding,
    pub status: Status,
}

/// What one look at environments found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// RFC 3339, UTC.
    pub at: String,
    /// Seconds since the epoch.
    pub now: i64,
    /// In the order of the inventory.
    pub droplets: Vec<Looked>,
}

impl Looked {
    pub fn status(&self) -> Status {
        self.findings.iter().map(|finding| Status::of(&finding.verdict)).max().unwrap_or(Status::Ok)
    }

    /// A measured value; of the ways to the login page that through the proxy, which comes last.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().rev().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    /// As [`Report::only`].
    pub fn only(&mut self, ids: &[String]) {
        self.findings.retain(|finding| finding.id == super::REACHED || ids.contains(&finding.id));
    }
}

impl Report {
    pub fn status(&self) -> Status {
        self.droplets.iter().map(Looked::status).max().unwrap_or(Status::Unknown)
    }

    /// How one environment is.
    pub fn of(&self, env: &str) -> Status {
        let its = self.droplets.iter().filter(|looked| looked.env == env);
        its.map(Looked::status).max().unwrap_or(Status::Unknown)
    }

    /// Nothing could be seen at all.
    pub fn blind(&self) -> bool {
        self.droplets.iter().all(|droplet| !droplet.reached)
    }

    pub fn problems(&self, floor: Floor) -> bool {
        floor.holds(self.status())
    }

    /// What is not well, the worst first; what is as bad in the order of the droplets and of the checks.
    pub fn worst(&self) -> Vec<Seen<'_>> {
        let mut all: Vec<Seen<'_>> = self.all().filter(|seen| seen.status != Status::Ok).collect();
        all.sort_by_key(|seen| std::cmp::Reverse(seen.status));
        all
    }

    /// As [`Report::worst`]; what is unknown on a droplet for one reason is told once, with the ids of the others.
    pub fn gathered(&self) -> Vec<(Seen<'_>, Vec<&str>)> {
        let mut all: Vec<(Seen<'_>, Vec<&str>)> = Vec::new();
        for seen in self.worst() {
            let same = |(other, _): &&mut (Seen<'_>, Vec<&str>)| {
                seen.status == Status::Unknown
                    && other.env == seen.env
                    && other.finding.droplet == seen.finding.droplet
                    && other.finding.verdict == seen.finding.verdict
            };
            match all.iter_mut().find(same) {
                Some((_, ids)) => ids.push(&seen.finding.id),
                None => all.push((seen, Vec::new())),
            }
        }
        all
    }

    fn all(&self) -> impl Iterator<Item = Seen<'_>> {
        self.droplets.iter().flat_map(|looked| {
            looked.findings.iter().map(|finding| Seen {
                env: &looked.env,
                finding,
                status: Status::of(&finding.verdict),
            })
        })
    }

    pub fn count(&self, status: Status) -> usize {
        self.all().filter(|seen| seen.status == status).count()
    }

    /// Only the findings of these checks; a droplet that could not be asked stays.
    pub fn only(&mut self, ids: &[String]) {
        self.droplets.iter_mut().for_each(|looked| looked.only(ids));
    }

    /// `ops.health/1`.
    pub fn json(&self) -> Value {
        let check = |finding: &Finding| {
            let mut check = found(finding);
            check["group"] = group(&finding.id).into();
            check
        };
        let droplet = |looked: &Looked| {
            json!({
                "env": looked.env, "droplet": looked.droplet, "status": looked.status(), "reached": looked.reached,
                "millis": looked.millis, "checks": looked.findings.iter().map(check).collect::<Vec<_>>(),
                "figures": looked.figures,
            })
        };
        json!({
            "schema": HEALTH_SCHEMA, "at": self.at, "status": self.status(),
            "droplets": self.droplets.iter().map(droplet).collect::<Vec<_>>(),
        })
    }
}

/// A finding as programs read it.
pub fn found(finding: &Finding) -> Value {
    let skipped = matches!(finding.verdict, Verdict::Skip { .. });
    json!({
        "id": finding.id, "title": finding.title, "severity": finding.severity,
        "status": if skipped { "skipped" } else { Status::of(&finding.verdict).word() },
        "evidence": finding.verdict.evidence(), "hint": finding.verdict.fix(),
    })
}
