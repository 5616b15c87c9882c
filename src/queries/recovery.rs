//! Which backup a stack can be recovered from: what places far away have, asked from a bare droplet.

use std::time::Duration;

use serde::Deserialize;

use super::backups::{Snapshot, merge};
use crate::crew::{Crew, nonce};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::frames::{self, Part};
use crate::inventory::Offsite;
use crate::runbooks::backup::Ground;
use crate::runbooks::deploy::default_project;
use crate::runbooks::recover::{Found, Manifest, Wish};
use crate::runbooks::restore::{Stock, named};
use crate::secret::Secret;
use crate::text::{lines, printable};

/// A repository far away answers slowly, and an image of restic may have to be pulled.
const PATIENCE: Duration = Duration::from_secs(900);
/// restic's code for a key that does not open the repository.
const WRONG_KEY: i32 = 12;
const NO_REPOSITORY: i32 = 10;

/// The backup that is meant, from the first place that answers.
///
/// # Errors
/// Exit 2: no place, or no such backup. Exit 1: the key does not open it. Exit 4: none of the places answers.
pub async fn recovery(crew: &Crew<'_>, wish: &Wish) -> Result<Found> {
    let env = crew.env;
    let wanted = |place: &&Offsite| wish.from.as_ref().is_none_or(|from| *from == place.name);
    let places: Vec<&Offsite> = env.backup.offsite.iter().filter(wanted).collect();
    let mut silent: Option<Error> = None;
    for place in &places {
        match choose(crew, wish, place).await {
            Err(error) if error.exit == Exit::Unreachable => {
                crew.warn(error.to_string());
                silent = Some(silent.map_or(error.clone(), |first| first.because(&error)));
            }
            found => return found,
        }
    }
    Err(silent.unwrap_or_else(|| {
        let names: Vec<_> = env.backup.offsite.iter().map(|place| place.name.as_str()).collect();
        let what = match &wish.from {
            Some(from) => format!("{} has no place {from} off site", env.name),
            None => format!("backup.offsite of {} names no place that it could be recovered from", env.name),
        };
        Error::usage(what)
            .because(format!("it has: {}", if names.is_empty() { "none".into() } else { names.join(", ") }))
    }))
}

async fn choose(crew: &Crew<'_>, wish: &Wish, place: &Offsite) -> Result<Found> {
    let env = crew.env;
    let usual = default_project(env);
    let listed = asked(crew, wish, place, &usual, None).await?;
    let all: Vec<Snapshot> = read(place, listed.get("snapshots"))?;
    let project = project(&all, &usual, place)?;
    let mut rows = std::collections::BTreeMap::new();
    for snapshot in all.iter().filter(|snapshot| snapshot.hostname == project) {
        merge(&mut rows, &place.name, snapshot);
    }
    let stock = Stock { rows: rows.into_values().rev().collect(), ..Stock::default() };
    let row = named(env, &stock, &wish.backup, |row| row.verified)?;
    let snapshot = row.snapshots.get(&place.name).cloned().unwrap_or_default();
    let told = asked(crew, wish, place, &project, Some(&snapshot)).await?;
    let manifest: Manifest = read(place, told.get("manifest"))?;
    let images: Vec<Snapshot> = read(place, told.get("images"))?;
    let kept = |id: &str| {
        let mark = id.strip_prefix("sha256:").and_then(|hex| hex.get(..16)).map(|hex| format!("image-{hex}"));
        mark.is_some_and(|mark| images.iter().any(|image| image.tags.contains(&mark)))
    };
    let without = manifest.images.iter().filter(|ran| ran.running && !kept(&ran.id));
    let size = told.get("size").and_then(|part| serde_json::from_slice::<Size>(&part.bytes).ok());
    let obstacles = told
        .get("obstacles")
        .ok_or_else(|| Error::failed("the droplet does not say whether it is bare").on(&env.home().name))?;
    Ok(Found {
        place: place.name.clone(),
        snapshot,
        without_image: without.map(|ran| ran.service.clone()).collect(),
        release: told.get("release").and_then(|part| serde_json::from_slice(&part.bytes).ok()),
        bytes: size.map(|size| size.total_size),
        obstacles: lines(&obstacles.bytes),
        manifest,
        began: wish.began,
    })
}

#[derive(Deserialize)]
struct Size {
    total_size: u64,
}

type Parts = std::collections::BTreeMap<String, Part>;

async fn asked(
    crew: &Crew<'_>,
    wish: &Wish,
    place: &Offsite,
    project: &str,
    snapshot: Option<&str>,
) -> Result<Parts> {
    let env = crew.env;
    let ground = Ground::of(env, project);
    let nonce = nonce()?;
    let site = env.proxy.as_ref().filter(|proxy| proxy.container.is_none()).map(|proxy| proxy.site.as_str());
    let cmd = ground.at(place, |tool| tool.stock(&nonce, env.stack.path.as_str(), site, snapshot));
    let variables = wish.variables.get(&place.name).map(Secret::expose).unwrap_or_default();
    let key = wish.key.expose();
    let input = Secret::new(format!("{}\n{key}{}\n{variables}", key.len(), variables.len()));
    let output = crew.ask_with(ground.droplet, &cmd, &input, PATIENCE).await?;
    if output.code != 0 {
        let error = Error::failed("the droplet cannot ask for its backups").on(&ground.droplet.name);
        return Err(lines(&output.stderr).into_iter().fold(error, Error::because));
    }
    let parts = frames::parse(&nonce, &output.stdout);
    let failed =
        ["snapshots", "manifest"].iter().find_map(|name| parts.get(*name).filter(|part| part.code != 0));
    match failed {
        Some(part) => Err(unread(place, part).on(&ground.droplet.name)),
        None => Ok(parts),
    }
}

fn unread(place: &Offsite, part: &Part) -> Error {
    let at = format!("{} ({})", place.name, place.repository);
    match part.code {
        WRONG_KEY => Error::failed(format!("this key does not open the backups at {at}"))
            .because("the key of a droplet, and one of `ops backup key`, open all repositories of their environment")
            .next("take the one from the safe that belongs to this environment"),
        NO_REPOSITORY => Error::usage(format!("there is no repository at {at}")),
        _ => {
            let error = Error::new(Exit::Unreachable, format!("{at} does not answer, or does not let us in"));
            lines(&part.bytes).into_iter().rev().take(2).fold(error, Error::because)
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(place: &Offsite, part: Option<&Part>) -> Result<T> {
    let unreadable =
        |why: String| Err(Error::failed(format!("what {} has cannot be read", place.name)).because(why));
    let Some(part) = part else { return unreadable("the answer is cut".into()) };
    if part.code != 0 {
        return unreadable(lines(&part.bytes).pop().unwrap_or_default());
    }
    serde_json::from_slice(&part.bytes).or_else(|error| unreadable(error.to_string()))
}

/// The stack's usual name, else the only one that the repository knows.
fn project(all: &[Snapshot], usual: &str, place: &Offsite) -> Result<String> {
    let mut names: Vec<&str> = all.iter().map(|snapshot| snapshot.hostname.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let fine = |name: &str| {
        let first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        first && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    match names.as_slice() {
        [] => Ok(usual.to_owned()),
        all if all.contains(&usual) => Ok(usual.to_owned()),
        [one] if fine(one) => Ok((*one).to_owned()),
        several => {
            Err(Error::usage(format!("{} has backups of several stacks, and none of {usual}", place.name))
                .because(printable(&several.join(", "))))
        }
    }
}
