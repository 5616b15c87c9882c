//! PostgreSQL: that it answers, and what its sessions do.

use super::{above, age, percent, preflight, seconds, vitals};
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::{Odoo, Probe, Session, Sessions, Vitals};
use crate::inventory::{Limits, Role, Severity};
use crate::text::{count, size};

pub(super) const ALL: &[Check] = &[
    Check { id: "pg.up", title: "database", severity: Severity::Critical, judge: up },
    Check { id: "pg.connections", title: "connections", severity: Severity::High, judge: connections },
    Check { id: "pg.statement", title: "longest statement", severity: Severity::Medium, judge: statement },
    super::slow::SLOW,
    Check { id: "pg.idle", title: "idle transactions", severity: Severity::Medium, judge: idle },
    Check { id: "pg.blocked", title: "blocked sessions", severity: Severity::High, judge: blocked },
    Check { id: "pg.wraparound", title: "age of transactions", severity: Severity::High, judge: wraparound },
    Check { id: "pg.bloat", title: "dead rows", severity: Severity::Low, judge: bloat },
    super::growth::GROWTH,
    Check { id: "pg.pages", title: "checksums of pages", severity: Severity::Critical, judge: pages },
    preflight::MODULES,
];

fn up(subject: &Subject<'_>) -> Verdict {
    if !subject.has(Role::Db) {
        return Verdict::skip("this droplet has no database");
    }
    let name = &subject.env.stack.database;
    let service = &subject.env.stack.db;
    let logs =
        format!("on the droplet: {}", super::compose(subject, &format!("logs --tail 50 {}", quote(service))));
    match &subject.facts.database {
        Ok(None) => Verdict::skip(format!("no container of {service} runs")),
        // Docker could not be asked: nothing is known of the database.
        Err(failure) if subject.facts.containers.is_err() => Verdict::unknown(&failure.why),
        Err(_) if !subject.facts.container(service).is_some_and(|one| one.running()) => {
            Verdict::skip(format!("no container of {service} runs"))
        }
        Err(failure) => Verdict::fail(&failure.why, logs),
        Ok(Some(database)) if !database.exists => Verdict::fail(
            format!("PostgreSQL {} has no database {name}", database.server_version),
            format!(
                "ops restore {} brings a backup back; or stack.database is a wrong name",
                quote(&subject.env.name)
            ),
        ),
        Ok(Some(database)) if !database.odoo => Verdict::fail(
            format!("the database {name} holds no tables of Odoo"),
            "stack.database in the inventory may be a wrong name",
        ),
        Ok(Some(database)) => Verdict::pass(format!(
            "{name} on PostgreSQL {}, {}",
            database.server_version,
            size(database.bytes)
        )),
    }
}

/// What the sessions do; an error is the verdict of every check here.
pub(super) fn sessions<'a>(subject: &Subject<'a>) -> Result<&'a Sessions, Verdict> {
    answered(subject, |vitals| &vitals.sessions)
}

/// What Odoo's tables tell.
pub(super) fn tables<'a>(subject: &Subject<'a>) -> Result<&'a Odoo, Verdict> {
    answered(subject, |vitals| &vitals.odoo)
}

/// Where the database itself is down, that is told once.
fn answered<'a, T>(subject: &Subject<'a>, of: fn(&Vitals) -> &Probe<Option<T>>) -> Result<&'a T, Verdict> {
    if !subject.has(Role::Db) {
        return Err(Verdict::skip("this droplet has no database"));
    }
    match known(of(vitals(subject)?)) {
        Ok(Some(told)) => Ok(told),
        Ok(None) => Err(Verdict::skip("see pg.up")),
        Err(_) if matches!(up(subject), Verdict::Skip { .. } | Verdict::Fail { .. }) => {
            Err(Verdict::skip("see pg.up"))
        }
        Err(verdict) => Err(verdict),
    }
}

/// As [`sessions`], where others' sessions matter.
fn others<'a>(subject: &Subject<'a>) -> Result<&'a Sessions, Verdict> {
    let sessions = sessions(subject)?;
    if !sessions.sees_all {
        let why = "POSTGRES_USER may not see what others do: grant pg_read_all_stats to it";
        return Err(Verdict::unknown(why));
    }
    Ok(sessions)
}

