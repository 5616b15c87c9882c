//! What was promised of backups against what is there: how old the newest is, and which days, weeks and months have none.
//! Pure; days are those of UTC, as the ids of backups have them.
//!
//! Deliberately absent: what is done about it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::inventory::{Environment, Retention};
use crate::record::{BackupRow, DROPLET, Every, Fresh, Gap, Kept};
use crate::text::{count, lasting};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// The names of all places of an environment, the droplet first.
pub fn places(env: &Environment) -> impl Iterator<Item = &str> {
    std::iter::once(DROPLET).chain(env.backup.offsite.iter().map(|place| &*place.name))
}

/// Every place against what was promised of it. `rows`: the newest first; `unread`: places that could not be asked.
pub fn kept(env: &Environment, rows: &[BackupRow], unread: &[&str], now: Timestamp) -> Vec<Kept> {
    let today = day(now);
    let first = rows.iter().filter(|row| row.was_verified()).filter_map(of).min();
    let one = |place: &str| {
        let counts: Vec<_> = rows.iter().filter(|row| row.was_verified() && row.is_sound_at(place)).collect();
        let days: BTreeSet<Date> = counts.iter().filter_map(|row| of(row)).collect();
        let asked = !unread.contains(&place);
        let newest = counts.first();
        let rpo = env.targets.rpo.filter(|_| asked);
        Kept {
            place: place.to_owned(),
            asked,
            newest: newest.map(|row| row.id.clone()),
            taken: newest.map(|row| row.taken.clone()),
            rpo: rpo.map(|rpo| fresh(newest.and_then(|row| age(row, now)), rpo)),
            gaps: first
                .filter(|_| asked)
                .map_or_else(Vec::new, |first| gaps(&days, first, today, env.backup.keep)),
        }
    };
    places(env).map(one).collect()
}

/// What is not as it was promised, a line each.
pub fn broken(all: &[Kept], rpo: Option<Duration>, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for one in all {
        let age = one.taken.as_ref().and_then(|taken| since(taken, now)).map(|age| lasting(age.as_secs()));
        let newest = age.map_or_else(|| "there is none".to_owned(), |age| format!("the newest is {age} old"));
        let promised = lasting(rpo.unwrap_or_default().as_secs());
        match one.rpo {
            Some(Fresh::Lost) => {
                lines.push(format!("{}: the RPO of {promised} is LOST, {newest}", one.place))
            }
            Some(Fresh::Soon) => {
                lines.push(format!("{}: the RPO of {promised} is soon lost, {newest}", one.place))
            }
            _ => {}
        }
        lines.extend(one.gaps.iter().take(LISTED).map(|gap| format!("{}: {}", one.place, gap.words())));
        if let Some(more @ 1..) = one.gaps.len().checked_sub(LISTED) {
            lines.push(format!("{}: and {}", one.place, count(more, "gap")));
        }
    }
    lines
}

/// So many gaps of a place are told in words; all of them in JSON.
const LISTED: usize = 10;

/// How old a backup is; one of the future, by another clock, is new.
pub fn age(row: &BackupRow, now: Timestamp) -> Option<Duration> {
    since(&row.taken, now)
}

fn since(taken: &str, now: Timestamp) -> Option<Duration> {
    let taken: Timestamp = taken.parse().ok()?;
    Some(Duration::from_secs(now.as_second().saturating_sub(taken.as_second()).try_into().unwrap_or(0)))
}

