//! An `ops` that is sent to a droplet. Deliberately absent: sending it (`flow/send.rs`), and trying it (`tools/schedule.sh`).

use camino::Utf8PathBuf;

use crate::facts::Lookout as Found;
use crate::runbooks::backup::Ground;

/// What `ops --version` prints here.
pub const VERSION: &str = concat!("ops ", env!("CARGO_PKG_VERSION"));

/// The step that takes what was sent.
pub const PROGRAM: &str = "schedule.program";

/// An `ops` for the droplet, as a file of this laptop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub file: Utf8PathBuf,
    pub bytes: u64,
    pub sha256: String,
    /// The operator named it: another build of the same version counts as another.
    pub chosen: bool,
}

impl Program {
    /// Where it is sent.
    pub fn place(&self, ground: &Ground<'_>) -> String {
        format!("{}/schedule/sent/{}.ops", ground.dir(), self.sha256)
    }

    /// The droplet has another version, or one that the operator did not name.
    pub(super) fn differs(&self, found: &Found) -> bool {
        let version = found.program.as_deref() != Some(VERSION);
        (version || self.chosen) && found.sha256.as_deref() != Some(&self.sha256)
    }
}
