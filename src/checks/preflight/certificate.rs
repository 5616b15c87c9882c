//! Days left of the certificates that the site names.

use crate::checks::{Check, Subject, Verdict, some_of};
use crate::inventory::Severity;
use crate::text::count;

pub(super) const CHECK: Check =
    Check { id: "proxy.certificate", title: "certificate", severity: Severity::Medium, judge };

const WARN_DAYS: i64 = 14;

fn judge(subject: &Subject<'_>) -> Verdict {
    let Ok(Some(proxy)) = &subject.facts.proxy else { return Verdict::skip("no proxy to ask") };
    let fix = "renew it: sudo certbot renew (or where it comes from), then sudo systemctl reload nginx";
    let days = |until: i64| until.saturating_sub(proxy.now).div_euclid(86_400);
    let Some((path, until)) = proxy.certificates.iter().min_by_key(|(_, until)| *until) else {
        if proxy.certificates_unread.is_empty() {
            return Verdict::skip("the site names no certificate");
        }
        return unread(proxy.certificates_unread.clone());
    };
    match days(*until) {
        left @ ..0 => Verdict::fail(format!("{path} expired {} ago", count(days_between(left), "day")), fix),
        left @ 0..WARN_DAYS => {
            Verdict::warn(format!("{path} expires in {}", count(days_between(left), "day")), fix)
        }
        _ if !proxy.certificates_unread.is_empty() => unread(proxy.certificates_unread.clone()),
        left => Verdict::pass(format!("{path} is valid for {}", count(days_between(left), "day"))),
    }
}

fn days_between(days: i64) -> usize {
    usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX)
}

fn unread(paths: Vec<String>) -> Verdict {
    Verdict::warn(
        format!("no date could be read from {}", some_of(paths, 3)),
        "on the droplet: sudo openssl x509 -noout -enddate -in FILE; the file may be missing, damaged or not ours to read",
    )
}
