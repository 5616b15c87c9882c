//! The end of a backup that goes somewhere else, or comes from there: what its exit code means.

use crate::error::Error;
use crate::execute::Report;
use crate::exit::Exit;
use crate::runbooks::verify::{is_ours, wrong};

/// `interrupted`: by a first Ctrl-C, which ends it early.
pub(super) fn judged(mut report: Report, interrupted: bool) -> Report {
    let Some(mut error) = report.error.take() else { return report };
    let found = wrong(error.evidence.iter().flat_map(|evidence| &evidence.lines));
    error = match (report.exit, found) {
        // What came from somewhere else is refused by a look at it.
        (Exit::Failed, Some(why)) => {
            Error { what: "the file cannot be imported".to_owned(), why: vec![why], ..error }
                .exit(Exit::Checks)
                .because("it was removed from the droplet; nothing that runs was changed")
        }
        (Exit::Failed, None) if interrupted => {
            Error::new(Exit::Interrupted, "interrupted: it ended early, and nothing of it stays")
        }
        _ => error,
    };
    for evidence in &mut error.evidence {
        evidence.lines.retain(|line| !is_ours(line));
    }
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}
