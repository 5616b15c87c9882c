//! What an audit found on each droplet, and what it says to programs.

use serde_json::{Value, json};

use super::{Score, Since, group, score};
use crate::checks::{Finding, Verdict};
use crate::inventory::{Profile, Severity};

pub const HARDEN_SCHEMA: &str = "ops.harden/1";

/// One droplet, as far as it could be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    pub droplet: String,
    pub reached: bool,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub env: String,
    /// RFC 3339, UTC.
    pub at: String,
    pub profile: Profile,
    pub droplets: Vec<Audited>,
    /// None: there was no audit before.
    pub since: Option<Since>,
}

impl Audited {
    /// What is wrong or could not be seen, the worst first.
    pub fn worst(&self) -> Vec<&Finding> {
        let mut all: Vec<_> = self.findings.iter().filter(|one| is_wrong(one)).collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.severity));
        all
    }

    pub fn score(&self) -> Option<Score> {
        score(&self.findings)
    }

    /// Groups in their order, with what each has earned.
    pub fn groups(&self) -> Vec<(&'static str, Score)> {
        let of = |name: &'static str| {
            let own = self.findings.iter().filter(move |one| group(&one.id) == name);
            score(own).map(|score| (name, score))
        };
        super::ALL.iter().filter_map(|group| of(group.name)).collect()
    }
}

pub fn is_wrong(finding: &Finding) -> bool {
    !matches!(finding.verdict, Verdict::Pass { .. } | Verdict::Skip { .. })
}

impl Report {
    /// Something of at least this severity is wrong, or unknown.
    pub fn fails(&self, floor: Severity) -> bool {
        let all = self.droplets.iter().flat_map(|one| &one.findings);
        all.filter(|one| is_wrong(one)).any(|one| one.severity >= floor)
    }

    /// Only these rules; that a droplet could not be asked is always said.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        for one in self.droplets.iter_mut().filter(|one| one.reached) {
            one.findings.retain(|finding| wanted(&finding.id));
        }
    }

    /// No droplet could be asked.
    pub fn blind(&self) -> bool {
        self.droplets.iter().all(|one| !one.reached)
    }

    pub fn json(&self) -> Value {
        let droplet = |one: &Audited| {
            let groups = one.groups();
            let groups: Vec<_> =
                groups.iter().map(|(name, score)| json!({ "group": name, "score": score })).collect();
            json!({
                "droplet": one.droplet, "reached": one.reached, "score": one.score(), "groups": groups,
                "findings": one.findings.iter().map(finding).collect::<Vec<_>>(),
            })
        };
        json!({
            "schema": HARDEN_SCHEMA, "env": self.env, "at": self.at, "profile": self.profile,
            "droplets": self.droplets.iter().map(droplet).collect::<Vec<_>>(), "since": self.since,
        })
    }
}

fn finding(finding: &Finding) -> Value {
    let mut json = json!(finding);
    json["group"] = json!(group(&finding.id));
    json
}
