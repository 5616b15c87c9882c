//! Backups: fresh, verified, still there, and made by themselves.

use jiff::Timestamp;

use super::{above, age, vitals};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::{Limits, Role, Severity};
use crate::record::moment;

pub(super) const ALL: &[Check] = &[
    Check { id: "backup.fresh", title: "newest backup", severity: Severity::High, judge: fresh },
    Check { id: "backup.there", title: "backups on the droplet", severity: Severity::High, judge: there },
    Check { id: "backup.tried", title: "last try of a backup", severity: Severity::High, judge: tried },
    Check { id: "backup.night", title: "scheduled backup", severity: Severity::Medium, judge: night },
];

/// Backups are the business of the droplet that keeps the ledger.
pub(super) fn home(subject: &Subject<'_>) -> Result<(), Verdict> {
    match subject.droplet.name == subject.env.home().name && subject.has(Role::Db) {
        true => Ok(()),
        false => Err(Verdict::skip("backups are made where the database is")),
    }
}

fn fresh(subject: &Subject<'_>) -> Verdict {
    let schedule = match home(subject).and_then(|()| known(&subject.facts.schedule)) {
        Ok(schedule) => schedule,
        Err(verdict) => return verdict,
    };
    let env = quote(&subject.env.name);
    let Some(newest) = &schedule.newest else {
        return Verdict::fail(
            "there is none",
            format!(
                "ops backup {env}; ops schedule install {env} makes one every night; where another tool backs up: `health: {{ skip: [backup.fresh] }}`"
            ),
        );
    };
    let taken = moment(newest).and_then(|taken| taken.parse::<Timestamp>().ok());
    let (Some(taken), Some(now)) = (taken, super::now(subject)) else {
        return Verdict::unknown(format!("{newest} is no moment"));
    };
    let limits = limits(subject);
    let old = u64::try_from(now.saturating_sub(taken.as_second())).unwrap_or(0);
    let fix = format!("ops backup {env} makes one now; ops schedule status {env} says why none was made");
    above(old, limits, format!("{newest} is {} old", age(old)), fix)
}

/// What was promised decides, where anything was: a warning when an eighth of it is left.
pub(super) fn limits(subject: &Subject<'_>) -> Limits<u64> {
    if let Some(rpo) = subject.env.targets.rpo {
        let crit = rpo.as_secs();
        return Limits { warn: crit - crit / 8, crit };
    }
    let Limits { warn, crit } = subject.env.health.backup;
    Limits { warn: warn.saturating_mul(3600), crit: crit.saturating_mul(3600) }
}

/// Records are worth nothing without what they tell of.
fn there(subject: &Subject<'_>) -> Verdict {
    let kept = match home(subject).and_then(|()| known(&vitals(subject)?.kept)) {
        Ok(kept) => kept,
        Err(verdict) => return verdict,
    };
    let (env, path) = (quote(&subject.env.name), &subject.env.backup.path);
    let fix =
        format!("ops backup {env} makes a new one at once; ops backup list {env} shows what is off site");
    match (kept.records, kept.snapshots) {
        (0, None) => Verdict::skip("none was made yet"),
        (records, None) => Verdict::fail(format!("{records} on record, and no repository below {path}"), fix),
        (records, Some(snapshots)) if snapshots < records => {
            Verdict::fail(format!("{records} on record, and {snapshots} in the repository below {path}"), fix)
        }
        (records, Some(_)) => Verdict::pass(format!("{records} verified")),
    }
}

fn tried(subject: &Subject<'_>) -> Verdict {
    let kept = match home(subject).and_then(|()| known(&vitals(subject)?.kept)) {
        Ok(kept) => kept,
        Err(verdict) => return verdict,
    };
    let Some(check) = &kept.checked else {
        return Verdict::skip("the newest was not tried since it was made");
    };
    let since = super::now(subject).and_then(|now| u64::try_from(now).ok()).unwrap_or(check.at);
    let when = age(since.saturating_sub(check.at));
    match check.ok {
        true => Verdict::pass(format!("the newest passed a {} {when} ago", check.by)),
        false => Verdict::fail(
            format!("the newest did not come back {when} ago: {}", check.why),
            format!("ops backup {} makes a new one", quote(&subject.env.name)),
        ),
    }
}

fn night(subject: &Subject<'_>) -> Verdict {
    let schedule = match home(subject).and_then(|()| known(&subject.facts.schedule)) {
        Ok(schedule) => schedule,
        Err(verdict) => return verdict,
    };
    let env = quote(&subject.env.name);
    if schedule.files.is_empty() {
        return Verdict::skip(format!("not installed: ops schedule install {env}"));
    }
    if !schedule.active || !schedule.enabled {
        return Verdict::fail("its timer does not run", format!("ops schedule install {env}"));
    }
    match &schedule.status {
        Some(status) if status.ok == Some(false) => {
            let why = status.why.as_deref().unwrap_or("it does not say why");
            Verdict::fail(format!("the last one failed: {why}"), format!("ops runs logs {env}"))
        }
        Some(status) if status.ok.is_none() && !schedule.working => Verdict::fail(
            format!("the one of {} never ended", status.started),
            format!("ops runs list {env}; ops backup {env} makes one now"),
        ),
        Some(status) => Verdict::pass(format!("the last one of {} went well", status.started)),
        None => Verdict::pass("installed; none was due yet"),
    }
}
