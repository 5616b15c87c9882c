//! The backups of an environment, as the repository has them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;

use crate::cmd::Cmd;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::frames::{self, Part};
use crate::record::{BackupCheck, BackupRecord, BackupRow, DROPLET, moment};
use crate::runbooks::backup::Ground;
use crate::runbooks::restore::Stock;
use crate::secret::Secret;
use crate::text::lines;

/// A repository far away answers slowly.
const PATIENCE: Duration = Duration::from_secs(300);

/// What restic says of a snapshot, as far as it is needed.
#[derive(Debug, Deserialize)]
pub(super) struct Snapshot {
    id: String,
    #[serde(default)]
    pub(super) hostname: String,
    #[serde(default)]
    pub(super) tags: Vec<String>,
}

/// What the repositories have: those that answer, and why the others do not.
///
/// # Errors
/// The droplet cannot be asked, or its own repository cannot be read and there is no other.
pub async fn backups(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>) -> Result<Stock> {
    let ground = Ground::new(crew.env, facts.get(&crew.env.home().name))?;
    let nonce = crate::crew::nonce()?;
    let ask = async |name: &str, cmd: Cmd| (name.to_owned(), one(crew, &ground, name, &nonce, &cmd).await);
    let here = ask(DROPLET, ground.tool().list(&nonce, DROPLET));
    let places = crew.env.backup.offsite.iter();
    let offsite =
        places.map(|place| ask(&place.name, ground.at(place, |tool| tool.list(&nonce, &place.name))));
    let (here, offsite) = tokio::join!(here, join_all(offsite));
    let mut stock = Stock::default();
    let mut rows: BTreeMap<String, BackupRow> = BTreeMap::new();
    let mut tried = BTreeMap::new();
    for (place, answer) in std::iter::once(here).chain(offsite) {
        match answer {
            Ok(answer) => {
                stock.records.extend(answer.records);
                tried.extend(answer.tried);
                for snapshot in answer.snapshots {
                    merge(&mut rows, &place, &snapshot);
                }
            }
            Err(error) => stock.unreadable.push((place, error)),
        }
    }
    if stock.unreadable.len() > crew.env.backup.offsite.len() {
        return Err(stock.unreadable.remove(0).1);
    }
    for row in rows.values_mut() {
        row.judge(tried.get(&row.id).map_or(&[], Vec::as_slice));
        let Some(record) = stock.records.get(&row.id) else { continue };
        (row.bytes, row.added) = (Some(record.bytes), Some(record.added));
        row.release = Some(record.release.clone()).filter(|release| !release.is_empty());
    }
    stock.rows = rows.into_values().rev().collect();
    Ok(stock)
}

/// What opens the repositories of an environment.
///
/// # Errors
/// The droplet cannot be asked, or has no key.
pub async fn key(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>) -> Result<Secret> {
    let ground = Ground::new(crew.env, facts.get(&crew.env.home().name))?;
    let path = format!("{}/backup/key", ground.dir());
    let output = crew.ask(ground.droplet, &Cmd::new("cat").args(["--", &path]), PATIENCE).await?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.code != 0 || text.is_empty() || text.chars().any(char::is_control) {
        let error = Error::failed(format!("the key of the backups of {} cannot be read", crew.env.name));
        return Err(error.on(&ground.droplet.name).because(path));
    }
    Ok(Secret::new(text))
}

/// What one repository has, and what is on record of it.
#[derive(Default)]
struct Answer {
    snapshots: Vec<Snapshot>,
    records: BTreeMap<String, BackupRecord>,
    tried: BTreeMap<String, Vec<BackupCheck>>,
}

