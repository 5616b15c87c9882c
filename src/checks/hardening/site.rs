//! The site as a stranger meets it.

use std::collections::BTreeMap;

use super::{Rule, base, none, posture};
use crate::checks::{Subject, Verdict, health, known};
use crate::facts::Site;
use crate::inventory::Severity::{Critical, High, Medium};
use crate::inventory::{Edge, Role};

pub(super) const ALL: &[Rule] = &[
    base("site.manager", "the page that manages databases", Critical, |s| judged(s, manager)),
    base("site.outside", "the page that manages databases, from here", Critical, outside),
    base("site.https", "https", High, |s| judged(s, https)),
    base("site.certificate", "certificate", Critical, certificate),
    base("site.protocols", "old protocols", High, |s| judged(s, protocols)),
    base("site.hsts", "https for ever", High, |s| judged(s, hsts)),
    base("site.headers", "headers", Medium, |s| judged(s, headers)),
    base("site.limits", "limits of requests", Medium, |s| judged(s, limits)),
    base("site.live", "the way of live updates", High, live),
    base("site.renewal", "renewal of the certificate", High, |s| judged(s, renewal)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Site) -> Verdict) -> Verdict {
    site(subject).map_or_else(|verdict| verdict, judge)
}

fn site<'a>(subject: &Subject<'a>) -> Result<&'a Site, Verdict> {
    if !subject.has(Role::Web) {
        return Err(Verdict::skip("this droplet has no web service"));
    }
    known(&posture(subject)?.site)?.as_ref().ok_or_else(|| Verdict::skip("the inventory names no proxy"))
}

const UNTOLD: &str = "nginx -T did not tell the configuration";

/// Pages that are for nobody outside.
pub const SHUT: [&str; 2] = ["/web/database/manager", "/web/database/selector"];

fn manager(site: &Site) -> Verdict {
    let asked = site.status.iter().filter(|(path, _)| SHUT.contains(&path.as_str()));
    closed(&asked.map(|(path, status)| (path.clone(), *status)).collect(), "everybody reaches")
}

/// Whatever stands between the laptop and nginx: another program on the port, a container, an edge.
fn outside(subject: &Subject<'_>) -> Verdict {
    match posture(subject).map(|posture| posture.pages.as_ref().map(known)) {
        Ok(Some(Ok(pages))) => closed(pages, "this laptop gets"),
        Ok(None) => Verdict::skip("this laptop does not reach the site by itself"),
        Ok(Some(Err(verdict))) | Err(verdict) => verdict,
    }
}

/// Odoo's own answer to who may not is a page as well; what only leads elsewhere shows nothing. Of a page that is down nobody
/// knows what it shows, which hides no other that is open.
fn closed(pages: &BTreeMap<String, u16>, who: &str) -> Verdict {
    let shut = |status: u16| matches!(status, 301 | 302 | 307 | 308 | 401 | 403 | 404 | 410);
    let down = |status: u16| status == 0 || status >= 500;
    let named = |wanted: &dyn Fn(u16) -> bool| {
        let some = pages.iter().filter(|(_, status)| wanted(**status));
        some.map(|(path, status)| format!("{path} ({status})")).collect::<Vec<_>>()
    };
    let (open, silent) = (named(&|status| !shut(status) && !down(status)), named(&down));
    match open.is_empty() && (pages.is_empty() || !silent.is_empty()) {
        true => Verdict::unknown(format!("the site does not answer {}", silent.join(", ")).trim_end()),
        false => none(open, "shut", who, "location ^~ /web/database { deny all; } in the site"),
    }
}

fn https(site: &Site) -> Verdict {
    let leads = site.redirect.as_deref().is_some_and(|to| to.starts_with("https://"));
    match (site.https, leads) {
        (false, _) => Verdict::fail("nobody answers on 443", "a certificate, for example certbot --nginx"),
        (true, false) => Verdict::fail(
            "http answers by itself",
            "return 301 https://$host$request_uri in the site's server of port 80",
        ),
        (true, true) => Verdict::pass("http leads there"),
    }
}

/// As `ops health` judges it; that it is due soon is no fault of the droplet's safety.
fn certificate(subject: &Subject<'_>) -> Verdict {
    // One address may be the droplet's own, which moves.
    let fronts = |edge: &Edge| edge.is_net() || matches!(edge, Edge::Name(_));
    if subject.env.proxy.iter().flat_map(|proxy| &proxy.edge).any(fronts) {
        return Verdict::skip("users meet that of what stands in front of the site (proxy.edge)");
    }
    let told =
        |id: &str| health::one(subject, id).unwrap_or_else(|| Verdict::skip("ops health does not know it"));
    match told("tls.chain") {
        Verdict::Pass { evidence } => match told("tls.expiry") {
            Verdict::Pass { evidence: left } | Verdict::Warn { evidence: left, .. } => {
                Verdict::pass(format!("{evidence}, {left}"))
            }
            verdict => verdict,
        },
        verdict => verdict,
    }
}