/// `age`: of the newest; None: there is none.
pub fn fresh(age: Option<Duration>, rpo: Duration) -> Fresh {
    match age {
        Some(age) if age <= rpo / 8 * 7 => Fresh::Kept,
        Some(age) if age <= rpo => Fresh::Soon,
        _ => Fresh::Lost,
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn of(row: &BackupRow) -> Option<Date> {
    row.taken.parse().ok().map(day)
}

/// What is missing of the days, weeks and months that are over, the newest first. `days`: those that have a backup;
/// nothing was promised of before the `first` one ever.
///
/// Today, this week and this month are not over: restic may keep one of theirs instead of the oldest of each, so one less
/// of each is asked for than is kept.
pub fn gaps(days: &BTreeSet<Date>, first: Date, today: Date, keep: Retention) -> Vec<Gap> {
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let mut missing = Vec::new();
    let mut look = |every, number: u32, nth: &dyn Fn(i64) -> (Date, Date, String)| {
        for back in 1..i64::from(number.min(MOST)) {
            let (from, to, of) = nth(back);
            if to < first {
                break;
            }
            if days.range(from..=to).next().is_none() {
                missing.push(Gap { every, of });
            }
        }
    };
    look(Every::Day, keep.daily, &|back| {
        let day = today.saturating_sub(back.days());
        (day, day, day.to_string())
    });
    look(Every::Week, keep.weekly, &|back| {
        let from = monday.saturating_sub((7 * back).days());
        (from, from.saturating_add(6.days()), from.to_string())
    });
    look(Every::Month, keep.monthly, &|back| {
        let from = today.first_of_month().saturating_sub(back.months());
        (from, from.last_of_month(), from.strftime("%Y-%m").to_string())
    });
    missing
}

/// Nobody has had backups for longer.
const MOST: u32 = 4000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    fn ago(days: u32) -> Date {
        TODAY.saturating_sub(i64::from(days).days())
    }

    fn said(back: &[u32], first: u32, keep: (u32, u32, u32)) -> Vec<String> {
        let days = back.iter().map(|back| ago(*back)).collect();
        let keep = Retention { daily: keep.0, weekly: keep.1, monthly: keep.2 };
        gaps(&days, ago(first), TODAY, keep).iter().map(Gap::words).collect()
    }

    #[test]
    fn gaps_have_dates() {
        assert_eq!(said(&[0, 1, 2, 4, 5, 6], 6, (7, 0, 0)), ["no backup of 2026-11-18"]);
        // Before there were any, none is missing; and today is not over.
        assert_eq!(said(&[1, 2], 2, (7, 4, 3)), [""; 0]);
        assert_eq!(
            said(&[1], 40, (2, 3, 0)),
            ["no backup of the week of 2026-11-09", "no backup of the week of 2026-11-02",]
        );
        assert_eq!(said(&[1, 70], 70, (0, 0, 3)), ["no backup of 2026-10"]);
        assert_eq!(said(&[], 100, (3, 1, 1)), ["no backup of 2026-11-20", "no backup of 2026-11-19"]);
    }

    #[test]
    fn an_rpo_is_warned_of_before_it_is_lost() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let of = |age| fresh(Some(hours(age)), hours(24));
        assert_eq!(
            [of(0), of(21), of(22), of(24), of(25)],
            [Fresh::Kept, Fresh::Kept, Fresh::Soon, Fresh::Soon, Fresh::Lost]
        );
        assert_eq!(fresh(None, hours(24)), Fresh::Lost);
    }

    #[test]
    fn what_is_broken_is_said_place_by_place() {
        let one = |place: &str, rpo, gaps: usize| Kept {
            place: place.into(),
            asked: true,
            newest: Some("20261120t120000z".into()),
            taken: Some("2026-11-20T12:00:00Z".into()),
            rpo,
            gaps: vec![Gap { every: Every::Day, of: "2026-11-18".into() }; gaps],
        };
        let all = [one("droplet", Some(Fresh::Kept), 0), one("s3", Some(Fresh::Lost), 12)];
        let rpo = Some(Duration::from_secs(24 * 3600));
        let said = broken(&all, rpo, "2026-11-22T12:00:00Z".parse().unwrap());
        assert_eq!(said[0], "s3: the RPO of 24 h is LOST, the newest is 2 days old");
        assert_eq!((said[1].as_str(), said.len()), ("s3: no backup of 2026-11-18", 12));
        assert_eq!(said[11], "s3: and 2 gaps");
    }

    #[test]
    fn each_place_is_judged_by_what_it_has_itself() {
        let at = |id: &str, places: &[&str]| BackupRow {
            id: id.into(),
            taken: crate::record::moment(id).unwrap(),
            places: places.iter().map(|place| (*place).to_owned()).collect(),
            verified: true,
            ..BackupRow::default()
        };
        let mut env = crate::inventory::parse(
            "version: 1\nproject: p\nenvironments: { e: { droplets: [{ name: a, host: local }], stack: { path: /o, web: w, db: d, database: d }, \
             targets: { rpo: 24h }, backup: { offsite: [{ name: s3, repository: /a }, { name: box, repository: /b }] } } }",
            std::path::Path::new("/ops.yaml"),
            std::path::Path::new("/"),
        )
        .unwrap()
        .environments
        .remove("e")
        .unwrap();
        let rows = [at("20261121t020000z", &["droplet"]), at("20261120t020000z", &["droplet", "s3"])];
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let found = kept(&env, &rows, &["box"], now);
        let of = |n: usize| (found[n].newest.as_deref(), found[n].rpo, found[n].gaps.len(), found[n].asked);
        assert_eq!(of(0), (Some("20261121t020000z"), Some(Fresh::Kept), 0, true));
        assert_eq!(of(1), (Some("20261120t020000z"), Some(Fresh::Lost), 0, true));
        assert_eq!(of(2), (None, None, 0, false));
        env.targets.rpo = None;
        assert!(kept(&env, &rows, &[], now).iter().all(|one| one.rpo.is_none()));
        assert_eq!(kept(&env, &rows, &[], now)[2].gaps[0].words(), "no backup of 2026-11-20");
    }

    /// As `restic forget` does, by the days of backups.
    fn forgotten(days: &BTreeSet<Date>, keep: Retention) -> BTreeSet<Date> {
        let mut kept: BTreeSet<Date> = days.iter().rev().take(3).copied().collect();
        fn last_of<K: Ord>(days: &BTreeSet<Date>, number: u32, key: impl Fn(Date) -> K) -> Vec<Date> {
            let last: std::collections::BTreeMap<K, Date> =
                days.iter().map(|day| (key(*day), *day)).collect();
            last.into_values().rev().take(number as usize).collect()
        }
        let week = |day: Date| (day.iso_week_date().year(), day.iso_week_date().week());
        kept.extend(last_of(days, keep.daily, |day| day));
        kept.extend(last_of(days, keep.weekly, week));
        kept.extend(last_of(days, keep.monthly, |day| (day.year(), day.month())));
        kept
    }

    proptest! {
        #[test]
        fn forgetting_makes_no_gap(
            back in proptest::collection::btree_set(0_u32..500, 0..200),
            (daily, weekly, monthly) in (0_u32..40, 0_u32..12, 0_u32..14),
            later in 0_u32..3,
        ) {
            let keep = Retention { daily, weekly, monthly };
            let days: BTreeSet<Date> = back.iter().map(|back| ago(*back)).collect();
            let Some(first) = days.first().copied() else { return Ok(()) };
            // Forgotten when there were fewer, and once more today: what was there is missing to nobody.
            let before: BTreeSet<Date> = days.range(..=ago(later)).copied().collect();
            let mut kept = forgotten(&before, keep);
            kept.extend(days.range(ago(later)..));
            let kept = forgotten(&kept, keep);
            prop_assert_eq!(gaps(&kept, first, TODAY, keep), gaps(&days, first, TODAY, keep));
        }

        #[test]
        fn a_gap_is_a_stretch_without_a_backup_and_every_other_has_one(
            back in proptest::collection::btree_set(0_u32..90, 0..60),
            (daily, weekly, monthly) in (0_u32..40, 0_u32..12, 0_u32..5),
            first in 0_u32..100,
        ) {
            let keep = Retention { daily, weekly, monthly };
            let days: BTreeSet<Date> = back.iter().map(|back| ago(*back)).collect();
            let found = gaps(&days, ago(first), TODAY, keep);
            for one in 1..daily.min(first + 1) {
                let gap = Gap { every: Every::Day, of: ago(one).to_string() };
                prop_assert_eq!(found.contains(&gap), !back.contains(&one));
            }
            let of = |every| found.iter().filter(|gap| gap.every == every).count();
            prop_assert!(of(Every::Day) <= daily.saturating_sub(1).min(first) as usize);
            prop_assert!(of(Every::Week) <= weekly.saturating_sub(1) as usize);
            prop_assert!(of(Every::Month) <= monthly.saturating_sub(1) as usize);
            // One more backup never makes a gap.
            let mut more = days.clone();
            more.insert(ago(first));
            prop_assert!(gaps(&more, ago(first), TODAY, keep).len() <= found.len());
        }
    }
}
