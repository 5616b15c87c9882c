//! What the reading commands show: runs, a run, releases, locks. Every list has three forms: a table
//! with ages for a terminal, tab-separated values with full times elsewhere, and JSON.

mod backups;
mod sent;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::look::Look;
use super::{failure, table, words};
use crate::event::Outcome;
use crate::record::{ChangeRow, LockState, ModuleRow, Release, RunRecord, SnapshotRow, StepLog, Verdict};

pub use backups::{backup, backups};
pub use sent::sent;

/// A list in its three forms.
#[derive(Debug)]
pub struct List {
    head: &'static [&'static str],
    /// For a terminal.
    rows: Vec<Vec<String>>,
    /// For programs that cut columns.
    raw: Vec<Vec<String>>,
    json: Value,
    /// What a terminal says of an empty list.
    empty: String,
}

impl List {
    /// A line for each thing that something says of itself.
    pub(super) fn pairs(rows: Vec<[String; 2]>, raw: Vec<[String; 2]>, json: Value) -> Self {
        let lines = |rows: Vec<[String; 2]>| rows.into_iter().map(Vec::from).collect();
        Self { head: &["what", "is"], rows: lines(rows), raw: lines(raw), json, empty: String::new() }
    }

    pub fn human(&self, look: &Look) -> String {
        match self.rows.is_empty() {
            true => look.wrap("", &self.empty),
            false => table::table(self.head, &self.rows, look.width),
        }
    }

    pub fn tsv(&self) -> String {
        table::tsv(&self.raw)
    }

    pub fn json(&self) -> &Value {
        &self.json
    }
}

/// `ops.runs/1`; the newest first, as the caller gives them.
pub fn runs(env: &str, runs: &[RunRecord], now: Timestamp) -> List {
    let row = |run: &RunRecord, started: String| {
        vec![run.id.clone(), started, run.operator.clone(), result(run).to_owned(), run.title.clone()]
    };
    List {
        head: &["run", "started", "by", "result", "what"],
        rows: runs.iter().map(|run| row(run, words::ago_text(&run.started, now))).collect(),
        raw: runs.iter().map(|run| row(run, run.started.clone())).collect(),
        json: json!({ "schema": "ops.runs/1", "env": env, "runs": runs }),
        empty: format!("There is no run on record for {env}."),
    }
}

