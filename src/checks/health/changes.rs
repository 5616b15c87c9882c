//! What became worse or better between two looks at a droplet.

use std::collections::BTreeMap;

use super::{Looked, REACHED, Status};

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Seconds since the epoch.
    pub at: i64,
    pub env: String,
    pub droplet: String,
    /// Of the check; of the first one where several changed for one reason.
    pub id: String,
    /// How many more changed for the same reason.
    pub others: usize,
    pub from: Status,
    pub to: Status,
    pub evidence: String,
}

/// What was last known of a droplet, check by check.
#[derive(Debug, Clone, Default)]
pub struct Known {
    statuses: BTreeMap<String, Status>,
    /// Its checks were seen at least once.
    seen: bool,
}

impl Known {
    /// Takes a look in, and says what it changed, the worst first. A first look changes nothing. A droplet that was
    /// not reached says nothing of its checks: what is told when it is back is compared with what was seen before.
    pub fn take(&mut self, looked: &Looked, at: i64) -> Vec<Change> {
        let first = self.statuses.is_empty();
        let seen = self.seen;
        self.seen |= looked.reached;
        let mut now: Vec<(&str, Status, &str)> = looked
            .findings
            .iter()
            .map(|one| (one.id.as_str(), Status::of(&one.verdict), one.verdict.evidence()))
            .collect();
        if looked.reached {
            now.push((REACHED, Status::Ok, "it answers again"));
            // A check that is not there any more (droplets that ran different releases, and one is not seen) is no news.
            self.statuses.retain(|id, _| now.iter().any(|(other, ..)| other == id));
        }
        let mut changes: Vec<Change> = Vec::new();
        for (id, to, evidence) in now {
            let from = self.statuses.insert(id.to_owned(), to).unwrap_or(Status::Ok);
            if from == to || first || !seen && id != REACHED {
                continue;
            }
            let same =
                |other: &&mut Change| (other.from, other.to) == (from, to) && other.evidence == evidence;
            match changes.iter_mut().find(same) {
                Some(change) => change.others += 1,
                None => changes.push(Change {
                    at,
                    env: looked.env.clone(),
                    droplet: looked.droplet.clone(),
                    id: id.to_owned(),
                    others: 0,
                    from,
                    to,
                    evidence: evidence.to_owned(),
                }),
            }
        }
        changes.sort_by_key(|change| std::cmp::Reverse(change.to));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Finding, Verdict};
    use crate::inventory::Severity;

    fn looked(findings: &[(&str, Verdict)]) -> Looked {
        let finding = |(id, verdict): &(&str, Verdict)| Finding {
            id: (*id).to_owned(),
            title: (*id).to_owned(),
            severity: Severity::High,
            droplet: "erp-1".to_owned(),
            verdict: verdict.clone(),
        };
        Looked {
            env: "prod".to_owned(),
            droplet: "erp-1".to_owned(),
            reached: !findings.iter().any(|(id, _)| *id == REACHED),
            millis: 1,
            findings: findings.iter().map(finding).collect(),
            figures: Vec::new(),
        }
    }

    fn told(changes: &[Change]) -> Vec<String> {
        let word = |change: &Change| {
            format!("{} {}>{} +{}", change.id, change.from.word(), change.to.word(), change.others)
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn worse_and_better_are_told_once() {
        let mut known = Known::default();
        let (good, bad) = (Verdict::pass("up"), Verdict::fail("down", "start it"));
        assert_eq!(known.take(&looked(&[("a", good.clone()), ("b", bad.clone())]), 1), []);
        let worse = looked(&[("a", Verdict::warn("slow", "")), ("b", bad)]);
        assert_eq!(told(&known.take(&worse, 2)), ["a ok>warning +0"]);
        assert_eq!(known.take(&worse, 3), []);
        let well = known.take(&looked(&[("a", good.clone()), ("b", good)]), 4);
        assert_eq!(told(&well), ["a warning>ok +0", "b critical>ok +0"]);
        assert_eq!((well[0].at, well[0].evidence.as_str()), (4, "up"));
    }

    #[test]
    fn a_droplet_that_is_away_hides_what_changed_only_until_it_is_back() {
        let mut known = Known::default();
        known.take(&looked(&[("a", Verdict::pass("up"))]), 1);
        let away = looked(&[(REACHED, Verdict::unknown("no way to it"))]);
        assert_eq!(told(&known.take(&away, 2)), ["droplet ok>unknown +0"]);
        assert_eq!(known.take(&away, 3), []);
        let back = known.take(&looked(&[("a", Verdict::fail("down", ""))]), 4);
        assert_eq!(told(&back), ["a ok>critical +0", "droplet unknown>ok +0"]);
    }

    #[test]
    fn what_was_never_seen_did_not_become_worse() {
        let mut known = Known::default();
        assert_eq!(known.take(&looked(&[(REACHED, Verdict::unknown("no way to it"))]), 1), []);
        let back = known.take(&looked(&[("a", Verdict::fail("down", ""))]), 2);
        assert_eq!(told(&back), ["droplet unknown>ok +0"]);
    }

    #[test]
    fn one_reason_is_one_change() {
        let mut known = Known::default();
        let all = |verdict: Verdict| looked(&["a", "b", "c"].map(|id| (id, verdict.clone())));
        known.take(&all(Verdict::pass("fine")), 1);
        assert_eq!(told(&known.take(&all(Verdict::unknown("no Docker")), 2)), ["a ok>unknown +2"]);
        assert_eq!(told(&known.take(&all(Verdict::skip("not here")), 3)), ["a unknown>ok +2"]);
    }
}
