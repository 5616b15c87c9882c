//! What is known of a backup: what it says of itself, and where it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Written on the droplet when a backup was verified; the manifest inside it has the same and the list of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// `ops.backup/1`.
    pub schema: String,
    /// `<utc>`, as `20261121t162001z`; a tag of the snapshot in every repository.
    pub id: String,
    pub env: String,
    /// The Compose project, which is restic's host.
    pub project: String,
    /// The release that ran, or nothing.
    pub release: String,
    /// RFC 3339, UTC: the moment that database and files are of, to the second before.
    pub taken: String,
    pub database: BackedUp,
    pub attachments: Attachments,
    /// When it was verified, in seconds of the droplet's clock.
    pub verified: u64,
    /// Of all that it holds.
    pub bytes: u64,
    /// By which the repository grew.
    pub added: u64,
    /// What the file was called that it came from, where it was made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
}

/// The database at the moment of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    pub name: String,
    pub bytes: u64,
    /// PostgreSQL's version.
    pub server: String,
    pub owner: String,
    /// Tables of the schema `public`.
    pub tables: u64,
    /// Installed, with their versions.
    pub modules: BTreeMap<String, Option<String>>,
    /// Rows of tables that say much; a restore is compared with them.
    pub counts: BTreeMap<String, u64>,
}

/// The files that the database names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachments {
    pub named: u64,
    /// Gone before the backup; see `backup.missing_files`.
    pub missing: u64,
    /// Kept by an add-on, not in the filestore.
    pub elsewhere: u64,
}

/// What the repository on the droplet is called.
pub const DROPLET: &str = "droplet";

/// One time that a stored backup was tried: a line of `<id>.checks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCheck {
    /// In seconds of the droplet's clock.
    pub at: u64,
    /// `verify` or `drill`.
    pub by: String,
    /// Where the copy is that was tried: `droplet`, or a place off site. It says nothing of the others.
    #[serde(default = "droplet")]
    pub place: String,
    pub ok: bool,
    /// What is wrong with it.
    #[serde(default)]
    pub why: String,
    /// From the first byte out of the repository: of a drill, what a way back takes.
    pub seconds: u64,
}

fn droplet() -> String {
    DROPLET.to_owned()
}

/// One backup in a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BackupRow {
    pub id: String,
    /// RFC 3339, UTC.
    pub taken: String,
    /// Where it is, by name: `droplet`, and places off site.
    pub places: Vec<String>,
    /// restic's own id of it, place by place.
    pub snapshots: BTreeMap<String, String>,
    /// Only these count: verified when they were made, and not found wrong since wherever they are.
    pub verified: bool,
    /// Where the last try found it wrong, and what.
    pub wrong: BTreeMap<String, BackupCheck>,
    /// It came from a file: it can come back by its name, and counts for nothing else.
    pub imported: bool,
    /// The last time it was tried again, anywhere.
    pub checked: Option<BackupCheck>,
    /// The last drill that it passed, anywhere.
    pub drilled: Option<BackupCheck>,
    pub bytes: Option<u64>,
    pub added: Option<u64>,
    /// Of the database as the server counted it then, where the droplet remembers; no list shows it.
    #[serde(skip)]
    pub database: Option<u64>,
    pub release: Option<String>,
}

/// What the last scheduled backup came to: `backup/status.json`, for people and monitoring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupStatus {
    /// `ops.backup-status/1`.
    pub schema: String,
    pub env: String,
    pub project: String,
    /// Empty until it has the lock.
    pub run: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// None while it is at work, and where the droplet lost its power.
    pub ended: Option<String>,
    pub ok: Option<bool>,
    /// As ops documents it.
    pub exit: Option<u8>,
    pub why: Option<String>,
    pub seconds: Option<u64>,
    /// The newest verified backup, whoever made it, with what it holds and what it added.
    pub backup: Option<String>,
    pub bytes: Option<u64>,
    pub added: Option<u64>,
}

/// How the schedule of an environment stands: `ops.schedule/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScheduleState {
    pub installed: bool,
    /// In what the droplet's differs from what this ops would install.
    pub drift: Vec<String>,
    /// As the inventory says.
    pub schedule: String,
    /// RFC 3339, UTC: when it begins next, the delay drawn by systemd included.
    pub next: Option<String>,
    /// It is at work now, or waits for the lock.
    pub working: bool,
    pub last: Option<BackupStatus>,
    /// The newest verified backup, whoever made it.
    pub newest: Option<String>,
    /// RFC 3339, UTC: the moment that it is of.
    pub taken: Option<String>,
    /// How the droplet looks at its own health; None: it does not, and shall not.
    pub health: Option<LookoutState>,
}

