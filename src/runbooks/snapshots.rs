//! Databases that deploys, installations and rollbacks put aside: what there is, what is still needed, and how
//! long it is kept.
//!
//! Deliberately absent: backups. A snapshot is on the same disk as what it is of, and goes with it.

use jiff::Timestamp;

use super::deploy::{Inputs, drop_plan};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Role};
use crate::plan::Plan;
use crate::record::SnapshotRow;
use crate::text::{printable, size};
use crate::tools::snapshot::said;

/// Of one droplet, the oldest first.
pub fn of(env: &Environment, facts: &Facts) -> Vec<SnapshotRow> {
    let Ok(Some(database)) = &facts.database else { return Vec::new() };
    let releases = facts.state.as_ref().map(|state| state.releases.as_slice()).unwrap_or_default();
    let current = facts.current_release().and_then(|release| release.restore.as_ref());
    let row = |(name, bytes): (&String, &u64)| {
        let (kind, taken) = said(name, &env.stack.database)?;
        let release = releases.iter().find(|one| one.restore.as_ref().is_some_and(|at| at.database == *name));
        Some(SnapshotRow {
            name: name.clone(),
            kind: kind.word().to_owned(),
            taken: taken_at(&taken)?,
            bytes: *bytes,
            back_from: release.map(|release| release.id.clone()),
            needed: current.is_some_and(|point| point.database == *name),
        })
    };
    let mut all: Vec<SnapshotRow> = database.aside.iter().filter_map(row).collect();
    all.sort_by(|a, b| (&a.taken, &a.name).cmp(&(&b.taken, &b.name)));
    // The newest that somebody could go back to stays, whoever's it is.
    if let Some(newest) = all.iter_mut().rev().find(|one| one.back_from.is_some()) {
        newest.needed = true;
    }
    all
}

/// `20261121t071721z` as RFC 3339.
fn taken_at(stamp: &str) -> Option<String> {
    let part = |from: usize, to: usize| stamp.get(from..to);
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    text.parse::<Timestamp>().ok().map(|_| text)
}

impl SnapshotRow {
    /// More than so many days old.
    pub fn is_older(&self, now: &str, days: u32) -> bool {
        let (Ok(now), Ok(taken)) = (now.parse::<Timestamp>(), self.taken.parse::<Timestamp>()) else {
            return false;
        };
        now.as_second() - taken.as_second() > i64::from(days) * 86_400
    }
}

/// The plan to drop some by name.
///
/// # Errors
/// Exit 2: one of them is none. Exit 9: the release that runs needs one to go back.
pub fn plan(inputs: &Inputs<'_>, names: &[String]) -> Result<Plan> {
    let env = inputs.env;
    let home = env.droplets.iter().find(|one| one.roles.contains(&Role::Db)).unwrap_or_else(|| env.home());
    let facts = inputs.facts.get(&home.name).ok_or_else(|| Error::failed("this droplet was not asked"))?;
    if let Err(failure) = &facts.database {
        return Err(Error::new(Exit::Checks, "the databases cannot be listed")
            .on(&home.name)
            .because(&failure.why));
    }
    let all = of(env, facts);
    let mut bytes = 0;
    for name in names {
        let Some(one) = all.iter().find(|one| one.name == *name) else {
            return Err(Error::usage(format!(
                "no database that was put aside is called {}",
                printable(name)
            ))
            .on(&home.name)
            .next(format!("ops snapshots list {}", env.name)));
        };
        if one.needed {
            return Err(Error::new(Exit::Checks, format!("{name} is needed to go back from what runs"))
                .on(&home.name)
                .because("the newest that a rollback could bring back is always kept")
                .next(format!("ops rollback {} --dry-run", env.name)));
        }
        bytes += one.bytes;
    }
    Ok(drop_plan(inputs, home, names, &size(bytes)))
}
