//! Read-only questions about what the droplets remember: runs, their logs, releases, locks; and the
//! lock that a person takes by hand.

mod backups;
mod bundle;
mod doctor;
mod harden;
mod health;
pub mod laptop;
mod lines;
mod logs;
mod names;
mod recovery;
mod schedule;
mod vigil;
mod visit;

use std::collections::BTreeMap;

use crate::audit;
use crate::cmd::Cmd;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::Outcome;
use crate::execute::lock::{self, Claim};
use crate::execute::runner::Runner;
use crate::exit::Exit;
use crate::facts::{Facts, ProbeFailure, State};
use crate::frames;
use crate::inventory::Environment;
use crate::program::Program;
use crate::record::{LockState, Rehearsal, Release, RunRecord, StepLog, Verdict};
use crate::runbooks::deploy::default_project;
use crate::text;

pub use backups::{backups, key as backup_key};
pub use bundle::{bundle, bundle_script};
pub use doctor::doctor;
pub use harden::{Seen, changes, posture};
pub use health::health;
pub use logs::{Listening, Wish};
pub use recovery::recovery;
pub use schedule::{remembered, schedule, scheduled};
pub use vigil::{Pace, Sight, Vigil, compare};
pub use visit::Visit;

/// What the name of a lock begins with that a person took.
pub use crate::record::BY_HAND;

fn state<'a>(facts: &'a BTreeMap<String, Facts>, droplet: &str) -> Result<&'a State> {
    let facts = facts.get(droplet).ok_or_else(|| Error::failed("no facts").on(droplet))?;
    facts.state.as_ref().map_err(|ProbeFailure { why }| {
        Error::new(Exit::Unreachable, "cannot read what the droplet remembers").on(droplet).because(why)
    })
}

/// For [`crate::catalog`].
pub(crate) const PROGRAMS: &[Program] = &[bundle::BUNDLE, doctor::LOOK, AUDIT, LOGS];

/// Runs of all droplets, newest first; of a run that several remember, the record with the most rows.
///
/// # Errors
/// A droplet's state cannot be read.
pub fn runs(env: &Environment, facts: &BTreeMap<String, Facts>) -> Result<Vec<RunRecord>> {
    let mut all: BTreeMap<(String, String), RunRecord> = BTreeMap::new();
    for droplet in &env.droplets {
        for run in &state(facts, &droplet.name)?.runs {
            let slot = all.entry((run.started.clone(), run.id.clone())).or_insert_with(|| run.clone());
            for row in &run.ledger {
                if !slot.ledger.contains(row) {
                    slot.ledger.push(row.clone());
                }
            }
        }
    }
    Ok(all.into_values().rev().collect())
}

/// How long each step took, as a rule: the median of where it was done, in milliseconds.
pub fn usual(env: &Environment, facts: &BTreeMap<String, Facts>) -> BTreeMap<String, u64> {
    let mut times: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let rows = runs(env, facts).unwrap_or_default().into_iter().flat_map(|run| run.ledger);
    for row in rows.filter(|row| row.outcome == Outcome::Done) {
        times.entry(row.step).or_default().push(row.millis);
    }
    let median = |mut all: Vec<u64>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    times.into_iter().map(|(step, all)| (step, median(all))).collect()
}

/// The last rehearsal in which the update came to its end, and when it began.
pub fn rehearsed(env: &Environment, facts: &BTreeMap<String, Facts>) -> Option<(String, Rehearsal)> {
    let runs = runs(env, facts).unwrap_or_default().into_iter();
    let mut found = runs.filter_map(|run| Some((run.started, run.rehearsal?)));
    found.find(|(_, one)| matches!(one.verdict, Verdict::Passes | Verdict::PassesWithFindings))
}

/// One run.
///
/// # Errors
/// Exit 2 for a run that no droplet knows.
pub fn run(env: &Environment, facts: &BTreeMap<String, Facts>, id: &str) -> Result<RunRecord> {
    runs(env, facts)?.into_iter().find(|run| run.id == id).ok_or_else(|| {
        Error::usage(format!("{} knows no run {}", env.name, text::printable(id)))
            .next(format!("ops runs list {}", env.name))
    })
}

