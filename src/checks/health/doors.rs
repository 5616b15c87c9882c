//! Odoo's way to its database as Odoo itself has it, and the doors beside the login page.

use super::{compose, vitals};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::facts::{Doors, Stage};
use crate::inventory::{Role, Severity};

pub(super) const ALL: &[Check] = &[
    Check {
        id: "odoo.database",
        title: "database, as Odoo sees it",
        severity: Severity::Critical,
        judge: database,
    },
    Check { id: "odoo.health", title: "/web/health", severity: Severity::High, judge: health },
    Check { id: "odoo.rpc", title: "XML-RPC", severity: Severity::High, judge: rpc },
    Check { id: "odoo.bus", title: "live messages", severity: Severity::High, judge: bus },
];

fn judged(subject: &Subject<'_>, judge: impl Fn(&Doors, String) -> Verdict) -> Verdict {
    if !subject.has(Role::Web) {
        return Verdict::skip("this droplet has no web service");
    }
    let web = &subject.env.stack.web;
    let service = subject.facts.web(web).map_or(web.as_str(), |container| container.service.as_str());
    let logs = format!("on the droplet: {}", compose(subject, &format!("logs --tail 50 {}", quote(service))));
    match vitals(subject).and_then(|vitals| known(&vitals.doors)) {
        Ok(Some(doors)) => judge(doors, logs),
        Ok(None) => Verdict::skip(format!("no container of {web} runs")),
        Err(verdict) => verdict,
    }
}

fn database(subject: &Subject<'_>) -> Verdict {
    judged(subject, |doors, _| {
        let way = &doors.database;
        let (what, fix) = match way.stage {
            Stage::In => return Verdict::pass(format!("{} lets it in", way.at)),
            Stage::Name => (
                "the name is no address",
                "db_host, or HOST of the web service, has to name the database's service in the same network",
            ),
            Stage::Tcp => (
                "nobody answers there",
                "docker compose ps says whether the database runs; db_port has to be its port inside the network",
            ),
            Stage::Login => (
                "it is refused",
                "db_user and db_password of odoo.conf, or USER and PASSWORD of the web service, are not those of the database",
            ),
        };
        Verdict::fail(format!("{}: {what}: {}", way.at, way.why), fix)
    })
}

fn health(subject: &Subject<'_>) -> Verdict {
    judged(subject, |doors, logs| match doors.health {
        Some(200) => Verdict::pass("answers 200"),
        Some(404) => Verdict::skip("this Odoo has none"),
        Some(status) => Verdict::fail(format!("answers {status}"), logs),
        None => Verdict::fail("nobody answers", logs),
    })
}

fn rpc(subject: &Subject<'_>) -> Verdict {
    judged(subject, |doors, logs| match (&doors.rpc.version, doors.rpc.status) {
        (Some(version), _) => Verdict::pass(format!("Odoo {version}")),
        (None, Some(status)) => Verdict::fail(format!("answers {status}, and no version"), logs),
        (None, None) => Verdict::fail(format!("nobody answers: {}", doors.rpc.why), logs),
    })
}

fn bus(subject: &Subject<'_>) -> Verdict {
    judged(subject, |doors, logs| {
        let Some(bus) = &doors.bus else {
            return Verdict::skip("without workers this Odoo has no door of its own for them");
        };
        let told = |status: u16| format!("port {} answers {status}", bus.port);
        match (bus.status, bus.socket) {
            (Some(101), true) => Verdict::pass(format!("port {} opens a websocket", bus.port)),
            (Some(status), false) if status < 500 => Verdict::pass(told(status)),
            (Some(status), _) => Verdict::fail(told(status), logs),
            (None, _) => Verdict::fail(
                format!("nobody answers on port {}: {}", bus.port, bus.why),
                "with workers Odoo has one process more for it (gevent); its log says why there is none",
            ),
        }
    })
}
