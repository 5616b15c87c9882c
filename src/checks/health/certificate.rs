//! The certificate that users are shown.

use super::{age, percent, vitals};
use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::facts::Tls;
use crate::inventory::{Role, Severity};

pub(super) const CHAIN: Check =
    Check { id: "tls.chain", title: "certificate", severity: Severity::Critical, judge: chain };
pub(super) const EXPIRY: Check =
    Check { id: "tls.expiry", title: "certificate's end", severity: Severity::High, judge: expiry };
pub(super) const SERVED: Check =
    Check { id: "tls.served", title: "certificate on disk", severity: Severity::Medium, judge: served };

const RENEW: &str = "renew it: sudo certbot renew (or where it comes from), then sudo systemctl reload nginx";

fn tls<'a>(subject: &Subject<'a>) -> Result<&'a Tls, Verdict> {
    if subject.env.proxy.is_none() || !subject.has(Role::Web) {
        return Err(Verdict::skip("no proxy here"));
    }
    // An audit asks for it without the rest.
    let told = match (&subject.facts.vitals, &subject.facts.posture) {
        (None, Some(posture)) => &posture.tls,
        _ => &vitals(subject)?.tls,
    };
    match known(told)? {
        Some(tls) => Ok(tls),
        None => Err(Verdict::skip("the site has no certificate, or the proxy does not run")),
    }
}

/// Where no certificate is shown there is nothing more to say of it.
fn shown<'a>(subject: &Subject<'a>) -> Result<&'a Tls, Verdict> {
    match tls(subject)? {
        tls if tls.served.is_some() => Ok(tls),
        _ => Err(Verdict::skip("no certificate is shown: see tls.chain")),
    }
}

/// openssl's number for one whose time is over, which has a check of its own.
const EXPIRED: i64 = 10;

fn chain(subject: &Subject<'_>) -> Verdict {
    let tls = match tls(subject) {
        Ok(tls) => tls,
        Err(verdict) => return verdict,
    };
    let name = subject.env.proxy.as_ref().map_or("", |proxy| proxy.server_name.as_str());
    let look = format!(
        "on the droplet: openssl s_client -connect 127.0.0.1:443 -servername {} -showcerts </dev/null",
        quote(name)
    );
    if tls.served.is_none() {
        return Verdict::fail(format!("no certificate is shown for {name}: {}", tls.why), look);
    }
    if !tls.name_fits {
        return Verdict::fail(format!("it is not for {name}"), RENEW);
    }
    match tls.verify {
        Some(0 | EXPIRED) => Verdict::pass(format!("{name}, trusted")),
        Some(_) => Verdict::fail(
            format!("browsers do not trust it: {}", tls.verify_text),
            format!("the file of ssl_certificate must hold the whole chain; {look}"),
        ),
        None => Verdict::unknown("openssl did not say whether it is trusted"),
    }
}

fn expiry(subject: &Subject<'_>) -> Verdict {
    let tls = match shown(subject) {
        Ok(tls) => tls,
        Err(verdict) => return verdict,
    };
    let (Some(from), Some(until), Some(now)) = (tls.from, tls.until, super::now(subject)) else {
        return Verdict::unknown("its dates could not be read");
    };
    let left = until.saturating_sub(now);
    let Ok(remaining) = u64::try_from(left) else {
        return Verdict::fail(format!("expired {} ago", age(left.unsigned_abs())), RENEW);
    };
    // A share of its lifetime: what lives for six days is renewed later than what lives for a year.
    let life = until.saturating_sub(from).unsigned_abs();
    let evidence = format!("valid for {} of {}", age(remaining), age(life));
    super::below(percent(remaining, life), subject.env.health.certificate, evidence, RENEW)
}

fn served(subject: &Subject<'_>) -> Verdict {
    let tls = match shown(subject) {
        Ok(tls) => tls,
        Err(verdict) => return verdict,
    };
    let unread = || tls.on_disk.iter().find(|(_, sum)| sum.is_empty());
    match tls.on_disk.values().any(|sum| Some(sum) == tls.served.as_ref()) {
        true => Verdict::pass("what is shown is what is on disk"),
        false if tls.on_disk.is_empty() => Verdict::skip("the site's file names no certificate"),
        false if let Some((path, _)) = unread() => Verdict::unknown(format!("{path} cannot be read")),
        false => Verdict::warn(
            format!("what is shown is not {}", tls.on_disk.keys().next().map_or("", String::as_str)),
            "it was renewed and nginx still has the old one: sudo systemctl reload nginx",
        ),
    }
}
