//! Which backup comes back, and with which code. Pure.
//!
//! The way itself is a rollback's with data: the backup becomes a database beside the live one, and the two change
//! places. One of another environment comes in the same way, to the code that runs here.

mod foreign;
pub mod refill;

use std::collections::BTreeMap;

use super::deploy::{Backup, Data, Held, Part, Request, Wanted};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::Environment;
use crate::record::{BackupRecord, BackupRow, DROPLET, Release};
use crate::text::printable;

pub use foreign::foreign;

/// What the operator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// An id, the beginning of one, or `latest`.
    pub backup: String,
    /// The place it is fetched from; else the droplet, or the first place that has it.
    pub from: Option<String>,
    /// The code stays, whatever the backup's modules are.
    pub keep_code: bool,
    pub part: Part,
    pub reason: Option<String>,
    /// Of another environment, which was asked for it: see [`foreign`].
    pub foreign: Option<Box<Backup>>,
}

/// The backups that there are, the newest first, and what is on record of them.
#[derive(Debug, Default)]
pub struct Stock {
    pub rows: Vec<BackupRow>,
    pub records: BTreeMap<String, BackupRecord>,
    /// Places that could not be read, and why.
    pub unreadable: Vec<(String, Error)>,
}

/// The request of a deploy that brings it back.
///
/// # Errors
/// Exit 2: no such backup, or nothing is on record that it could come back to. Exit 9: no code is kept that fits it.
pub fn choose(
    env: &Environment,
    facts: &BTreeMap<String, Facts>,
    stock: &Stock,
    wish: &Wish,
) -> Result<Request> {
    if let Some(backup) = &wish.foreign {
        return Ok(request(backup.as_ref().clone(), code(env, facts, None, true)?, wish));
    }
    let from = wish.from.as_deref();
    asked_of(env, stock, from)?;
    let there = |row: &&BackupRow| row.is_usable() && from.is_none_or(|from| row.is_sound_at(from));
    let row = named(env, stock, &wish.backup, there)?;
    let backup = Backup { part: wish.part, ..meant(env, row, from)? };
    if wish.part == Part::Filestore {
        let refill = Some(backup);
        return Ok(Request {
            refill,
            data: Data::Kept,
            reason: wish.reason.clone(),
            batch: 1,
            ..Request::default()
        });
    }
    let record = stock.records.get(&row.id);
    Ok(request(backup, code(env, facts, record, wish.keep_code)?, wish))
}

fn request(backup: Backup, release: &Release, wish: &Wish) -> Request {
    let held = Held { id: release.id.clone(), sha: release.sha.clone(), since: None, modules: false };
    Request {
        wanted: Wanted { release: Some(held), ..Wanted::default() },
        data: Data::Restored(Box::new(backup)),
        allow_downgrade: true,
        reason: wish.reason.clone(),
        batch: 1,
        ..Request::default()
    }
}

/// # Errors
/// Exit 2: no such place. Else why it could not be read.
pub(super) fn asked_of(env: &Environment, stock: &Stock, from: Option<&str>) -> Result<()> {
    let Some(from) = from else { return Ok(()) };
    let names = || std::iter::once(DROPLET).chain(env.backup.offsite.iter().map(|place| &*place.name));
    if names().all(|name| name != from) {
        let what = format!("{} keeps no backups at {}", env.name, printable(from));
        return Err(Error::usage(what).because(format!("it has: {}", names().collect::<Vec<_>>().join(", "))));
    }
    match stock.unreadable.iter().find(|(place, _)| place == from) {
        Some((_, error)) => Err(error.clone()),
        None => Ok(()),
    }
}

/// The one of those that may be meant; the newest comes first.
///
/// # Errors
/// Exit 2: it may be none or several.
pub fn named<'a>(
    env: &Environment,
    stock: &'a Stock,
    wanted: &str,
    may: impl FnMut(&&'a BackupRow) -> bool,
) -> Result<&'a BackupRow> {
    let refused = |what: String| {
        let unread = stock.unreadable.iter().map(|(_, error)| error.to_string());
        let error = unread.fold(Error::usage(what), Error::because);
        Err(error.next(format!("ops backup list {}   # what there is", env.name)))
    };
    let mut verified = stock.rows.iter().filter(may);
    if wanted == "latest" {
        // What came from a file is meant only by its own name.
        return match verified.find(|row| !row.imported) {
            Some(newest) => Ok(newest),
            None => refused(format!("{} has no verified backup", env.name)),
        };
    }
    let found: Vec<_> = verified.filter(|row| row.id.starts_with(wanted)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => refused(format!("no verified backup {}", printable(wanted))),
        several => {
            let ids: Vec<_> = several.iter().map(|one| one.id.as_str()).collect();
            refused(format!("{} may be any of: {}", printable(wanted), ids.join(", ")))
        }
    }
}

/// It, as it is fetched from there; else from where it is first, as in the row: the droplet. What was found wrong
/// there is fetched only where somebody says so.
///
/// # Errors
/// Exit 2: it is not there.
pub(super) fn meant(env: &Environment, row: &BackupRow, from: Option<&str>) -> Result<Backup> {
    let place = from.or_else(|| row.sound().next());
    let found = place.and_then(|place| Some((place.to_owned(), row.snapshots.get(place)?.clone())));
    let (place, snapshot) = found.ok_or_else(|| {
        Error::usage(format!("backup {} is not there", row.id)).next(format!("ops backup list {}", env.name))
    })?;
    Ok(Backup {
        id: row.id.clone(),
        place: Some(place).filter(|place| place != DROPLET),
        snapshot,
        taken: row.taken.clone(),
        bytes: row.bytes,
        origin: None,
        part: Part::All,
    })
}

/// The release that runs where its modules are the backup's, else the one that the backup was made beside.
fn code<'a>(
    env: &Environment,
    facts: &'a BTreeMap<String, Facts>,
    record: Option<&BackupRecord>,
    keep: bool,
) -> Result<&'a Release> {
    let home = env.web().next().unwrap_or_else(|| env.home());
    let on_home = facts.get(&home.name);
    let current = on_home.and_then(Facts::current_release).ok_or_else(|| {
        Error::usage(format!("no release of {} is on record", env.name))
            .on(&home.name)
            .because("a backup comes back to what `ops` deployed, so that there is a way back")
            .next(format!("ops deploy {}", env.name))
    })?;
    let Some(record) = record.filter(|_| !keep) else { return Ok(current) };
    let modules = &record.database.modules;
    let fits = |release: &Release| {
        let version = |version: &Option<String>| version.clone().unwrap_or_default();
        release.modules.is_empty()
            || release.modules.len() == modules.len()
                && modules.iter().all(|(name, then)| release.modules.get(name) == Some(&version(then)))
    };
    if fits(current) {
        return Ok(current);
    }
    let kept = on_home.and_then(|facts| facts.state.as_ref().ok()).map(|state| state.releases.as_slice());
    let beside = kept.unwrap_or_default().iter().find(|one| one.id == record.release);
    beside
        .or_else(|| kept.unwrap_or_default().iter().rev().find(|one| !one.modules.is_empty() && fits(one)))
        .ok_or_else(|| {
            let what = format!("the modules of backup {} are not those of release {}", record.id, current.id);
            Error::new(Exit::Checks, what)
                .on(&home.name)
                .because("no release is kept whose modules they are")
                .next(format!(
                    "ops restore {} {} --keep-code   # then update its modules",
                    env.name, record.id
                ))
        })
}
