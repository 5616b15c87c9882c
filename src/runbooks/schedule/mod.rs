//! What a droplet does by itself, without a laptop: backups every night, and looks at its health. Its files and units are
//! put there, compared and taken away.
//!
//! What begins at night is the run of `ops backup`, rendered once (`execute/night.rs`). Deliberately absent: that.

mod lookout;
mod night;
mod program;
mod timer;

pub use program::{PROGRAM, Program, VERSION};
pub use timer::{File, is_kept_as};

use self::lookout::Lookout;
use self::timer::Timer;
use super::backup::Ground;
use super::deploy::{Carried, Inputs, Request};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Facts, Schedule as Found};
use crate::plan::{Note, NoteKind, Plan, SCHEMA, Section};
use crate::text::{count, lasting};

/// What this ops would install.
#[derive(Debug)]
pub struct Wanted<'a> {
    ground: &'a Ground<'a>,
    night: Timer<'a>,
    lookout: Lookout<'a>,
}

impl<'a> Wanted<'a> {
    /// `files`: the nightly program and what it reads, by their names.
    pub fn new(ground: &'a Ground<'a>, files: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { ground, night: night::timer(ground, files), lookout: Lookout::new(ground) }
    }

    /// All files that no secret is in.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.night.files.iter().chain(&self.lookout.timer.files)
    }

    /// In what the droplet's differs.
    pub fn drift(&self, found: &Found) -> Vec<String> {
        let mut all = self.night_drift(found);
        all.extend(self.lookout.drift(&found.health));
        all
    }

    fn night_drift(&self, found: &Found) -> Vec<String> {
        self.night.drift(&found.files, &found.pings, found.enabled && found.active)
    }

    fn plan(&self, command: &str, title: String, sections: Vec<Section>) -> Plan {
        Plan {
            schema: SCHEMA.into(),
            env: self.ground.env.name.clone(),
            command: format!("schedule {command}"),
            title,
            sections,
            notes: Vec::new(),
            on_failure: Vec::new(),
            data_loss: None,
        }
    }

    fn notes(&self, sent: Option<&Program>) -> Vec<Note> {
        let heard = match self.night.addresses.len() {
            0 => "nobody hears of a night without a backup: notify has no address of the kind healthchecks"
                .to_owned(),
            some => format!(
                "{} in notify: told when it begins, when it was well and when not",
                count(some, "address")
            ),
        };
        let late = "up to 15 minutes later, drawn each night; one that was missed is made up for";
        let note = |title: &str, lines| Note { kind: NoteKind::Info, title: title.into(), lines };
        let health = self.lookout.note(sent).map(|lines| note("health", lines));
        [note("every night", vec![heard, late.to_owned()])].into_iter().chain(health).collect()
    }
}

/// What is asked, with the program that is sent where one is wanted.
pub fn request(program: Option<&Program>, reason: Option<&str>) -> Request {
    let carried = program.cloned().map(Carried::Program);
    Request { carried, reason: reason.map(str::to_owned), batch: 1, ..Request::default() }
}

/// The plan that puts a schedule there, empty where it is there already.
///
/// # Errors
/// The droplet has no systemd, its user is not root, or nothing is known of its stack. Nobody would hear of its health, or
/// there is no program that could look at it.
pub fn install(inputs: &Inputs<'_>, wanted: &Wanted<'_>) -> Result<Plan> {
    let found = found(inputs, wanted)?;
    let env = wanted.ground.env;
    let program = match &inputs.request.carried {
        Some(Carried::Program(program)) => Some(program),
        _ => None,
    };
    let mut sections = Vec::new();
    if !wanted.night_drift(found).is_empty() {
        sections = night::put(&wanted.night, &inputs.run, wanted.night.hears_others(&found.pings));
    }
    sections.extend(wanted.lookout.put(&inputs.run, &found.health, program)?);
    let looks =
        env.health.every.map(|every| format!(", and looks at its health every {}", lasting(every.as_secs())));
    let what =
        format!("{} is backed up by itself ({}){}", env.name, env.backup.schedule, looks.unwrap_or_default());
    if sections.is_empty() {
        return Ok(wanted.plan("install", format!("nothing to do: {what} already"), sections));
    }
    let mut plan = wanted.plan("install", what, sections);
    let sent = plan.steps().any(|step| step.id == PROGRAM).then_some(program).flatten();
    plan.notes = wanted.notes(sent);
    Ok(plan)
}

/// The plan that takes it away; backups stay.
///
/// # Errors
/// As [`install`].
pub fn remove(inputs: &Inputs<'_>, wanted: &Wanted<'_>) -> Result<Plan> {
    let found = found(inputs, wanted)?;
    let env = &wanted.ground.env.name;
    let mut steps = Vec::new();
    if !found.files.is_empty() || !found.pings.is_empty() {
        let title = format!("stop {}.timer and remove the nightly program", wanted.night.unit);
        steps.push(wanted.night.removal("remove", &inputs.run, title, &[]));
    }
    if found.health.is_there() {
        steps.push(wanted.lookout.removal(&inputs.run));
    }
    if steps.is_empty() {
        return Ok(wanted.plan("remove", format!("nothing to do: {env} has no schedule"), Vec::new()));
    }
    let title = format!("{env} does nothing by itself any more; the backups that there are stay");
    Ok(wanted.plan("remove", title, vec![timer::section(wanted.ground, "schedule", true, steps)]))
}

/// # Errors
/// This droplet can have none.
fn found<'a>(inputs: &'a Inputs<'_>, wanted: &Wanted<'_>) -> Result<&'a Found> {
    let ground = wanted.ground;
    let droplet = &ground.droplet.name;
    let refused = |why: &str| {
        Error::new(Exit::Checks, "backups cannot begin by themselves on this droplet")
            .on(droplet)
            .because(why)
    };
    let facts = inputs.facts.get(droplet).ok_or_else(|| Error::failed("this droplet was not asked"))?;
    let host = facts.host.as_ref().map_err(|failure| refused(&failure.why))?;
    if !host.systemd {
        return Err(refused("a timer of systemd begins them, and systemd does not run there"));
    }
    if host.uid != 0 {
        let why =
            format!("units belong to root, and {} is not: log in as root, or set become: sudo", host.user);
        return Err(refused(&crate::text::printable(&why)));
    }
    if Facts::project(facts).is_none() {
        return Err(refused("nothing was ever deployed there, as far as it knows")
            .next(format!("ops deploy {}", ground.env.name)));
    }
    // The runner refuses others as well; here they would become text of a unit.
    if !ground.dir().chars().all(|c| c.is_ascii_alphanumeric() || "._-/ ".contains(c)) {
        return Err(refused("state_dir has signs that a unit of systemd reads in its own way"));
    }
    facts.schedule.as_ref().map_err(|failure| refused(&failure.why))
}
