//! What a deploy may do to the database: create it where nothing runs yet, and nothing else so far.

use std::collections::BTreeMap;

use super::update;
use super::work::Work;
use crate::cmd::quote;
use crate::error::{Error, Result};
use crate::facts::Module;
use crate::inventory::Role;

impl<'a> Work<'a> {
    pub(super) fn refuse_update(&self) -> Result<()> {
        let Some(code) = self.code else { return Ok(()) };
        if self.inputs.request.no_update || self.is_current() || self.is_fresh() || !self.is_web() {
            return Ok(());
        }
        if code.running.is_none() {
            return Err(self
                .cannot_tell("what runs is no commit of this repository, so there is nothing to compare with")
                .next("push the commit that runs to the repository, and deploy again")
                .next(self.without_update("only if you know that no module needs an update")));
        }
        let Some(installed) = self.installed() else {
            if code.changed.is_empty() {
                return Ok(());
            }
            return Err(self
                .cannot_tell("the database cannot be asked which modules are installed")
                .next(self.without_update("only if you know that no module needs an update")));
        };
        let needed = update::needed(&self.inputs.env.stack, code, installed);
        if needed.is_empty() {
            return Ok(());
        }
        let list: Vec<_> = needed.iter().map(|one| one.module.as_str()).collect();
        let mut error =
            Error::failed(format!("this ref needs an update of the database for: {}", list.join(", ")))
                .on(&self.droplet.name);
        for one in &needed {
            let shown = one.because.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let more = one.because.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            error = error.because(format!("{}: {shown}{more}", one.module));
        }
        Err(error
            .because("ops cannot update modules during a deploy yet; nothing was changed")
            .next(self.without_update("only if you know that the old schema fits")))
    }

    fn cannot_tell(&self, why: &str) -> Error {
        Error::failed("cannot tell whether this ref needs an update of the database")
            .on(&self.droplet.name)
            .because(why)
    }

    /// What was asked for, once more, with the word that says "I know".
    fn without_update(&self, only: &str) -> String {
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
