//! Whether a stored backup can come back: which one is tried, and the plan, a critical section that leaves nothing.
//!
//! Deliberately absent: what each step does (`tools/verify.sh`).

use super::backup::Ground;
use super::deploy::{Backup, Data, Inputs, Request, host};
use super::restore::{Stock, asked_of, meant, named};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::inventory::Environment;
use crate::plan::{Action, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo, VERIFY};
use crate::record::{BackupRow, DROPLET};
use crate::text::{printable, size};
use crate::tools::inside;
use crate::tools::verify::{Trial, Tried, drill};

/// The longest that a large repository, or a large database, may take.
const LIMIT: u64 = 12 * 3600;
const WRONG: &str = "ops.wrong ";
const ENDED: &str = "ops.ended ";

/// What the operator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// An id, the beginning of one, or `latest`.
    pub backup: String,
    /// The place whose copy is tried; else the droplet's.
    pub from: Option<String>,
    /// Of so many parts of the repository one is read, another each day; 0 and 1: all of it.
    pub parts: u32,
    /// It is restored as well.
    pub drill: bool,
    pub reason: Option<String>,
}

/// The request that tries it. One that was found wrong before may be tried again.
///
/// # Errors
/// Exit 2: no such backup, or no such place.
pub fn choose(env: &Environment, stock: &Stock, wish: &Wish) -> Result<Request> {
    asked_of(env, stock, wish.from.as_deref())?;
    let place = wish.from.as_deref().unwrap_or(DROPLET);
    let there = |row: &&BackupRow| row.was_verified() && row.snapshots.contains_key(place);
    let row = named(env, stock, &wish.backup, there)?;
    Ok(Request {
        verify: Some(meant(env, row, Some(place))?),
        data: Data::Kept,
        reason: wish.reason.clone(),
        batch: 1,
        ..Request::default()
    })
}

/// What is wrong with the backup, where one of the lines says so.
pub fn wrong<'a>(mut lines: impl Iterator<Item = &'a String>) -> Option<String> {
    lines.find_map(|line| line.strip_prefix(WRONG)).map(printable)
}

/// A line that is told otherwise.
pub fn is_ours(line: &str) -> bool {
    line.starts_with(WRONG) || line.starts_with(ENDED)
}

/// # Errors
/// This stack has none that ops can try.
pub fn plan(inputs: &Inputs<'_>, wish: &Wish) -> Result<Plan> {
    let env = inputs.env;
    let Some(backup) = &inputs.request.verify else { return Err(Error::usage("which backup?")) };
    let ground = Ground::new(env, inputs.facts.get(&env.home().name))?;
    let wanted = backup.bytes.map_or_else(|| "what it holds".to_owned(), size);
    let lines = match wish.drill {
        true => vec![
            "it is restored into a server of its own that no network reaches, and Odoo is started on it once"
                .into(),
            "users are not kept away, but disk and processors are shared with them".into(),
            format!("room: {wanted} and the database once more, below {}", ground.dir()),
        ],
        false => vec![format!("room: {wanted} below {}", ground.dir())],
    };
    let what = if wish.drill { "drill" } else { "verify" };
    let from = backup.place.as_ref().map(|place| format!(" from {place}")).unwrap_or_default();
    Ok(Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: inputs.request.command().into(),
        title: format!(
            "{what} backup {}, taken {}, of {}{from}",
            backup.id, backup.taken, env.stack.database
        ),
        sections: vec![Section {
            id: VERIFY.into(),
            droplet: ground.droplet.name.clone(),
            critical: true,
            steps: steps(&ground, backup, wish),
        }],
        notes: vec![Note { kind: NoteKind::Info, title: "nothing that runs is changed".into(), lines }],
        on_failure: Vec::new(),
        data_loss: None,
    })
}

fn steps(ground: &Ground<'_>, backup: &Backup, wish: &Wish) -> Vec<Step> {
    let env = ground.env;
    let place = env.backup.offsite.iter().find(|one| Some(&one.name) == backup.place.as_ref());
    let (name, drilled, parts) =
        (place.map_or(DROPLET, |place| place.name.as_str()), wish.drill, wish.parts.max(1));
    let tried = Tried { id: &backup.id, place: name, drilled, parts };
    let cmd = |trial: Trial<'_>| match place {
        Some(place) => ground.at(place, |tool| tool.verify(trial, tried)),
        None => ground.tool().verify(trial, tried),
    };
    let step = |id: &str, title: &str, cmd: Cmd, timeout: u64| Step {
        id: id.to_owned(),
        phase: Phase::Backup,
        droplet: ground.droplet.name.clone(),
        title: title.to_owned(),
        actions: vec![Action::Run(cmd)],
        undo: Undo::NotNeeded("it is of the trial, of which nothing is left".into()),
        timeout,
    };
    let repository = place.map_or(ground.repository(), |place| place.repository.as_str());
    let check = match parts {
        1 => format!("read all of {repository}"),
        parts => format!("read one part of {parts} of {repository}, another each day"),
    };
    let undo = Undo::By(vec![Action::Run(cmd(Trial::Close))]);
    let check = Step { undo, ..step("verify.check", &check, cmd(Trial::Check), LIMIT) };
    let fetch =
        step("verify.fetch", "fetch database, files and configuration from it", cmd(Trial::Fetch), LIMIT);
    let read = "compare all of it with what was stored, each file with its name";
    let mut steps = vec![check, fetch, step("verify.read", read, cmd(Trial::Read), LIMIT)];
    if drilled {
        let seconds = env.deploy.health_timeout.as_secs().max(1);
        let login = inside::login(&drill(ground.project()), &env.stack.web, &host(env), seconds);
        let restored = "restore it into a server of its own, and compare the rows";
        let named = "compare the files with those that the restored database names";
        let served = "start Odoo on it, jobs and mail switched off: the login page answers";
        steps.extend([
            step("drill.database", restored, cmd(Trial::Database), LIMIT),
            step("drill.files", named, cmd(Trial::Files), 3600),
            step("drill.odoo", served, cmd(Trial::Odoo { login: &login }), seconds + 120),
        ]);
    }
    steps.extend([
        step("verify.record", "write down that it can come back", cmd(Trial::Record), 60),
        step("verify.close", "remove all that was made for it", cmd(Trial::Close), 900),
    ]);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_ours_says_that_a_backup_is_wrong() {
        let lines =
            ["pg_restore: error".to_owned(), "ops.wrong it\u{1b}[31m is cut".into(), "ops.ended x".into()];
        assert_eq!(wrong(lines.iter()).as_deref(), Some("it is cut"));
        assert_eq!(wrong(lines[..1].iter()), None);
        assert_eq!(lines.map(|line| is_ours(&line)), [false, true, true]);
    }
}
