//! The hooks of a run that failed, when everything else of it is over. They change nothing of how it ended:
//! the first error stays the error, and what goes wrong here is a warning.

use super::soft::Soft;
use super::{Execution, Report, context, journal, rows, section};
use crate::bundle::redacted;
use crate::error::Error;
use crate::event::Event;
use crate::execute::section::End;
use crate::exit::Exit;
use crate::plan::{Plan, Section, Told, VARIABLES};
use crate::record::LedgerRow;
use crate::text::printable;

/// A run whose end nobody knows, or that goes on without this laptop, has not failed yet.
pub(super) async fn after(plan: &Plan, cx: &Execution<'_>, mut report: Report) -> Report {
    let Some(error) = &report.error else { return report };
    if report.detached || report.exit == Exit::Unknown {
        return report;
    }
    let told = told(report.exit, error);
    for section in &plan.on_failure {
        let section = section.clone().told(&told);
        let mut rows = rows(&section);
        let hard = &cx.stop.hard;
        let why = tokio::select! {
            biased;
            () = hard.cancelled() => Some(format!("{} was not waited for: interrupted", section.id)),
            why = carry(cx, section.clone(), &mut rows) => why,
        };
        if let Some(why) = why {
            cx.listener.on(&Event::Warning { text: printable(&format!("on_failure: {why}")) });
        }
        report.ledger.extend(rows);
    }
    report
}

/// Why it failed, if it did.
async fn carry(cx: &Execution<'_>, mut section: Section, rows: &mut [LedgerRow]) -> Option<String> {
    let never = Soft::default();
    let fence = cx.posts.get(&section.droplet).map_or(0, |post| post.fence);
    // A run that is taken up again may fail again: its fence is another then.
    section.id = format!("{}.{fence}", section.id);
    let context = match context(cx, &never, &section) {
        Ok(context) => context,
        Err(error) => return Some(error.to_string()),
    };
    if let Err(error) = journal::add(context.post, cx.run, &section).await {
        return Some(format!("{}: {}", section.id, said(&error)));
    }
    match section::carry(&context, &section, "1", rows).await {
        End::Done | End::Halted => None,
        End::Failed(error, _) | End::Unknown(error) => Some(said(&error)),
    }
}

fn said(error: &Error) -> String {
    let reasons = error.why.iter().map(|why| format!("; {why}"));
    error.what.clone() + &reasons.collect::<String>()
}

fn told(exit: Exit, error: &Error) -> Told {
    let line = redacted(&printable(&said(error)));
    let told = [
        ("EXIT", Some(exit.code().to_string())),
        ("FAILED_STEP", error.step.clone()),
        ("FAILED_DROPLET", error.droplet.clone()),
        ("ERROR", Some(line.trim_end().to_owned())),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| (format!("{VARIABLES}{name}"), printable(&value))).collect()
}
