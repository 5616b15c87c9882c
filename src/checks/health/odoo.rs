//! Odoo's own work: scheduled actions, mails, errors.

use jiff::Timestamp;

use super::database::tables;
use super::{above, age, modules, vitals};
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::facts::Traceback;
use crate::inventory::{Role, Severity};

pub(super) const ALL: &[Check] = &[
    modules::CHECK,
    Check { id: "odoo.crons", title: "scheduled actions", severity: Severity::High, judge: crons },
    Check { id: "odoo.mails", title: "mails", severity: Severity::Medium, judge: mails },
    Check { id: "odoo.errors", title: "tracebacks", severity: Severity::Medium, judge: errors },
];

/// So long none is late by chance: Odoo itself gives modules so long to be settled.
const DEAD: u64 = 5 * 3600;

fn crons(subject: &Subject<'_>) -> Verdict {
    let odoo = match tables(subject).map(|odoo| &odoo.crons) {
        Ok(Some(crons)) => crons,
        Ok(None) => return Verdict::skip("the database has none"),
        Err(verdict) => return verdict,
    };
    if odoo.overdue == 0 {
        return Verdict::pass(format!(
            "{}, none overdue",
            crate::text::count(usize::try_from(odoo.crons).unwrap_or(0), "action")
        ));
    }
    let names = some_of(odoo.late_names.clone(), 3);
    let evidence =
        format!("{} of {} overdue, for up to {}: {names}", odoo.overdue, odoo.crons, age(odoo.late));
    let fix = "modules in a state `to ..` stop them all (database.modules); max_cron_threads in odoo.conf must not be 0; Odoo's log says `ir_cron`";
    if odoo.late >= DEAD {
        return Verdict::fail(evidence, fix);
    }
    above(odoo.overdue, subject.env.health.crons, evidence, fix)
}

fn mails(subject: &Subject<'_>) -> Verdict {
    match tables(subject).map(|odoo| odoo.mails) {
        Err(verdict) => verdict,
        Ok(None) => Verdict::skip("Odoo sends no mail here"),
        Ok(Some(mails)) => above(
            mails,
            subject.env.health.mails,
            format!("{mails} could not be sent in the last day"),
            "in Odoo: Settings > Technical > Emails, filter Failed; the reason stands in each",
        ),
    }
}

fn errors(subject: &Subject<'_>) -> Verdict {
    if !subject.has(Role::Web) {
        return Verdict::skip("this droplet has no web service");
    }
    let all = match vitals(subject).and_then(|vitals| known(&vitals.log)) {
        Ok(Some(log)) => &log.tracebacks,
        Ok(None) => return Verdict::skip("no web container is here"),
        Err(verdict) => return verdict,
    };
    let recent: u64 = all.iter().map(|one| one.recent).sum();
    let mut worst: Vec<&Traceback> = all.iter().filter(|one| one.recent > 0).collect();
    worst.sort_by_key(|one| std::cmp::Reverse(one.recent));
    if worst.is_empty() {
        return Verdict::pass("none in the last quarter of an hour");
    }
    let lines =
        worst.iter().map(|one| format!("{} times {}{}", one.recent, one.what, new_since(subject, one)));
    let service = subject.facts.web(&subject.env.stack.web).map_or("WEB", |one| one.service.as_str());
    let logs = super::compose(subject, &format!("logs --since 15m {}", crate::cmd::quote(service)));
    above(recent, subject.env.health.tracebacks, some_of(lines, 3), format!("on the droplet: {logs}"))
}

/// An error that the log of the day before the release does not hold.
fn new_since(subject: &Subject<'_>, one: &Traceback) -> String {
    let Some(release) = subject.facts.current_release() else { return String::new() };
    let time = |text: &str| text.parse::<Timestamp>().ok();
    match (time(&one.first), time(&release.created)) {
        (Some(first), Some(created)) if first >= created => format!(" (new since release {})", release.id),
        _ => String::new(),
    }
}
