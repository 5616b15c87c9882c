//! What a deploy may do to the database: create it where nothing runs yet, and update its modules
//! (`migrating.rs` has the steps).

use std::collections::BTreeMap;

use super::Data;
use super::migrating::To;
use super::staged::Code;
use super::update::{self, Change, Needed};
use super::work::Work;
use crate::cmd::quote;
use crate::error::{Error, Result};
use crate::facts::Module;
use crate::inventory::{Role, Update};
use crate::plan::{Note, NoteKind};
use crate::text::printable;

impl<'a> Work<'a> {
    /// What is done to the database, with the reason for each module.
    ///
    /// # Errors
    /// Nobody can tell which, a module that was named is not installed, or this stack is one where ops cannot.
    pub(super) fn change(&self) -> Result<Option<To>> {
        let asked = &self.inputs.request.data;
        if let (Data::Return(_) | Data::Modules(_) | Data::Restored(_), true, true) =
            (asked, self.is_fresh(), self.is_web())
        {
            return Err(Error::failed(
                "the database cannot be changed while the web service has no container",
            )
            .on(&self.droplet.name)
            .because("the filestore is found by it")
            .next(format!("ops deploy {}", self.inputs.env.name)));
        }
        if self.is_fresh() || !self.is_web() {
            return Ok(None);
        }
        let needed = match asked {
            Data::Kept => return Ok(None),
            Data::Return(point) => return Ok(Some(To::Return(point.clone()))),
            Data::Modules(change) => return Ok(Some(To::Modules(change.clone()))),
            Data::Restored(backup) => return Ok(Some(To::Return(self.restored_point(backup)))),
            Data::Update(names) => self.named(names)?,
            Data::UpdateAll => {
                vec![Needed::new("base", vec!["all were asked for".into()])]
            }
            Data::Needed if self.inputs.env.deploy.update == Update::Hash => self.by_checksum()?,
            Data::Needed => self.touched()?,
        };
        if self.is_current() && !needed.is_empty() {
            return Err(Error::usage("there is nothing to deploy that these modules could be updated to")
                .on(&self.droplet.name)
                .next(format!(
                    "ops install-modules {} --update ..   # without a new release",
                    self.inputs.env.name
                )));
        }
        Ok((!needed.is_empty()).then_some(To::Modules(Change { update: needed, ..Change::default() })))
    }

    fn touched(&self) -> Result<Vec<Needed>> {
        let Some(code) = self.code.filter(|_| !self.is_current()) else { return Ok(Vec::new()) };
        let sure = "only if you know that no module needs an update";
        if code.running.is_none() {
            return Err(self
                .cannot_tell("what runs is no commit of this repository, so there is nothing to compare with")
                .next("push the commit that runs to the repository, and deploy again")
                .next(self.without_update(sure)));
        }
        match self.installed() {
            Some(installed) => {
                Ok(self.by_the_rule(code, update::needed(&self.inputs.env.stack, code, installed)))
            }
            None if code.changed.is_empty() => Ok(Vec::new()),
            None => Err(self
                .cannot_tell("the database cannot be asked which modules are installed")
                .next(self.without_update(sure))),
        }
    }

    /// Of what a change touches, what the inventory's rule wants updated.
    fn by_the_rule(&self, code: &Code, touched: Vec<Needed>) -> Vec<Needed> {
        let declared = |one: &Needed| one.because.iter().any(|path| code.versions.contains(path));
        match self.inputs.env.deploy.update {
            Update::Declared => touched.into_iter().filter(declared).collect(),
            Update::Auto | Update::Hash => touched,
        }
    }

    /// Modules that the change touches, and whose raised version nobody declared.
    pub(super) fn undeclared(&self) -> Option<Note> {
        let code = self.code.filter(|_| self.inputs.request.data == Data::Needed)?;
        (self.inputs.env.deploy.update == Update::Declared).then_some(())?;
        let touched = update::needed(&self.inputs.env.stack, code, self.installed()?);
        let mute = |one: &Needed| !one.because.iter().any(|path| code.versions.contains(path));
        let names: Vec<_> = touched.into_iter().filter(mute).map(|one| one.module).collect();
        let why = "deploy.update is `declared`, and the version in the manifest is the old one";
        let title = format!("changed, and not updated: {}", names.join(", "));
        (!names.is_empty()).then(|| Note { kind: NoteKind::Warning, title, lines: vec![why.into()] })
    }

