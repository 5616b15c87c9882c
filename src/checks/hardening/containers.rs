//! What a container could do to the droplet, if somebody came into it.

use super::{Rule, base, posture};
use crate::checks::{Subject, Verdict, known, some_of};
use crate::facts::Sandbox;
use crate::inventory::Severity::{Critical, High, Medium};
use crate::text::size;

pub(super) const ALL: &[Rule] = &[
    base("containers.privileged", "privileged", Critical, |s| {
        each(
            s,
            "no container",
            |one| one.privileged.then(|| "is privileged".to_owned()),
            "remove `privileged: true`",
        )
    }),
    base("containers.binds", "the droplet inside", Critical, |s| {
        each(
            s,
            "only what is theirs",
            binds,
            "remove the mount; for Docker's socket, a proxy that lets only reads pass",
        )
    }),
    base("containers.root", "root inside", High, |s| each(s, "nobody", root, "`user:` in the compose file")),
    base("containers.memory", "memory", High, memory),
    base("containers.rights", "rights that grow", Medium, |s| {
        each(
            s,
            "they cannot",
            rights,
            "`security_opt: [\"no-new-privileges:true\"]`, `cap_drop: [ALL]` with what is needed in `cap_add`",
        )
    }),
    base("containers.restart", "restart and health", Medium, |s| {
        each(s, "all", restart, "`restart: unless-stopped` and a `healthcheck:`")
    }),
    base("containers.image", "images", Medium, |s| {
        each(s, "all are pinned", image, "a tag of a version, or a digest")
    }),
    base("containers.spaces", "spaces of the droplet", Medium, |s| {
        each(s, "none", spaces, "remove `network_mode`, `pid` and `ipc: host`, and set `pids_limit:`")
    }),
];

/// What is wrong with a container, in words that may be empty.
fn each(subject: &Subject<'_>, fine: &str, wrong: fn(&Sandbox) -> Option<String>, fix: &str) -> Verdict {
    let all = match posture(subject).and_then(|posture| known(&posture.sandboxes)) {
        Ok(all) if all.is_empty() => return Verdict::skip("no container of the stack runs"),
        Ok(all) => all,
        Err(verdict) => return verdict,
    };
    let said = |one: &Sandbox| wrong(one).map(|what| format!("{} {what}", one.service).trim_end().to_owned());
    let wrong: Vec<_> = all.iter().filter_map(said).collect();
    match wrong.is_empty() {
        true => Verdict::pass(fine),
        false => Verdict::fail(some_of(wrong, 4), fix),
    }
}

/// Limits that are more than there is let the kernel choose whom it kills.
fn memory(subject: &Subject<'_>) -> Verdict {
    let fix =
        "`mem_limit:`, together at most 90 % of the droplet's; of Odoo at least workers x limit_memory_hard";
    let unbounded = |one: &Sandbox| (one.memory == 0).then(|| "has no limit".to_owned());
    let verdict = each(subject, "all have a limit", unbounded, fix);
    let memory = match (&verdict, known(&subject.facts.memory)) {
        (Verdict::Pass { .. }, Ok(memory)) => memory,
        (Verdict::Pass { .. }, Err(unknown)) => return unknown,
        _ => return verdict,
    };
    let all = posture(subject).into_iter().filter_map(|posture| posture.sandboxes.as_ref().ok());
    let sum = all.flatten().fold(0_u64, |sum, one| sum.saturating_add(one.memory));
    match sum / 9 > memory.total / 10 {
        true => Verdict::fail(format!("{} are promised, of {}", size(sum), size(memory.total)), fix),
        false => verdict,
    }
}

fn binds(one: &Sandbox) -> Option<String> {
    let whole = |bind: &&String| {
        ["/", "/etc", "/root", "/var", "/home", "/proc", "/sys", "/dev"].contains(&bind.as_str())
            || bind.ends_with("docker.sock")
    };
    let all: Vec<&str> = one.binds.iter().filter(whole).map(String::as_str).collect();
    (!all.is_empty()).then(|| format!("has {}", all.join(" ")))
}

fn root(one: &Sandbox) -> Option<String> {
    let wanted = one.users.iter().any(|user| user == "root" || user == "0");
    // nginx has a master of root's, and workers that are not.
    let only = one.users.len() == 1;
    (wanted && only).then(|| "runs as root".to_owned())
}

fn rights(one: &Sandbox) -> Option<String> {
    let kept = one
        .security
        .iter()
        .any(|option| option.starts_with("no-new-privileges") && !option.ends_with("false"));
    match (kept, one.dropped.iter().any(|name| name.eq_ignore_ascii_case("all"))) {
        (true, true) => None,
        (false, true) => Some("may gain new ones".to_owned()),
        (true, false) => Some("keeps Docker's usual ones".to_owned()),
        (false, false) => Some("keeps Docker's usual ones and may gain new".to_owned()),
    }
}

fn restart(one: &Sandbox) -> Option<String> {
    let again = matches!(one.restart.as_str(), "always" | "unless-stopped");
    match (again, one.healthcheck) {
        (true, true) => None,
        (false, _) => Some("does not start again by itself".to_owned()),
        (true, false) => Some("has no health check".to_owned()),
    }
}

fn image(one: &Sandbox) -> Option<String> {
    let name = one.image.rsplit('/').next().unwrap_or_default();
    let loose = !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    loose.then(|| format!("runs {}", one.image))
}

fn spaces(one: &Sandbox) -> Option<String> {
    let host = [("network", &one.network), ("pid", &one.pid), ("ipc", &one.ipc)]
        .into_iter()
        .filter(|(_, mode)| *mode == "host");
    let mut all: Vec<&str> = host.map(|(name, _)| name).collect();
    if one.pids <= 0 {
        all.push("any number of processes");
    }
    (!all.is_empty()).then(|| format!("has {}", all.join(", ")))
}
