//! Backups: what the repository has, what was tried of it, and one of them.

use jiff::Timestamp;
use serde_json::json;

use super::{List, seconds};
use crate::record::{BackupCheck, BackupRecord, BackupRow, DROPLET, Kept};
use crate::ui::words;

/// A reason that makes no table of its own.
const LONGEST_WHY: usize = 60;

/// `ops.backups/1`; the newest first, as the caller gives them. `kept`: each place against what was promised of it.
pub fn backups(env: &str, rows: &[BackupRow], kept: &[Kept], now: Timestamp) -> List {
    let row = |one: &BackupRow, taken: String, at: &dyn Fn(u64) -> String, size: fn(u64) -> String| {
        vec![
            one.id.clone(),
            taken,
            counts(one).to_owned(),
            tried(one, at),
            places(one),
            one.bytes.map(size).unwrap_or_default(),
            one.added.map(size).unwrap_or_default(),
            one.release.clone().unwrap_or_default(),
        ]
    };
    let ago = |at: u64| words::ago_text(&clock(at), now);
    let human = |one: &BackupRow| row(one, words::ago_text(&one.taken, now), &ago, crate::text::size);
    let raw = |one: &BackupRow| row(one, one.taken.clone(), &clock, |bytes| bytes.to_string());
    List {
        head: &["backup", "taken", "verified", "tried again", "at", "size", "added", "release"],
        rows: rows.iter().map(human).collect(),
        raw: rows.iter().map(raw).collect(),
        json: json!({ "schema": "ops.backups/1", "env": env, "backups": rows, "places": kept }),
        empty: format!("{env} has no backup. Make one: ops backup {env}"),
    }
}

fn counts(one: &BackupRow) -> &'static str {
    match one.found_wrong() {
        Some(_) => "no: it was found wrong",
        None if one.verified => "verified",
        None if one.imported => "imported",
        None => "no: does not count",
    }
}

/// Where it is, and where that is no help.
fn places(one: &BackupRow) -> String {
    let at = |place: &String| match one.is_sound_at(place) {
        true => place.clone(),
        false => format!("{place} (wrong)"),
    };
    one.places.iter().map(at).collect::<Vec<_>>().join(", ")
}

/// What was found when a backup was tried again; `at` tells a time.
fn tried(one: &BackupRow, at: &dyn Fn(u64) -> String) -> String {
    if let Some(check) = one.found_wrong() {
        // All of it is in the JSON form.
        let why: String = crate::text::printable(&check.why).chars().take(LONGEST_WHY).collect();
        return format!("{}: {why}", at(check.at));
    }
    let of = |check: &BackupCheck| match check.place.as_str() {
        DROPLET => String::new(),
        place => format!(" from {}", crate::text::printable(place)),
    };
    let drilled = one.drilled.as_ref().map(|check| {
        let took = words::millis(check.seconds.saturating_mul(1000));
        format!("drilled{} {} ({took})", of(check), at(check.at))
    });
    let later = one.checked.as_ref().filter(|check| Some(*check) != one.drilled.as_ref());
    let read = later.map(|check| {
        let word = if check.ok { "read" } else { "wrong" };
        format!("{word}{} {}", of(check), at(check.at))
    });
    drilled.into_iter().chain(read).collect::<Vec<_>>().join(", ")
}

/// Seconds of a droplet's clock as RFC 3339.
fn clock(at: u64) -> String {
    seconds(i64::try_from(at).unwrap_or(i64::MAX))
}

/// `ops.backup/1`: one backup, a line for each thing it says of itself.
pub fn backup(one: &BackupRecord) -> List {
    let database = &one.database;
    let from = one.imported.iter().map(|name| ["imported from".to_owned(), crate::text::printable(name)]);
    let mut rows = vec![
        ["backup".to_owned(), one.id.clone()],
        ["taken".to_owned(), one.taken.clone()],
        ["release".to_owned(), one.release.clone()],
        ["database".to_owned(), format!("{}, PostgreSQL {}", database.name, database.server)],
        ["modules".to_owned(), database.modules.len().to_string()],
        ["tables".to_owned(), database.tables.to_string()],
        ["files".to_owned(), one.attachments.named.to_string()],
        ["of these missing".to_owned(), one.attachments.missing.to_string()],
        ["kept elsewhere".to_owned(), one.attachments.elsewhere.to_string()],
        ["size".to_owned(), crate::text::size(one.bytes)],
        ["added".to_owned(), crate::text::size(one.added)],
    ];
    rows.splice(3..3, from);
    rows.extend(database.counts.iter().map(|(table, rows)| [format!("rows of {table}"), rows.to_string()]));
    List::pairs(rows.clone(), rows, json!(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::BackupCheck;

    #[test]
    fn a_list_of_backups_says_what_was_tried_and_what_counts() {
        let check = |at, by: &str, place: &str, ok| BackupCheck {
            at,
            by: by.to_owned(),
            place: place.to_owned(),
            ok,
            why: "the dump is cut\u{1b}[31m".into(),
            seconds: 180,
        };
        let row = |verified, places: &[&str], checks: &[BackupCheck]| {
            let places = places.iter().map(|place| (*place).to_owned()).collect();
            let taken = "2026-11-19T00:00:00Z".to_owned();
            let mut row = BackupRow { taken, places, verified, ..BackupRow::default() };
            row.judge(checks);
            row
        };
        let drill = check(1_795_132_800, "drill", DROPLET, true);
        let (read, wrong) =
            (check(1_795_262_400, "verify", DROPLET, true), check(1_795_262_400, "verify", DROPLET, false));
        let far = check(1_795_132_800, "drill", "spaces", true);
        let rows = [
            row(true, &[DROPLET], std::slice::from_ref(&drill)),
            row(true, &[DROPLET], &[drill.clone(), read]),
            row(true, &[DROPLET], &[drill, wrong.clone()]),
            row(true, &[DROPLET, "spaces"], &[far, wrong]),
            row(false, &[DROPLET], &[]),
        ];
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let cells = |row: &Vec<String>| format!("{} | {} | {}", row[2], row[3], row[4]);
        let list = backups("prod", &rows, &[], now);
        assert_eq!(
            list.rows.iter().map(cells).collect::<Vec<_>>(),
            [
                "verified | drilled 2 days ago (3 min) | droplet",
                "verified | drilled 2 days ago (3 min), read 12 h ago | droplet",
                "no: it was found wrong | 12 h ago: the dump is cut | droplet (wrong)",
                "verified | drilled from spaces 2 days ago (3 min), wrong 12 h ago | droplet (wrong), spaces",
                "no: does not count |  | droplet",
            ]
        );
        assert_eq!(cells(&list.raw[0]), "verified | drilled 2026-11-20T00:00:00Z (3 min) | droplet");
    }
}
