//! What the end of a run means: the exit code of a step that failed says what was done, not what that is for the operator.

use super::{Road, backup, carried, recovery, rehearsal, verify};
use crate::execute::Report;
use crate::plan::Plan;
use crate::runbooks::deploy::{Data, Request};

/// What the end of a run means that was there to find something, or to leave something.
pub(super) fn judged(road: &Road<'_>, plan: &Plan, request: &Request, report: Report) -> Report {
    let (env, interrupted) = (&road.env.name, road.stop.soft.is_cancelled());
    match (&request.rehearse, &request.verify) {
        (Some(_), _) => rehearsal::judged(report, env, interrupted),
        (_, Some(backup)) => verify::judged(report, env, backup, interrupted),
        _ if request.recover.is_some() => recovery::judged(report, env, interrupted),
        _ if backup::ended(plan, &report) => backup::judged(report, env, interrupted),
        _ if request.carried.is_some() => carried::judged(report, interrupted),
        _ if matches!(request.data, Data::Restored(_)) => backup::brought_back(report, interrupted),
        _ => report,
    }
}
