//! Statements that take long again and again, where the database counts them.

use super::{above, database};
use crate::checks::{Check, Subject, Verdict};
use crate::cmd::quote;
use crate::facts::{Statement, Statements};
use crate::inventory::{Limits, Severity};
use crate::text::count;

pub(super) const SLOW: Check =
    Check { id: "pg.slow", title: "slow statements", severity: Severity::Medium, judge: slow };

/// A statement that was called less often may be somebody's report of the year.
const OFTEN: u64 = 100;

fn slow(subject: &Subject<'_>) -> Verdict {
    let told = match database::tables(subject) {
        Ok(odoo) => &odoo.statements,
        Err(verdict) => return verdict,
    };
    let env = quote(&subject.env.name);
    match told {
        None => Verdict::unknown("psql did not come to tell it"),
        Some(Statements::NotLoaded) => Verdict::skip(format!(
            "nothing counts them: shared_preload_libraries = 'pg_stat_statements' and a restart of the database, then ops psql {env} --write -- -c 'create extension pg_stat_statements'"
        )),
        Some(Statements::NotCreated) => Verdict::skip(format!(
            "the server counts them: ops psql {env} --write -- -c 'create extension pg_stat_statements' lets us ask"
        )),
        Some(Statements::Hidden) => {
            Verdict::unknown("POSTGRES_USER may not see what others do: grant pg_read_all_stats to it")
        }
        Some(Statements::Silent) => Verdict::unknown(format!(
            "pg_stat_statements gives no answer; ops psql {env} -- -c 'select count(*) from pg_stat_statements' says why"
        )),
        Some(Statements::Top(all)) => judge(subject, all),
    }
}

fn judge(subject: &Subject<'_>, all: &[Statement]) -> Verdict {
    let often = all.iter().filter(|one| one.calls > OFTEN);
    let Some(worst) = often.clone().max_by_key(|one| one.mean()) else {
        return Verdict::pass(format!("none was called more than {OFTEN} times"));
    };
    let limits = subject.env.health.slow;
    let limits = Limits { warn: millis(limits.warn), crit: millis(limits.crit) };
    let others = often.filter(|one| one.mean() >= limits.warn).count().saturating_sub(1);
    let more = if others == 0 { String::new() } else { format!("; {others} more are slow") };
    let id = worst.id.map(|id| id.to_string());
    let named = id.as_ref().map(|id| format!(" (queryid {id})")).unwrap_or_default();
    let text = worst.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let evidence = format!(
        "one takes {} on average, called {}{named}{text}{more}",
        took(worst.mean()),
        count(usize::try_from(worst.calls).unwrap_or(usize::MAX), "time")
    );
    above(worst.mean(), limits, evidence, next(subject, id.as_deref()))
}

/// The view's columns have other names in older versions: all of them are shown.
fn next(subject: &Subject<'_>, id: Option<&str>) -> String {
    let which =
        id.map_or_else(|| "order by calls desc limit 10".to_owned(), |id| format!("where queryid = {id}"));
    format!(
        "ops psql {} -- -x -c 'select * from pg_stat_statements {which}' shows all of it, explain what it does; what is mended counts on until pg_stat_statements_reset()",
        quote(&subject.env.name)
    )
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn took(millis: u64) -> String {
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..120_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => super::age(millis / 1000),
    }
}
