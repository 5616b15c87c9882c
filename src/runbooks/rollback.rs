//! Which kept release a rollback brings back, and whether the database has to come back with it. Pure.
//!
//! The way itself is a deploy's: its plan, its undo, its record. Deliberately absent: everything about git and
//! registries, which a way back does not need.

use std::collections::{BTreeMap, BTreeSet};

use super::deploy::{Data, Held, Request, Wanted};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Strategy};
use crate::record::{Release, RestorePoint};
use crate::text::printable;

/// What of a release comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// The code alone where the database fits it, else both.
    #[default]
    AsNeeded,
    /// The code alone, and only where the database fits it.
    Code,
    /// The code alone, whatever the database is.
    CodeByForce,
    /// Both.
    Data,
}

/// What the operator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// A kept release, or the beginning of its id or commit; else the one before what runs.
    pub to: Option<String>,
    pub extent: Extent,
    /// Instead of the inventory's.
    pub strategy: Option<Strategy>,
    pub reason: Option<String>,
}

/// The choice, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub request: Request,
    /// What will not work: the database is not the one that the code was made for.
    pub breaks: Vec<String>,
}

/// The release to bring back and how.
///
/// # Errors
/// Exit 2: no such release, or nothing older is kept. Exit 9: the database does not fit, and what was asked
/// for does not bring it back.
pub fn choose(env: &Environment, facts: &BTreeMap<String, Facts>, wish: &Wish) -> Result<Choice> {
    let home = env.web().next().unwrap_or_else(|| env.home());
    let droplet = &home.name;
    let state = facts.get(droplet).map(|facts| &facts.state);
    let state = match state {
        Some(Ok(state)) => state,
        Some(Err(failure)) => {
            return Err(Error::new(Exit::Checks, "ops' own records cannot be read")
                .on(droplet)
                .because(&failure.why));
        }
        None => return Err(Error::failed("this droplet was not asked").on(droplet)),
    };
    let releases = &state.releases;
    let current = state.current.as_deref().and_then(|id| releases.iter().find(|one| one.id == id));
    let current = current.ok_or_else(|| {
        Error::usage(format!("no release of {} is on record", env.name))
            .on(droplet)
            .because("a way back begins with a deploy")
            .next(format!("ops deploy {}", env.name))
    })?;
    let target = match &wish.to {
        Some(to) => named(env, releases, to)?,
        None => before(releases, current).ok_or_else(|| nothing_older(env, droplet))?,
    };
    if target.id == current.id {
        return Err(Error::usage(format!("release {} runs already", target.id)).on(droplet).next(list(env)));
    }
    let misfits = misfits(target, current, &installed(facts, current));
    let point = point(releases, target);
    let (data, since, breaks) = match (wish.extent, misfits.is_empty(), point) {
        (Extent::Data, _, Some((point, since))) | (Extent::AsNeeded, false, Some((point, since))) => {
            (Data::Return(point.clone()), Some(since.to_owned()), Vec::new())
        }
        (Extent::Data, _, None) => {
            return Err(Error::usage(format!("no database was put aside that release {} used", target.id))
                .on(droplet)
                .because("one is, before a deploy changes it")
                .next(list(env)));
        }
        (Extent::AsNeeded | Extent::Code, true, _) => (Data::Kept, None, Vec::new()),
        (Extent::CodeByForce, _, _) => (Data::Kept, None, misfits),
        (Extent::Code, false, point) => return Err(misfit(env, target, &misfits, point.is_some(), droplet)),
        (Extent::AsNeeded, false, None) => return Err(misfit(env, target, &misfits, false, droplet)),
    };
    let held = Held { id: target.id.clone(), sha: target.sha.clone(), since };
    let request = Request {
        wanted: Wanted { release: Some(held), ..Wanted::default() },
        data,
        strategy: wish.strategy,
        allow_downgrade: true,
        reason: wish.reason.clone(),
        batch: 1,
    };
    Ok(Choice { request, breaks })
}

/// By its id, the beginning of it, or of its commit.
fn named<'a>(env: &Environment, releases: &'a [Release], to: &str) -> Result<&'a Release> {
    if let Some(exact) = releases.iter().find(|one| one.id == to) {
        return Ok(exact);
    }
    let begins = |one: &&Release| {
        one.id.starts_with(to) || to.len() >= 4 && one.sha.as_deref().is_some_and(|sha| sha.starts_with(to))
    };
    let found: Vec<&Release> = releases.iter().filter(begins).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::usage(format!("no kept release {}", printable(to))).next(list(env))),
        several => {
            let ids: Vec<_> = several.iter().map(|one| one.id.as_str()).collect();
            Err(Error::usage(format!("{} may be any of: {}", printable(to), ids.join(", "))).next(list(env)))
        }
    }
}

