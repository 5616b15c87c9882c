//! The engine's and Compose's versions.

use crate::checks::{Check, Subject, Verdict, known};
use crate::inventory::Severity;

pub(in crate::checks) const ENGINE: Check =
    Check { id: "docker.engine", title: "Docker engine", severity: Severity::Critical, judge: engine };

pub(super) const COMPOSE: Check =
    Check { id: "docker.compose", title: "Docker Compose", severity: Severity::Critical, judge: compose };

/// Major and minor version. Both are what `ops` is tested with.
const OLDEST_ENGINE: (u32, u32) = (20, 10);
const OLDEST_COMPOSE: (u32, u32) = (2, 20);

fn engine(subject: &Subject<'_>) -> Verdict {
    let docker = match &subject.facts.docker {
        Ok(docker) => docker,
        Err(failure) => return Verdict::fail(&failure.why, start(subject)),
    };
    match version(&docker.engine) {
        Some(found) if found >= OLDEST_ENGINE => Verdict::pass(&docker.engine),
        Some(_) => Verdict::fail(
            format!("{} is older than {}.{}", docker.engine, OLDEST_ENGINE.0, OLDEST_ENGINE.1),
            "upgrade the engine: sudo apt-get install --only-upgrade docker.io (or docker-ce)",
        ),
        None => Verdict::unknown(format!("{} is no version", docker.engine)),
    }
}

fn start(subject: &Subject<'_>) -> &'static str {
    let host = subject.facts.host.as_ref();
    match host {
        Ok(host) if host.missing.iter().any(|program| program == "docker") => {
            "on the droplet: sudo apt-get install -y docker.io"
        }
        Ok(host) if host.uid != 0 => "see access.user; else on the droplet: sudo systemctl start docker",
        _ => "on the droplet: sudo systemctl start docker; journalctl -u docker -n 50 says why it does not",
    }
}

fn compose(subject: &Subject<'_>) -> Verdict {
    let Ok(docker) = &subject.facts.docker else { return Verdict::skip("no engine answers") };
    let Some(compose) = &docker.compose else {
        let what = if docker.compose_v1 {
            "only v1 (docker-compose), which ops does not drive"
        } else {
            "not installed"
        };
        return Verdict::fail(what, install(subject));
    };
    match version(compose) {
        Some(found) if found >= OLDEST_COMPOSE => Verdict::pass(compose),
        Some(_) => Verdict::fail(
            format!("{compose} is older than {}.{}", OLDEST_COMPOSE.0, OLDEST_COMPOSE.1),
            install(subject),
        ),
        None => Verdict::unknown(format!("{compose} is no version")),
    }
}

/// The same program has a name of its own in each place it comes from.
fn install(subject: &Subject<'_>) -> &'static str {
    match known(&subject.facts.host).map(|host| host.os.as_str()) {
        Ok(os) if os.starts_with("Ubuntu") => "on the droplet: sudo apt-get install -y docker-compose-v2",
        Ok(os) if os.starts_with("Debian") && version_in(os) >= Some(13) => {
            "on the droplet: sudo apt-get install -y docker-compose"
        }
        _ => "on the droplet, from Docker's own repository: sudo apt-get install -y docker-compose-plugin",
    }
}

fn version_in(os: &str) -> Option<u32> {
    os.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok())
}

/// `20.10.24+dfsg1` is (20, 10).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
