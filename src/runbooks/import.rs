//! A backup that somebody else made becomes one of ours: the plan, a critical section that leaves a backup, or nothing.
//!
//! Deliberately absent: what each step does (`tools/import.sh`), the way to the droplet (`flow/send.rs`), and bringing it
//! back, which a restore does.

use camino::Utf8PathBuf;

use super::backup::Ground;
use super::deploy::{Carried, Data, Inputs, Request};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::inventory::Environment;
use crate::plan::{Action, IMPORT, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo};
use crate::text::size;
use crate::tools::import::{Import, place};

/// The longest that a large database or a large filestore may take.
const LIMIT: u64 = 12 * 3600;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// On the laptop.
    pub file: Utf8PathBuf,
    /// What it is called, as a name.
    pub name: String,
    pub kind: Kind,
    pub bytes: u64,
    pub sha256: String,
    /// So many files that its database names may be missing; else as many as of any backup.
    pub missing: Option<u32>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Odoo's own, or one of click-odoo-backupdb.
    Zip,
    /// `pg_dump -Fc`.
    Dump,
    /// Of click-odoo-backupdb; it is sent as a tar.
    Folder,
}

impl Kind {
    pub fn ending(self) -> &'static str {
        match self {
            Kind::Zip => "zip",
            Kind::Dump => "dump",
            Kind::Folder => "tar",
        }
    }
}

impl Parcel {
    /// Where it is on the droplet.
    pub fn place(&self, ground: &Ground<'_>) -> String {
        place(ground.dir(), &self.sha256, self.kind.ending())
    }
}

pub fn request(parcel: &Parcel) -> Request {
    Request {
        carried: Some(Carried::Import(parcel.clone())),
        data: Data::Kept,
        reason: parcel.reason.clone(),
        batch: 1,
        ..Request::default()
    }
}

/// # Errors
/// This stack has no backups that ops can make.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let env = inputs.env;
    let Some(Carried::Import(parcel)) = &inputs.request.carried else {
        return Err(Error::usage("which file?"));
    };
    let ground = Ground::new(env, inputs.facts.get(&env.home().name))?;
    let lines = vec![
        format!("first {} ({}) is sent to {}", parcel.name, size(parcel.bytes), ground.dir()),
        "what it holds runs only in a server of its own that no network reaches, as a role without rights"
            .into(),
        format!("afterwards: ops restore {} ID   # it comes back only by its own name", env.name),
    ];
    Ok(Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: "backup import".into(),
        title: format!("make a backup of {} out of {}", env.stack.database, parcel.name),
        sections: vec![Section {
            id: IMPORT.into(),
            droplet: ground.droplet.name.clone(),
            critical: true,
            steps: steps(env, &ground, parcel),
        }],
        notes: vec![Note { kind: NoteKind::Info, title: "nothing that runs is changed".into(), lines }],
        on_failure: Vec::new(),
        data_loss: None,
    })
}

fn steps(env: &Environment, ground: &Ground<'_>, parcel: &Parcel) -> Vec<Step> {
    let (tool, sent) = (ground.tool(), parcel.place(ground));
    let cmd = |step: Import<'_>| tool.import(step, &sent);
    let step = |id: &str, title: &str, cmd: Cmd, timeout: u64| Step {
        id: format!("import.{id}"),
        phase: Phase::Backup,
        droplet: ground.droplet.name.clone(),
        title: title.to_owned(),
        actions: vec![Action::Run(cmd)],
        undo: Undo::NotNeeded("nothing that runs is changed".into()),
        timeout,
    };
    let missing = parcel.missing.unwrap_or(env.backup.missing_files);
    let ready = Import::Ready { env: &env.name, name: &parcel.name, missing };
    let ready = step("ready", &format!("make {} ready", ground.repository()), cmd(ready), 900);
    let undo = Undo::By(vec![Action::Run(cmd(Import::Close))]);
    let judged = "judge what is packed in it, and unpack what a backup of Odoo has";
    let loaded = "restore it into a server of its own";
    let read = "compare every file that the database names with its name";
    let stored = "compare what is stored with what was read";
    vec![
        Step { undo, ..ready },
        step("judge", judged, cmd(Import::Judge), LIMIT),
        step("load", loaded, cmd(Import::Load), LIMIT),
        step("read", read, cmd(Import::Read), LIMIT),
        step("dump", "dump it again, as ops does, and read the dump to its end", cmd(Import::Dump), LIMIT),
        step("store", "store database and files", cmd(Import::Store), LIMIT),
        step("confirm", stored, cmd(Import::Confirm), 3600),
        step("close", "remove all that was made for it, and what was sent", cmd(Import::Close), 900),
    ]
}