/// Releases, the newest first, and the current one, of the first web droplet.
///
/// # Errors
/// The droplet's state cannot be read.
pub fn releases<'a>(
    env: &Environment,
    facts: &'a BTreeMap<String, Facts>,
) -> Result<(Vec<Release>, Option<&'a str>)> {
    let droplet = env.web().next().unwrap_or_else(|| env.home());
    let state = state(facts, &droplet.name)?;
    let mut releases = state.releases.clone();
    releases.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    Ok((releases, state.current.as_deref()))
}

/// Who holds the lock, droplet by droplet.
///
/// # Errors
/// A droplet's state cannot be read.
pub fn locks(env: &Environment, facts: &BTreeMap<String, Facts>) -> Result<Vec<LockState>> {
    env.droplets
        .iter()
        .map(|droplet| {
            let state = state(facts, &droplet.name)?;
            Ok(LockState { droplet: droplet.name.clone(), holder: state.lock.clone(), asked: state.now })
        })
        .collect()
}

/// Where the droplet keeps what `ops` knows of the stack.
pub fn dir(env: &Environment, facts: &BTreeMap<String, Facts>, droplet: &str) -> String {
    let project = facts.get(droplet).and_then(Facts::project).map(str::to_owned);
    format!("{}/{}", env.state_dir, project.unwrap_or_else(|| default_project(env)))
}

/// The audit of one droplet.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Audit {
    pub droplet: String,
    /// Oldest first.
    pub entries: Vec<audit::Entry>,
    /// Where the chain of hashes breaks first.
    pub broken: Option<audit::Broken>,
}

