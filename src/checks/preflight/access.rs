//! Who we are on the droplet.

use crate::checks::{Check, Subject, Verdict, known};
use crate::inventory::{Become, Severity};

pub(super) const CHECK: Check =
    Check { id: "access.user", title: "login and rights", severity: Severity::Critical, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let host = match known(&subject.facts.host) {
        Ok(host) => host,
        Err(verdict) => return verdict,
    };
    let who = format!("{} (uid {}) on {}, {}", host.user, host.uid, host.hostname, host.os);
    match &subject.facts.docker {
        _ if host.uid == 0 => Verdict::pass(who),
        _ if subject.droplet.address.r#become() == Become::Sudo => Verdict::fail(
            format!("{who}: sudo does not lead to root"),
            "let sudo run commands as root: `sudo -l` on the droplet shows what it allows",
        ),
        Ok(_) => Verdict::pass(format!("{who}, may use docker")),
        Err(_) if host.missing.iter().any(|program| program == "docker") => Verdict::pass(who),
        Err(failure) => Verdict::fail(
            format!("{who}: {}", failure.why),
            format!(
                "write `become: sudo` for this droplet in the inventory, or on the droplet `sudo usermod -aG docker {}` and log in again",
                crate::cmd::quote(&host.user)
            ),
        ),
    }
}
