//! What was promised of backups against what is there, as it is told.

use serde::Serialize;

/// How the newest backup stands to the RPO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fresh {
    Kept,
    /// An eighth of the time is left, or less.
    Soon,
    /// More would be lost than was promised.
    Lost,
}

/// A stretch of time of which a backup was promised and is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    pub every: Every,
    /// The day, the Monday of the week, or the month: `2026-11-18`, `2026-11-16`, `2026-10`.
    pub of: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    Day,
    Week,
    Month,
}

/// What one repository keeps of what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// `droplet`, or a place off site.
    pub place: String,
    /// It could be asked; where not, the rest says nothing.
    pub asked: bool,
    /// The id of the newest that counts there.
    pub newest: Option<String>,
    /// RFC 3339, UTC.
    pub taken: Option<String>,
    /// None: nothing was promised.
    pub rpo: Option<Fresh>,
    pub gaps: Vec<Gap>,
}

impl Gap {
    /// "no backup of 2026-11-18".
    pub fn words(&self) -> String {
        match self.every {
            Every::Day | Every::Month => format!("no backup of {}", self.of),
            Every::Week => format!("no backup of the week of {}", self.of),
        }
    }
}
