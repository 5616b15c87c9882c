//! The end of a rehearsal: what its exit code means, and what it found, for whoever asked and for the record.

use super::{Looked, Names, Road};
use crate::crew::Crew;
use crate::error::Error;
use crate::event::Event;
use crate::execute::Report;
use crate::exit::Exit;
use crate::queries;
use crate::record::Rehearsal;
use crate::runbooks::deploy::{self, Request};
use crate::runbooks::rehearsal::{ended, is_ours, judges, report};

/// A failed update is what a rehearsal is there to find: exit 9, and not that of a run that failed. `interrupted`: by a
/// first Ctrl-C, which ends it early.
pub(super) fn judged(mut report: Report, env: &str, interrupted: bool) -> Report {
    let Some(error) = report.error.take() else { return report };
    let step = error.step.clone().unwrap_or_default();
    let ended = ended(error.evidence.iter().flat_map(|evidence| &evidence.lines));
    let mut error = match report.exit {
        // What had failed by itself is told as such.
        Exit::Failed if interrupted && (ended.is_some() || !judges(&step)) => {
            Error::new(Exit::Interrupted, "interrupted: the rehearsal ended early, and its copy was dropped")
        }
        Exit::Failed if let Some(why) = &ended => {
            let what = "the rehearsal was ended before its end, and its copy was dropped";
            Error { what: what.to_owned(), why: vec![why.clone()], ..error }
        }
        Exit::Failed if judges(&step) => {
            let what = format!("a deploy would fail: {}", error.what);
            Error { what, ..error }.exit(Exit::Checks).because("it was tried on a copy, which was dropped")
        }
        Exit::Mixed => error
            .because("what was made for the rehearsal may still be there; production was not changed")
            .next(format!("ops rehearse {env}   # removes first what an earlier one left")),
        _ => error,
    };
    for evidence in &mut error.evidence {
        evidence.lines.retain(|line| !is_ours(line));
    }
    report.exit = error.exit;
    Report { error: Some(error), ..report }
}

/// What was found, where the droplets can still be asked. It goes on record with the run.
pub(super) async fn found(
    road: &Road<'_>,
    crew: &Crew<'_>,
    names: &Names,
    looked: &Looked,
    request: &Request,
    ended: &Report,
) -> Option<Rehearsal> {
    if ended.detached || ended.exit == Exit::Unknown {
        return None;
    }
    let of =
        deploy::rehearsed(&names.inputs(road, request, &looked.facts, &looked.staged)).unwrap_or_default();
    match queries::logs(crew, &looked.facts, &names.run).await {
        Ok(logs) => Some(report(&names.run, of, &ended.ledger, &logs)),
        Err(error) => {
            road.listener.on(&Event::Warning { text: format!("what it found cannot be read: {error}") });
            None
        }
    }
}
