//! The end of a backup that goes somewhere else, or comes from there: what its exit code means.

use crate::error::Error;
use crate::execute::Report;
use crate::exit::Exit;
use crate::runbooks::verify::is_ours;

/// `interrupted`: by a first Ctrl-C, which ends it early.
pub(super) fn judged(mut report: Report, interrupted: bool) -> Report {
    let Some(mut error) = report.error.take() else { return report };
    if report.exit == Exit::Failed && interrupted {
        error = Error::new(Exit::Interrupted, "interrupted: it ended early, and nothing of it stays");
    }
    for evidence in &mut error.evidence {
        evidence.lines.retain(|line| !is_ours(line));
    }
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}
