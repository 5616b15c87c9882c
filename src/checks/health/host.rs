//! The droplet itself: room, memory, load, clock.

use super::{above, age, below, percent, preflight, vitals};
use crate::checks::{Check, Subject, Verdict, known, some_of};
use crate::facts::{Machine, Mount};
use crate::inventory::{Limits, Severity};
use crate::text::{count, size};

pub(super) const ALL: &[Check] = &[
    check("host.disk", "room on the disks", Severity::High, disk),
    check("host.inodes", "inodes", Severity::High, inodes),
    check("host.memory", "memory", Severity::High, memory),
    check("host.pressure", "waiting for memory", Severity::Medium, pressure),
    check("host.killed", "processes killed for memory", Severity::High, killed),
    check("host.load", "load", Severity::Medium, load),
    check("host.time", "clock", Severity::Medium, time),
    check("host.reboot", "reboot", Severity::Low, reboot),
    preflight::ENGINE,
];

const fn check(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    judge: fn(&Subject<'_>) -> Verdict,
) -> Check {
    Check { id, title, severity, judge }
}

fn disk(subject: &Subject<'_>) -> Verdict {
    let share = |mount: &Mount| 100 - percent(mount.free, mount.usable()).min(100);
    fullest(subject, share, |mount, share| {
        format!(
            "{} is {share} % full, {} of {} free",
            mount.mount_point,
            size(mount.free),
            size(mount.usable())
        )
    })
}

fn inodes(subject: &Subject<'_>) -> Verdict {
    // Some file systems have no fixed number of inodes and say 0.
    let share = |mount: &Mount| match mount.inodes {
        0 => 0,
        all => 100 - percent(mount.inodes_free, all).min(100),
    };
    fullest(subject, share, |mount, share| {
        format!("{share} % of the inodes of {} are used", mount.mount_point)
    })
}

/// The worst file system that the stack needs.
fn fullest(
    subject: &Subject<'_>,
    share: impl Fn(&Mount) -> u64,
    says: impl Fn(&Mount, u64) -> String,
) -> Verdict {
    let mounts = match known(&subject.facts.mounts) {
        Ok(mounts) => mounts,
        Err(verdict) => return verdict,
    };
    let Some(mount) = mounts.iter().max_by_key(|mount| share(mount)) else {
        return Verdict::unknown("df told nothing");
    };
    above(share(mount), subject.env.health.disk, says(mount, share(mount)), preflight::room(mount))
}

fn memory(subject: &Subject<'_>) -> Verdict {
    let memory = match known(&subject.facts.memory) {
        Ok(memory) => memory,
        Err(verdict) => return verdict,
    };
    let share = percent(memory.available, memory.total);
    let mut evidence = format!("{} of {} available ({share} %)", size(memory.available), size(memory.total));
    if memory.swap_total > 0 {
        let used = memory.swap_total.saturating_sub(memory.swap_free);
        evidence.push_str(&format!(", {} of {} swap used", size(used), size(memory.swap_total)));
    }
    let fix = "see who takes it: docker stats --no-stream; ps aux --sort -rss | head";
    below(share, subject.env.health.memory, evidence, fix)
}

fn machine<'a>(subject: &Subject<'a>) -> Result<&'a Machine, Verdict> {
    known(&vitals(subject)?.machine)
}

fn pressure(subject: &Subject<'_>) -> Verdict {
    let machine = match machine(subject) {
        Ok(machine) => machine,
        Err(verdict) => return verdict,
    };
    let Some(share) = machine.pressure.get("memory") else {
        return Verdict::skip("this kernel does not count it");
    };
    let Limits { warn, crit } = subject.env.health.pressure;
    let limits = Limits { warn: float(warn), crit: float(crit) };
    let evidence = format!("{share} % of the last minute everything waited for memory");
    above(
        *share,
        limits,
        evidence,
        "see who takes it: docker stats --no-stream; the droplet needs more memory",
    )
}

#[expect(clippy::cast_precision_loss, reason = "percents")]
fn float(number: u64) -> f64 {
    number as f64
}

fn killed(subject: &Subject<'_>) -> Verdict {
    match machine(subject).map(|machine| machine.killed) {
        Err(verdict) => verdict,
        Ok(None) => {
            Verdict::skip("only root may read the kernel's log: write `become: sudo` for this droplet")
        }
        Ok(Some(0)) => Verdict::pass("none in the last day"),
        Ok(Some(killed)) => Verdict::fail(
            format!("the kernel killed {} in the last day, to have memory", count_of(killed, "process")),
            "on the droplet: sudo journalctl -k -S -24h | grep -A1 'Out of memory'; it needs more memory, or Odoo fewer workers",
        ),
    }
}

fn count_of(number: u64, word: &str) -> String {
    match (number, word) {
        (1, _) | (_, "") => format!("1 {word}"),
        (_, "process") => format!("{number} processes"),
        _ => count(usize::try_from(number).unwrap_or(usize::MAX), word),
    }
}

fn load(subject: &Subject<'_>) -> Verdict {
    let machine = match machine(subject) {
        Ok(machine) => machine,
        Err(verdict) => return verdict,
    };
    let cpus = match known(&subject.facts.host) {
        Ok(host) => host.cpus.max(1),
        Err(verdict) => return verdict,
    };
    let Limits { warn, crit } = subject.env.health.load;
    let share = machine.load * 100.0 / f64::from(cpus);
    let evidence = format!("{:.2} in five minutes, {}", machine.load, count(cpus as usize, "processor"));
    let fix = "see what runs: docker stats --no-stream; top -b -n 1 | head -20";
    above(share, Limits { warn: float(warn), crit: float(crit) }, evidence, fix)
}

fn time(subject: &Subject<'_>) -> Verdict {
    match machine(subject).map(|machine| machine.in_time) {
        Err(verdict) => verdict,
        Ok(Some(true)) => Verdict::pass("set by time servers"),
        Ok(Some(false)) => Verdict::warn(
            "the clock is not set by any time server",
            "on the droplet: sudo timedatectl set-ntp true; timedatectl timesync-status",
        ),
        Ok(None) => Verdict::skip("the clock is not this droplet's own, or it has no timedatectl"),
    }
}

fn reboot(subject: &Subject<'_>) -> Verdict {
    let machine = match machine(subject) {
        Ok(machine) => machine,
        Err(verdict) => return verdict,
    };
    match &machine.reboot {
        None => Verdict::pass(format!("not needed, up for {}", age(machine.up))),
        Some(why) => Verdict::warn(
            format!("wanted {}, up for {}", some_of([why.trim()], 1), age(machine.up)),
            "on the droplet, when nobody minds: sudo systemctl reboot",
        ),
    }
}
