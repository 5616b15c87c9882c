//! A backup as a zip for Odoo's own database manager: which one, and the plan, a critical section that leaves the zip on the
//! droplet for a day, and nothing else.
//!
//! Deliberately absent: what each step does (`tools/export.sh`), and the way to the laptop (`flow/pull.rs`).

use super::backup::Ground;
use super::deploy::{Backup, Carried, Data, Inputs, Request};
use super::restore::{Stock, meant, named};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::inventory::Environment;
use crate::plan::{Action, EXPORT, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo};
use crate::record::BackupRow;
use crate::text::size;
use crate::tools::export::{Export, place};

/// The longest that a large database or a large filestore may take.
const LIMIT: u64 = 12 * 3600;

/// What the operator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// An id, the beginning of one, or `latest`.
    pub backup: String,
    /// The place it is fetched from; else the droplet, or the first place that has it.
    pub from: Option<String>,
    pub reason: Option<String>,
}

/// The one that is meant.
///
/// # Errors
/// Exit 2: no such backup.
pub fn backup(env: &Environment, stock: &Stock, wish: &Wish) -> Result<Backup> {
    let from = wish.from.as_deref();
    let there =
        |row: &&BackupRow| row.is_usable() && from.is_none_or(|from| row.places.iter().any(|at| at == from));
    meant(env, named(env, stock, &wish.backup, there)?, from)
}

/// The request that exports it.
///
/// # Errors
/// As [`backup`].
pub fn choose(env: &Environment, stock: &Stock, wish: &Wish) -> Result<Request> {
    Ok(Request {
        carried: Some(Carried::Export(backup(env, stock, wish)?)),
        data: Data::Kept,
        reason: wish.reason.clone(),
        batch: 1,
        ..Request::default()
    })
}

/// # Errors
/// This stack has no backups that ops can read.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let env = inputs.env;
    let Some(Carried::Export(backup)) = &inputs.request.carried else {
        return Err(Error::usage("which backup?"));
    };
    let ground = Ground::new(env, inputs.facts.get(&env.home().name))?;
    let zip = place(ground.dir(), &backup.id);
    let wanted = backup.bytes.map_or_else(|| "what it holds".to_owned(), size);
    let lines = vec![
        format!("room: twice {wanted} below {}", ground.dir()),
        format!(
            "{zip} stays, for the deploying user alone, until it is pulled; the next export removes it after a day"
        ),
        "it is not encrypted".into(),
    ];
    Ok(Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: "backup export".into(),
        title: format!("export backup {}, taken {}, of {}", backup.id, backup.taken, env.stack.database),
        sections: vec![Section {
            id: EXPORT.into(),
            droplet: ground.droplet.name.clone(),
            critical: true,
            steps: steps(&ground, backup, &zip),
        }],
        notes: vec![Note { kind: NoteKind::Info, title: "nothing that runs is changed".into(), lines }],
        on_failure: Vec::new(),
        data_loss: None,
    })
}

fn steps(ground: &Ground<'_>, backup: &Backup, zip: &str) -> Vec<Step> {
    let cmd = |step: Export| ground.from(backup, |tool| tool.export(step, &backup.id, &backup.snapshot));
    let step = |id: &str, title: String, cmd: Cmd, timeout: u64| Step {
        id: format!("export.{id}"),
        phase: Phase::Backup,
        droplet: ground.droplet.name.clone(),
        title,
        actions: vec![Action::Run(cmd)],
        undo: Undo::NotNeeded("nothing that runs is changed".into()),
        timeout,
    };
    let from = backup.place.clone().unwrap_or_else(|| ground.repository().to_owned());
    let ready = step("ready", format!("make room below {}", ground.dir()), cmd(Export::Ready), 900);
    let fetched = format!("fetch it from {from}, compare it with its sums");
    vec![
        Step { undo: Undo::By(vec![Action::Run(cmd(Export::Close))]), ..ready },
        step("fetch", fetched, cmd(Export::Fetch), LIMIT),
        step("sql", "write the dump as statements".into(), cmd(Export::Sql), LIMIT),
        step("zip", format!("pack {zip}, read it once more"), cmd(Export::Zip), LIMIT),
        step("close", "remove all but the zip".into(), cmd(Export::Close), 900),
    ]
}