/// The newest release that is older than what runs, and is not it under another name: after a rollback, one
/// step further back.
fn before<'a>(releases: &'a [Release], current: &Release) -> Option<&'a Release> {
    let mut origin = current;
    // A copy of a copy leads to the first; each step is to an older one, so that it ends.
    while let Some(older) = origin
        .copy_of
        .as_ref()
        .and_then(|id| releases.iter().find(|one| one.id == *id && key(one) < key(origin)))
    {
        origin = older;
    }
    releases
        .iter()
        .filter(|one| key(one) < key(origin) && one.copy_of.as_ref() != Some(&origin.id))
        .max_by_key(|one| key(one))
}

fn key(release: &Release) -> (&str, &str) {
    (&release.created, &release.id)
}

/// Installed modules with their versions: as the database says, or where it cannot be asked, as was recorded.
fn installed(facts: &BTreeMap<String, Facts>, current: &Release) -> BTreeMap<String, String> {
    let database = facts.values().find_map(|facts| facts.database.as_ref().ok()?.as_ref());
    let Some(database) = database.filter(|database| database.odoo) else { return current.modules.clone() };
    let modules = database.modules.iter().filter(|(_, module)| module.state != "uninstalled");
    modules.map(|(name, module)| (name.clone(), module.version.clone().unwrap_or_default())).collect()
}

/// Why the database as it is does not fit the code of a release.
fn misfits(target: &Release, current: &Release, installed: &BTreeMap<String, String>) -> Vec<String> {
    let mut all = Vec::new();
    let names: BTreeSet<&String> = installed.keys().chain(target.modules.keys()).collect();
    // What a record of older days does not know is no difference.
    for name in names.into_iter().filter(|_| !target.modules.is_empty()) {
        match (target.modules.get(name), installed.get(name)) {
            (Some(then), Some(now)) if then == now => {}
            (Some(then), Some(now)) => {
                all.push(format!("{name} is {now} in the database, and was {then} then"))
            }
            (None, Some(_)) => all.push(format!("{name} was installed since")),
            (Some(_), None) => all.push(format!("{name} was uninstalled since")),
            (None, None) => {}
        }
    }
    if all.is_empty() && target.data != current.data {
        let by = current.data.as_deref().or(target.data.as_deref()).unwrap_or_default();
        all.push(format!("modules were updated in the database since, by release {by}"));
    }
    all.iter().map(|one| printable(one)).collect()
}

/// The database put aside that has the data of a release, the newest of several; and the release that took
/// over from it.
fn point<'a>(releases: &'a [Release], target: &Release) -> Option<(&'a RestorePoint, &'a str)> {
    // Of the release that left it, where it is still on record: modules may have been changed by hand between.
    let modules = |id: &str| releases.iter().find(|one| one.id == id).map(|one| &one.modules);
    let fits = |one: &&'a Release| {
        one.restore.as_ref().is_some_and(|point| {
            point.data == target.data && modules(&point.release).is_none_or(|then| *then == target.modules)
        })
    };
    let newest = releases.iter().filter(fits).max_by_key(|one| key(one))?;
    Some((newest.restore.as_ref()?, &newest.id))
}

fn misfit(env: &Environment, target: &Release, misfits: &[String], point: bool, droplet: &str) -> Error {
    let what = format!("the database does not fit the code of release {}", target.id);
    let error = misfits.iter().take(8).fold(Error::new(Exit::Checks, what).on(droplet), Error::because);
    let (name, id) = (&env.name, &target.id);
    let error = match point {
        true => error.next(format!("ops rollback {name} --to {id} --with-data   # says what that loses")),
        false => error.because("no database was put aside that this release used"),
    };
    error.next(format!("ops rollback {name} --to {id} --force-code-only   # if you know that it works"))
}

fn nothing_older(env: &Environment, droplet: &str) -> Error {
    Error::usage("no older release is kept").on(droplet).next(list(env))
}

fn list(env: &Environment) -> String {
    format!("ops releases list {}", env.name)
}