fn protocols(site: &Site) -> Verdict {
    if !site.https {
        return Verdict::skip("see site.https");
    }
    none(site.old.clone(), "none", "still spoken", "ssl_protocols TLSv1.2 TLSv1.3")
}

/// Half a year is what browsers take for meant; a year what their lists want.
fn hsts(site: &Site) -> Verdict {
    if !site.https {
        return Verdict::skip("see site.https");
    }
    let header = site.headers.get("strict-transport-security");
    let age = header.and_then(|text| {
        text.split(';')
            .find_map(|part| part.trim().strip_prefix("max-age=")?.trim_matches('"').parse::<u64>().ok())
    });
    match age {
        Some(age) if age >= 31_536_000 => Verdict::pass(format!("max-age={age}")),
        Some(age) => Verdict::fail(
            format!("max-age={age}"),
            "at least a year, when you are sure: browsers remember it",
        ),
        None => Verdict::fail(
            "browsers try http first",
            "add_header Strict-Transport-Security \"max-age=31536000\" always, when you are sure: browsers remember it",
        ),
    }
}

fn headers(site: &Site) -> Verdict {
    let framed =
        site.headers.get("content-security-policy").is_some_and(|text| text.contains("frame-ancestors"));
    let mut missing = Vec::new();
    if site.headers.get("x-content-type-options").is_none_or(|text| !text.eq_ignore_ascii_case("nosniff")) {
        missing.push("X-Content-Type-Options: nosniff".to_owned());
    }
    if !framed && !site.headers.contains_key("x-frame-options") {
        missing.push("X-Frame-Options: SAMEORIGIN".to_owned());
    }
    if !site.headers.contains_key("referrer-policy") {
        missing.push("Referrer-Policy: strict-origin-when-cross-origin".to_owned());
    }
    if site.headers.get("server").is_some_and(|text| text.contains('/')) {
        missing.push("server_tokens off".to_owned());
    }
    none(missing, "all", "missing", "add_header .. always in the site")
}

fn limits(site: &Site) -> Verdict {
    if !site.config {
        return Verdict::unknown(UNTOLD);
    }
    let has = |word: &str| site.words.iter().any(|line| line.starts_with(word));
    let missing = ["limit_req", "client_max_body_size", "proxy_read_timeout"]
        .into_iter()
        .filter(|word| !has(&format!("{word} ")));
    none(
        missing.map(str::to_owned).collect(),
        "there",
        "missing",
        "limit_req on /web/login, client_max_body_size of your largest file, proxy_read_timeout not below limit_time_real",
    )
}

/// With workers a process of its own has them: one of the others keeps no connection open, and each browser asks again and again.
fn live(subject: &Subject<'_>) -> Verdict {
    let (site, workers) = match site(subject).and_then(|site| Ok((site, super::odoo::workers(subject)?))) {
        Ok(both) => both,
        Err(verdict) => return verdict,
    };
    let people = posture(subject).ok().and_then(|posture| posture.people.as_ref().ok()?.as_ref());
    let page = if people.is_some_and(|people| people.series >= Some(16)) { "websocket" } else { "" };
    let led = |word: &String| word.starts_with("location ") && word.contains(page);
    match (workers, site.config) {
        (0, _) => Verdict::skip("without workers one process does all"),
        (_, false) => Verdict::unknown(UNTOLD),
        _ if site.words.iter().any(led) => Verdict::pass("led to their own process"),
        _ => Verdict::fail(
            "the site leads them to the workers, which cannot",
            "location /websocket (up to Odoo 15: /longpolling) { proxy_pass to Odoo's port 8072; }, with the headers Upgrade and Connection",
        ),
    }
}

fn renewal(site: &Site) -> Verdict {
    if !site.https || !site.certbot {
        return Verdict::skip("certbot does not look after it");
    }
    match (site.renewed, site.reloaded) {
        (false, _) => Verdict::fail("no timer renews it", "systemctl enable --now certbot.timer"),
        (true, false) => Verdict::fail(
            "nginx is not told of a new one",
            "a hook in /etc/letsencrypt/renewal-hooks/deploy: systemctl reload nginx",
        ),
        (true, true) => Verdict::pass("by a timer, and nginx is told"),
    }
}
