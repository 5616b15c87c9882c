//! Files that the live database names and that are missing or damaged come back from a backup, while Odoo serves.
//!
//! A file of the filestore is named by its content, so that none that is whole is ever replaced.

use crate::error::{Error, Result};
use crate::plan::{Action, FETCH, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo};
use crate::runbooks::backup::Ground;
use crate::runbooks::deploy::Inputs;
use crate::tools::backup::Return;
use crate::tools::snapshot::aside;

/// The longest that a large filestore may take.
const LIMIT: u64 = 12 * 3600;

/// # Errors
/// This stack has no backups that ops can bring back.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let env = inputs.env;
    let Some(backup) = &inputs.request.refill else { return Err(Error::usage("which backup?")) };
    let ground = Ground::new(env, inputs.facts.get(&env.home().name))?;
    let damaged = aside(&env.stack.database, "damaged", inputs.release.split('-').next().unwrap_or_default());
    let step = |id: &str, what: Return, title: &str| Step {
        id: format!("restore.{id}"),
        phase: Phase::Prepare,
        droplet: ground.droplet.name.clone(),
        title: title.to_owned(),
        actions: vec![Action::Run(
            ground.from(backup, |tool| tool.restore(what, &backup.snapshot, &damaged)),
        )],
        undo: Undo::NotNeeded("no file that is whole is touched".into()),
        timeout: LIMIT,
    };
    let steps = vec![
        step("lacking", Return::Lacking, "compare every file that the database names with its name"),
        step("found", Return::Found, "fetch those that are missing or damaged, put them where they belong"),
        step("close", Return::Close, "remove what was only for this"),
    ];
    let lines = vec![
        "Odoo serves meanwhile, and no file that is whole is touched".to_owned(),
        format!("what is damaged is put aside, into the directory {damaged} beside the filestore"),
    ];
    Ok(Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: inputs.request.command().into(),
        title: format!("bring missing files of {} back from backup {}", env.name, backup.id),
        sections: vec![Section {
            id: FETCH.into(),
            droplet: ground.droplet.name.clone(),
            critical: true,
            steps,
        }],
        notes: vec![Note { kind: NoteKind::Info, title: "the filestore alone".into(), lines }],
        on_failure: Vec::new(),
        data_loss: None,
    })
}