async fn one(crew: &Crew<'_>, ground: &Ground<'_>, place: &str, nonce: &str, cmd: &Cmd) -> Result<Answer> {
    let output = crew.ask(ground.droplet, cmd, PATIENCE).await?;
    let unreadable = |why: String| {
        let error = Error::new(Exit::Failed, format!("the backups at {place} cannot be read"));
        Err(error.on(&ground.droplet.name).because(why))
    };
    if output.code != 0 {
        return unreadable(lines(&output.stderr).pop().unwrap_or_default());
    }
    let mut parts = frames::parse(nonce, &output.stdout);
    let Some(snapshots) = parts.remove(place) else { return Ok(Answer::default()) };
    if snapshots.code != 0 {
        return unreadable(lines(&snapshots.bytes).pop().unwrap_or_default());
    }
    let snapshots: Vec<Snapshot> = match serde_json::from_slice(&snapshots.bytes) {
        Ok(snapshots) => snapshots,
        Err(error) => return unreadable(format!("restic's list of snapshots is none: {error}")),
    };
    let record = |part: &Part| serde_json::from_slice::<BackupRecord>(&part.bytes).ok();
    let records = parts.values().filter_map(record).map(|record| (record.id.clone(), record));
    let tried = parts
        .iter()
        .filter_map(|(name, part)| Some((name.strip_suffix(".checks")?.to_owned(), checks(part))));
    Ok(Answer { snapshots, records: records.collect(), tried: tried.collect() })
}

/// The oldest first. A line that a loss of power cut is none.
fn checks(part: &Part) -> Vec<BackupCheck> {
    part.bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// What is none of ours is left out.
pub(super) fn merge(rows: &mut BTreeMap<String, BackupRow>, place: &str, snapshot: &Snapshot) {
    let Some((id, taken)) = snapshot.tags.iter().find_map(|tag| Some((tag, moment(tag)?))) else { return };
    let tagged = |word: &str| snapshot.tags.iter().any(|tag| tag == word);
    let verified = tagged("verified");
    let row = rows.entry(id.clone()).or_insert_with(|| BackupRow {
        id: id.clone(),
        taken,
        verified,
        imported: tagged("imported"),
        ..BackupRow::default()
    });
    row.verified &= verified;
    row.places.push(place.to_owned());
    row.snapshots.insert(place.to_owned(), snapshot.id.chars().filter(char::is_ascii_hexdigit).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of a snapshot with these tags, of which these lines are on record.
    fn row_of(tags: &[&str], lines: &str) -> BackupRow {
        let tags = tags.iter().chain(&["20261121t163114z"]).map(|tag| (*tag).to_owned()).collect();
        let mut rows = BTreeMap::new();
        merge(&mut rows, DROPLET, &Snapshot { id: "d587251a3c77".into(), hostname: String::new(), tags });
        let mut row = rows.into_values().next().unwrap();
        row.judge(&checks(&Part { code: 0, bytes: lines.as_bytes().to_vec() }));
        row
    }

    #[test]
    fn the_last_try_decides_and_the_last_drill_is_remembered() {
        let line = |at: u64, by: &str, ok: bool| {
            format!("{{\"at\":{at},\"by\":\"{by}\",\"ok\":{ok},\"why\":\"\",\"seconds\":7}}\n")
        };
        let drilled = line(1, "drill", true);
        let wrong = drilled.clone() + &line(2, "drill", false);
        let row = row_of(&["ops", "verified"], &wrong);
        assert!(!row.verified && row.was_verified());
        assert_eq!((row.found_wrong().unwrap().at, row.drilled.unwrap().at), (2, 1));
        // It was mended, and that was cut short by a loss of power once.
        let row = row_of(&["verified"], &format!("{wrong}{{\"at\":3,\n{}", line(4, "verify", true)));
        assert!(row.verified && row.found_wrong().is_none());
        assert_eq!((row.checked.unwrap().at, row.drilled.unwrap().at), (4, 1));
        let row = row_of(&["verified"], "");
        assert!(row.verified && row.checked.is_none() && row.drilled.is_none());
        let row = row_of(&["unverified"], &drilled);
        assert!(!row.verified && !row.was_verified(), "a try makes no backup of what was none");
    }
}
