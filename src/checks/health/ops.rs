//! What `ops` itself left behind: locks, runs, guards, databases put aside.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::backups::home;
use super::{age, now, vitals};
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::exit::Exit;
use crate::inventory::Severity;
use crate::record::{BY_HAND, Holder};
use crate::runbooks::snapshots;

pub(super) const ALL: &[Check] = &[
    Check { id: "ops.lock", title: "lock", severity: Severity::Medium, judge: lock },
    Check { id: "ops.runs", title: "runs", severity: Severity::High, judge: runs },
    Check { id: "ops.guards", title: "guards", severity: Severity::High, judge: guards },
    Check { id: "ops.lookout", title: "looks by itself", severity: Severity::Medium, judge: lookout },
    Check { id: "ops.snapshots", title: "databases put aside", severity: Severity::Low, judge: aside },
];

/// Without a sign of life for so many seconds, a holder is looked at.
const SILENT: i64 = 120;

fn is_silent(holder: &Holder, now: i64) -> bool {
    now.saturating_sub(holder.heartbeat) >= SILENT && !holder.run.starts_with(BY_HAND)
}

fn lock(subject: &Subject<'_>) -> Verdict {
    let state = match known(&subject.facts.state) {
        Ok(state) => state,
        Err(verdict) => return verdict,
    };
    let Some(holder) = &state.lock else { return Verdict::pass("free") };
    let since = age(u64::try_from(state.now.saturating_sub(holder.since)).unwrap_or(0));
    let held = format!("held by {} for {since}: {}", holder.operator, holder.command);
    match is_silent(holder, state.now) {
        true => Verdict::warn(
            format!("{held}; no sign of life since"),
            format!("ops runs show {} {} says how it ended", quote(&subject.env.name), quote(&holder.run)),
        ),
        false => Verdict::pass(held),
    }
}

fn runs(subject: &Subject<'_>) -> Verdict {
    let state = match known(&subject.facts.state) {
        Ok(state) => state,
        Err(verdict) => return verdict,
    };
    let alive = state.lock.as_ref().filter(|holder| !is_silent(holder, state.now));
    let env = quote(&subject.env.name);
    if let Some(run) =
        state.runs.iter().find(|run| run.ended.is_none() && alive.is_none_or(|one| one.run != run.id))
    {
        return Verdict::warn(
            format!("{} of {} never ended", run.id, run.operator),
            format!("ops runs attach {}, or ops runs show {env} {}", quote(&run.id), quote(&run.id)),
        );
    }
    // Only the newest that changed anything counts: a later one that went well has settled it.
    let last = state.runs.iter().find(|run| run.ended.is_some());
    match last.and_then(|run| Some((run, Exit::from_code(run.exit?)?))) {
        Some((run, Exit::Mixed)) => Verdict::fail(
            format!("{} left the droplets mixed", run.id),
            format!("ops runs show {env} {}", quote(&run.id)),
        ),
        Some((run, Exit::Unknown)) => Verdict::fail(
            format!("nobody knows how {} ended", run.id),
            format!("ops runs attach {}", quote(&run.id)),
        ),
        Some((run, _)) => Verdict::pass(format!("the last one is {}", run.id)),
        None => Verdict::pass("none"),
    }
}

fn guards(subject: &Subject<'_>) -> Verdict {
    let kept = match vitals(subject).and_then(|vitals| known(&vitals.kept)) {
        Ok(kept) => kept,
        Err(verdict) => return verdict,
    };
    let holder = subject.facts.state.as_ref().ok().and_then(|state| state.lock.as_ref());
    let runs: BTreeSet<&str> = kept.armed.iter().filter_map(|one| one.split('/').next()).collect();
    let orphans: Vec<&str> =
        runs.into_iter().filter(|run| holder.is_none_or(|holder| holder.run != **run)).collect();
    match orphans.first() {
        None if kept.armed.is_empty() => Verdict::pass("none armed"),
        None => Verdict::pass("armed by the run that works now"),
        Some(first) => Verdict::fail(
            format!("still armed, and nobody works: {}", some_of(orphans.clone(), 3)),
            format!("it will put the section back by itself; ops runs attach {}", quote(first)),
        ),
    }
}

/// Looks that were not made for so many intervals are missed.
const MISSED: u64 = 3;

/// It is asked by every look, the droplet's own included, which finds itself at work.
fn lookout(subject: &Subject<'_>) -> Verdict {
    let found = match home(subject).and_then(|()| known(&subject.facts.schedule)) {
        Ok(schedule) => &schedule.health,
        Err(verdict) => return verdict,
    };
    let install = format!("ops schedule install {}", quote(&subject.env.name));
    let logs = "on the droplet: journalctl -n 50 -u 'ops-health-*'";
    let Some(every) = subject.env.health.every else {
        return Verdict::skip("the droplet does not look by itself: health.every");
    };
    let every = every.as_secs();
    if subject.env.droplets.len() > 1 {
        return Verdict::skip("no droplet looks by itself where there are several");
    }
    match (found.active && found.enabled, found.ended, found.code) {
        (false, ..) if !found.is_there() => {
            Verdict::warn(format!("a look every {} is wanted, and not installed", age(every)), install)
        }
        (false, ..) => Verdict::fail("its timer does not run", install),
        (true, Some(_), Some(code)) if ![0, 4, 9].contains(&code) => {
            Verdict::fail(format!("the last look ended with code {code}"), logs)
        }
        (true, Some(ended), _) => {
            let Some(now) = now(subject) else {
                return Verdict::unknown("the droplet did not tell its clock");
            };
            let since = u64::try_from(now.saturating_sub(ended)).unwrap_or(0);
            match since > every.saturating_mul(MISSED).saturating_add(300) {
                true => Verdict::fail(format!("the last look is {} old", age(since)), logs),
                false => Verdict::pass(format!("the last look is {} old", age(since))),
            }
        }
        (true, None, _) => Verdict::pass(format!("looks every {}", age(every))),
    }
}

fn aside(subject: &Subject<'_>) -> Verdict {
    let days = subject.env.deploy.snapshot_days;
    let Some(now) = now(subject).and_then(|now| Timestamp::from_second(now).ok()) else {
        return Verdict::unknown("the droplet did not tell its clock");
    };
    let all = snapshots::of(subject.env, subject.facts);
    let now = now.to_string();
    let over: Vec<_> = all.iter().filter(|one| !one.needed && one.is_older(&now, days)).collect();
    match over.is_empty() {
        true => Verdict::pass(format!("{}, none too old", all.len())),
        false => Verdict::warn(
            format!("older than {days} days: {}", some_of(over.iter().map(|one| one.name.as_str()), 3)),
            format!("the next deploy drops them; now: ops snapshots list {}", quote(&subject.env.name)),
        ),
    }
}
