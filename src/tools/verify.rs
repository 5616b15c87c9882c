//! Whether a stored backup can come back, asked without production.
//!
//! The script beside is the whole of it.

use super::backup::Backup;
use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const VERIFY: Program = Program::shell(
    "backup.verify",
    &[
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("quiet.sh"),
        include_str!("verify.sh"),
    ],
);

/// What is done to tell whether a backup can come back, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial<'a> {
    /// The whole repository is read; what an earlier attempt left is removed first.
    Check,
    Fetch,
    /// What was fetched is what was stored, to its end.
    Read,
    /// Of a drill: restored into a server of its own.
    Database,
    /// Of a drill: those that the restored database names.
    Files,
    /// Of a drill: Odoo on it, in a Compose project of this name, until `login` is content.
    Odoo {
        login: &'a Cmd,
    },
    /// It is written down that it can.
    Record,
    /// Ends what is at work, and removes all of it. Safe to repeat.
    Close,
}

/// The project that Odoo's container of a drill is of, so that it is found as any other.
pub fn drill(project: &str) -> String {
    format!("ops-drill-{project}")
}

/// Which copy of which backup is tried, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried<'a> {
    pub id: &'a str,
    /// `droplet`, or the name of the place off site whose repository it is read from.
    pub place: &'a str,
    pub drilled: bool,
    /// Of so many parts of the repository one is read, another each day; 1: all of it.
    pub parts: u32,
}

impl Backup<'_> {
    /// Tries a backup, without production.
    pub fn verify(&self, step: Trial<'_>, tried: Tried<'_>) -> Cmd {
        let (verb, work) = match step {
            Trial::Check => ("check", None),
            Trial::Fetch => ("fetch", None),
            Trial::Read => ("read", None),
            Trial::Database => ("database", None),
            Trial::Files => ("files", None),
            Trial::Odoo { login } => ("odoo", Some(login.to_shell())),
            Trial::Record => ("record", None),
            Trial::Close => ("close", None),
        };
        let by = if tried.drilled { "drill" } else { "verify" };
        let parts = tried.parts.max(1).to_string();
        Cmd::script(VERIFY, self.args(verb)).args([tried.id, by, tried.place, &parts]).args(work)
    }
}
