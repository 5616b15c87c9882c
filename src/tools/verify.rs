//! Whether a stored backup can come back, asked without production.
//!
//! The script beside is the whole of it.

use super::backup::Backup;
use crate::cmd::Cmd;

const VERIFY: &str = concat!(
    include_str!("restic.sh"),
    include_str!("beside.sh"),
    include_str!("whole.sh"),
    include_str!("quiet.sh"),
    include_str!("verify.sh")
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

impl Backup<'_> {
    /// Tries a backup, without production. `drilled`: for a drill.
    pub fn verify(&self, step: Trial<'_>, id: &str, drilled: bool) -> Cmd {
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
        let by = if drilled { "drill" } else { "verify" };
        Cmd::script(VERIFY, self.args(verb)).args([id, by]).args(work)
    }
}
