//! What a rehearsal found, from how its steps ended and from what they printed. Pure.
//!
//! What the droplet knows of a piece of work stands in its log, on lines of ours (`tools/rehearsal.sh`): `ops.figures
//! NAME=NUMBER ..`, `ops.line TEXT`, `ops.tests TEXT`, `ops.finding TEXT`, `ops.ended WHY` (by us, not by itself).

use crate::event::Outcome;
use crate::record::{LedgerRow, REHEARSAL_SCHEMA, Rehearsal, StepLog, Timed, Verdict};
use crate::runbooks::deploy::copy_seconds;
use crate::text::{count, printable};

/// What the ids of its steps begin with.
pub const STEPS: &str = "rehearse.";
/// Those whose failure a deploy would have as well, or that were asked for as a proof.
const JUDGE: [&str; 5] = ["update", "modules", "web", "checks", "tests"];
/// What `connect` and the resolver say where there is no way out.
const OFFLINE: [&str; 4] = [
    "Network is unreachable",
    "Temporary failure in name resolution",
    "Name or service not known",
    "No route to host",
];
const ENDED: &str = "ops.ended ";
/// What the runner writes into the log of a step that had no end of its own.
const KILLED: &str = "killed from outside, or the droplet lost power";
/// Of Odoo's own stop and start, beside copy and update.
const SWITCH: u64 = 5;

/// A line that is told as a figure, and no line of Odoo.
pub fn is_ours(line: &str) -> bool {
    ["ops.figures ", "ops.line ", "ops.tests ", ENDED].iter().any(|word| line.starts_with(word))
}

/// Why work was ended that had not failed, where one of its lines says so.
pub fn ended<'a>(mut lines: impl Iterator<Item = &'a String>) -> Option<String> {
    let why = |line: &'a String| line.strip_prefix(ENDED).or_else(|| (line == KILLED).then_some(KILLED));
    lines.find_map(why).map(printable)
}

/// Whether a failure of this step says that the update, or the code, would fail.
pub fn judges(step: &str) -> bool {
    step.strip_prefix(STEPS).is_some_and(|phase| JUDGE.contains(&phase))
}

/// `of`: the modules that were to be updated, and the commit.
pub fn report(
    run: &str,
    of: (Vec<String>, Option<String>),
    ledger: &[LedgerRow],
    logs: &[StepLog],
) -> Rehearsal {
    let ours: Vec<&StepLog> =
        logs.iter().filter(|log| log.attempt == 1 && log.step.starts_with(STEPS)).collect();
    let said = |word: &'static str| said(&ours, word);
    let figure = |name: &str| -> u64 {
        let all = said("ops.figures ");
        let values = all.iter().flat_map(|line| line.split(' ')).filter_map(|pair| pair.split_once('='));
        values.filter(|(key, _)| *key == name).filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
    };
    let phases: Vec<Timed> = ledger.iter().filter_map(timed).collect();
    let mut report = Rehearsal {
        schema: REHEARSAL_SCHEMA.into(),
        run: run.to_owned(),
        verdict: Verdict::Unfinished,
        sha: of.1,
        modules: of.0,
        phases,
        bytes: Some(figure("kilobytes") * 1024).filter(|bytes| *bytes > 0),
        errors: figure("errors"),
        warnings: figure("warnings"),
        lines: said("ops.line ").into_iter().take(12).collect(),
        waited: figure("waited"),
        tests: said("ops.tests ").pop(),
        findings: said("ops.finding "),
        interruption: None,
    };
    report.findings.extend(findings(&report, &ours, ledger, figure("blocked")));
    report.interruption = interruption(&report);
    report.verdict = match ended(ours.iter().flat_map(|log| &log.lines)) {
        Some(_) => Verdict::Unfinished,
        None => verdict(&report, ledger),
    };
    report
}

/// What follows this word on lines of ours.
fn said(logs: &[&StepLog], word: &str) -> Vec<String> {
    let lines = logs.iter().flat_map(|log| &log.lines);
    lines.filter_map(|line| line.strip_prefix(word)).map(printable).collect()
}

fn timed(row: &LedgerRow) -> Option<Timed> {
    let phase = row.step.strip_prefix(STEPS)?.to_owned();
    let ended = !matches!(row.outcome, Outcome::NotReached | Outcome::Unknown);
    ended.then_some(Timed { phase, millis: row.millis })
}

fn findings(report: &Rehearsal, logs: &[&StepLog], ledger: &[LedgerRow], blocked: u64) -> Vec<String> {
    let lines = || logs.iter().flat_map(|log| &log.lines);
    let mut found: Vec<String> =
        lines().filter(|line| line.starts_with("warning: your check ")).map(|line| printable(line)).collect();
    if report.errors > 0 {
        found.push(format!("Odoo logged {}", count(report.errors.try_into().unwrap_or(usize::MAX), "error")));
    }
    if report.warnings > 0 {
        let warnings = count(report.warnings.try_into().unwrap_or(usize::MAX), "warning");
        found.push(format!("Odoo logged {warnings}"));
    }
    if report.waited > 0 {
        found.push(format!("locks were waited for, for about {} s", report.waited));
    }
    if blocked > 0 {
        found.push(format!("the dump kept others waiting for locks, for about {blocked} s"));
    }
    if lines().any(|line| OFFLINE.iter().any(|text| line.contains(text))) {
        found.push("something wanted the network, which the copy does not have and a deploy does".into());
    }
    let tested = ledger.iter().any(|row| row.step == "rehearse.tests" && row.outcome == Outcome::Done);
    let none = report.tests.as_deref().is_none_or(|text| text.ends_with(" of 0 tests"));
    if tested && none {
        found.push("Odoo does not say that it ran any test with these tags".into());
    }
    found
}

