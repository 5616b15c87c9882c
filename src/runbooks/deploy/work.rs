//! The deploy on one droplet: how it stands, what it refuses, and its steps phase by phase.

use std::collections::BTreeMap;

use super::Inputs;
use super::migrating::Migration;
use super::reading::names;
use super::release::{Place, default_project, hash};
use super::render::{Moved, moved, render, service};
use super::staged::{Code, Model, Resolved, Staged};
use super::steps::{Builder, short};
use super::strategy::Way;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Facts, Probe, ProbeFailure};
use crate::inventory::{Droplet, Environment, Role, When};
use crate::plan::Step;
use crate::record::Release;
use crate::text::printable;

/// How a droplet stands before the deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Situation {
    /// No container of the web service.
    Fresh,
    /// A stack started by hand, no release on record.
    Adopt,
    /// A release of ours runs.
    Redeploy,
    /// The release asked for runs.
    Current,
}

/// The deploy on one droplet.
pub(super) struct Work<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) droplet: &'a Droplet,
    pub(super) facts: &'a Facts,
    pub(super) staged: &'a Staged,
    pub(super) model: &'a Model,
    pub(super) code: Option<&'a Code>,
    pub(super) moved: Vec<Moved>,
    pub(super) place: Place,
    pub(super) situation: Situation,
    pub(super) creates_database: bool,
    pub(super) way: Way,
    pub(super) migration: Option<Migration>,
}

/// What cannot be read is never taken for "not there": an unread container list is no empty droplet.
/// `database`: that one has to be known, too.
fn known(inputs: &Inputs<'_>, droplet: &Droplet, facts: &Facts, database: bool) -> Result<()> {
    let unread = |what: &str, failure: &ProbeFailure| {
        Err(fault(inputs, droplet, &format!("cannot read {what}"), failure))
    };
    if let Err(failure) = &facts.containers {
        return unread("the running containers", failure);
    }
    if let Err(failure) = &facts.state {
        return unread("ops' own records", failure);
    }
    if let Err(failure) = &facts.stack {
        return unread("the stack's directory", failure);
    }
    if let Some(current) = facts.state.as_ref().ok().and_then(|state| state.current.as_ref())
        && facts.current_release().is_none()
    {
        let what = format!("the record of the current release {} cannot be read", printable(current));
        return Err(Error::new(Exit::Checks, what)
            .on(&droplet.name)
            .because("without it nothing says what runs and how to go back to it")
            .next("ops releases list shows the others; restore its release.json from a backup"));
    }
    match &facts.database {
        Err(failure) if database && droplet.roles.contains(&Role::Db) => unread("the database", failure),
        _ => Ok(()),
    }
}

fn fault(inputs: &Inputs<'_>, droplet: &Droplet, what: &str, failure: &ProbeFailure) -> Error {
    let name = &inputs.env.name;
    let look = match inputs.request.wanted.release {
        Some(_) => format!("ops releases list {name}   # another one may still be whole"),
        None => format!("ops preflight {name}{}", inputs.request.wanted.options()),
    };
    Error::new(Exit::Checks, what).on(&droplet.name).because(&failure.why).next(look)
}

fn model_of<'a>(inputs: &Inputs<'_>, droplet: &Droplet, staged: &'a Staged) -> Result<&'a Model> {
    let back = "the release cannot be brought back";
    staged.model.as_ref().map_err(|failure| match &staged.kept {
        Some(_) => Error::new(Exit::Checks, back).on(&droplet.name).because(&failure.why),
        None => fault(inputs, droplet, "the compose file of the ref is not valid", failure),
    })
}

