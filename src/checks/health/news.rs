//! What of a look is news: each change once, the way back as well, and never a flood.
//!
//! Pure. What was told is remembered, not what was seen: a change that nobody was told of is still one at the next look,
//! and what came and went between two messages is none. Deliberately absent: telling, and where the memory is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::changes::Change;
use super::report::{Floor, Report, Status};

pub const MEMORY_SCHEMA: &str = "ops.health-told/1";

/// So many messages of an environment within [`WINDOW`]; what changes beyond them is told together, later.
pub const MOST: usize = 6;
/// Seconds.
pub const WINDOW: i64 = 3600;

/// What others were told of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub schema: String,
    /// What is not well, by droplet and check.
    told: BTreeMap<String, BTreeMap<String, Status>>,
    /// Seconds since the epoch, of the messages of the last hour.
    sent: Vec<i64>,
}

impl Memory {
    /// Not of another version of ops, which may mean something else by it.
    pub fn is_ours(&self) -> bool {
        self.schema == MEMORY_SCHEMA
    }

    /// What of the environment differs from what was told, the worst first. What is not as bad as the floor is well. Of a
    /// droplet that could not be asked nothing else is known, so that nothing else has changed there.
    pub fn changes(&self, report: &Report, env: &str, floor: Floor) -> Vec<Change> {
        let mut changes = Vec::new();
        for looked in report.droplets.iter().filter(|looked| looked.env == env) {
            let told = self.told.get(&looked.droplet);
            let was = |id: &str| told.and_then(|told| told.get(id)).copied().unwrap_or(Status::Ok);
            let mut add = |check: &str, now: Status, evidence: &str| {
                let from = was(check);
                if from != now {
                    changes.push(Change {
                        at: report.now,
                        env: env.to_owned(),
                        droplet: looked.droplet.clone(),
                        id: check.to_owned(),
                        others: 0,
                        from,
                        to: now,
                        evidence: evidence.to_owned(),
                    });
                }
            };
            for finding in &looked.findings {
                add(&finding.id, floor.seen(Status::of(&finding.verdict)), finding.verdict.evidence());
            }
            // A droplet that answers has no finding of it.
            if looked.reached {
                add(super::REACHED, Status::Ok, "it answers again");
            }
        }
        changes.sort_by_key(|change| std::cmp::Reverse(change.to));
        changes
    }

    /// From when on something may be told again, where that is not now.
    pub fn quiet_until(&self, now: i64) -> Option<i64> {
        let recent: Vec<i64> = self.recent(now).collect();
        let held = recent.len().checked_sub(MOST)?;
        recent.get(held).map(|oldest| oldest + WINDOW)
    }

    /// These were told.
    pub fn tell(&mut self, changes: &[Change], now: i64) {
        self.schema = MEMORY_SCHEMA.to_owned();
        self.sent = self.recent(now).chain([now]).collect();
        for change in changes {
            let checks = self.told.entry(change.droplet.clone()).or_default();
            match change.to {
                Status::Ok => checks.remove(&change.id),
                status => checks.insert(change.id.clone(), status),
            };
        }
        self.told.retain(|_, checks| !checks.is_empty());
    }

    /// Forgets droplets that are no more, and on those that were asked the checks that are no more. Nobody is told: they
    /// did not become well.
    pub fn forget(&mut self, report: &Report, env: &str, droplets: &[&str]) {
        self.told.retain(|name, _| droplets.contains(&name.as_str()));
        for looked in report.droplets.iter().filter(|looked| looked.env == env && looked.reached) {
            let known: BTreeSet<&str> = looked.findings.iter().map(|finding| finding.id.as_str()).collect();
            if let Some(told) = self.told.get_mut(&looked.droplet) {
                told.retain(|id, _| id == super::REACHED || known.contains(id.as_str()));
            }
        }
    }

    /// Never of the future: a clock that was put back keeps nobody quiet.
    fn recent(&self, now: i64) -> impl Iterator<Item = i64> {
        self.sent.iter().copied().filter(move |at| (now - WINDOW..=now).contains(at))
    }
}

/// Of the changes those that a second look confirms, as it saw them.
pub fn confirmed(first: &[Change], second: Vec<Change>) -> Vec<Change> {
    let same = |change: &Change| {
        let of = |one: &&Change| one.droplet == change.droplet && one.id == change.id && one.to == change.to;
        first.iter().find(of).is_some()
    };
    second.into_iter().filter(same).collect()
}
