//! A stored backup as a zip that Odoo's own database manager takes.
//!
//! The script beside is the whole of it.

use super::backup::Backup;
use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const EXPORT: Program = Program::shell(
    "backup.export",
    &[
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("export.sh"),
    ],
);
pub(super) const PACK: Program = Program::python("backup.export.pack", &[include_str!("export.py")]);

/// What is done to make one, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Room; what an earlier attempt left is removed first, and exports that nobody took away for a day.
    Ready,
    /// Database, files and configuration, compared with their sums.
    Fetch,
    /// The dump as statements, for a server of the same version or newer.
    Sql,
    /// All of it packed, and read once more.
    Zip,
    /// Removes all but the zip. Safe to repeat.
    Close,
}

/// Where the export of a backup is, in what ops keeps of the project.
pub fn place(dir: &str, id: &str) -> String {
    format!("{dir}/backup/export/{id}.zip")
}

impl Backup<'_> {
    pub fn export(&self, step: Export, id: &str, snapshot: &str) -> Cmd {
        let (verb, program) = match step {
            Export::Ready => ("ready", None),
            Export::Fetch => ("fetch", None),
            Export::Sql => ("sql", None),
            Export::Zip => ("zip", Some(PACK)),
            Export::Close => ("close", None),
        };
        Cmd::script(EXPORT, self.args(verb)).args([id, snapshot]).args(program.map(|python| python.text()))
    }
}