/// The timer that looks at health, and its last look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookoutState {
    /// So often, in seconds, as the inventory says.
    pub every: Option<u64>,
    /// The timer runs.
    pub active: bool,
    /// What the program there calls itself.
    pub program: Option<String>,
    /// RFC 3339, UTC: when the last look ended; None while one is at work.
    pub looked: Option<String>,
    /// With which exit code.
    pub code: Option<u8>,
}

/// The moment that a backup's id says: `20261121t162001z` as RFC 3339.
pub fn moment(id: &str) -> Option<String> {
    let digits =
        |from: usize, to: usize| id.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let fits = id.len() == 16 && id.get(8..9) == Some("t") && id.ends_with('z');
    let day = format!("{}-{}-{}", digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let time = format!("{}:{}:{}", digits(9, 11)?, digits(11, 13)?, digits(13, 15)?);
    fits.then(|| format!("{day}T{time}Z"))
}

impl BackupRow {
    /// What was found of it since it was made, the oldest first. A try makes no backup of what was none.
    pub fn judge(&mut self, checks: &[BackupCheck]) {
        if !self.verified && !self.imported {
            return;
        }
        self.checked = checks.last().cloned();
        self.drilled = checks.iter().rfind(|check| check.ok && check.by == "drill").cloned();
        let last = |place: &String| checks.iter().rfind(|check| check.place == *place);
        let wrong = self.places.iter().filter_map(|place| Some((place.clone(), last(place)?.clone())));
        self.wrong = wrong.filter(|(_, check)| !check.ok).collect();
        let sound = self.sound().count();
        self.verified &= sound > 0;
    }

    /// Where it is, and was not found wrong.
    pub fn sound(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter(|place| !self.wrong.contains_key(*place)).map(String::as_str)
    }

    pub fn is_sound_at(&self, place: &str) -> bool {
        self.sound().any(|one| one == place)
    }

    /// It was verified when it was made, whatever was found since.
    pub fn was_verified(&self) -> bool {
        self.verified || self.imported || !self.wrong.is_empty()
    }

    /// It can come back, as far as is known.
    pub fn is_usable(&self) -> bool {
        self.verified || self.imported && self.found_wrong().is_none()
    }

    /// What was found wrong with it, where that is so wherever it is.
    pub fn found_wrong(&self) -> Option<&BackupCheck> {
        self.wrong.values().max_by_key(|check| check.at).filter(|_| self.sound().next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(places: &[&str], checks: &[(u64, &str, &str, bool)]) -> BackupRow {
        let places = places.iter().map(|place| (*place).to_owned()).collect();
        let mut row = BackupRow { places, verified: true, ..BackupRow::default() };
        let check = |(at, by, place, ok): &(u64, &str, &str, bool)| BackupCheck {
            at: *at,
            by: (*by).to_owned(),
            place: (*place).to_owned(),
            ok: *ok,
            why: String::new(),
            seconds: 7,
        };
        row.judge(&checks.iter().map(check).collect::<Vec<_>>());
        row
    }

    #[test]
    fn what_is_damaged_in_one_place_is_sound_in_another() {
        let tried = [(1, "drill", "spaces", true), (2, "verify", DROPLET, false)];
        let there = row(&[DROPLET, "spaces"], &tried);
        assert!(there.verified && there.found_wrong().is_none() && there.was_verified());
        assert_eq!(there.sound().collect::<Vec<_>>(), ["spaces"]);
        assert_eq!((there.wrong[DROPLET].at, there.drilled.unwrap().place.as_str()), (2, "spaces"));
        // Where it is nowhere else, it counts no more; and where it was never tried, nothing is wrong.
        let gone = row(&[DROPLET], &tried);
        assert!(!gone.verified && gone.was_verified() && gone.found_wrong().is_some());
        assert!(row(&["box"], &tried).is_sound_at("box"));
        let mended = row(&[DROPLET, "spaces"], &[tried[1], (3, "verify", DROPLET, true)]);
        assert!(mended.wrong.is_empty() && mended.sound().count() == 2);
    }

    #[test]
    fn a_line_of_before_there_were_places_is_of_the_droplet() {
        let line = r#"{"at":1,"by":"verify","ok":false,"why":"x","seconds":7}"#;
        assert_eq!(serde_json::from_str::<BackupCheck>(line).unwrap().place, DROPLET);
    }
}
