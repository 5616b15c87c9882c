//! What the reading commands show of droplets, beside the records themselves.

use serde::Serialize;

use super::Holder;

/// What one attempt of a step printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepLog {
    pub droplet: String,
    pub step: String,
    pub attempt: u32,
    /// The exit code, when it ended.
    pub code: Option<i32>,
    pub lines: Vec<String>,
}

/// The lock on one droplet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockState {
    pub droplet: String,
    pub holder: Option<Holder>,
    /// The droplet's clock when it was asked, seconds since the epoch.
    pub asked: i64,
}

/// What the name of a lock begins with that a person took.
pub const BY_HAND: &str = "manual-";

/// A run that gave no sign of life for so many seconds is not alive.
const ALIVE: i64 = 120;

impl LockState {
    /// A person took it.
    pub fn by_hand(&self) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.run.starts_with(BY_HAND))
    }

    /// A run holds it and gave a sign of life a short while ago.
    pub fn alive(&self) -> bool {
        let young = |holder: &Holder| self.asked - holder.heartbeat < ALIVE;
        !self.by_hand() && self.holder.as_ref().is_some_and(young)
    }
}

/// A module on disk or in the database, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleRow {
    pub name: String,
    /// As the database says: `installed`, `uninstalled`, `to upgrade`, ..
    pub state: String,
    /// The version in the database; empty where it is not installed.
    pub installed: String,
    /// The version of the manifest, with the series in front; empty where there is none.
    pub disk: String,
    /// Where it is in the container; empty where it is nowhere.
    pub path: String,
    /// What somebody should know of it.
    pub note: Option<String>,
}

impl ModuleRow {
    /// It came with Odoo itself.
    pub fn is_core(&self) -> bool {
        self.path.ends_with("/odoo/addons")
    }
}

/// A file of the user's own as it could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Below the stack's path.
    pub file: String,
    /// git knows it: it is to be committed, and deployed.
    pub tracked: bool,
    /// A unified difference, in which values that look like secrets are left out.
    pub diff: Vec<String>,
}

/// A change of a droplet itself, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    pub droplet: String,
    pub run: String,
    /// `quiet`, `reload` or `access`.
    pub class: String,
    pub state: ChangeState,
    /// By the droplet's clock, when it goes back by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeState {
    /// It is as it was changed.
    Stays,
    /// At work, or it waits for a new login.
    Pending,
    PutBack,
    /// It could not be put back: a person is needed.
    Stuck,
    /// It ended without a word, and nobody puts it back.
    Lost,
}

impl ChangeState {
    pub fn word(self) -> &'static str {
        match self {
            ChangeState::Stays => "stays",
            ChangeState::Pending => "pending",
            ChangeState::PutBack => "put back",
            ChangeState::Stuck => "STUCK",
            ChangeState::Lost => "LOST",
        }
    }

    /// A person has to look at it.
    pub fn is_bad(self) -> bool {
        matches!(self, ChangeState::Stuck | ChangeState::Lost)
    }
}

/// A database that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotRow {
    pub name: String,
    /// `before` a change, `after` a rollback, `broken`.
    pub kind: String,
    /// RFC 3339, UTC.
    pub taken: String,
    pub bytes: u64,
    /// The release that took over from it, from which a rollback can bring it back; None: nobody knows one.
    pub back_from: Option<String>,
    /// A rollback of what runs needs it.
    pub needed: bool,
}
