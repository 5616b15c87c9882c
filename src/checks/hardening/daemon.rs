//! Docker's engine: whoever reaches it is root.

use super::{Rule, base, none, posture, seen};
use crate::checks::{Subject, Verdict, known};
use crate::facts::Daemon;
use crate::inventory::Severity::{Critical, High, Medium};

pub(super) const ALL: &[Rule] = &[
    base("docker.tcp", "the engine over the network", Critical, |s| judged(s, tcp)),
    base("docker.socket", "who may use the engine", High, socket),
    base("docker.live", "containers without the engine", Medium, |s| judged(s, live)),
    base("docker.logs", "size of logs", High, logs),
    base("docker.registries", "registries in the clear", Medium, |s| judged(s, registries)),
    base("docker.updates", "updates of the engine", Medium, |s| judged(s, updates)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Daemon) -> Verdict) -> Verdict {
    seen(subject, |posture| &posture.daemon, judge)
}

fn tcp(daemon: &Daemon) -> Verdict {
    none(
        daemon.tcp.clone(),
        "only by its socket",
        "it listens on",
        "remove -H tcp:// from the unit, or `hosts` from daemon.json",
    )
}

fn socket(subject: &Subject<'_>) -> Verdict {
    let daemon = match posture(subject).and_then(|posture| known(&posture.daemon)) {
        Ok(daemon) => daemon,
        Err(verdict) => return verdict,
    };
    if daemon.socket != "root:docker 660" {
        return Verdict::fail(
            format!("its socket is {}", daemon.socket),
            "chown root:docker, chmod 660 /var/run/docker.sock",
        );
    }
    let user =
        posture(subject).ok().and_then(|posture| posture.sshd.as_ref().ok()).map(|sshd| sshd.user.clone());
    let others = daemon.members.iter().filter(|member| Some(*member) != user.as_ref()).cloned();
    none(
        others.collect(),
        "nobody else",
        "each of them is root by it",
        "gpasswd -d USER docker, for whoever does not need it",
    )
}

fn live(daemon: &Daemon) -> Verdict {
    match daemon.live_restore {
        true => Verdict::pass("they go on"),
        false => Verdict::fail(
            "an update of the engine stops them",
            "\"live-restore\": true in daemon.json, then systemctl reload docker",
        ),
    }
}

/// Of containers as they run: a change of daemon.json is theirs when they are made anew.
fn logs(subject: &Subject<'_>) -> Verdict {
    let all = match posture(subject).and_then(|posture| known(&posture.sandboxes)) {
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let bounded = |driver: &str, max: &str| driver != "json-file" || !max.is_empty();
    let wrong =
        all.iter().filter(|one| !bounded(&one.log_driver, &one.log_max)).map(|one| one.service.clone());
    none(
        wrong.collect(),
        "bounded",
        "without bounds",
        "\"log-driver\": \"local\" in daemon.json, or max-size and max-file of `logging`; counts for containers that are made anew",
    )
}

fn registries(daemon: &Daemon) -> Verdict {
    let mut wrong = daemon.insecure.clone();
    if daemon.no_iptables {
        wrong.push("\"iptables\": false".to_owned());
    }
    none(
        wrong,
        "none",
        "in daemon.json",
        "give the registry a certificate, and remove it from insecure-registries",
    )
}

fn updates(daemon: &Daemon) -> Verdict {
    match daemon.updates {
        None => Verdict::skip("apt is not here"),
        Some(0) => Verdict::pass("none waits"),
        Some(some) => Verdict::fail(
            format!("{some} packages wait"),
            "apt-get install --only-upgrade, when nobody works; live-restore first",
        ),
    }
}