    fn named(&self, names: &[String]) -> Result<Vec<Needed>> {
        let installed = self.installed().cloned().unwrap_or_default();
        let is = |name: &String| installed.get(name).is_some_and(|module| module.state == "installed");
        if let Some(name) = names.iter().find(|name| !is(name)) {
            return Err(Error::usage(format!("the module {} is not installed", printable(name)))
                .on(&self.droplet.name)
                .because("an update is of what the database has")
                .next(format!("ops install-modules {} {}", self.inputs.env.name, quote(name))));
        }
        let because = || vec!["it was asked for".to_owned()];
        Ok(names.iter().map(|name| Needed::new(name, because())).collect())
    }

    fn cannot_tell(&self, why: &str) -> Error {
        Error::failed("cannot tell whether this ref needs an update of the database")
            .on(&self.droplet.name)
            .because(why)
    }

    /// What was asked for, once more, with the word that says "I know".
    pub(super) fn without_update(&self, only: &str) -> String {
        let wanted = self.inputs.request.wanted.options();
        format!("ops deploy {}{wanted} --no-update   # {only}", self.inputs.env.name)
    }

    fn installed(&self) -> Option<&'a BTreeMap<String, Module>> {
        let here = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        let anywhere = || {
            self.inputs.facts.values().find_map(|facts| facts.database.as_ref().ok().and_then(Option::as_ref))
        };
        here.or_else(anywhere).map(|database| &database.modules)
    }

    /// The first web droplet creates a database that no droplet has; only while nothing runs yet, or a
    /// mistyped name would make an empty Odoo beside the real one.
    pub(super) fn lacks_database(&self) -> Result<bool> {
        let env = self.inputs.env;
        if self.staged.kept.is_some() {
            return Ok(false);
        }
        let mut known = self
            .inputs
            .facts
            .values()
            .filter_map(|facts| facts.database.as_ref().ok().and_then(Option::as_ref));
        if known.clone().any(|database| database.odoo) {
            return Ok(false);
        }
        let name = &env.stack.database;
        let refused = |what: String| {
            Error::usage(what)
                .on(&self.droplet.name)
                .because("ops creates a database only on a first deploy")
                .next(format!(
                    "look at stack.database of {} in the inventory: ops config check {0}",
                    env.name
                ))
        };
        if !env.droplets.iter().any(|droplet| droplet.roles.contains(&Role::Db)) {
            // Its server is none of ours: whoever runs it creates databases there.
            return Ok(false);
        }
        if known.clone().next().is_none() {
            self.refuse_second_first()?;
        }
        if known.any(|database| database.relations > 0) {
            return Err(refused(format!("the database {name} holds something else than Odoo")));
        }
        let runs = self.inputs.facts.values().any(|facts| facts.web(&env.stack.web).is_some());
        if runs {
            return Err(refused(format!("the running stack has no Odoo in a database {name}")));
        }
        Ok(env.web().next().map(|droplet| &droplet.name) == Some(&self.droplet.name))
    }

    /// A stack of which a release is on record is stopped, not new: its data is in a volume that nobody
    /// can look into while its database is down.
    fn refuse_second_first(&self) -> Result<()> {
        for (droplet, facts) in self.inputs.facts {
            let Ok(state) = &facts.state else { continue };
            let Some(release) = state.current.as_ref().or(state.releases.first().map(|one| &one.id)) else {
                continue;
            };
            let (path, db) = (quote(self.inputs.env.stack.path.as_str()), quote(&self.inputs.env.stack.db));
            return Err(Error::failed("the database is not running, and this is no first deploy")
                .on(droplet)
                .because(format!("release {release} is on record here"))
                .next(format!("on the droplet: cd {path} && docker compose up -d {db}"))
                .next(format!("ops deploy {}", self.inputs.env.name)));
        }
        Ok(())
    }
}