impl<'a> Work<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>, droplet: &'a Droplet) -> Result<Option<Self>> {
        let (Some(facts), Some(staged)) = (inputs.facts.get(&droplet.name), inputs.staged.get(&droplet.name))
        else {
            return Ok(None);
        };
        let env = inputs.env;
        known(inputs, droplet, facts, staged.kept.is_none())?;
        let code = match &staged.code {
            Some(Ok(code)) => Some(code),
            Some(Err(failure)) => return Err(fault(inputs, droplet, "the ref cannot be fetched", failure)),
            None => None,
        };
        let model = model_of(inputs, droplet, staged)?;
        for name in wanted_services(env, droplet) {
            if service(model, name).is_none() {
                let what = format!("the compose file has no service {name}");
                let why = format!("its services: {}", names(model).join(", "));
                return Err(Error::usage(what).on(&droplet.name).because(why));
            }
        }
        let moved = match code {
            _ if staged.kept.is_some() => staged.kept.iter().flat_map(|kept| kept.moved.clone()).collect(),
            Some(code) => moved(&env.stack, model, code, staged).map_err(|f| {
                fault(inputs, droplet, "the release's files cannot be told from data", &f).exit(Exit::Failed)
            })?,
            None => Vec::new(),
        };
        let project = facts.project().map_or_else(|| default_project(env), str::to_owned);
        let place = Place::new(env, &project, &inputs.release);
        if let Some((name, failure)) =
            wanted_images(env, staged).find_map(|(n, i)| Some((n, i.as_ref().err()?)))
        {
            return Err(fault(inputs, droplet, &format!("the image of {name} cannot be had"), failure));
        }
        let mut work = Self {
            inputs,
            droplet,
            facts,
            staged,
            model,
            code,
            moved,
            place,
            situation: Situation::Fresh,
            creates_database: false,
            way: Way::Recreate(None),
            migration: None,
        };
        work.situation = work.situate();
        work.refuse_adoption()?;
        let change = work.change()?;
        work.creates_database = work.lacks_database()?;
        if work.switches() {
            work.way = work.choose()?;
        }
        (work.place.slot, work.migration) = (work.target(), work.migration(change)?);
        Ok(Some(work))
    }

    pub(super) fn is_web(&self) -> bool {
        self.droplet.roles.contains(&Role::Web)
    }

    fn situate(&self) -> Situation {
        let web = &self.inputs.env.stack.web;
        if !self.is_web() {
            let database = self.facts.container(&self.inputs.env.stack.db);
            return if database.is_some() { Situation::Current } else { Situation::Fresh };
        }
        let Some(container) = self.facts.web(web) else { return Situation::Fresh };
        let Some(release) = self.facts.current_release() else { return Situation::Adopt };
        if self.staged.kept.is_some() || self.inputs.request.rehearse.is_some() {
            return Situation::Redeploy;
        }
        let same_code = self.code.map(|code| code.sha.as_str()) == release.sha.as_deref();
        let image = release.images.get(web);
        let same_image = match self.staged.images.get(web) {
            Some(Ok(wanted)) => image.is_some_and(|image| same_image(image, wanted)),
            // Built from the checkout: the code decides.
            None => true,
            Some(Err(_)) => false,
        };
        // With git the commit tells; what else is edited in the stack's directory is not deployed.
        let same_model = self.code.is_some() || self.renders_as(release);
        let runs = container.running() && image.is_some_and(|image| image.id == container.image_id);
        if same_code && same_image && same_model && runs { Situation::Current } else { Situation::Redeploy }
    }

    /// The compose files as they are now give the compose file of this release.
    fn renders_as(&self, release: &Release) -> bool {
        let place = Place::new(self.inputs.env, &self.place.project, &release.id).in_slot(release.slot);
        hash(&render(self.model, &place, &self.inputs.env.stack, &self.moved)) == release.compose_hash
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.situation == Situation::Fresh
    }

    pub(super) fn is_current(&self) -> bool {
        self.situation == Situation::Current
    }

    /// "main (abc1234, fix the report)".
    pub(super) fn what(&self) -> String {
        if let Some(kept) = &self.staged.kept {
            let sha = self.code.map(|code| format!(" ({}, {})", code.r#ref, short(&code.sha)));
            return format!("release {}{}", kept.release, sha.unwrap_or_default());
        }
        match self.code {
            Some(code) => format!("{} ({}, {})", code.r#ref, short(&code.sha), code.subject),
            None => "the stack's own files".into(),
        }
    }

    pub(super) fn builder(&self) -> Builder<'_> {
        Builder { env: self.inputs.env, droplet: &self.droplet.name, place: &self.place }
    }

    /// Services whose image this release keeps: name, reference to pull, what people call it.
    pub(super) fn kept(&self) -> BTreeMap<String, &'a Resolved> {
        let stack = &self.inputs.env.stack;
        self.staged
            .images
            .iter()
            .filter(|(name, _)| {
                (**name == stack.web && self.is_web()) || self.starts_database() && **name == stack.db
            })
            .filter_map(|(name, image)| Some((name.clone(), image.as_ref().ok()?)))
            .collect()
    }

    /// This droplet has the database's role and no container of it yet.
    fn starts_database(&self) -> bool {
        let db = &self.inputs.env.stack.db;
        self.is_db() && self.facts.container(db).is_none() && service(self.model, db).is_some()
    }

    pub(super) fn compose_text(&self) -> String {
        render(self.model, &self.place, &self.inputs.env.stack, &self.moved)
    }

    /// The same in the slot that serves, to be compared with what runs.
    pub(super) fn compared_text(&self) -> String {
        let place = self.place.clone().in_slot(self.serving());
        render(self.model, &place, &self.inputs.env.stack, &self.moved)
    }

    pub(super) fn is_db(&self) -> bool {
        self.droplet.roles.contains(&Role::Db)
    }

    /// Before the first web droplet is switched; `created`: a web droplet creates the database.
    pub(super) fn database(&self, created: bool) -> Vec<Step> {
        let start = self.starts_database().then(|| self.builder().database_service());
        let reserve = (created && self.is_db() && !self.is_web()).then(|| self.builder().reserve_database());
        start.into_iter().chain(reserve).collect()
    }

    /// After the last web droplet was switched.
    pub(super) fn settled(&self, created: bool) -> Vec<Step> {
        let env = self.inputs.env;
        let modules: &[String] = if created { &env.modules } else { &[] };
        self.is_db().then(|| self.builder().settled(modules)).into_iter().collect()
    }

    /// The user's own checks.
    pub(super) fn own_checks(&self) -> Vec<Step> {
        let checks = self.inputs.env.checks_of(self.droplet, When::Verify);
        let own: Vec<&str> = checks.map(|(_, check)| &*check.name).collect();
        (!own.is_empty()).then(|| self.builder().own_checks(&own)).into_iter().collect()
    }

    /// Its web service changes.
    pub(super) fn switches(&self) -> bool {
        !self.is_current() && self.is_web()
    }
}

