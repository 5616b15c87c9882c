//! What a preflight says of backups.

use std::time::Duration;

use ops::inventory::{Before, Offsite};
use ops::record::{BackupCheck, BackupRow, moment};

use super::{Case, does_not_know, fails, lost, passes, skips, warns};
use crate::sample;

fn row(id: &str, places: &[&str]) -> BackupRow {
    BackupRow {
        id: id.into(),
        taken: moment(id).unwrap(),
        places: places.iter().map(|place| (*place).to_owned()).collect(),
        verified: true,
        ..BackupRow::default()
    }
}

/// So many seconds before the sample's clock.
fn ago(case: &Case, seconds: i64) -> String {
    let now = case.facts.state.as_ref().unwrap().now - seconds;
    jiff::Timestamp::from_second(now).unwrap().strftime("%Y%m%dt%H%M%Sz").to_string()
}

/// A deploy that wants a backup, and one that is so many seconds old.
fn has(case: &mut Case, seconds: i64) {
    case.env.deploy.backup.before = Before::Migrating;
    let id = ago(case, seconds);
    case.facts.backups.as_mut().unwrap().rows.insert(0, row(&id, &["droplet"]));
}

const DAY: i64 = 24 * 3600;

#[test]
fn what_backups_are_made_with_is_said_before_one_is_wanted() {
    let with = |case: &mut Case, before: Before, restic: Option<&str>| {
        case.env.deploy.backup.before = before;
        case.facts.backups.as_mut().unwrap().restic = restic.map(str::to_owned);
    };
    skips("backup.restic", "never", |case| with(case, Before::Never, None));
    passes("backup.restic", "the droplet's own, 0.18.0", |case| with(case, Before::Always, Some("0.18.0")));
    passes("backup.restic", "1.0", |case| with(case, Before::Migrating, Some("1.0")));
    for old in ["0.16.4", "0.9", "dev", "\u{1b}[2J"] {
        fails("backup.restic", "the droplet's own", "0.17", |case| with(case, Before::Always, Some(old)));
    }
    warns("backup.restic", "has none", |case| with(case, Before::Migrating, None));
    let image = |case: &mut Case, there: bool| {
        with(case, Before::Always, None);
        case.env.backup.image = Some("registry.lab/restic@sha256:0".into());
        case.facts.backups.as_mut().unwrap().image = there;
    };
    passes("backup.restic", "restic@sha256:0, on the droplet", |case| image(case, true));
    passes("backup.restic", "pulled by the first backup", |case| image(case, false));
    does_not_know("backup.restic", |case| {
        with(case, Before::Always, None);
        case.facts.backups = lost();
    });
}

#[test]
fn only_a_verified_backup_that_is_young_enough_counts() {
    skips("backup.verified", "never", |_| {});
    passes("backup.verified", "3 h old, at droplet", |case| has(case, DAY / 8));
    warns("backup.verified", "there is none", |case| case.env.deploy.backup.before = Before::Always);
    warns("backup.verified", "wanted is one of the last 24 h", |case| has(case, DAY + 60));
    // A database that was put aside in the same server is no backup.
    warns("backup.verified", "there is none", |case| {
        case.env.deploy.backup.before = Before::Always;
        let database = case.facts.database.as_mut().unwrap().as_mut().unwrap();
        database.aside.insert("odoo_before_20261120t110000z".into(), 1);
    });
    // One that was found wrong is none, wherever the older ones are.
    warns("backup.verified", "2 days old", |case| {
        has(case, 2 * DAY);
        has(case, 60);
        case.facts.backups.as_mut().unwrap().rows[0].judge(&[check("verify", false, 5)]);
    });
    does_not_know("backup.verified", |case| {
        case.env.deploy.backup.before = Before::Always;
        case.facts.backups = lost();
    });
    fails("backup.verified", "one droplet", "never", |case| {
        has(case, 60);
        let other = ops::inventory::Droplet { name: "web-2".into(), ..sample::droplet() };
        case.env.droplets.push(other);
    });
    skips("backup.verified", "first deploy", |case| {
        case.env.deploy.backup.before = Before::Always;
        case.first_deploy();
    });
}

fn check(by: &str, ok: bool, at: i64) -> BackupCheck {
    BackupCheck {
        at: at.try_into().unwrap(),
        by: by.into(),
        place: "droplet".into(),
        ok,
        why: String::new(),
        seconds: 180,
    }
}

#[test]
fn a_drill_that_is_long_ago_is_said_and_stops_nothing() {
    let drilled = |case: &mut Case, ago: i64| {
        has(case, 60);
        let at = case.facts.state.as_ref().unwrap().now - ago;
        case.facts.backups.as_mut().unwrap().rows[0].judge(&[check("drill", true, at)]);
    };
    passes("backup.drill", "3 days ago, from droplet", |case| drilled(case, 3 * DAY));
    warns("backup.drill", "31 days ago", |case| drilled(case, 31 * DAY));
    warns("backup.drill", "never restored", |case| has(case, 60));
    skips("backup.drill", "never", |_| {});
}

#[test]
fn the_rpo_is_judged_in_every_place() {
    let promised = |case: &mut Case, seconds: i64| {
        has(case, seconds);
        case.env.targets.rpo = Some(Duration::from_secs(24 * 3600));
    };
    passes("backup.rpo", "24 h were promised: droplet 20 h old", |case| promised(case, 20 * 3600));
    warns("backup.rpo", "soon lost", |case| promised(case, 23 * 3600));
    warns("backup.rpo", "LOST", |case| promised(case, 25 * 3600));
    warns("backup.rpo", "LOST: 24 h were promised: droplet 60 s old, spaces none", |case| {
        promised(case, 60);
        let (name, repository) = ("spaces".to_owned(), "s3:https://a/b".to_owned());
        case.env.backup.offsite.push(Offsite { name, repository, env: Default::default() });
    });
    skips("backup.rpo", "promises nothing", |case| has(case, 60));
}
