//! For how long there is room, as the database grows.
//!
//! Every backup records how large the server called the database, as it calls it now: these sizes can be compared.
//! Deliberately absent: what else fills the same disk (`host.disk` tells when it is full, whoever did it).

use super::copies::rows;
use super::{below, database};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::Severity;
use crate::record::BackupRow;
use crate::runbooks::promise;
use crate::text::{count, size};

pub(super) const GROWTH: Check =
    Check { id: "pg.growth", title: "room for its growth", severity: Severity::High, judge: growth };

const DAY: u64 = 86_400;
/// What grew longer ago says little of now.
const WINDOW: u64 = 30 * DAY;
/// Fewer backups, or a shorter time, are no series.
const LEAST: usize = 3;
const SHORTEST: u64 = 3 * DAY;
/// So many sizes are looked at.
const MOST: usize = 60;

fn growth(subject: &Subject<'_>) -> Verdict {
    judge(subject).unwrap_or_else(|verdict| verdict)
}

fn judge(subject: &Subject<'_>) -> Result<Verdict, Verdict> {
    let free = database::sessions(subject)?.free;
    let Some(now) = known(&subject.facts.database)?.as_ref().filter(|database| database.exists) else {
        return Err(Verdict::skip("see pg.up"));
    };
    let (rows, clock) = rows(subject)?;
    let old = |row: &BackupRow| promise::age(row, clock).map(|age| age.as_secs());
    let then = rows.iter().filter(|row| !row.imported).filter_map(|row| Some((old(row)?, row.database?)));
    let then: Vec<(u64, u64)> = then.filter(|(old, _)| *old <= WINDOW).take(MOST).collect();
    let span = then.iter().map(|(old, _)| *old).max().unwrap_or(0);
    if then.len() < LEAST || span < SHORTEST {
        return Err(Verdict::skip(format!(
            "three backups over three days are wanted to tell; {} over {} are there",
            count(then.len(), "backup"),
            super::age(span)
        )));
    }
    let free = free.ok_or_else(|| Verdict::unknown("df in the database's container tells no room"))?;
    let series = format!("as {} of {} have it", count(then.len(), "backup"), super::age(span));
    let sizes: Vec<(u64, u64)> = std::iter::once((0, now.bytes)).chain(then).collect();
    let Some(daily) = daily(&sizes) else {
        return Err(Verdict::skip("the backups are too near to each other to tell"));
    };
    if daily == 0 {
        return Ok(Verdict::pass(format!("{} do not grow, {series}", size(now.bytes))));
    }
    let days = free / daily;
    let lasts =
        if days > 1000 { "years".to_owned() } else { count(usize::try_from(days).unwrap_or(0), "day") };
    let evidence = format!(
        "{} grow by {} a week, {series}; {} are free where it lies, for {lasts}",
        size(now.bytes),
        size(daily.saturating_mul(7)),
        size(free)
    );
    Ok(below(days, subject.env.health.growth, evidence, fix(subject)))
}

/// By how many bytes it grows in a day, of sizes with the seconds since then, the newest first. The greatest step up and the
/// greatest step down are left out with their time: one import is no trend, and one cleaning hides none. None: too little time is left.
fn daily(sizes: &[(u64, u64)]) -> Option<u64> {
    let step = |pair: &[(u64, u64)]| match pair {
        [after, before] => (i128::from(after.1) - i128::from(before.1), before.0.saturating_sub(after.0)),
        _ => (0, 0),
    };
    let mut steps: Vec<(i128, u64)> = sizes.windows(2).map(step).collect();
    steps.sort_unstable();
    steps.pop_if(|(bytes, _)| *bytes > 0);
    let down = steps.first().filter(|(bytes, _)| *bytes < 0).is_some();
    let left = &steps[usize::from(down)..];
    let bytes: i128 = left.iter().map(|(bytes, _)| bytes).sum();
    let seconds: u64 = left.iter().map(|(_, seconds)| seconds).sum();
    let pace = bytes * i128::from(DAY) / i128::from(seconds.max(1));
    (seconds >= DAY).then(|| u64::try_from(pace.max(0)).unwrap_or(u64::MAX))
}

fn fix(subject: &Subject<'_>) -> String {
    let question = "select relname, pg_size_pretty(pg_total_relation_size(relid)) from pg_stat_user_tables order by pg_total_relation_size(relid) desc limit 10";
    let env = quote(&subject.env.name);
    format!(
        "ops psql {env} -- -c '{question}' shows what is large; ops snapshots list {env} what was put aside"
    )
}
