//! What got better and what got worse since the last audit of the same rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::{Report, is_wrong};

/// What is kept of audits: by droplet and rule, whether it was wrong. An audit of a few rules changes only these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Of the newest, RFC 3339.
    pub at: String,
    pub wrong: BTreeMap<String, BTreeMap<String, bool>>,
}

/// The rules whose answer is another now, as `ssh.root of erp-1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Since {
    pub at: String,
    pub better: Vec<String>,
    pub worse: Vec<String>,
}

impl Last {
    /// Droplets that could not be asked stay as they were.
    pub fn with(mut self, report: &Report) -> Self {
        self.at.clone_from(&report.at);
        for one in report.droplets.iter().filter(|one| one.reached) {
            let rules = self.wrong.entry(one.droplet.clone()).or_default();
            rules.extend(one.findings.iter().map(|finding| (finding.id.clone(), is_wrong(finding))));
        }
        self
    }

    pub fn compared(&self, report: &Report) -> Since {
        let mut since = Since { at: self.at.clone(), ..Since::default() };
        for one in report.droplets.iter().filter(|one| one.reached) {
            for finding in &one.findings {
                let then = self.wrong.get(&one.droplet).and_then(|rules| rules.get(&finding.id));
                let said = format!("{} of {}", finding.id, one.droplet);
                match (then, is_wrong(finding)) {
                    (Some(true), false) => since.better.push(said),
                    (Some(false), true) => since.worse.push(said),
                    _ => {}
                }
            }
        }
        since
    }
}
