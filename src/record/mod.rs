//! What `ops` keeps on a droplet, below `<state_dir>/<compose project>/`.
//!
//! ```text
//! stack                       the stack's path, so that the directory is found without containers
//! lock/holder.json            who holds the lock (see execute/runner/)
//! runs/<run>/run.json         one RunRecord;  plan.json, journal.jsonl, sections/ (see execute/runner/),
//!                             steps/[undo.]<step>.<act>/{log,code}, sheet.md (of a drill or a restore)
//! releases/<release>/release.json, compose.json (0600), source.json (the model it was rendered from), src/,
//!                             since (where the database stood when users were let in, where it was changed)
//! releases/current            the id of the release that runs
//! cache/git                   bare mirror;  cache/stage/<sha> checkouts not yet part of a release
//! backup/                     key (0400), <id>.json of each verified backup, <id>.checks (a line of JSON for each time it
//!                             was tried since), now/ (the one being made), check/ (the one being tried), cache/
//!                             status.json (what the last scheduled one came to), places/<place> (ids that it had at last)
//! schedule/                   night (the program), plan.json, sections, ping (0600, addresses that hear of it), before/<run>/
//! harden/<run>/               files of the droplet as they were before `ops harden` changed them (see tools/harden.sh)
//! audit.jsonl
//! ```
//! Shapes only grow: readers ignore fields they do not know.

mod backup;
mod promise;
mod recovery;
mod rehearsal;
mod sheet;
mod shown;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use backup::*;
pub use promise::*;
pub use recovery::*;
pub use rehearsal::*;
pub use sheet::*;
pub use shown::*;

pub const RELEASE_SCHEMA: &str = "ops.release/1";
pub const RUN_SCHEMA: &str = "ops.run/1";

/// What runs, or ran, and can run again without git or a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub schema: String,
    /// `0` for what was adopted, then `<utc>-<short sha>`.
    pub id: String,
    /// RFC 3339, UTC.
    pub created: String,
    pub run: Option<String>,
    pub git_ref: Option<String>,
    pub sha: Option<String>,
    /// By Compose service.
    pub images: BTreeMap<String, Image>,
    /// sha256 of compose.json.
    pub compose_hash: String,
    /// Installed modules and their versions when it was recorded.
    #[serde(default)]
    pub modules: BTreeMap<String, String>,
    pub operator: Option<String>,
    pub reason: Option<String>,
    /// Records from before there were two have none.
    #[serde(default)]
    pub slot: Slot,
    /// What it took over from, where its deploy changed data.
    #[serde(default)]
    pub restore: Option<RestorePoint>,
    /// The release that changed the database last when this one was recorded: two releases with the same
    /// one fit the same database. None before the first change.
    #[serde(default)]
    pub data: Option<String>,
    /// The kept release that a rollback brought back as this one.
    #[serde(default)]
    pub copy_of: Option<String>,
}

/// A database put aside untouched before a release changed its copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestorePoint {
    /// Its name aside; its files are the filestore of this name.
    pub database: String,
    /// The release that served with it.
    pub release: String,
    /// As [`Release::data`], of that release.
    #[serde(default)]
    pub data: Option<String>,
    /// RFC 3339, UTC.
    pub taken: String,
}

/// One of the two places of the web service in its Compose project, so that a new release can be started
/// beside the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The service as the user calls it.
    #[default]
    A,
    /// Its twin: `<service>-b`.
    B,
}

impl Slot {
    /// The Compose service of this slot; `web` is what the user calls it.
    pub fn service(self, web: &str) -> String {
        match self {
            Slot::A => web.to_owned(),
            Slot::B => format!("{web}-b"),
        }
    }

    pub fn other(self) -> Self {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As the compose file says: `registry.example.com/odoo:14.0`.
    pub name: String,
    /// The engine's image id, `sha256:..`.
    pub id: String,
    /// `name@sha256:..`, where it came from a registry.
    pub digest: Option<String>,
    /// The tag that keeps it: `ops/<project>:<release>-<service>`.
    pub kept: String,
}

/// One execution of a plan, as its droplet remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    pub schema: String,
    /// `<env>-<utc>-<rand>`.
    pub id: String,
    pub env: String,
    pub command: String,
    pub title: String,
    pub operator: String,
    pub reason: Option<String>,
    pub started: String,
    pub ended: Option<String>,
    /// The documented exit code; `None` while it runs or when its laptop never came back.
    pub exit: Option<u8>,
    pub release: Option<String>,
    /// The row of the decision matrix (`matrix.rs`) that a failed step fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// What a rehearsal found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// What a drill or a restore came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Sheet>,
    /// Every (droplet, step) in order, with how it ended.
    #[serde(default)]
    pub ledger: Vec<LedgerRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub droplet: String,
    pub step: String,
    pub title: String,
    pub outcome: crate::event::Outcome,
    #[serde(default)]
    pub millis: u64,
}

/// Who holds the lock of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub run: String,
    pub command: String,
    pub operator: String,
    pub reason: Option<String>,
    /// Seconds since the epoch, by the droplet's clock.
    pub since: i64,
    /// The last sign of life, by the droplet's clock.
    pub heartbeat: i64,
    /// Rises with every take-over.
    pub fence: u64,
}
