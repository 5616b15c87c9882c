//! For how long there is room, as the database grows.

use ops::record::{BackupRow, DROPLET};

use super::{Case, does_not_know, fails, lost, passes, skips, verdict, warns};
use crate::sample::NOW;

const GB: u64 = 1_000_000_000;

/// Backups so many hours ago, with the size of the database then; its size now and the room that is left.
fn sizes(then: &[(i64, u64)], now: u64, free: u64) -> impl Fn(&mut Case) {
    move |case| {
        let row = |(hours, database): &(i64, u64)| {
            let taken = jiff::Timestamp::from_second(NOW - hours * 3600).unwrap();
            BackupRow {
                id: taken.strftime("%Y%m%dt%H%M%Sz").to_string(),
                taken: taken.to_string(),
                places: vec![DROPLET.into()],
                verified: true,
                database: Some(*database),
                ..BackupRow::default()
            }
        };
        case.facts.backups.as_mut().unwrap().rows = then.iter().map(row).collect();
        case.facts.database.as_mut().unwrap().as_mut().unwrap().bytes = now;
        case.sessions().free = Some(free);
    }
}

/// One every night for so many nights, the first of them of this size.
fn nights(nights: i64, first: u64, daily: u64, free: u64) -> impl Fn(&mut Case) {
    let size = move |night: i64| first + daily * u64::try_from(night).unwrap();
    let then: Vec<_> = (0..nights).rev().map(|night| (24 * (nights - night), size(night))).collect();
    move |case| sizes(&then, size(nights), free)(case)
}

#[test]
fn pg_growth() {
    passes(
        "pg.growth",
        "26 GB grow by 7 GB a week, as 6 backups of 6 days have it; 300 GB are free where it lies, for 300 days",
        nights(6, 20 * GB, GB, 300 * GB),
    );
    passes("pg.growth", "for 15 days", nights(6, 20 * GB, GB, 15 * GB));
    warns("pg.growth", "for 14 days", nights(6, 20 * GB, GB, 14 * GB));
    warns("pg.growth", "for 4 days", nights(6, 20 * GB, GB, 4 * GB));
    fails("pg.growth", "for 3 days", nights(6, 20 * GB, GB, 3 * GB + 1));
    fails("pg.growth", "for 0 days", nights(6, 20 * GB, GB, 0));
    fails("pg.growth", "for 300 days", |case| {
        nights(6, 20 * GB, GB, 300 * GB)(case);
        (case.env.health.growth.warn, case.env.health.growth.crit) = (1000, 365);
    });
    passes("pg.growth", "for years", nights(20, 20 * GB, 1000, 300 * GB));
    passes("pg.growth", "20 GB do not grow", nights(6, 20 * GB, 0, GB));
    passes("pg.growth", "do not grow", sizes(&[(24, 9 * GB), (48, 12 * GB), (72, 15 * GB)], 7 * GB, GB));
    let fix = verdict("pg.growth", nights(6, 20 * GB, GB, GB));
    assert!(fix.fix().unwrap().starts_with("ops psql prod -- -c 'select relname"), "{fix:?}");
}

#[test]
fn one_import_and_one_cleaning_are_no_trend() {
    let jump = sizes(&[(24, GB), (48, GB), (72, GB), (96, GB)], 9 * GB, 2 * GB);
    passes("pg.growth", "do not grow", jump);
    // Since then it goes on as before.
    let after = sizes(&[(24, 9 * GB), (48, 9 * GB), (72, GB), (96, GB)], 9 * GB, 2 * GB);
    passes("pg.growth", "do not grow", after);
    // It was made small in between, and grows.
    let cleaned =
        sizes(&[(24, 6 * GB), (48, 5 * GB), (72, 4 * GB), (96, 3 * GB), (120, 9 * GB)], 7 * GB, 9 * GB);
    warns("pg.growth", "grow by 7 GB a week", cleaned);
    // In bursts, every week.
    let bursts: Vec<_> =
        (1_i64..29).map(|day| (24 * day, (40 - 7 * u64::try_from(day / 7).unwrap()) * GB)).collect();
    warns("pg.growth", "grow by 5.4 GB a week, as 28 backups of 28 days", sizes(&bursts, 40 * GB, 9 * GB));
    // Several on one day, between which autovacuum was at work.
    let busy = sizes(&[(24, GB), (25, 2 * GB), (26, GB), (96, GB), (97, GB)], GB, 2 * GB);
    passes("pg.growth", "do not grow", busy);
}

#[test]
fn without_a_series_nothing_is_said() {
    skips("pg.growth", |_| ());
    skips("pg.growth", nights(2, GB, GB, GB));
    skips("pg.growth", sizes(&[(1, GB), (20, GB), (71, GB)], 9 * GB, GB));
    // What is left of it is an hour.
    skips("pg.growth", sizes(&[(1, GB), (2, 2 * GB), (73, GB)], GB + 1, GB));
    passes("pg.growth", "as 3 backups of 3 days", sizes(&[(1, GB), (20, GB), (72, GB)], GB, GB));
    // Too long ago.
    skips("pg.growth", sizes(&[(24, 3 * GB), (800, 2 * GB), (900, GB)], 4 * GB, GB));
    // Records that tell no size: garbage, or of somebody else's database.
    skips("pg.growth", |case| {
        nights(6, GB, GB, GB)(case);
        case.facts.backups.as_mut().unwrap().rows.iter_mut().for_each(|row| row.database = None);
    });
    skips("pg.growth", |case| {
        nights(6, GB, GB, GB)(case);
        case.facts.backups.as_mut().unwrap().rows.iter_mut().for_each(|row| row.imported = true);
    });
    skips("pg.growth", |case| {
        nights(6, GB, GB, GB)(case);
        case.facts.backups.as_mut().unwrap().rows.iter_mut().for_each(|row| row.taken = "then".into());
    });
    skips("pg.growth", |case| case.droplet.roles = vec![ops::inventory::Role::Web]);
    does_not_know("pg.growth", |case| {
        nights(6, GB, GB, GB)(case);
        case.sessions().free = None;
    });
    does_not_know("pg.growth", |case| case.facts.backups = lost());
    does_not_know("pg.growth", |case| case.vitals().sessions = lost());
    // Numbers of nonsense are no panic.
    fails("pg.growth", "for 0 days", nights(3, 0, u64::MAX / 4, GB));
}