fn connections(subject: &Subject<'_>) -> Verdict {
    let sessions = match sessions(subject) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let share = percent(sessions.used, sessions.max);
    let evidence = format!("{} of {} are used ({share} %)", sessions.used, sessions.max);
    let fix = "lower db_maxconn or workers in odoo.conf, or raise max_connections; select usename, application_name, count(*) from pg_stat_activity group by 1, 2 says whose they are";
    above(share, subject.env.health.connections, evidence, fix)
}

fn statement(subject: &Subject<'_>) -> Verdict {
    let limits = seconds(subject.env.health.statement);
    match others(subject).map(|sessions| &sessions.longest) {
        Ok(session) => lasting(subject, session.as_ref(), limits, "a statement runs"),
        Err(verdict) => verdict,
    }
}

fn idle(subject: &Subject<'_>) -> Verdict {
    let limits = seconds(subject.env.health.idle);
    match others(subject).map(|sessions| &sessions.idle) {
        Ok(session) => lasting(subject, session.as_ref(), limits, "a transaction does nothing"),
        Err(verdict) => verdict,
    }
}

fn lasting(subject: &Subject<'_>, session: Option<&Session>, limits: Limits<u64>, what: &str) -> Verdict {
    let Some(session) = session else { return Verdict::pass("none") };
    let evidence = format!("{what} for {}: {}", age(session.seconds), whose(session));
    above(session.seconds, limits, evidence, end(subject, session))
}

fn whose(session: &Session) -> String {
    let name =
        |name: &Option<String>| name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "?".into());
    format!(
        "pid {}, {} of {} in {}",
        session.pid,
        name(&session.application),
        name(&session.user),
        name(&session.database)
    )
}

/// The command that ends a session.
fn end(subject: &Subject<'_>, session: &Session) -> String {
    let Some(container) = subject.facts.container(&subject.env.stack.db) else {
        return "end the session".into();
    };
    format!(
        "if it may be lost, on the droplet: docker exec {} sh -c 'psql -U \"$POSTGRES_USER\" -d postgres -c \"select pg_terminate_backend({})\"'",
        quote(&container.name),
        session.pid
    )
}

fn blocked(subject: &Subject<'_>) -> Verdict {
    let sessions = match others(subject) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    if sessions.blocked == 0 {
        return Verdict::pass("none");
    }
    let waiting = count(usize::try_from(sessions.blocked).unwrap_or(usize::MAX), "session");
    let holder = sessions.blocker.clone().unwrap_or_default();
    let evidence = format!("{waiting} for a lock, held for {} by {}", age(holder.seconds), whose(&holder));
    above(sessions.blocked, subject.env.health.blocked, evidence, end(subject, &holder))
}

fn wraparound(subject: &Subject<'_>) -> Verdict {
    let sessions = match sessions(subject) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let millions = sessions.oldest / 1_000_000;
    let evidence = format!("{millions} million of 2000 in {}", sessions.oldest_in);
    let fix = format!(
        "vacuumdb --freeze {} in the database's container, when it is quiet; see why autovacuum does not",
        quote(&sessions.oldest_in)
    );
    above(millions, subject.env.health.wraparound, evidence, fix)
}

fn bloat(subject: &Subject<'_>) -> Verdict {
    let bloated = match tables(subject) {
        Ok(odoo) => &odoo.bloated,
        Err(verdict) => return verdict,
    };
    match bloated.len() {
        0 => Verdict::pass("no table has many"),
        tables => above(
            tables,
            Limits { warn: 1, crit: 11 },
            format!("many in {}", some_of(bloated.clone(), 5)),
            "vacuum (analyze) the table; a transaction that stays open keeps them, see pg.idle",
        ),
    }
}

fn pages(subject: &Subject<'_>) -> Verdict {
    match sessions(subject).map(|sessions| sessions.broken_pages) {
        Err(verdict) => verdict,
        Ok(0) => Verdict::pass("no broken page was read"),
        Ok(broken) => Verdict::fail(
            format!("{broken} pages were read that are broken: the disk has lost data"),
            format!("stop writing and keep every backup; ops backup list {}", quote(&subject.env.name)),
        ),
    }
}
