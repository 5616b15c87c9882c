//! What the droplets are asked of modules, and what their answers mean.

use std::collections::BTreeMap;

use super::{Catalog, Ground, Wish, resolve};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Facts, Module};
use crate::inventory::Environment;
use crate::runbooks::deploy::{Change, Held, Staged};

/// The release that runs, with its modules.
///
/// # Errors
/// Exit 2: no release is on record.
pub fn running(env: &Environment, facts: &BTreeMap<String, Facts>) -> Result<Held> {
    let home = env.web().next().unwrap_or_else(|| env.home());
    let release = facts.get(&home.name).and_then(Facts::current_release).ok_or_else(|| {
        Error::usage(format!("no release of {} is on record", env.name))
            .on(&home.name)
            .because("modules are installed into what `ops` deployed, so that there is a way back")
            .next(format!("ops deploy {}", env.name))
    })?;
    Ok(Held { id: release.id.clone(), sha: release.sha.clone(), since: None, modules: true })
}

/// What the droplets told of modules: on disk, and in the database.
///
/// # Errors
/// Either cannot be asked.
pub fn told<'a>(
    env: &Environment,
    facts: &'a BTreeMap<String, Facts>,
    staged: &'a BTreeMap<String, Staged>,
) -> Result<(&'a Catalog, &'a BTreeMap<String, Module>)> {
    let home = env.web().next().unwrap_or_else(|| env.home());
    let cannot = |what: &str, why: &str| {
        let look = format!("ops preflight {}", env.name);
        Err(Error::new(Exit::Checks, what).on(&home.name).because(why).next(look))
    };
    let kept = staged.get(&home.name).and_then(|staged| staged.kept.as_ref());
    let catalog = match kept.and_then(|kept| kept.catalog.as_ref()) {
        Some(Ok(catalog)) => catalog,
        Some(Err(failure)) => return cannot("the addons paths cannot be read", &failure.why),
        None => return cannot("the addons paths cannot be read", "the droplet did not answer"),
    };
    let asked = facts.values().find_map(|facts| match &facts.database {
        Ok(None) => None,
        Ok(Some(database)) => Some(Ok(database)),
        Err(failure) => Some(Err(failure)),
    });
    let name = &env.stack.database;
    match asked {
        Some(Ok(database)) if database.odoo => Ok((catalog, &database.modules)),
        Some(Ok(database)) if !database.exists => cannot(
            &format!("there is no database {name}"),
            "stack.database in the inventory names it; nothing is ever created by a misspelt name",
        ),
        Some(Ok(_)) => cannot(&format!("the database {name} is not Odoo's"), "it has no table of modules"),
        Some(Err(failure)) => cannot("the database cannot be asked for its modules", &failure.why),
        None => cannot("the database cannot be asked for its modules", "it does not run in this stack"),
    }
}

/// The change that a wish means on these droplets.
///
/// # Errors
/// As [`told`] and [`resolve`].
pub fn change(
    env: &Environment,
    facts: &BTreeMap<String, Facts>,
    staged: &BTreeMap<String, Staged>,
    wish: &Wish,
) -> Result<Change> {
    let (catalog, known) = told(env, facts, staged)?;
    resolve(Ground { env, catalog, known }, wish)
}
