//! What a deploy may do to the database: create it where nothing runs yet, and nothing else so far.

use std::collections::BTreeMap;

use super::update;
use super::work::Work;
use crate::error::{Error, Result};
use crate::facts::Module;

/// An empty database of PostgreSQL has about 8 MB.
const EMPTY_DATABASE: u64 = 12_000_000;

impl<'a> Work<'a> {
    pub(super) fn refuse_update(&self) -> Result<()> {
        let (Some(code), Some(installed)) = (self.code, self.installed()) else { return Ok(()) };
        if self.inputs.request.no_update || self.is_current() {
            return Ok(());
        }
        if code.running.is_none() && !self.is_fresh() {
            return Err(Error::failed("cannot tell whether this ref needs an update of the database")
                .on(&self.droplet.name)
                .because("what runs is no commit of this repository, so there is nothing to compare with")
                .next("push the commit that runs to the repository, and deploy again")
                .next(format!(
                    "ops deploy {} --no-update   # only if you know that no module needs an update",
                    self.inputs.env.name
                )));
        }
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
        Err(error.because("ops cannot update modules during a deploy yet; nothing was changed").next(
            format!(
                "ops deploy {}{} --no-update   # only if you know that the old schema fits",
                self.inputs.env.name,
                self.asked_ref()
            ),
        ))
    }

    /// ` --ref REF`, where the operator named one.
    fn asked_ref(&self) -> String {
        let asked = self.inputs.request.wanted.git_ref.as_ref();
        asked.map(|name| format!(" --ref {}", crate::cmd::quote(name))).unwrap_or_default()
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
        if known.any(|database| database.bytes > EMPTY_DATABASE) {
            return Err(refused(format!("the database {name} holds something else than Odoo")));
        }
        let runs = self.inputs.facts.values().any(|facts| facts.container(&env.stack.web).is_some());
        if runs {
            return Err(refused(format!("the running stack has no Odoo in a database {name}")));
        }
        Ok(env.web().next().map(|droplet| &droplet.name) == Some(&self.droplet.name))
    }
}
