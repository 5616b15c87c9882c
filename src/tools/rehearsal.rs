//! A copy of the live database beside it, in which an update is tried: made by the server's own `pg_dump` and
//! `pg_restore`, switched off from the world, and dropped at the end.
//!
//! Nothing that runs is stopped or changed; the database's container gets a second network for the time, which has no
//! way out. Deliberately absent: what is done in the copy (`odoo`, `own`, `web`).

use super::snapshot::ending;
use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const REHEARSAL: Program = Program::shell(
    "rehearsal",
    &[include_str!("anew.sh"), include_str!("quiet.sh"), include_str!("rehearsal.sh")],
);

/// The copy of one database, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal<'a> {
    pub project: &'a str,
    /// The Compose service of PostgreSQL.
    pub service: &'a str,
    /// The Compose service of Odoo's containers on the copy.
    pub web: &'a str,
    pub database: &'a str,
    /// See [`copy`].
    pub copy: &'a str,
    /// See [`network`].
    pub network: &'a str,
}

/// What the copy is called; no name that `snapshot` gives.
pub fn copy(database: &str) -> String {
    ending(database, "_rehearsal", 0)
}

/// The network in which there is nothing but the database's server and Odoo on the copy.
pub fn network(project: &str) -> String {
    format!("{project}-ops-rehearsal")
}

impl Rehearsal<'_> {
    /// An empty copy, its owner and the network; what an earlier rehearsal left is removed first.
    pub fn open(&self) -> Cmd {
        self.cmd("open")
    }

    pub fn dump(&self) -> Cmd {
        self.cmd("dump")
    }

    pub fn restore(&self) -> Cmd {
        self.cmd("restore")
    }

    /// Jobs, mail, payments: by statements of ours, and by Odoo's own command where it has one.
    pub fn neutralize(&self, own: Option<&Cmd>) -> Cmd {
        self.cmd("neutralize").arg("").arg(own.map(Cmd::to_shell).unwrap_or_default())
    }

    /// Work in the copy that can be ended, and does not fill the disk; `log`: what Odoo writes, or empty.
    pub fn guard(&self, log: &str, work: &Cmd) -> Cmd {
        self.cmd("guard").arg(log).arg(work.to_shell())
    }

    /// Drops the copy, and everything else that was made for it. Safe to repeat.
    pub fn close(&self) -> Cmd {
        self.cmd("close")
    }

    fn cmd(&self, verb: &str) -> Cmd {
        let Self { project, service, web, database, copy, network } = self;
        Cmd::script(REHEARSAL, [verb, project, service, web, database, copy, network])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::snapshot::{aside, said};

    #[test]
    fn a_copy_has_a_name_of_its_own() {
        assert_eq!(copy("odoo"), "odoo_rehearsal");
        assert_eq!(copy(&"x".repeat(63)).len(), 63);
        assert!(copy(&"é".repeat(31)).len() <= 63 && copy(&"é".repeat(31)).ends_with("é_rehearsal"));
        let stamp = "20261121t071721z";
        for name in
            [copy("odoo"), aside(&copy("odoo"), "before", stamp), aside(&copy("odoo"), "broken", stamp)]
        {
            assert_eq!(said(&name, "odoo"), None, "{name} would be taken for a database that was put aside");
        }
    }
}