impl Work<'_> {
    /// The ids of the new release and of the one that runs.
    pub(super) fn names_of_releases(&self) -> Vec<String> {
        let current =
            self.facts.current_release().map(|release| release.id.clone()).filter(|id| id.len() > 4);
        current.into_iter().chain([self.place.id.clone()]).collect()
    }

    /// Services that run and that a deploy does not touch.
    pub(super) fn untouched(&self) -> Vec<String> {
        let web = &self.inputs.env.stack.web;
        names(self.model)
            .into_iter()
            .filter(|name| name != web && self.facts.container(name).is_some())
            .collect()
    }
}

/// What the droplet's compose files must have, by its roles. The database of a web droplet may be
/// anywhere.
fn wanted_services<'a>(env: &'a Environment, droplet: &Droplet) -> Vec<&'a str> {
    match (droplet.roles.contains(&Role::Web), droplet.roles.contains(&Role::Db)) {
        (true, _) => vec![env.stack.web.as_str()],
        (false, _) => vec![env.stack.db.as_str()],
    }
}

/// Images that this deploy pulls: the web service's, on a first deploy the database's as well.
fn wanted_images<'a>(
    env: &'a Environment,
    staged: &'a Staged,
) -> impl Iterator<Item = (&'a String, &'a Probe<Resolved>)> {
    staged.images.iter().filter(|(name, _)| **name == env.stack.web || **name == env.stack.db)
}

fn same_image(kept: &crate::record::Image, wanted: &Resolved) -> bool {
    match (&kept.digest, &wanted.digest) {
        (Some(kept), Some(wanted)) => kept.ends_with(wanted.as_str()),
        _ => wanted.local_id.as_ref() == Some(&kept.id),
    }
}
