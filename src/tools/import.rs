//! A backup that somebody else made, judged and stored as one of ours.
//!
//! The script beside is the whole of it.

use super::backup::Backup;
use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const IMPORT: Program = Program::shell(
    "backup.import",
    &[
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("images.sh"),
        include_str!("backup.sh"),
        include_str!("import.sh"),
    ],
);
/// Judges an archive; it is read by any Python.
pub const JUDGE: Program = Program::python("backup.import.judge", &[include_str!("judge.py")]);
pub(super) const LOAD: Program = Program::python("backup.import.load", &[include_str!("load.py")]);

/// What is done with it, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import<'a> {
    /// restic and its repository; what an earlier attempt left is removed first. `name`: what it was called; `missing`: so
    /// many files that it names may be.
    Ready {
        env: &'a str,
        name: &'a str,
        missing: u32,
    },
    /// What is packed is what an Odoo backup has, and is unpacked.
    Judge,
    /// Restored into a server of its own.
    Load,
    /// Every file that the database names is there.
    Read,
    /// Dumped again, as ops dumps.
    Dump,
    Store,
    /// What was stored is what was read; only now it can come back.
    Confirm,
    /// Ends what is at work, and removes all of it. Safe to repeat.
    Close,
}

/// Where a file that was sent is, in what ops keeps of the project; `kind`: `zip`, `dump` or `tar`.
pub fn place(dir: &str, sha256: &str, kind: &str) -> String {
    format!("{dir}/backup/import/{sha256}.{kind}")
}

impl Backup<'_> {
    pub fn import(&self, step: Import<'_>, sent: &str) -> Cmd {
        let cmd = |verb: &'static str| Cmd::script(IMPORT, self.args(verb)).arg(sent);
        match step {
            Import::Ready { env, name, missing } => cmd("ready").args([env, name, &missing.to_string()]),
            Import::Judge => cmd("judge").arg(JUDGE.text()),
            Import::Load => cmd("load").arg(LOAD.text()),
            Import::Read => cmd("read"),
            Import::Dump => cmd("dump"),
            Import::Store => cmd("store"),
            Import::Confirm => cmd("confirm"),
            Import::Close => cmd("close"),
        }
    }
}
