//! The droplet's own timer of looks at health, as the schedule's probe tells of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fields::Fields;
use super::schedule::files;

/// A timer that looks at the health of its own droplet, and how the last look ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lookout {
    /// Names of its files, units included, and their sha256.
    pub files: BTreeMap<String, String>,
    /// What the program there calls itself: `ops 0.1.0`.
    pub program: Option<String>,
    pub sha256: Option<String>,
    /// The names that the addresses are kept under which hear of it.
    pub addresses: Vec<String>,
    /// The timer begins with the droplet.
    pub enabled: bool,
    /// The timer runs.
    pub active: bool,
    /// When the last look ended, in seconds since the epoch; none while one is at work.
    pub ended: Option<i64>,
    /// With which exit code.
    pub code: Option<u8>,
}

impl Lookout {
    /// Something of it is there.
    pub fn is_there(&self) -> bool {
        !self.files.is_empty() || self.program.is_some() || !self.addresses.is_empty()
    }
}

pub(super) fn lookout(fields: &Fields) -> Lookout {
    // `ops 0.1.0`, and the sum of the file that said so.
    let program = fields.get("lookout-program").and_then(|said| said.trim().rsplit_once(' '));
    let ended = fields.number("lookout-ended").ok();
    Lookout {
        files: files(fields, "lookout-file"),
        program: program.map(|(version, _)| version.to_owned()),
        sha256: program.map(|(_, sum)| sum.to_owned()),
        addresses: fields.all("lookout-address").map(str::to_owned).collect(),
        enabled: fields.flag("lookout-enabled"),
        active: fields.flag("lookout-active"),
        ended,
        code: ended.and(fields.number("lookout-code").ok()),
    }
}
