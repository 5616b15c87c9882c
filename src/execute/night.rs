//! A run that no laptop begins: what a laptop says to the runner, rendered once, and the program that says it.
//!
//! Deliberately absent: when it begins (a timer of the droplet), and what its section does.

use std::time::Duration;

use serde_json::json;

use super::journal::{Slice, json as text, scripts, sha256};
use super::lock::Claim;
use super::runner::{Runner, listed};
use crate::cmd::quote;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::program::Program;
use crate::record::RUN_SCHEMA;

pub(super) const NIGHT: Program = Program::shell(
    "night",
    &[include_str!("../tools/json.sh"), include_str!("../tools/checks.sh"), include_str!("night.sh")],
);

/// Who such runs are said to be by.
pub const OPERATOR: &str = "schedule";

/// What the program is and what it reads, by the names of the files.
pub type Files = [(&'static str, String); 3];

/// What others are told of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The directory of Prometheus' collector, where one was named.
    pub textfile: Option<&'a str>,
    /// What was promised: so much may be lost, so long a way back may take.
    pub rpo: Option<Duration>,
    pub rto: Option<Duration>,
}

/// The files of a plan of one section.
///
/// # Errors
/// It has not exactly one section.
pub fn files(plan: &Plan, runner: &Runner, project: &str, told: Told<'_>) -> Result<Files> {
    let [section] = plan.sections.as_slice() else {
        return Err(Error::failed("only a run of one section can be begun by the droplet itself"));
    };
    if section.needs_secrets() {
        return Err(Error::failed(
            "a run that reads secrets of a laptop cannot be begun by the droplet itself",
        ));
    }
    let claim = text(&Claim { command: &plan.command, operator: OPERATOR, reason: None })?;
    let record = json!({
        "schema": RUN_SCHEMA, "env": plan.env, "command": plan.command, "title": plan.title,
        "operator": OPERATOR, "reason": null, "release": null,
    })
    .to_string();
    let audit = json!({
        "command": plan.command, "operator": OPERATOR, "reason": null, "plan": sha256(&text(&plan.sections)?),
    })
    .to_string();
    let row = |step: &crate::plan::Step| {
        json!({ "droplet": step.droplet, "step": step.id, "title": step.title }).to_string()
    };
    let rows: Vec<String> = section.steps.iter().map(|step| open_ended(&row(step)).to_owned()).collect();
    let seconds =
        |target: Option<Duration>| target.map(|time| time.as_secs().to_string()).unwrap_or_default();
    let words = [
        runner.dir(),
        runner.path(),
        &section.id,
        &plan.env,
        project,
        open_ended(members(&claim)),
        members(&record),
        members(&audit),
        &rows.join("\n"),
        told.textfile.unwrap_or_default(),
        &seconds(told.rpo),
        &seconds(told.rto),
    ];
    let words: String = words.iter().map(|word| format!(" {}", quote(word))).collect();
    // The unit's own word, a verb, comes last.
    let program = format!("set --{words} \"$@\"\n{}", NIGHT.text());
    let slice = text(&Slice::of(plan, &section.droplet))?;
    Ok([("night", program), ("plan.json", slice), ("sections", listed(&[scripts(section)]))])
}

/// An object's members and its end.
fn members(json: &str) -> &str {
    json.strip_prefix('{').unwrap_or(json)
}

fn open_ended(json: &str) -> &str {
    json.strip_suffix('}').unwrap_or(json)
}
