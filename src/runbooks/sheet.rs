//! The result sheet of a drill or a restore, from what its run left; and as Markdown, for whoever has to show it. Pure.
//!
//! Deliberately absent: where it is kept (`flow/sheet.rs`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::deploy::{Backup, Data, Request};
use crate::event::Outcome;
use crate::inventory::Targets;
use crate::record::{DROPLET, LedgerRow, RunRecord, SHEET_SCHEMA, Sheet, StepLog, Timed};
use crate::text::{escape, lasting};

/// What a step says that it compared: a word, and how many.
const COMPARED: &str = "ops.compared ";

/// The backup that a run tried by restoring it, or brought back.
pub fn of<'a>(request: &'a Request, ledger: &[LedgerRow]) -> Option<(&'static str, &'a Backup)> {
    let drilled = ledger.iter().any(|row| row.step == "drill.database");
    match (&request.verify, &request.data) {
        (Some(backup), _) if drilled => Some(("drill", backup)),
        (None, Data::Restored(backup)) => Some(("restore", backup)),
        _ => None,
    }
}

/// `run`: as it is recorded, with its end; `why`: what went wrong.
pub fn sheet(
    run: &RunRecord,
    (what, backup): (&str, &Backup),
    targets: Targets,
    logs: &[StepLog],
    why: Option<String>,
) -> Sheet {
    let rows: Vec<_> = run.ledger.iter().filter(|row| row.outcome != Outcome::NotReached).collect();
    let parts = rows.iter().map(|row| Timed { phase: row.step.clone(), millis: row.millis }).collect();
    let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs());
    let at = |text: &str| text.parse::<Timestamp>().map_or(0, Timestamp::as_second);
    Sheet {
        schema: Cow::Borrowed(SHEET_SCHEMA),
        what: what.to_owned(),
        env: run.env.clone(),
        run: run.id.clone(),
        operator: run.operator.clone(),
        started: run.started.clone(),
        backup: backup.id.clone(),
        taken: backup.taken.clone(),
        from: backup.place.clone().unwrap_or_else(|| DROPLET.to_owned()),
        parts,
        compared: compared(logs),
        lost: (at(&run.started) - at(&backup.taken)).try_into().unwrap_or(0),
        took: (run.exit == Some(0)).then(|| way_back(&rows)),
        rpo: seconds(targets.rpo),
        rto: seconds(targets.rto),
        exit: run.exit.unwrap_or_default(),
        why,
    }
}

/// Of a drill without the reading of the whole repository and what comes after it; a restore is a way back as a whole.
fn way_back(rows: &[&LedgerRow]) -> u64 {
    let aside =
        |row: &&&LedgerRow| !matches!(row.step.as_str(), "verify.check" | "verify.record" | "verify.close");
    rows.iter().filter(aside).map(|row| row.millis).sum::<u64>().div_ceil(1000)
}

fn compared(logs: &[StepLog]) -> BTreeMap<String, u64> {
    let lines = logs.iter().flat_map(|log| &log.lines).filter_map(|line| line.strip_prefix(COMPARED));
    let words = lines.filter_map(|line| line.split_once(' '));
    words.filter_map(|(word, number)| Some((word.to_owned(), number.trim().parse().ok()?))).collect()
}

/// What a person reads first.
pub fn verdict(sheet: &Sheet) -> String {
    let said = match (sheet.exit, sheet.what.as_str()) {
        (0, "drill") => "it can come back",
        (0, _) => "it came back, and serves",
        (9, "drill") => "it cannot come back",
        (_, "drill") => "it could not be told",
        _ => "it did not come back; what served before serves",
    };
    match (sheet.exit, sheet.rto_kept(), sheet.rpo_kept()) {
        (0, Some(false), _) => format!("{said}, later than was promised"),
        (0, _, Some(false)) => format!("{said}, and is older than was promised"),
        _ => said.to_owned(),
    }
}

