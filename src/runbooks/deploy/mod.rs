//! Deploying a release.
//!
//! [`stage`] asks the droplet what only a fetch can tell (it writes to ops' own cache and nowhere
//! else); [`plan`] turns facts and that into steps; [`render`] makes the release's compose file;
//! [`update`] says which modules a change of code would have to update in the database. Deliberately
//! absent: which kept release a rollback brings back (`runbooks/rollback/`).

mod beforehand;
mod by_checksum;
mod changing;
mod checksums;
mod coming;
mod database;
mod harmless;
pub mod hashing;
mod hooks;
mod interruption;
mod keeping;
mod kept;
mod looking;
mod migrating;
mod plan;
mod preparing;
mod reading;
mod rehearsing;
mod release;
pub mod render;
mod serving;
pub mod slot;
pub mod stage;
mod staged;
mod steps;
mod storing;
pub mod strategy;
mod switching;
pub mod update;
mod watching;
mod work;

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::inventory::{Environment, Strategy};
use crate::plan::EnvValue;
use crate::program::Program;
use crate::record::{Rehearsal, RestorePoint};
use crate::runbooks::recover::Found;
use crate::text::printable;

pub use interruption::copy_seconds;
pub use kept::Source;
pub use plan::{drop_plan, plan, rehearsed};
pub use reading::options_of;
pub use release::{Place, default_project};
pub use stage::{Held, Wanted};
pub use staged::{
    Change as Changed, Checksums, Code, Commit, Kept, Model, OnDisk, Resolved, Staged, Stored, Written,
};
pub use steps::Builder;
pub use switching::host;
pub use update::{Change, Needed};

/// For [`crate::catalog`].
pub(crate) const PROGRAMS: &[Program] = &[
    changing::START,
    hashing::CHECKSUMS,
    stage::STAGE,
    steps::NOTHING_THERE,
    steps::SET_ASIDE,
    steps::REMOVE_DIRECTORY,
    steps::REMOVE_FILE,
];

/// What the operator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    pub wanted: Wanted,
    pub data: Data,
    /// Instead of the inventory's.
    pub strategy: Option<Strategy>,
    /// Commits that run now may be dropped.
    pub allow_downgrade: bool,
    pub reason: Option<String>,
    /// Web droplets that are switched at once, after the first alone; 0 is 1.
    pub batch: usize,
    /// Nothing is deployed: its update is tried on a copy of the database.
    pub rehearse: Option<Rehearse>,
    /// Nothing is deployed: this backup is tried.
    pub verify: Option<Backup>,
    /// Nothing is deployed: files that are missing come back from this one.
    pub refill: Option<Backup>,
    /// Nothing is deployed: a backup goes somewhere else, or comes from there.
    pub carried: Option<Carried>,
    /// Nothing is deployed: all of this comes back onto a bare droplet.
    pub recover: Option<Box<Found>>,
}

/// A backup on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    Export(Backup),
    Import(super::import::Parcel),
    Program(super::schedule::Program),
}

/// What else is tried in a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearse {
    /// Odoo's own tests of these tags.
    pub tags: Option<String>,
    /// The way back.
    pub back: bool,
}

/// What becomes of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Data {
    /// The modules that the change of code touches are updated.
    #[default]
    Needed,
    /// These, and no others.
    Update(Vec<String>),
    UpdateAll,
    /// It stays as it is: the operator knows that it fits.
    Kept,
    /// The one that was put aside comes back.
    Return(RestorePoint),
    /// Modules of the release that runs are installed, updated or uninstalled.
    Modules(Change),
    /// A backup of it takes its place.
    Restored(Box<Backup>),
}

/// A backup that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub id: String,
    /// The place off site that it is fetched from; None: the droplet's own repository.
    pub place: Option<String>,
    /// What restic calls it there.
    pub snapshot: String,
    /// RFC 3339, UTC.
    pub taken: String,
    /// Of all that it holds.
    pub bytes: Option<u64>,
    /// Of another environment.
    pub origin: Option<Origin>,
    /// What of it comes back.
    pub part: Part,
}

/// What of a backup comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    All,
    /// With the files that are there.
    Database,
    /// Into the live filestore; nothing else changes.
    Filestore,
}

/// Another environment, and how its repository is opened from this one's droplet. The key is told there for the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub env: String,
    /// A path where both are on one droplet.
    pub repository: String,
    /// Variables that restic reads.
    pub variables: Vec<(String, EnvValue)>,
    /// What is installed in it, with the versions.
    pub modules: BTreeMap<String, Option<String>>,
}

impl Data {
    /// A database that was put aside and is wanted.
    fn held(&self) -> Option<&str> {
        match self {
            Data::Return(point) => Some(&point.database),
            _ => None,
        }
    }
}

impl Request {
    /// The command that a request is made by.
    pub fn command(&self) -> &'static str {
        match (&self.data, &self.wanted.release) {
            _ if self.rehearse.is_some() => "rehearse",
            _ if self.verify.is_some() => "backup verify",
            _ if self.refill.is_some() => "restore",
            _ if self.recover.is_some() => "recover",
            (Data::Modules(_), _) => "install-modules",
            (Data::Restored(_), _) => "restore",
            (_, Some(_)) => "rollback",
            (_, None) => "deploy",
        }
    }
}

/// Whether the inventory lets this ref be deployed.
///
/// # Errors
/// Exit 2: `git.allow` does not cover it, or there is no git to take it from.
pub fn allowed(env: &Environment, wanted: &Wanted) -> Result<()> {
    let Some(name) = &wanted.git_ref else { return Ok(()) };
    let shown = printable(name);
    let Some(git) = &env.stack.git else {
        return Err(Error::usage(format!("--ref {shown} needs stack.git in the inventory of {}", env.name)));
    };
    if git.allows(name) {
        return Ok(());
    }
    Err(Error::usage(format!("{shown} may not be deployed to {}", env.name))
        .because(format!("stack.git.allow covers only {}", git.allow.join(", ")))
        .next("deploy one of these, or add the ref to stack.git.allow"))
}

/// Everything a plan is made of. The clock, the run's id and the operator come from outside, so that
/// the same facts give the same plan.
#[derive(Debug)]
pub struct Inputs<'a> {
    pub env: &'a Environment,
    pub facts: &'a BTreeMap<String, Facts>,
    pub staged: &'a BTreeMap<String, Staged>,
    pub request: &'a Request,
    pub run: String,
    /// The id that a new release gets.
    pub release: String,
    /// RFC 3339, UTC.
    pub now: String,
    pub operator: String,
    /// How long each step took, as a rule, in milliseconds.
    pub usual: &'a BTreeMap<String, u64>,
    /// The last rehearsal of this environment, and when it was.
    pub rehearsed: Option<&'a (String, Rehearsal)>,
}

#[cfg(test)]
pub(crate) mod tests;
