//! Which kept release a rollback brings back, and whether the database has to come back with it. Pure.
//!
//! The way itself is a deploy's: its plan, its undo, its record. Deliberately absent: everything about git and
//! registries, which a way back does not need.

mod fit;

use std::collections::BTreeMap;

use super::deploy::{Data, Held, Request, Wanted};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Strategy};
use crate::record::Release;
use crate::text::printable;
use fit::{installed, misfits, point};

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
                .because("one is, before a deploy changes it, where there is room for a copy")
                .next(list(env)));
        }
        (Extent::AsNeeded | Extent::Code, true, _) => (Data::Kept, None, Vec::new()),
        (Extent::CodeByForce, _, _) => (Data::Kept, None, misfits),
        (Extent::Code, false, point) => return Err(misfit(env, target, &misfits, point.is_some(), droplet)),
        (Extent::AsNeeded, false, None) => return Err(misfit(env, target, &misfits, false, droplet)),
    };
    let held = Held { id: target.id.clone(), sha: target.sha.clone(), since, modules: false };
    let request = Request {
        wanted: Wanted { release: Some(held), ..Wanted::default() },
        data,
        strategy: wish.strategy,
        allow_downgrade: true,
        reason: wish.reason.clone(),
        batch: 1,
        ..Request::default()
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
fn before<'a>(releases: &'a [Release], current: &'a Release) -> Option<&'a Release> {
    let mut origin = current.id.as_str();
    let mut copy_of = current.copy_of.as_deref();
    // A copy of a copy leads to the first; ids begin with their time, so each step is to an older one and it ends.
    while let Some(older) = copy_of.filter(|id| *id < origin) {
        origin = older;
        copy_of = releases.iter().find(|one| one.id == older).and_then(|one| one.copy_of.as_deref());
    }
    let other = |one: &&Release| one.id.as_str() < origin && one.copy_of.as_deref() != Some(origin);
    releases.iter().filter(other).max_by_key(|one| key(one))
}

fn key(release: &Release) -> (&str, &str) {
    (&release.created, &release.id)
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
