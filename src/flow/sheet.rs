//! The result sheet of a drill or a restore: made when it ended, kept with its run on the droplet, and handed to the desk.
//!
//! Deliberately absent: one of a run that another laptop took up, which has only its record.

use std::time::Duration;

use super::{Looked, Road};
use crate::cmd::Cmd;
use crate::crew::Crew;
use crate::event::Event;
use crate::execute::Report;
use crate::exit::Exit;
use crate::program::Program;
use crate::queries;
use crate::record::{RunRecord, Sheet};
use crate::runbooks::deploy::Request;
use crate::runbooks::sheet::{markdown, of, sheet, verdict};

/// Where it is on the droplet is beside the run's record.
pub(crate) const KEEP: Program = Program::shell(
    "sheet.keep",
    &[r#"umask 077; cd "$1/runs/$2" && cat >sheet.new && mv -f sheet.new sheet.md"#],
);

pub(super) async fn written(
    road: &Road<'_>,
    crew: &Crew<'_>,
    looked: &Looked,
    request: &Request,
    run: &RunRecord,
    report: &Report,
) -> Option<Sheet> {
    let found = of(request, &run.ledger)?;
    if report.detached || report.exit == Exit::Unknown {
        return None;
    }
    let warn = |text: String| road.listener.on(&Event::Warning { text });
    let logs = queries::logs(crew, &looked.facts, &run.id).await.unwrap_or_else(|error| {
        warn(format!("what was compared cannot be read: {error}"));
        Vec::new()
    });
    let why = report.error.as_ref().map(|error| match error.why.first() {
        Some(why) => format!("{error}: {why}"),
        None => error.to_string(),
    });
    let sheet = sheet(run, found, road.env.targets, &logs, why);
    let text = markdown(&sheet);
    let home = road.env.home();
    let dir = queries::dir(road.env, &looked.facts, &home.name);
    let keep = Cmd::script(KEEP, [dir.as_str(), run.id.as_str()]).stdin(&text);
    match crew.ask(home, &keep, Duration::from_secs(30)).await {
        Ok(output) if output.code == 0 => {}
        Ok(output) => warn(format!("the result sheet is not on {}: code {}", home.name, output.code)),
        Err(error) => warn(format!("the result sheet is not on {}: {error}", home.name)),
    }
    if sheet.rto_kept() == Some(false) || sheet.rpo_kept() == Some(false) {
        warn(format!("backup {}: {}", sheet.backup, verdict(&sheet)));
    }
    road.desk.sheet(&sheet, &text);
    Some(sheet)
}
