//! The end of a verification: what its exit code means.

use crate::error::Error;
use crate::execute::Report;
use crate::exit::Exit;
use crate::runbooks::deploy::Backup;
use crate::runbooks::verify::{is_ours, wrong};

/// A backup that cannot come back is what it is there to find: exit 9. What failed otherwise says nothing of the backup.
/// `interrupted`: by a first Ctrl-C, which ends it early.
pub(super) fn judged(mut report: Report, env: &str, backup: &Backup, interrupted: bool) -> Report {
    let Some(error) = report.error.take() else { return report };
    let found = wrong(error.evidence.iter().flat_map(|evidence| &evidence.lines));
    let mut error = match (report.exit, found) {
        (Exit::Failed, Some(why)) => {
            let from = backup.place.as_ref().map(|place| format!(" from {place}")).unwrap_or_default();
            let what = format!("backup {} cannot come back{from}", backup.id);
            let error = Error { what, why: vec![why], ..error }.exit(Exit::Checks);
            error
                .because("there it no longer counts as verified; nothing that runs was changed")
                .next(format!("ops backup list {env}   # which ones still count"))
                .next(format!("ops backup {env}   # makes another"))
        }
        (Exit::Failed, None) if interrupted => {
            let what = "interrupted: the verification ended early, and nothing of it stays";
            Error::new(Exit::Interrupted, what)
        }
        (Exit::Failed, None) => error.because("that says nothing of the backup"),
        (Exit::Mixed, _) => error
            .because("what was made to try the backup may still be there; production was not changed")
            .next(format!("ops backup verify {env}   # removes first what an earlier one left")),
        _ => error,
    };
    for evidence in &mut error.evidence {
        evidence.lines.retain(|line| !is_ours(line));
    }
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit, lines: &[&str], interrupted: bool) -> Error {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let error = Error::new(exit, "it failed").at("verify.read").evidence("output", lines);
        let report = Report { exit, ledger: Vec::new(), error: Some(error), detached: false };
        let backup = Backup {
            id: "20261121t163114z".into(),
            place: None,
            snapshot: String::new(),
            taken: String::new(),
            bytes: None,
            origin: None,
            part: Default::default(),
        };
        let report = judged(report, "prod", &backup, interrupted);
        let error = report.error.unwrap();
        assert_eq!(report.exit, error.exit);
        error
    }

    #[test]
    fn only_what_was_found_wrong_is_a_verdict() {
        let error = ended(Exit::Failed, &["output", "ops.wrong the dump is cut"], false);
        assert_eq!((error.exit, error.why[0].as_str()), (Exit::Checks, "the dump is cut"));
        assert!(error.what.contains("20261121t163114z cannot come back"), "{}", error.what);
        assert_eq!(error.evidence[0].lines, ["output"]);
        // Also where somebody had asked for an end by then.
        assert_eq!(ended(Exit::Failed, &["ops.wrong x"], true).exit, Exit::Checks);
        assert_eq!(ended(Exit::Failed, &["ops.ended x"], true).exit, Exit::Interrupted);
        assert_eq!(ended(Exit::Failed, &["no room"], false).exit, Exit::Failed);
        assert_eq!(ended(Exit::Mixed, &["ops.wrong x"], false).exit, Exit::Mixed);
        assert_eq!(ended(Exit::Unknown, &[], true).exit, Exit::Unknown);
    }
}