/// `ops.modules/1`: what the release has, and what the database knows of it.
pub fn modules(env: &str, rows: &[ModuleRow]) -> List {
    let cells = |row: &ModuleRow| {
        let note = row.note.clone().unwrap_or_default();
        vec![row.name.clone(), row.state.clone(), row.installed.clone(), row.disk.clone(), note]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    List {
        head: &["module", "state", "installed", "on disk", "note"],
        rows: cells.clone(),
        raw: cells,
        json: json!({ "schema": "ops.modules/1", "env": env, "modules": rows }),
        empty: format!("The release of {env} has no such module."),
    }
}

/// `ops.snapshots/1`; the oldest first, as the caller gives them. `days`: how long they are kept.
pub fn snapshots(env: &str, rows: &[SnapshotRow], days: u32, now: Timestamp) -> List {
    let row = |one: &SnapshotRow, taken: String, bytes: String| {
        let kept = match one.needed {
            true => "as long as a rollback needs it".to_owned(),
            false => format!("{days} days; then a deploy drops it"),
        };
        vec![
            one.name.clone(),
            one.kind.clone(),
            taken,
            bytes,
            one.back_from.clone().unwrap_or_default(),
            kept,
        ]
    };
    let human = |one: &SnapshotRow| row(one, words::ago_text(&one.taken, now), crate::text::size(one.bytes));
    List {
        head: &["database", "kind", "taken", "size", "a rollback of", "kept"],
        rows: rows.iter().map(human).collect(),
        raw: rows.iter().map(|one| row(one, one.taken.clone(), one.bytes.to_string())).collect(),
        json: json!({ "schema": "ops.snapshots/1", "env": env, "days": days, "snapshots": rows }),
        empty: format!("No database of {env} was put aside."),
    }
}

/// `ops.changes/1`: what `ops harden` changed, and what became of it.
pub fn changes(env: &str, rows: &[ChangeRow]) -> List {
    let cells = |row: &ChangeRow| {
        let until = row.until.as_ref().map(|until| format!(", goes back at {until} without a new login"));
        let state = format!("{}{}", row.state.word(), until.unwrap_or_default());
        vec![row.droplet.clone(), row.run.clone(), row.class.clone(), state]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    List {
        head: &["droplet", "run", "class", "state"],
        rows: cells.clone(),
        raw: cells,
        json: json!({ "schema": "ops.changes/1", "env": env, "changes": rows }),
        empty: format!("ops harden has changed nothing of {env}."),
    }
}

/// How long users were kept away: from the page's first second to the opening's last.
fn away(run: &RunRecord) -> Option<String> {
    let at = |id: &str| run.ledger.iter().position(|row| row.step == id);
    let closed = run.ledger.get(at("switch.close")?..=at("open")?)?;
    let all: u64 = closed.iter().map(|row| row.millis).sum();
    closed.last().filter(|row| row.outcome == Outcome::Done).map(|_| words::millis(all))
}

/// The row of the decision matrix that fired, in words.
fn decision(run: &RunRecord) -> Option<String> {
    let id = run.decision.as_deref()?;
    let row = crate::matrix::ROWS.iter().find(|row| row.id == id);
    Some(row.map_or_else(|| id.to_owned(), |row| format!("{id}: {}", row.then)))
}

/// `ops.releases/1`; `current` is the id of the one that runs.
pub fn releases(env: &str, releases: &[Release], current: Option<&str>, now: Timestamp) -> List {
    let row = |release: &Release, created: String| {
        let sha = release.sha.as_deref().map(|sha| sha.chars().take(12).collect()).unwrap_or_default();
        let images = release.images.values().map(|image| image.name.as_str()).collect::<Vec<_>>().join(", ");
        let state = if current == Some(release.id.as_str()) { "runs" } else { "" };
        vec![
            release.id.clone(),
            state.to_owned(),
            created,
            release.git_ref.clone().unwrap_or_default(),
            sha,
            images,
        ]
    };
    List {
        head: &["release", "", "created", "ref", "commit", "images"],
        rows: releases.iter().map(|release| row(release, words::ago_text(&release.created, now))).collect(),
        raw: releases.iter().map(|release| row(release, release.created.clone())).collect(),
        json: json!({ "schema": "ops.releases/1", "env": env, "current": current, "releases": releases }),
        empty: format!("{env} has no release yet; the first `ops deploy {env}` makes one."),
    }
}

/// One droplet's audit as this module needs it.
pub type Audit = (String, Vec<crate::audit::Entry>, Option<crate::audit::Broken>);

/// `ops.audit/1`. `verified`: the chain was asked for.
pub fn audits(env: &str, audits: &[Audit], verified: bool) -> List {
    let row = |droplet: &str, entry: &crate::audit::Entry| {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let at = match entry.at.parse().map(Timestamp::from_second) {
            Ok(Ok(at)) => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            _ => entry.at.clone(),
        };
        let exit = entry.exit.map_or("", |code| ended(Some(code)));
        vec![
            at,
            droplet.to_owned(),
            entry.event.clone(),
            exit.to_owned(),
            or_empty(&entry.operator),
            or_empty(&entry.command),
            or_empty(&entry.run),
            or_empty(&entry.reason),
        ]
    };
    let rows: Vec<_> = audits
        .iter()
        .flat_map(|(droplet, entries, _)| entries.iter().map(|entry| row(droplet, entry)))
        .collect();
    let json = audits.iter().map(|(droplet, entries, broken)| {
        let broken = if verified { json!(broken) } else { json!(null) };
        json!({ "droplet": droplet, "entries": entries, "broken": broken })
    });
    List {
        head: &["at", "droplet", "event", "end", "by", "command", "run", "reason"],
        rows: rows.clone(),
        raw: rows,
        json: json!({ "schema": "ops.audit/1", "env": env, "verified": verified, "audits": json.collect::<Vec<_>>() }),
        empty: format!("{env} has no audit yet."),
    }
}

/// `ops.lock/1`.
pub fn locks(env: &str, locks: &[LockState]) -> List {
    let raw = locks.iter().map(|lock| lock_row(lock, |then, _| seconds(then).to_string()));
    let rows = locks.iter().map(|lock| {
        lock_row(lock, |then, now| match (Timestamp::from_second(then), Timestamp::from_second(now)) {
            (Ok(then), Ok(now)) => words::ago(then, now),
            _ => then.to_string(),
        })
    });
    List {
        head: &["droplet", "lock", "run", "by", "since", "last sign", "reason"],
        rows: rows.collect(),
        raw: raw.collect(),
        json: json!({ "schema": "ops.lock/1", "env": env, "locks": locks }),
        empty: format!("{env} has no droplets."),
    }
}

fn lock_row(lock: &LockState, time: impl Fn(i64, i64) -> String) -> Vec<String> {
    let Some(holder) = &lock.holder else {
        return [lock.droplet.as_str(), "free", "", "", "", "", ""].map(str::to_owned).to_vec();
    };
    vec![
        lock.droplet.clone(),
        "held".to_owned(),
        holder.run.clone(),
        holder.operator.clone(),
        time(holder.since, lock.asked),
        time(holder.heartbeat, lock.asked),
        holder.reason.clone().unwrap_or_default(),
    ]
}

fn seconds(epoch: i64) -> String {
    Timestamp::from_second(epoch).map_or_else(|_| epoch.to_string(), |time| time.to_string())
}

/// One run with its ledger.
pub fn run(run: &RunRecord, now: Timestamp, look: &Look) -> String {
    let fields = [
        ("run", run.id.clone()),
        ("what", run.title.clone()),
        ("environment", run.env.clone()),
        ("result", result(run).to_owned()),
        ("by", run.operator.clone()),
        ("reason", run.reason.clone().unwrap_or_default()),
        ("started", format!("{} ({})", run.started, words::ago_text(&run.started, now))),
        ("took", took(run)),
        ("release", run.release.clone().unwrap_or_default()),
        ("users away", away(run).unwrap_or_default()),
        ("decision", decision(run).unwrap_or_default()),
    ];
    let mut out = table::fields(&fields, look);
    if let Some(found) = &run.rehearsal {
        out.push('\n');
        out += &super::rehearsal::render(found, look);
    }
    if !run.ledger.is_empty() {
        out.push('\n');
        out += &failure::ledger(&run.ledger, look);
    }
    out
}

fn took(run: &RunRecord) -> String {
    let end = run.ended.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
    match (run.started.parse::<Timestamp>(), end) {
        (Ok(start), Some(end)) => {
            words::millis(u64::try_from(end.as_millisecond() - start.as_millisecond()).unwrap_or(0))
        }
        _ => String::new(),
    }
}

/// What an exit code means for a run, in two words.
fn result(run: &RunRecord) -> &'static str {
    match &run.rehearsal {
        Some(found) if found.verdict == Verdict::Fails => "would fail",
        _ => ended(run.exit),
    }
}

fn ended(exit: Option<u8>) -> &'static str {
    match exit {
        None => "no end on record",
        Some(0) => "done",
        Some(1) => "failed",
        Some(6) => "put back",
        Some(7) => "MIXED",
        Some(8) => "UNKNOWN",
        Some(10) => "droplet changed",
        Some(130) => "interrupted",
        Some(_) => "not done",
    }
}

/// The logs of a run, step by step.
pub fn logs(logs: &[StepLog], look: &Look) -> String {
    let mut out = String::new();
    for log in logs {
        let end = match log.code {
            Some(0) => "done".to_owned(),
            Some(code) => format!("code {code}"),
            None => "no end on record".to_owned(),
        };
        let again = if log.attempt > 1 { format!(", attempt {}", log.attempt) } else { String::new() };
        let head = format!("== {} on {}{again}: {end}", log.step, log.droplet);
        out += &look.wrap_with("", &head, Look::bold);
        out.extend(log.lines.iter().map(|line| crate::text::printable(line) + "\n"));
    }
    out
}

/// `ops.logs/1`.
pub fn logs_json(run: &str, logs: &[StepLog]) -> Value {
    json!({ "schema": "ops.logs/1", "run": run, "logs": logs })
}