const AUDIT: Program = Program::shell(
    "audit",
    &[r#"
cd "$1" 2>/dev/null || exit 0
cat audit.head 2>/dev/null || echo
# Beyond that only whole lines, and the chain is looked at from there.
if [ "$(wc -c <audit.jsonl 2>/dev/null || echo 0)" -gt 7000000 ]; then tail -c 7000000 audit.jsonl | tail -n +2
else cat audit.jsonl 2>/dev/null; fi
exit 0
"#],
);

/// The audits of all droplets, whole; of one beyond seven megabytes its end.
///
/// # Errors
/// A droplet that cannot be asked.
pub async fn audits(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>) -> Result<Vec<Audit>> {
    let mut audits = Vec::new();
    for droplet in &crew.env.droplets {
        let cmd = Cmd::script(AUDIT, [dir(crew.env, facts, &droplet.name)]);
        let output = crew.ask(droplet, &cmd, std::time::Duration::from_secs(60)).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (head, lines) = text.split_once('\n').unwrap_or_default();
        let mut broken = audit::verify(lines, head);
        if lines.len() > 6_900_000 {
            broken = broken.filter(|broken| broken.line > 1);
        }
        audits.push(Audit { droplet: droplet.name.clone(), entries: audit::entries(lines), broken });
    }
    Ok(audits)
}

/// Every step's log as a part, in the order of their ends; `$1` the stack's state, `$2` the run.
const LOGS: Program = Program::shell(
    "logs",
    &[
        frames::SHELL,
        r#"
nonce=$3
cut=$(mktemp) || exit 73
trap 'rm -f "$cut"' EXIT
cd "$1/runs/$2/steps" 2>/dev/null || exit 44
# All of them fit into one answer: of long logs the end is what tells of a failure.
all=$(ls | wc -l)
most=$((6000000 / (all + 1)))
[ "$most" -le 262144 ] || most=262144
n=0
# shellcheck disable=SC2045  # in the order of their ends; names of steps have no blanks
for step in $(ls -tr); do
  n=$((n + 1))
  code=-1
  [ ! -s "$step/code" ] || read -r code _ <"$step/code"
  size=$(wc -c <"$step/log" 2>/dev/null) || size=0
  { [ "$size" -le "$most" ] || echo "(the first $((size - most)) bytes are left out)"
    tail -c "$most" "$step/log" 2>/dev/null; } >"$cut"
  part "$n/$step" "$code" "$cut"
done
"#,
    ],
);

/// What every step of a run printed, in the order in which they began.
///
/// # Errors
/// A droplet that cannot be asked; exit 2 for a run without logs.
pub async fn logs(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>, run: &str) -> Result<Vec<StepLog>> {
    let mut logs = Vec::new();
    for droplet in &crew.env.droplets {
        let nonce = crate::crew::nonce()?;
        let place = dir(crew.env, facts, &droplet.name);
        let cmd = logs_cmd(&place, run, &nonce);
        let output = crew.ask(droplet, &cmd, std::time::Duration::from_secs(60)).await?;
        let mut parts: Vec<_> = frames::parse(&nonce, &output.stdout)
            .into_iter()
            .filter_map(|(name, part)| {
                let (n, step) = name.split_once('/')?;
                Some((n.parse::<u32>().ok()?, step.to_owned(), part))
            })
            .collect();
        parts.sort_by_key(|(n, _, _)| *n);
        logs.extend(parts.into_iter().map(|(_, step, part)| log(&droplet.name, &step, &part)));
    }
    if logs.is_empty() {
        let what = format!("no droplet has logs of {}", text::printable(run));
        return Err(Error::usage(what).next(format!("ops runs list {}", crew.env.name)));
    }
    Ok(logs)
}

fn logs_cmd(place: &str, run: &str, nonce: &str) -> Cmd {
    Cmd::script(LOGS, [place, run, nonce])
}

fn log(droplet: &str, name: &str, part: &frames::Part) -> StepLog {
    let (step, attempt) = name.rsplit_once('.').unwrap_or((name, "1"));
    // The attempt's own name may be `1`, `undo2` or, tried again, `undo2~2`.
    let attempt = attempt.trim_start_matches("undo");
    StepLog {
        droplet: droplet.to_owned(),
        step: text::printable(step),
        attempt: attempt.parse().unwrap_or(1),
        code: (part.code >= 0).then_some(part.code),
        lines: text::lines(&part.bytes),
    }
}

/// Takes the lock on every droplet for a person; it stays until it is released.
///
/// # Errors
/// Exit 5 names whoever holds it.
pub async fn take_lock(
    crew: &Crew<'_>,
    facts: &BTreeMap<String, Facts>,
    run: &str,
    operator: &str,
    reason: Option<&str>,
) -> Result<()> {
    let claim = Claim { command: "lock", operator, reason };
    let mut posts = Vec::new();
    for droplet in &crew.env.droplets {
        let Some(link) = crew.links.get(&droplet.name) else { continue };
        let runner = Runner::new(dir(crew.env, facts, &droplet.name));
        match lock::take(link, runner, run, crew.env.stack.path.as_str(), &claim, &crew.env.name).await {
            Ok(post) => posts.push(post),
            Err(error) => {
                for post in &posts {
                    let _ = lock::release(post, run).await;
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Takes away the locks that were seen; who may do that is decided before. `force`: even under a step
/// that is at work.
///
/// # Errors
/// A droplet that cannot be asked; a lock that somebody else holds by now stays.
pub async fn release_lock(
    crew: &Crew<'_>,
    facts: &BTreeMap<String, Facts>,
    held: &[&LockState],
    force: bool,
) -> Result<()> {
    for lock in held {
        let (Some(holder), Some(link)) = (&lock.holder, crew.links.get(&lock.droplet)) else { continue };
        let runner = Runner::new(dir(crew.env, facts, &lock.droplet));
        lock::release_by_hand(link, &runner, &holder.run, crew.env.stack.path.as_str(), force).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_long_logs_the_ends_are_read_and_the_cut_is_said() {
        let dir = tempfile::tempdir().unwrap();
        for n in 10..50 {
            let step = dir.path().join(format!("runs/r/steps/step{n}.1"));
            std::fs::create_dir_all(&step).unwrap();
            let log = format!("begin\n{}the end of {n}\n", "a line of it\n".repeat(30_000));
            std::fs::write(step.join("log"), log).unwrap();
            std::fs::write(step.join("code"), if n == 49 { "1 2026\n" } else { "0 2026\n" }).unwrap();
            let made = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + n);
            std::fs::File::open(&step).unwrap().set_modified(made).unwrap();
        }
        let cmd = logs_cmd(&dir.path().to_string_lossy(), "r", "0123");
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let out = std::process::Command::new("sh").arg("-c").arg(cmd.to_shell()).output().unwrap();
        // What one answer of a droplet may have.
        assert!(out.stdout.len() < 8 << 20, "{}", out.stdout.len());
        let parts = frames::parse("0123", &out.stdout);
        assert_eq!(parts.len(), 40);
        let last = log("erp-1", "step49.1", &parts["40/step49.1"]);
        assert_eq!((last.code, last.lines.last().map(String::as_str)), (Some(1), Some("the end of 49")));
        assert!(last.lines[0].ends_with("bytes are left out)"), "{}", last.lines[0]);
        assert!(parts.values().all(|part| part.text().contains("the end of")));
    }
}
