//! Room on every file system a deploy writes to, now and after what it will bring.

use crate::checks::{Check, Subject, Verdict, known};
use crate::facts::Mount;
use crate::inventory::Severity;
use crate::text::size;

pub(super) const STACK: Check = Check {
    id: "disk.stack",
    title: "room for the stack",
    severity: Severity::High,
    judge: |s| room(s, "stack"),
};
pub(super) const STATE: Check = Check {
    id: "disk.state",
    title: "room for releases",
    severity: Severity::High,
    judge: |s| room(s, "state"),
};
pub(super) const DOCKER: Check = Check {
    id: "disk.docker",
    title: "room for images",
    severity: Severity::High,
    judge: |s| room(s, "docker"),
};
pub(super) const ROOT: Check =
    Check { id: "disk.root", title: "room on /", severity: Severity::High, judge: |s| room(s, "root") };

fn room(subject: &Subject<'_>, purpose: &str) -> Verdict {
    let mounts = match known(&subject.facts.mounts) {
        Ok(mounts) => mounts,
        Err(verdict) => return verdict,
    };
    let Some(mount) = mounts.iter().find(|mount| mount.purposes.iter().any(|p| p == purpose)) else {
        return Verdict::unknown("df told nothing of it");
    };
    match mount.purposes.first() {
        Some(first) if first != purpose => {
            Verdict::skip(format!("on {} as well, see disk.{first}", mount.mount_point))
        }
        _ => judge(subject, mount),
    }
}

fn judge(subject: &Subject<'_>, mount: &Mount) -> Verdict {
    let needed = needed(subject, mount);
    let percent = u64::from(subject.env.min_free_percent);
    let floor = share(mount.usable(), percent);
    let mut evidence = format!(
        "{} of {} free on {} ({} %)",
        size(mount.free),
        size(mount.usable()),
        mount.mount_point,
        percent_of(mount.free, mount.usable())
    );
    if needed > 0 {
        evidence.push_str(&format!(", {} needed", size(needed)));
    }
    // Some file systems have no fixed number of inodes and say 0.
    let few_inodes = mount.inodes > 0 && mount.inodes_free < share(mount.inodes, percent);
    if few_inodes {
        let free = percent_of(mount.inodes_free, mount.inodes);
        evidence.push_str(&format!(", {} of {} inodes free ({free} %)", mount.inodes_free, mount.inodes));
    }
    if mount.free < needed.saturating_add(floor) || few_inodes {
        if percent > 0 {
            evidence.push_str(&format!("; at least {percent} % must stay free"));
        }
        return Verdict::fail(evidence, advice(mount));
    }
    Verdict::pass(evidence)
}

/// The mount of this purpose, where it has no room for a fetch worth the name.
pub(super) fn full<'a>(subject: &Subject<'a>, purpose: &str) -> Option<&'a Mount> {
    let mounts = subject.facts.mounts.as_ref().ok()?;
    let mount = mounts.iter().find(|mount| mount.purposes.iter().any(|p| p == purpose))?;
    let no_inodes = mount.inodes > 0 && mount.inodes_free < FETCH_FILES;
    (mount.free < FETCH_BYTES || no_inodes).then_some(mount)
}

/// With less than this, a fetch or a checkout that failed most likely failed for want of room.
const FETCH_BYTES: u64 = 100_000_000;
const FETCH_FILES: u64 = 10_000;

/// Journal, logs and what is put aside for an undo on a full disk.
const RECORDS: u64 = 4_000_000;

/// A layer unpacks to about two and a half times what is pulled, the download itself included.
fn needed(subject: &Subject<'_>, mount: &Mount) -> u64 {
    let Some(staged) = subject.staged else { return 0 };
    let on = |purpose: &str| mount.purposes.iter().any(|p| p == purpose);
    let mut bytes = 0_u64;
    if on("docker") {
        let missing = staged.images.values().flatten().filter(|image| !image.present);
        let layers = missing.flat_map(|image| &image.layers);
        let pulled = layers.fold(0_u64, |sum, layer| sum.saturating_add(layer.bytes));
        bytes = pulled.saturating_mul(5) / 2;
    }
    if on("state") {
        let checkout = staged.code.as_ref().and_then(|code| code.as_ref().ok()).map_or(0, |code| code.bytes);
        bytes = bytes.saturating_add(RECORDS).saturating_add(checkout);
    }
    bytes
}

pub(in crate::checks) fn advice(mount: &Mount) -> String {
    let place = crate::cmd::quote(&mount.mount_point);
    let look = format!("see what fills it: sudo du -xh --max-depth=2 {place} | sort -h | tail");
    if mount.purposes.iter().any(|p| p == "docker") {
        return format!(
            "docker system df shows what Docker could give back (docker image prune, docker builder prune); {look}"
        );
    }
    look
}

fn share(of: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(of) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

fn percent_of(part: u64, whole: u64) -> u128 {
    u128::from(part) * 100 / u128::from(whole.max(1))
}