/// Copy, update, stop and start.
fn interruption(report: &Rehearsal) -> Option<u64> {
    let seconds = |phase: &str| report.millis(phase).map(|millis| millis.div_ceil(1000));
    let copy = seconds("copy").or_else(|| report.bytes.map(copy_seconds))?;
    // A later phase was reached, so the update came to its end.
    report.millis("modules")?;
    Some(copy + seconds("update")? + SWITCH)
}

fn verdict(report: &Rehearsal, ledger: &[LedgerRow]) -> Verdict {
    let failed = ledger.iter().find(|row| row.outcome == Outcome::Failed);
    match failed {
        Some(row) if judges(&row.step) => Verdict::Fails,
        Some(_) => Verdict::Unfinished,
        None if !ledger.iter().all(|row| row.outcome == Outcome::Done) => Verdict::Unfinished,
        None if report.findings.is_empty() => Verdict::Passes,
        None => Verdict::PassesWithFindings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: &str, outcome: Outcome, millis: u64) -> LedgerRow {
        LedgerRow { droplet: "erp-1".into(), step: step.into(), title: step.into(), outcome, millis }
    }

    fn log(step: &str, lines: &[&str]) -> StepLog {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        StepLog { droplet: "erp-1".into(), step: step.into(), attempt: 1, code: Some(0), lines }
    }

    fn done(update: u64) -> Vec<LedgerRow> {
        let steps = [
            ("checkout", 9),
            ("rehearse.dump", 2000),
            ("rehearse.update", update),
            ("rehearse.modules", 100),
        ];
        steps.into_iter().map(|(step, millis)| row(step, Outcome::Done, millis)).collect()
    }

    fn of() -> (Vec<String>, Option<String>) {
        (vec!["ipai_docs".into()], Some("2".repeat(40)))
    }

    #[test]
    fn a_quiet_update_passes_and_says_how_long_users_would_wait() {
        let logs = [
            log("rehearse.open", &["ops.figures kilobytes=976562"]),
            log("rehearse.update", &["2026 INFO ..", "ops.figures waited=0 blocked=0 errors=0 warnings=0"]),
        ];
        let report = report("r", of(), &done(7_100), &logs);
        assert_eq!((report.verdict, report.findings.len()), (Verdict::Passes, 0), "{report:?}");
        // A gigabyte is copied in 10 s, as the plan of a deploy says.
        assert_eq!(report.interruption, Some(8 + 10 + 5));
        assert_eq!(
            report.phases.iter().map(|one| one.phase.as_str()).collect::<Vec<_>>(),
            ["dump", "update", "modules"]
        );
    }

    #[test]
    fn what_should_be_read_first_is_a_finding() {
        let logs = [log(
            "rehearse.update",
            &[
                "ops.line 2026-11-21 09:00:00,000 1 WARNING odoo x: deprecated",
                "requests: [Errno 101] Network is unreachable",
                "ops.finding Odoo's own neutralize failed",
                "ops.figures waited=4 blocked=2 errors=0 warnings=1",
                "warning: your check rows: 0 (wanted > 0)",
            ],
        )];
        let report = report("r", of(), &done(1), &logs);
        assert_eq!(report.verdict, Verdict::PassesWithFindings);
        let all = report.findings.join("; ");
        for wanted in
            ["neutralize", "1 warning", "about 4 s", "about 2 s", "wanted the network", "your check rows"]
        {
            assert!(all.contains(wanted), "{wanted}: {all}");
        }
        assert_eq!(report.lines.len(), 1);
    }

    #[test]
    fn only_what_a_deploy_would_meet_makes_it_fail() {
        for (step, wanted) in [
            ("rehearse.update", Verdict::Fails),
            ("rehearse.tests", Verdict::Fails),
            ("rehearse.checks", Verdict::Fails),
            ("rehearse.dump", Verdict::Unfinished),
            ("pull.odoo", Verdict::Unfinished),
        ] {
            let ledger = [row(step, Outcome::Failed, 5), row("rehearse.drop", Outcome::NotReached, 0)];
            let report = report("r", of(), &ledger, &[]);
            assert_eq!((report.verdict, report.interruption), (wanted, None), "{step}");
        }
    }

    #[test]
    fn what_was_ended_has_not_failed() {
        let ledger = [row("rehearse.update", Outcome::Failed, 5)];
        let with = |line: &str| report("r", of(), &ledger, &[log("rehearse.update", &[line])]).verdict;
        assert_eq!(with("ops.ended the disk runs full"), Verdict::Unfinished);
        assert_eq!(with(KILLED), Verdict::Unfinished);
        assert_eq!(with("odoo ended with 255"), Verdict::Fails);
        assert!(include_str!("../execute/runner/2-acts.sh").contains(KILLED));
    }

    #[test]
    fn tests_that_did_not_run_are_no_proof() {
        let mut ledger = done(1);
        ledger.push(row("rehearse.tests", Outcome::Done, 1));
        let with = |text: &str| report("r", of(), &ledger, &[log("rehearse.tests", &[text])]).verdict;
        assert_eq!(with("ops.tests 0 failed, 0 error(s) of 0 tests"), Verdict::PassesWithFindings);
        assert_eq!(with("nothing"), Verdict::PassesWithFindings);
        assert_eq!(with("ops.tests 0 failed, 0 error(s) of 12 tests"), Verdict::Passes);
    }
}
