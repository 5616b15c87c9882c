//! Odoo as its own process has it: what strangers may do, and what one request may cost.

use super::{Rule, base, none, posture};
use crate::checks::{Subject, Verdict, known};
use crate::facts::{Conf, Sandbox};
use crate::inventory::Role;
use crate::inventory::Severity::{Critical, High, Medium};
use crate::text::count;

pub(super) const ALL: &[Rule] = &[
    base("odoo.list", "list of databases", Critical, |s| judged(s, list)),
    base("odoo.master", "master password", Critical, |s| judged(s, master)),
    base("odoo.filter", "which database", High, |s| judged(s, filter)),
    base("odoo.proxy", "addresses behind the proxy", High, |s| judged(s, proxy)),
    base("odoo.workers", "workers and their limits", High, bounded),
    base("odoo.file", "rights on odoo.conf", High, |s| judged(s, file)),
    base("odoo.argv", "password among the processes", High, |s| judged(s, argv)),
    base("odoo.dev", "developer's mode", High, |s| judged(s, dev)),
    base("odoo.connections", "connections", Medium, connections),
];

fn judged(subject: &Subject<'_>, judge: fn(&Conf) -> Verdict) -> Verdict {
    match conf(subject) {
        Ok(conf) => judge(conf),
        Err(verdict) => verdict,
    }
}

fn conf<'a>(subject: &Subject<'a>) -> Result<&'a Conf, Verdict> {
    if !subject.has(Role::Web) {
        return Err(Verdict::skip("this droplet has no web service"));
    }
    known(&posture(subject)?.conf)?
        .as_ref()
        .ok_or_else(|| Verdict::unknown("no web container of the stack runs"))
}

fn is_true(value: Option<&String>) -> bool {
    value.is_some_and(|value| ["true", "1", "yes", "on"].contains(&value.to_lowercase().as_str()))
}

fn number(value: Option<&String>) -> Option<u64> {
    value.and_then(|value| value.trim().parse().ok())
}

fn list(conf: &Conf) -> Verdict {
    match conf.list_db.as_deref().map(str::to_lowercase).as_deref() {
        Some("false" | "0" | "no" | "off") => Verdict::pass("nobody sees it"),
        _ => Verdict::fail(
            "everybody sees it, and the page that drops and copies them",
            "list_db = False in odoo.conf",
        ),
    }
}

fn master(conf: &Conf) -> Verdict {
    match conf.admin_passwd.as_str() {
        "hash" => Verdict::pass("kept as a hash"),
        "none" => Verdict::pass("none, so that nobody knows it"),
        "default" => Verdict::fail(
            "it is Odoo's own, which everybody knows",
            "a long random admin_passwd; Odoo keeps its hash",
        ),
        _ => Verdict::fail(
            "it stands in odoo.conf as it is",
            "set it once in /web/database/manager, so that Odoo keeps a hash, or write one",
        ),
    }
}

fn filter(conf: &Conf) -> Verdict {
    let named = conf.db_name.as_deref().is_some_and(|name| !name.is_empty() && name != "False");
    match (named, conf.dbfilter.as_deref().filter(|filter| !filter.is_empty() && *filter != ".*")) {
        (true, _) | (_, Some(_)) => Verdict::pass("fixed"),
        (false, None) => Verdict::fail("any of the server", "db_name, and dbfilter = ^NAME$, in odoo.conf"),
    }
}

fn proxy(conf: &Conf) -> Verdict {
    match is_true(conf.proxy_mode.as_ref()) {
        true => Verdict::pass("those of the users"),
        false => {
            Verdict::fail("every user has nginx's, and https is not known", "proxy_mode = True in odoo.conf")
        }
    }
}

/// How many processes answer users.
pub(super) fn workers(subject: &Subject<'_>) -> Result<u64, Verdict> {
    conf(subject).map(|conf| number(conf.workers.as_ref()).unwrap_or(0))
}

