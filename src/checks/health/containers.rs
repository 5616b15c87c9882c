//! The containers of the stack.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{above, compose, now, vitals};
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::cmd::quote;
use crate::facts::Container;
use crate::inventory::{Limits, Role, Severity};
use crate::text::size;

pub(super) const ALL: &[Check] = &[
    Check { id: "ct.running", title: "containers", severity: Severity::Critical, judge: running },
    Check { id: "ct.health", title: "health of containers", severity: Severity::Critical, judge: health },
    Check { id: "ct.restarts", title: "restarts", severity: Severity::High, judge: restarts },
    Check { id: "ct.memory", title: "containers killed for memory", severity: Severity::High, judge: killed },
    Check { id: "ct.logs", title: "size of logs", severity: Severity::Low, judge: logs },
];

/// So long after a start a restart is news.
const RECENT: i64 = 600;
/// So long a health check may be starting.
const STARTING: i64 = 300;

/// The services that must run here: those of the inventory, and of the release on record.
fn expected(subject: &Subject<'_>) -> BTreeSet<String> {
    let stack = &subject.env.stack;
    let mut services = BTreeSet::new();
    if subject.has(Role::Web) {
        services.insert(stack.web.clone());
        services.extend(subject.env.proxy.iter().filter_map(|proxy| proxy.container.clone()));
    }
    if subject.has(Role::Db) {
        services.insert(stack.db.clone());
    }
    services
        .extend(subject.facts.current_release().iter().flat_map(|release| release.images.keys().cloned()));
    services
}

fn of<'a>(subject: &Subject<'a>, service: &str) -> Option<&'a Container> {
    if service == subject.env.stack.web {
        subject.facts.web(service)
    } else {
        subject.facts.container(service)
    }
}

fn all<'a>(subject: &Subject<'a>) -> Result<Vec<(String, Option<&'a Container>)>, Verdict> {
    known(&subject.facts.containers)?;
    Ok(expected(subject).into_iter().map(|service| (service.clone(), of(subject, &service))).collect())
}

fn running(subject: &Subject<'_>) -> Verdict {
    let all = match all(subject) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let down = all.iter().filter(|(_, container)| !container.is_some_and(Container::running));
    let down: Vec<_> =
        down.map(|(service, container)| (service.as_str(), told(service, *container))).collect();
    let Some((service, _)) = down.first() else {
        let names = some_of(all.iter().map(|(service, _)| service.as_str()), 6);
        return Verdict::pass(format!("{names} run"));
    };
    let missing = all.iter().all(|(_, container)| container.is_none());
    let fix = match missing {
        true => format!("nothing of the stack is here: ops deploy {}", quote(&subject.env.name)),
        false => format!(
            "on the droplet: {}; {} begins it again",
            compose(subject, &format!("logs --tail 50 {}", quote(service))),
            compose(subject, &format!("start {}", quote(service)))
        ),
    };
    Verdict::fail(some_of(down.into_iter().map(|(_, told)| told), 6), fix)
}

fn told(service: &str, container: Option<&Container>) -> String {
    match container {
        None => format!("{service} has no container"),
        Some(one) if one.state == "exited" => {
            let why = if one.oom_killed { ", killed for memory" } else { "" };
            format!("{service} has exited with code {}{why}", one.exit_code)
        }
        Some(one) => format!("{service} is {}", one.state),
    }
}

fn health(subject: &Subject<'_>) -> Verdict {
    let all = match all(subject) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let running = || all.iter().filter_map(|(_, one)| *one).filter(|one| one.running());
    let fix = |one: &Container| {
        format!("on the droplet: docker inspect -f '{{{{json .State.Health}}}}' {}", quote(&one.name))
    };
    if let Some(one) = running().find(|one| one.health.as_deref() == Some("unhealthy")) {
        return Verdict::fail(format!("{} is unhealthy", one.service), fix(one));
    }
    let slow = |one: &&Container| {
        one.health.as_deref() == Some("starting") && since(subject, one).is_some_and(|age| age > STARTING)
    };
    if let Some(one) = running().find(slow) {
        return Verdict::warn(format!("{} is starting for more than five minutes", one.service), fix(one));
    }
    let asked = running().filter(|one| one.health.is_some()).map(|one| one.service.as_str());
    match some_of(asked, 6) {
        names if names.is_empty() => Verdict::skip("no container that runs has a health check"),
        names => Verdict::pass(format!("{names} healthy")),
    }
}

/// Seconds that a container runs, by the droplet's clock.
fn since(subject: &Subject<'_>, container: &Container) -> Option<i64> {
    let started: Timestamp = container.started.parse().ok()?;
    Some(now(subject)?.saturating_sub(started.as_second()))
}

fn restarts(subject: &Subject<'_>) -> Verdict {
    let all = match all(subject) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    // Docker's count begins anew when somebody starts it, so that only those who just came up are news.
    let fresh = |one: &&Container| {
        one.restarts > 0 && (one.state == "restarting" || since(subject, one).is_none_or(|age| age < RECENT))
    };
    let worst = all.iter().filter_map(|(_, one)| *one).filter(fresh).max_by_key(|one| one.restarts);
    let Some(one) = worst else { return Verdict::pass("none in the last ten minutes") };
    let limits = Limits { warn: 1, crit: if one.state == "restarting" { 1 } else { 3 } };
    let times = crate::text::count(one.restarts as usize, "time");
    let evidence = format!("{} was restarted {times}, the last time just now", one.service);
    above(
        one.restarts,
        limits,
        evidence,
        format!("on the droplet: docker logs --tail 50 {}", quote(&one.name)),
    )
}

fn killed(subject: &Subject<'_>) -> Verdict {
    let all = match all(subject) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let killed = all.iter().filter_map(|(_, one)| *one).filter(|one| one.oom_killed);
    match some_of(killed.map(|one| one.service.as_str()), 6) {
        names if names.is_empty() => Verdict::pass("none"),
        names => Verdict::fail(
            format!("{names}: processes were killed for memory since the start"),
            "raise mem_limit in the compose file, or give Odoo fewer workers; docker stats --no-stream shows what each takes",
        ),
    }
}

fn logs(subject: &Subject<'_>) -> Verdict {
    let logs = match vitals(subject).and_then(|vitals| known(&vitals.logs)) {
        Ok(logs) => logs,
        Err(verdict) => return verdict,
    };
    let Some((name, bytes)) =
        logs.iter().filter_map(|(name, size)| Some((name, (*size)?))).max_by_key(|(_, size)| *size)
    else {
        return Verdict::skip("no container logs to a file");
    };
    let Limits { warn, crit } = subject.env.health.log;
    let limits = Limits { warn: warn.saturating_mul(1_000_000), crit: crit.saturating_mul(1_000_000) };
    let fix = "set max-size and max-file of the json-file driver in the compose file's `logging`, or in /etc/docker/daemon.json";
    above(bytes, limits, format!("the log of {name} has {}", size(bytes)), fix)
}
