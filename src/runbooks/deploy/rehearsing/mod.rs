//! The update that a deploy would do, on a copy of the database, while production serves. The release is prepared as a
//! deploy prepares it; what follows is asked of the copy by the builders that a deploy uses, told another database and
//! another service. One section, which ends with nothing of it left, however it ends.
//!
//! Deliberately absent: what the figures mean (`runbooks/rehearsal.rs`).

mod model;
mod notes;
mod stand;

use super::migrating::To;
use super::update::{Change, modules};
use super::work::Work;
use super::{Inputs, Rehearse};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::inventory::{UserCheck, UserProbe};
use crate::plan::{Plan, REHEARSAL, SCHEMA, Section};
use crate::text::{few, size};
use crate::tools::rehearsal;
use model::objection;
use stand::Stand;

/// What stays free beside a dump and a copy.
const RESERVE: u64 = 512 << 20;

/// The plan; empty where a deploy would change nothing in the database.
///
/// # Errors
/// This stack cannot be rehearsed, or not now; nobody can tell which modules need an update.
pub(super) fn plan(inputs: &Inputs<'_>, works: &[Work<'_>], wish: &Rehearse) -> Result<Plan> {
    let env = inputs.env;
    let mut plan = Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: inputs.request.command().into(),
        title: String::new(),
        sections: Vec::new(),
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    };
    let [work] = works else {
        return Err(Error::failed("an update can be rehearsed only where web and database are one droplet")
            .because(format!("{} has {} droplets", env.name, env.droplets.len())));
    };
    let change = work.rehearsed()?;
    if change.is_empty() && wish.tags.is_none() {
        plan.title = format!("nothing to rehearse: {} changes nothing in the database", work.what());
        return Ok(plan);
    }
    work.can_be_rehearsed()?;
    let copy = rehearsal::copy(&env.stack.database);
    plan.title = match change.is_empty() {
        true => format!("rehearse the tests of {} on a copy of {}", work.what(), env.stack.database),
        false => {
            let names = few(&modules(&change.update));
            format!("rehearse the update of {names} by {} on a copy of {}", work.what(), env.stack.database)
        }
    };
    plan.notes = work.rehearsal_notes(&change, &copy);
    let steps = Stand::new(work, copy).steps(&change, wish);
    let droplet = work.droplet.name.clone();
    plan.sections = vec![Section { id: REHEARSAL.into(), droplet, critical: true, steps }];
    Ok(plan)
}

impl Work<'_> {
    /// What a deploy would update.
    pub(super) fn rehearsed(&self) -> Result<Change> {
        if self.is_fresh() {
            return Err(Error::failed(format!(
                "no Odoo runs in {} that could be rehearsed",
                self.inputs.env.name
            ))
            .on(&self.droplet.name)
            .next(format!("ops deploy {}", self.inputs.env.name)));
        }
        match self.change()? {
            Some(To::Modules(change)) => Ok(change),
            _ => Ok(Change::default()),
        }
    }

    fn can_be_rehearsed(&self) -> Result<()> {
        let env = self.inputs.env;
        let refused = |exit, why: String| {
            let what = format!("an update of {} cannot be rehearsed", env.name);
            Err(Error::new(exit, what).on(&self.droplet.name).because(why))
        };
        let database = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        let Some(database) = database.filter(|_| self.facts.container(&env.stack.db).is_some()) else {
            return refused(
                Exit::Failed,
                "the database does not run in this stack, and cannot be copied".into(),
            );
        };
        if let Some(why) = objection(self.model, &env.stack.web) {
            return refused(Exit::Failed, why);
        }
        let docker = |mount: &&crate::facts::Mount| mount.purposes.iter().any(|one| one == "docker");
        let free = self.facts.mounts.iter().flatten().find(docker).map(|mount| mount.free);
        let wanted = room(database.bytes);
        match free {
            Some(free) if free < wanted => refused(
                Exit::Checks,
                format!(
                    "a dump and a copy of the database want {}, and {} are free",
                    size(wanted),
                    size(free)
                ),
            ),
            _ => Ok(()),
        }
    }
}

/// Bytes that a dump and a copy want, and what has to stay free.
fn room(bytes: u64) -> u64 {
    bytes.saturating_mul(2).saturating_add(RESERVE)
}

/// It asks the database or Odoo.
fn of_copy(check: &UserCheck) -> bool {
    !matches!(check.probe, UserProbe::Tcp { .. })
}
