//! Backups as a series.

use super::{Case, does_not_know, fails, lost, passes, skips, warns};

/// Of the last days, one a day at half past two, the newest first.
fn days(case: &mut Case, days: i64, places: &[&str]) {
    let now = case.facts.state.as_ref().unwrap().now;
    let row = |back: i64| {
        let at = jiff::Timestamp::from_second(now - back * 86_400 - 3600).unwrap();
        let id = at.strftime("%Y%m%dt%H%M%Sz").to_string();
        ops::record::BackupRow {
            taken: ops::record::moment(&id).unwrap(),
            id,
            places: places.iter().map(|place| (*place).to_owned()).collect(),
            verified: true,
            bytes: Some(1_000_000),
            ..Default::default()
        }
    };
    case.facts.backups.as_mut().unwrap().rows = (0..days).map(row).collect();
}

fn with_space(case: &mut Case) {
    let space = ops::inventory::Offsite {
        name: "spaces".into(),
        repository: "s3:http://s3.lab/x".into(),
        env: [].into(),
    };
    case.env.backup.offsite = vec![space];
}

#[test]
fn backups_as_a_series() {
    skips("backup.offsite", |case| days(case, 3, &["droplet"]));
    passes("backup.offsite", "spaces is 60 min old", |case| {
        with_space(case);
        days(case, 3, &["droplet", "spaces"]);
    });
    fails("backup.offsite", "spaces has none", |case| {
        with_space(case);
        days(case, 3, &["droplet"]);
    });
    fails("backup.offsite", "spaces is 5 days old", |case| {
        with_space(case);
        days(case, 9, &["droplet", "spaces"]);
        case.facts.backups.as_mut().unwrap().rows.drain(..5);
    });
    let night = |case: &mut Case| {
        case.facts.schedule.as_mut().unwrap().files.insert("night".into(), "x".into());
    };
    skips("backup.gaps", |case| days(case, 3, &["droplet"]));
    passes("backup.gaps", "", |case| {
        night(case);
        days(case, 40, &["droplet"]);
    });
    warns("backup.gaps", "no backup of 2026-11-1", |case| {
        night(case);
        days(case, 40, &["droplet"]);
        case.facts.backups.as_mut().unwrap().rows.remove(2);
    });
}

#[test]
fn backups_are_tried_and_of_their_usual_size() {
    let tried = |days_ago: u64| {
        move |case: &mut Case| {
            days(case, 40, &["droplet"]);
            let at = u64::try_from(case.facts.state.as_ref().unwrap().now).unwrap() - days_ago * 86_400;
            case.facts.backups.as_mut().unwrap().rows[3].drilled = Some(ops::record::BackupCheck {
                at,
                by: "drill".into(),
                place: "droplet".into(),
                ok: true,
                why: String::new(),
                seconds: 9,
            });
        }
    };
    skips("backup.drilled", |_| ());
    skips("backup.drilled", |case| days(case, 9, &["droplet"]));
    passes("backup.drilled", "3 days ago", tried(3));
    warns("backup.drilled", "31 days ago", tried(31));
    warns("backup.drilled", "none was ever restored to try it, in 39 days", |case| {
        days(case, 40, &["droplet"])
    });
    let grew = |bytes: u64| {
        move |case: &mut Case| {
            days(case, 9, &["droplet"]);
            case.facts.backups.as_mut().unwrap().rows[0].bytes = Some(bytes);
        }
    };
    skips("backup.size", |case| days(case, 3, &["droplet"]));
    passes("backup.size", "usual are 1", grew(1_500_000));
    warns("backup.size", "400 kB, usual are 1 MB", grew(400_000));
    warns("backup.size", "usual are", grew(4_000_000));
    for id in ["backup.offsite", "backup.gaps", "backup.drilled", "backup.size"] {
        does_not_know(id, |case| {
            with_space(case);
            case.facts.backups = lost();
        });
    }
}
