//! The files of a schedule on the droplet and its timer, which is systemd's.

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const SCHEDULE: Program = Program::shell("schedule", &[include_str!("schedule.sh")]);

/// Where units of the administrator are.
pub const UNITS: &str = "/etc/systemd/system";

/// A schedule of a project.
#[derive(Debug, Clone, Copy)]
pub struct Schedule<'a> {
    /// What ops keeps of the project: `<state_dir>/<project>`.
    pub dir: &'a str,
    /// The name of its units, without what comes after the dot.
    pub unit: &'a str,
    /// The run that changes it.
    pub change: &'a str,
}

impl Schedule<'_> {
    /// systemd knows this time, and the directory of the metrics is there.
    pub fn check(&self, calendar: &str, textfile: Option<&str>) -> Cmd {
        self.cmd("check").args([calendar, textfile.unwrap_or_default()])
    }

    /// The program that was sent works here and is ours: it gets its name, and what it calls itself is kept beside it.
    pub fn program(&self, sent: &str, sha256: &str) -> Cmd {
        self.cmd("program").args([sent, sha256])
    }

    /// That program understands its inventory.
    pub fn understood(&self) -> Cmd {
        self.cmd("understood")
    }

    /// What that program remembers is gone, and what was sent and never wanted.
    pub fn forget(&self) -> Cmd {
        self.cmd("forget")
    }

    /// What these files are, or that there are none, is kept for [`Self::back`].
    pub fn aside(&self, files: &[String]) -> Cmd {
        self.cmd("aside").args(files)
    }

    /// The files as [`Self::aside`] found them. Safe to repeat.
    pub fn back(&self, files: &[String]) -> Cmd {
        self.cmd("back").args(files)
    }

    /// The timer runs as its file says, or not at all where there is no file.
    pub fn settle(&self) -> Cmd {
        self.cmd("settle")
    }

    /// Nothing of it begins any more, and a program that waits for the lock ends.
    pub fn end(&self) -> Cmd {
        self.cmd("end")
    }

    fn cmd(&self, verb: &str) -> Cmd {
        Cmd::script(SCHEDULE, [verb, self.dir, self.unit, self.change])
    }
}
