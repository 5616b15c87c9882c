//! The end of a backup, made or brought back: what its exit code means.

use crate::error::Error;
use crate::event::Outcome;
use crate::execute::Report;
use crate::exit::Exit;
use crate::plan::{BACKUP, Plan};

/// One ended a run: it was all there was to do, or came before the rest of it.
pub(super) fn ended(plan: &Plan, report: &Report) -> bool {
    let made = plan.sections.iter().any(|section| section.id == BACKUP && section.critical);
    let step = report.error.as_ref().and_then(|error| error.step.as_deref()).unwrap_or_default();
    made && (plan.sections.len() == 1 || step.starts_with("backup."))
}

/// `interrupted`: by a first Ctrl-C, which ends it early. What fails once it was verified takes nothing from it.
pub(super) fn judged(mut report: Report, env: &str, interrupted: bool) -> Report {
    let Some(error) = report.error.take() else { return report };
    let confirmed = |row: &&crate::record::LedgerRow| row.step == "backup.confirm";
    let verified = report.ledger.iter().find(confirmed).is_some_and(|row| row.outcome == Outcome::Done);
    let error = match report.exit {
        Exit::Failed if verified => error
            .because("the backup itself is verified and kept; what failed came after it")
            .next(format!("ops backup list {env}")),
        Exit::Failed if interrupted => Error::new(
            Exit::Interrupted,
            "interrupted: the backup ended early, and what it stored does not count",
        ),
        _ => error,
    };
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}

/// The same of a backup that comes back: until the switch everything of it is beside what serves, and is dropped.
pub(super) fn brought_back(mut report: Report, interrupted: bool) -> Report {
    let switched = |row: &crate::record::LedgerRow| {
        row.step.starts_with("switch.") && row.outcome != Outcome::NotReached
    };
    if report.exit == Exit::Failed && interrupted && !report.ledger.iter().any(switched) {
        let what =
            "interrupted: the restore ended early, and what it had made beside the database was dropped";
        report.exit = Exit::Interrupted;
        report.error = Some(Error::new(Exit::Interrupted, what));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LedgerRow;

    fn report(step: &str, outcome: Outcome, exit: Exit) -> Report {
        let row = LedgerRow {
            droplet: "erp-1".into(),
            step: step.into(),
            title: String::new(),
            outcome,
            millis: 1,
        };
        Report { exit, ledger: vec![row], error: Some(Error::new(exit, "it failed")), detached: false }
    }

    fn ended(confirm: Outcome, exit: Exit, interrupted: bool) -> Error {
        judged(report("backup.confirm", confirm, exit), "prod", interrupted).error.unwrap()
    }

    #[test]
    fn a_restore_is_interrupted_only_before_the_switch() {
        let exit =
            |step, outcome, interrupted| brought_back(report(step, outcome, Exit::Failed), interrupted).exit;
        assert_eq!(exit("restore.files", Outcome::Failed, true), Exit::Interrupted);
        assert_eq!(exit("switch.stop", Outcome::NotReached, true), Exit::Interrupted);
        assert_eq!(exit("switch.stop", Outcome::Failed, true), Exit::Failed);
        assert_eq!(exit("restore.files", Outcome::Failed, false), Exit::Failed);
    }

    #[test]
    fn what_was_verified_stays_so() {
        let after = ended(Outcome::Done, Exit::Failed, true);
        assert!(after.exit == Exit::Failed && after.why[0].contains("verified and kept"), "{after:?}");
        assert_eq!(ended(Outcome::NotReached, Exit::Failed, true).exit, Exit::Interrupted);
        assert!(ended(Outcome::Failed, Exit::Failed, false).why.is_empty());
        assert_eq!(ended(Outcome::Done, Exit::Unknown, true).exit, Exit::Unknown);
    }
}
