//! Nobody else changes this stack, and what `ops` keeps about it can be read.

use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::inventory::Severity;
use crate::record::Holder;
use crate::text::{count, lasting};

/// Held: a deploy ends with exit code 5.
pub(super) const FREE: Check =
    Check { id: "lock", title: "lock of the stack", severity: Severity::Critical, judge: free };

pub(in crate::checks) const RECORDS: Check = Check {
    id: "state.records",
    title: "records on the droplet",
    severity: Severity::Medium,
    judge: records,
};

/// Without a sign of life for so many seconds, a holder is looked at: the runner proves it dead or not.
const SILENT: i64 = 120;

fn free(subject: &Subject<'_>) -> Verdict {
    let state = match known(&subject.facts.state) {
        Ok(state) => state,
        Err(verdict) => return verdict,
    };
    if state.unreadable.iter().any(|name| name.starts_with("lock ")) {
        return Verdict::unknown(
            "the lock's holder.json cannot be read: somebody holds it or has damaged it",
        );
    }
    let Some(holder) = &state.lock else { return Verdict::pass("free") };
    let env = quote(&subject.env.name);
    let silence = state.now.saturating_sub(holder.heartbeat);
    if silence < SILENT || holder.run.starts_with("manual-") {
        let fix = format!(
            "wait for it (ops runs show {} says how far it is), or if nobody works on it: ops lock release {env}",
            quote(&holder.run)
        );
        return Verdict::fail(held(holder, state.now), fix);
    }
    Verdict::warn(
        format!("{}; no sign of life for {}", held(holder, state.now), lasting(seconds(silence))),
        format!(
            "if nothing of run {} lives any more it is taken over; ops runs show says how it ended",
            holder.run
        ),
    )
}

fn held(holder: &Holder, now: i64) -> String {
    let reason = holder.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let since = lasting(seconds(now.saturating_sub(holder.since)));
    format!("held by {} for {since}: {}{reason}, run {}", holder.operator, holder.command, holder.run)
}

/// A clock that was set back counts as no time.
fn seconds(time: i64) -> u64 {
    time.try_into().unwrap_or(0)
}

fn records(subject: &Subject<'_>) -> Verdict {
    let state = match known(&subject.facts.state) {
        Ok(state) => state,
        Err(verdict) => return verdict,
    };
    if !state.unreadable.is_empty() {
        return Verdict::warn(
            format!("cannot be read: {}", some_of(state.unreadable.clone(), 5)),
            format!("look below {}: a damaged release cannot be rolled back to", subject.env.state_dir),
        );
    }
    match &state.project {
        Some(project) => Verdict::pass(format!(
            "project {project}: {}, {}, current {}",
            count(state.releases.len(), "release"),
            count(state.runs.len(), "run"),
            state.current.as_deref().unwrap_or("none")
        )),
        None => Verdict::pass("none yet"),
    }
}