/// By the formula of Odoo's manual.
fn bounded(subject: &Subject<'_>) -> Verdict {
    let conf = match conf(subject) {
        Ok(conf) => conf,
        Err(verdict) => return verdict,
    };
    let workers = number(conf.workers.as_ref()).unwrap_or(0);
    let mut wrong = Vec::new();
    match subject.facts.host.as_ref().map(|host| u64::from(host.cpus)) {
        _ if workers == 0 => wrong.push("workers = 0: one slow request keeps all waiting".to_owned()),
        Ok(cpus) if workers > 2 * cpus + 1 => {
            wrong.push(format!(
                "workers = {workers} of {}",
                count(usize::try_from(cpus).unwrap_or(0), "processor")
            ));
        }
        _ => {}
    }
    if number(conf.max_cron_threads.as_ref()) == Some(0) && !has_another(subject) {
        wrong.push("max_cron_threads = 0: no scheduled action runs here".to_owned());
    }
    let limits = [
        ("limit_memory_soft", &conf.limit_memory_soft),
        ("limit_memory_hard", &conf.limit_memory_hard),
        ("limit_time_cpu", &conf.limit_time_cpu),
        ("limit_time_real", &conf.limit_time_real),
    ];
    wrong.extend(
        limits
            .into_iter()
            .filter(|(_, value)| number(value.as_ref()) == Some(0))
            .map(|(name, _)| format!("{name} = 0")),
    );
    none(
        wrong,
        "bounded",
        "in odoo.conf",
        "workers = 2 x processors + 1, limit_memory_soft and _hard, limit_time_cpu and _real",
    )
}

/// A container of the same image, which may have the scheduled actions.
fn has_another(subject: &Subject<'_>) -> bool {
    let all = posture(subject).ok().and_then(|posture| posture.sandboxes.as_ref().ok());
    let image = |one: &&Sandbox| one.service == subject.env.stack.web;
    let web = all.and_then(|all| all.iter().find(image)).map(|one| &one.image);
    all.is_some_and(|all| all.iter().filter(|one| Some(&one.image) == web).count() > 1)
}

fn file(conf: &Conf) -> Verdict {
    let (Some(file), Some(mode)) = (&conf.file, &conf.mode) else {
        return Verdict::skip("Odoo reads no file");
    };
    match u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o007 == 0) {
        true => Verdict::pass(format!("{file} {mode}")),
        false => Verdict::fail(format!("everybody may read {file} ({mode})"), "chmod 640, with Odoo's group"),
    }
}

fn argv(conf: &Conf) -> Verdict {
    match conf.argv_password {
        false => Verdict::pass("none"),
        true => Verdict::fail(
            "that of the database stands in the list of processes",
            "db_password in odoo.conf: the image's entrypoint then says nothing of it",
        ),
    }
}

fn dev(conf: &Conf) -> Verdict {
    let level = conf.log_level.as_deref().filter(|level| level.starts_with("debug"));
    match (conf.dev, level) {
        (true, _) => Verdict::fail(
            "--dev: tracebacks for everybody, files read again and again",
            "remove --dev from the service's command",
        ),
        (false, Some(level)) => {
            Verdict::fail(format!("log_level {level}: what users send is logged"), "log_level = info")
        }
        (false, None) => Verdict::pass("off"),
    }
}

/// Each process may open so many; what PostgreSQL does not take fails in the middle of a request.
fn connections(subject: &Subject<'_>) -> Verdict {
    let conf = match conf(subject) {
        Ok(conf) => conf,
        Err(verdict) => return verdict,
    };
    let max = posture(subject)
        .ok()
        .and_then(|posture| posture.server.as_ref().ok()?.as_ref())
        .map(|server| server.max_connections);
    let Some(max) = max else { return Verdict::skip("PostgreSQL is on another droplet, or did not tell") };
    let workers = number(conf.workers.as_ref()).unwrap_or(0);
    let processes =
        if workers == 0 { 1 } else { workers + number(conf.max_cron_threads.as_ref()).unwrap_or(2) + 1 };
    let wanted = processes.saturating_mul(number(conf.db_maxconn.as_ref()).unwrap_or(64));
    match wanted <= max {
        true => Verdict::pass(format!("{wanted} at most, of {max}")),
        false => Verdict::fail(
            format!("Odoo may want {wanted}, PostgreSQL takes {max}"),
            "db_maxconn so that (workers + max_cron_threads + 1) x db_maxconn fits into max_connections",
        ),
    }
}
