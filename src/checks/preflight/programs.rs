//! Programs that `ops` calls on the droplet.

use crate::checks::{Check, Subject, Verdict, known};
use crate::facts::PROGRAMS;
use crate::inventory::Severity;

pub(super) const CHECK: Check =
    Check { id: "host.programs", title: "programs on the droplet", severity: Severity::High, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let host = match known(&subject.facts.host) {
        Ok(host) => host,
        Err(verdict) => return verdict,
    };
    if host.missing.is_empty() {
        return Verdict::pass(format!("all {} are there", PROGRAMS.len()));
    }
    let mut packages: Vec<&str> = host.missing.iter().map(|program| package(program)).collect();
    packages.sort_unstable();
    packages.dedup();
    Verdict::fail(
        format!("missing: {}", host.missing.join(", ")),
        format!("on the droplet: sudo apt-get install -y {}", packages.join(" ")),
    )
}

/// The Debian and Ubuntu package of one of [`PROGRAMS`].
fn package(program: &str) -> &str {
    match program {
        "docker" => "docker.io",
        "flock" | "setsid" => "util-linux",
        "sha256sum" | "timeout" => "coreutils",
        "awk" => "mawk",
        own_name => own_name,
    }
}
