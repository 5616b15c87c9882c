//! Backups as a series: off site, without gaps, restored to try them, of their usual size.
//!
//! Judged by what the droplet remembers. Deliberately absent: asking the places themselves (`ops backup list`, `verify`).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::backups::{home, limits};
use super::{above, age, now};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::{Limits, Severity};
use crate::record::{BackupRow, DROPLET, Kept};
use crate::runbooks::promise;
use crate::text::{count, size};

pub(super) const ALL: &[Check] = &[
    Check { id: "backup.offsite", title: "newest copy off site", severity: Severity::High, judge: offsite },
    Check { id: "backup.gaps", title: "promised backups", severity: Severity::Medium, judge: gaps },
    Check { id: "backup.drilled", title: "last drill", severity: Severity::Medium, judge: drilled },
    Check { id: "backup.size", title: "size of the newest backup", severity: Severity::Medium, judge: usual },
];

/// A backup is of an unusual size below a half and above three times the median of those before it, of which there are
/// at least three: databases grow slowly, and what is suddenly small is not all.
const LEAST: usize = 3;
const COMPARED: usize = 7;

pub(super) fn rows<'a>(subject: &Subject<'a>) -> Result<(&'a [BackupRow], Timestamp), Verdict> {
    home(subject)?;
    let backups = known(&subject.facts.backups)?;
    let at = now(subject).and_then(|now| Timestamp::from_second(now).ok());
    Ok((&backups.rows, at.ok_or_else(|| Verdict::unknown("the droplet has no time"))?))
}

fn judged(
    subject: &Subject<'_>,
    judge: impl Fn(&[BackupRow], Timestamp) -> Result<Verdict, Verdict>,
) -> Verdict {
    match rows(subject).and_then(|(rows, now)| judge(rows, now)) {
        Ok(verdict) | Err(verdict) => verdict,
    }
}

/// The place whose newest is the oldest decides.
fn offsite(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        if subject.env.backup.offsite.is_empty() {
            return Err(Verdict::skip("backup.offsite names no place: what is on the droplet goes with it"));
        }
        let env = quote(&subject.env.name);
        let fix =
            format!("ops backup {env} copies what is not there yet; ops backup list {env} asks each place");
        let all = promise::kept(subject.env, rows, &[], now);
        let old = |one: &Kept| {
            let row = rows.iter().find(|row| Some(&row.id) == one.newest.as_ref());
            row.and_then(|row| promise::age(row, now)).map(|age| age.as_secs())
        };
        let mut worst: Option<(u64, String)> = None;
        for one in all.iter().filter(|one| one.place != DROPLET) {
            let Some(old) = old(one) else {
                return Ok(Verdict::fail(format!("{} has none", one.place), fix));
            };
            if worst.as_ref().is_none_or(|(most, _)| old > *most) {
                worst = Some((old, format!("that at {} is {} old", one.place, age(old))));
            }
        }
        let (old, told) = worst.unwrap_or_default();
        Ok(above(old, limits(subject), told, fix))
    })
}

/// Days, weeks and months that `backup.keep` promises and that have none. Without a timer nothing is promised.
fn gaps(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        if known(&subject.facts.schedule)?.files.is_empty() {
            return Err(Verdict::skip("no backups are scheduled"));
        }
        let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in promise::kept(subject.env, rows, &[], now) {
            for gap in &one.gaps {
                missing.entry(gap.words()).or_default().push(one.place.clone());
            }
        }
        let Some((first, at)) = missing.first_key_value() else {
            return Ok(Verdict::pass("no day, week or month that backup.keep promises is without one"));
        };
        let more = match missing.len() - 1 {
            0 => String::new(),
            more => format!(", and {}", count(more, "more gap")),
        };
        let fix =
            format!("ops backup list {} shows all; ops schedule status says why", quote(&subject.env.name));
        Ok(Verdict::warn(format!("{first} at {}{more}", at.join(", ")), fix))
    })
}

/// Whoever has had backups for as long as `deploy.backup.drill_max_age` has had the time to try one.
fn drilled(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, now| {
        let limit = subject.env.deploy.backup.drill_max_age.as_secs();
        let fix = format!("ops backup verify {} --drill", quote(&subject.env.name));
        let last = rows.iter().filter_map(|row| row.drilled.as_ref()).map(|drill| drill.at).max();
        let since = |at: u64| u64::try_from(now.as_second()).unwrap_or(0).saturating_sub(at);
        if let Some(at) = last {
            let evidence = format!("one came back {} ago", age(since(at)));
            return Ok(above(since(at), Limits { warn: limit, crit: u64::MAX }, evidence, fix));
        }
        let first = rows.iter().filter_map(|row| promise::age(row, now)).max();
        match first {
            None => Err(Verdict::skip("there is none to try")),
            Some(first) if first.as_secs() < limit => Err(Verdict::skip("none was tried yet")),
            Some(first) => Ok(Verdict::warn(
                format!("none was ever restored to try it, in {}", age(first.as_secs())),
                fix,
            )),
        }
    })
}

fn usual(subject: &Subject<'_>) -> Verdict {
    judged(subject, |rows, _| {
        let mut sizes = rows.iter().filter(|row| row.was_verified() && !row.imported).map(|row| row.bytes);
        let newest = sizes.next().flatten();
        let mut before: Vec<u64> = sizes.flatten().take(COMPARED).collect();
        let Some(newest) = newest.filter(|_| before.len() >= LEAST) else {
            return Err(Verdict::skip("too few backups to compare"));
        };
        before.sort_unstable();
        let median = before.get(before.len() / 2).copied().unwrap_or(newest);
        let evidence = format!("{}, usual are {}", size(newest), size(median));
        let fix = format!("ops backup show {} says what is in it", quote(&subject.env.name));
        Ok(match newest < median / 2 || newest > median.saturating_mul(3) {
            true => Verdict::warn(evidence, fix),
            false => Verdict::pass(evidence),
        })
    })
}
