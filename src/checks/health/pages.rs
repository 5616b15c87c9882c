//! The site: Odoo's login page, the proxy in front of it, its certificate.

use super::{above, certificate, compose, preflight, vitals};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::facts::Page;
use crate::inventory::{Role, Severity};

pub(super) const ALL: &[Check] = &[
    Check { id: "web.login", title: "login page", severity: Severity::Critical, judge: inside },
    preflight::PROXY,
    Check {
        id: "web.site",
        title: "login page through the proxy",
        severity: Severity::Critical,
        judge: proxied,
    },
    certificate::CHAIN,
    certificate::EXPIRY,
    certificate::SERVED,
];

fn inside(subject: &Subject<'_>) -> Verdict {
    if !subject.has(Role::Web) {
        return Verdict::skip("this droplet has no web service");
    }
    let web = &subject.env.stack.web;
    let fix = || {
        let name = subject.facts.web(web).map_or(web.as_str(), |container| container.service.as_str());
        format!("on the droplet: {}", compose(subject, &format!("logs --tail 50 {}", quote(name))))
    };
    match vitals(subject).and_then(|vitals| known(&vitals.inside)) {
        Ok(Some(page)) => judge(subject, page, fix()),
        Ok(None) => Verdict::skip(format!("no container of {web} runs")),
        Err(verdict) => verdict,
    }
}

fn proxied(subject: &Subject<'_>) -> Verdict {
    let Some(proxy) = subject.env.proxy.as_ref().filter(|_| subject.has(Role::Web)) else {
        return Verdict::skip("no proxy here");
    };
    let page = match vitals(subject).and_then(|vitals| known(&vitals.proxied)) {
        Ok(Some(page)) => page,
        Ok(None) => return Verdict::skip("no container of the proxy runs"),
        Err(verdict) => return verdict,
    };
    let fix = format!(
        "on the droplet: curl -skL -o /dev/null -w '%{{http_code}}\\n' --connect-to ::127.0.0.1: {}; the proxy's error log says why",
        quote(&format!("http://{}/web/login", proxy.server_name))
    );
    judge(subject, page, fix)
}

fn judge(subject: &Subject<'_>, page: &Page, fix: String) -> Verdict {
    let Some(status) = page.status else {
        let why = if page.why.is_empty() { "nobody answers" } else { &page.why };
        return Verdict::fail(why, fix);
    };
    if status != 200 {
        return Verdict::fail(format!("answers {status} in {} ms", page.millis), fix);
    }
    if !page.form {
        return Verdict::fail("answers 200, without a login form", fix);
    }
    let limits = subject.env.health.answer;
    let took = std::time::Duration::from_millis(page.millis);
    above(
        took,
        limits,
        format!("answers in {} ms", page.millis),
        "docker stats --no-stream and pg.statement say what it waits for",
    )
}
