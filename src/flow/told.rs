//! The end of a run, for others. What the droplet goes on with has not ended.

use super::Road;
use crate::execute::Report;
use crate::notify::Told;
use crate::record::RunRecord;

pub(super) async fn told(road: &Road<'_>, record: &RunRecord, report: &Report, millis: u64) {
    let told = Told::of(record, report.exit, report.error.as_ref(), millis / 1000);
    let Some(told) = told.filter(|_| !report.detached) else { return };
    tokio::select! {
        () = road.stop.hard.cancelled() => {}
        () = road.desk.tell(told) => {}
    }
}
