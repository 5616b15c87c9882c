//! How the schedule of an environment stands, and what this ops would install.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::execute::night;
use crate::execute::runner::Runner;
use crate::exit::Exit;
use crate::facts::{Facts, Lookout};
use crate::inventory::Environment;
use crate::record::{Kept, LookoutState, ScheduleState, moment};
use crate::runbooks::backup::Ground;
use crate::runbooks::promise;
use crate::runbooks::schedule::Wanted;

/// What would be installed.
///
/// # Errors
/// A run that the droplet cannot begin by itself.
pub fn scheduled<'a>(ground: &'a Ground<'a>) -> Result<Wanted<'a>> {
    let textfile = ground.env.backup.textfile.as_ref().map(|path| path.as_str());
    let told = night::Told { textfile, rpo: ground.env.targets.rpo, rto: ground.env.targets.rto };
    let files = night::files(&ground.plan(), &Runner::new(ground.dir()), ground.project(), told)?;
    Ok(Wanted::new(ground, files))
}

/// Each place against what was promised of it, as far as the droplet remembers, by its clock; no place is asked.
///
/// # Errors
/// The droplet did not tell.
pub fn remembered(env: &Environment, facts: &BTreeMap<String, Facts>) -> Result<(Vec<Kept>, Timestamp)> {
    let home = &env.home().name;
    let now = Timestamp::from_second(super::state(facts, home)?.now).unwrap_or(Timestamp::UNIX_EPOCH);
    let found = facts.get(home).ok_or_else(|| Error::failed("no facts").on(home))?;
    let backups = found.backups.as_ref().map_err(|failure| {
        Error::new(Exit::Unreachable, "what there is of backups cannot be read")
            .on(home)
            .because(&failure.why)
    })?;
    Ok((promise::kept(env, &backups.rows, &[], now), now))
}

/// # Errors
/// Web and database are several droplets, or the droplet did not tell.
pub fn schedule(env: &Environment, facts: &BTreeMap<String, Facts>) -> Result<ScheduleState> {
    // What another user keeps is not seen, which is no "nothing there".
    super::state(facts, &env.home().name)?;
    let facts = facts.get(&env.home().name);
    let ground = Ground::new(env, facts)?;
    let found = facts.ok_or_else(|| Error::failed("no facts").on(&ground.droplet.name))?;
    let found = found.schedule.as_ref().map_err(|failure| {
        let error = Error::new(Exit::Unreachable, "the schedule cannot be read").on(&ground.droplet.name);
        error.because(&failure.why)
    })?;
    let installed = !found.files.is_empty() || found.health.is_there();
    let drift = if installed { scheduled(&ground)?.drift(found) } else { Vec::new() };
    let next = found.next.and_then(|next| Timestamp::from_second(next).ok());
    let newest = found.newest.clone().filter(|id| moment(id).is_some());
    let health = lookout(env, &found.health);
    Ok(ScheduleState {
        installed,
        drift,
        schedule: env.backup.schedule.clone(),
        next: next.map(|next| next.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        working: found.working,
        last: found.status.clone(),
        taken: newest.as_deref().and_then(moment),
        newest,
        health,
    })
}

fn lookout(env: &Environment, found: &Lookout) -> Option<LookoutState> {
    let every = env.health.every.map(|every| every.as_secs());
    (every.is_some() || found.is_there()).then(|| LookoutState {
        every,
        active: found.active,
        program: found.program.clone(),
        looked: found.ended.and_then(|at| Timestamp::from_second(at).ok()).map(|at| at.to_string()),
        code: found.code,
    })
}