pub fn markdown(sheet: &Sheet) -> String {
    let kept = |kept: Option<bool>| match kept {
        Some(true) => ": kept",
        Some(false) => ": **NOT KEPT**",
        None => "",
    };
    let promised = |seconds: Option<u64>| seconds.map_or("nothing".to_owned(), lasting);
    let took =
        sheet.took.map_or("did not come so far".to_owned(), |took| format!("{} reached", lasting(took)));
    let rows = [
        ("verdict", format!("**{}**", verdict(sheet))),
        ("why", sheet.why.as_deref().map(escape).unwrap_or_default()),
        ("backup", format!("{}, of {}", escape(&sheet.backup), escape(&sheet.taken))),
        ("from", escape(&sheet.from)),
        (
            "RPO",
            format!(
                "{} promised, {} reached{}",
                promised(sheet.rpo),
                lasting(sheet.lost),
                kept(sheet.rpo_kept())
            ),
        ),
        ("RTO", format!("{} promised, {took}{}", promised(sheet.rto), kept(sheet.rto_kept()))),
        (
            "run",
            format!("{}, by {}, {}", escape(&sheet.run), escape(&sheet.operator), escape(&sheet.started)),
        ),
    ];
    let title = if sheet.what == "drill" { "Drill" } else { "Restore" };
    let mut text = format!("# {title} of {}\n\n| | |\n|---|---|\n", escape(&sheet.env));
    text.extend(
        rows.iter().filter(|(_, is)| !is.is_empty()).map(|(what, is)| format!("| {what} | {is} |\n")),
    );
    text.push_str("\n## What was compared\n\n");
    text.extend(sheet.compared.iter().map(|(what, number)| format!("- {}: {number}\n", escape(what))));
    if sheet.compared.is_empty() {
        text.push_str("Nothing: it did not come so far.\n");
    }
    text.push_str("\n## How long it took\n\n| step | seconds |\n|---|---|\n");
    text.extend(sheet.parts.iter().map(|part| {
        format!("| {} | {}.{} |\n", escape(&part.phase), part.millis / 1000, part.millis % 1000 / 100)
    }));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn row(step: &str, outcome: Outcome, millis: u64) -> LedgerRow {
        LedgerRow { droplet: "erp-1".into(), step: step.into(), title: String::new(), outcome, millis }
    }

    fn drill(exit: u8, rto: u64) -> Sheet {
        let backup = Backup {
            id: "20261121t020000z".into(),
            place: Some("spaces".into()),
            snapshot: String::new(),
            taken: "2026-11-21T02:00:00Z".into(),
            bytes: None,
            origin: None,
            part: crate::runbooks::deploy::Part::All,
        };
        let done = |step, millis| row(step, Outcome::Done, millis);
        let ledger = vec![
            done("verify.check", 900_000),
            done("verify.fetch", 60_000),
            done("verify.read", 500),
            done("drill.database", 119_000),
            row("verify.record", Outcome::NotReached, 0),
        ];
        let run = RunRecord {
            schema: String::new(),
            id: "prod-r".into(),
            env: "prod".into(),
            command: "backup verify".into(),
            title: String::new(),
            operator: "alice|laptop".into(),
            reason: None,
            started: "2026-11-21T08:00:00Z".into(),
            ended: None,
            exit: Some(exit),
            release: None,
            decision: None,
            rehearsal: None,
            sheet: None,
            ledger: ledger.clone(),
        };
        let log = StepLog {
            droplet: String::new(),
            step: "drill.database".into(),
            attempt: 1,
            code: Some(0),
            lines: ["ops.compared rows 1234", "ops.compared x", "ops.compared tables 9"]
                .map(String::from)
                .into(),
        };
        let request = Request { verify: Some(backup), ..Request::default() };
        let found = of(&request, &ledger).unwrap();
        let hours = |hours| Some(Duration::from_secs(hours * 3600));
        sheet(&run, found, Targets { rpo: hours(24), rto: hours(rto) }, &[log], None)
    }

    #[test]
    fn a_drill_is_judged_against_what_was_promised() {
        let good = drill(0, 4);
        assert_eq!(
            (good.took, good.lost, verdict(&good).as_str()),
            (Some(180), 6 * 3600, "it can come back")
        );
        assert_eq!((good.rto_kept(), good.rpo_kept()), (Some(true), Some(true)));
        let late = Sheet { rto: Some(60), ..good.clone() };
        assert_eq!(verdict(&late), "it can come back, later than was promised");
        let wrong = drill(9, 4);
        assert_eq!(
            (wrong.took, wrong.rto_kept(), verdict(&wrong).as_str()),
            (None, None, "it cannot come back")
        );
        assert_eq!(verdict(&drill(1, 4)), "it could not be told");
    }

    #[test]
    fn a_sheet_is_markdown_and_nothing_in_it_is_markup() {
        let text = markdown(&drill(0, 4));
        for line in [
            "# Drill of prod",
            "| verdict | **it can come back** |",
            "| from | spaces |",
            "| RPO | 24 h promised, 6 h reached: kept |",
            "| RTO | 4 h promised, 3 min reached: kept |",
            "| run | prod-r, by alice\\|laptop, 2026-11-21T08:00:00Z |",
            "- rows: 1234",
            "| verify.fetch | 60.0 |",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        assert!(!text.contains("verify.record"), "{text}");
    }
}
