//! The system itself: whether it is looked after, and who else is root.

use super::{Rule, base, none, posture, seen, strict};
use crate::checks::{Subject, Verdict, known};
use crate::facts::Upkeep;
use crate::inventory::Severity::{Critical, High, Low, Medium};

pub(super) const ALL: &[Rule] = &[
    base("system.unattended", "updates by themselves", High, |s| judged(s, unattended)),
    base("system.updates", "security updates", High, |s| judged(s, updates)),
    base("system.reboot", "reboot", Medium, |s| judged(s, reboot)),
    base("system.accounts", "accounts", Critical, |s| judged(s, accounts)),
    base("system.sudo", "sudo", Medium, sudo),
    base("system.journal", "journal and clock", Medium, |s| judged(s, journal)),
    base("system.kernel", "the kernel's settings", Low, |s| judged(s, kernel)),
    strict("system.audited", "files that are watched", Low, |s| judged(s, audited)),
    strict("system.shipped", "logs elsewhere", Low, |s| judged(s, shipped)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Upkeep) -> Verdict) -> Verdict {
    seen(subject, |posture| &posture.upkeep, judge)
}

fn unattended(upkeep: &Upkeep) -> Verdict {
    match upkeep.unattended {
        None => Verdict::skip("apt is not here"),
        Some(true) => Verdict::pass("installed"),
        Some(false) => Verdict::fail(
            "nothing installs them",
            "unattended-upgrades for security alone, without the engine, without reboots",
        ),
    }
}

fn updates(upkeep: &Upkeep) -> Verdict {
    match upkeep.security {
        None => Verdict::skip("apt is not here"),
        Some(0) => Verdict::pass("none waits"),
        Some(some) => Verdict::fail(format!("{some} wait"), "apt-get upgrade, when nobody works"),
    }
}

fn reboot(upkeep: &Upkeep) -> Verdict {
    match upkeep.reboot {
        false => Verdict::pass("not wanted"),
        true => Verdict::fail("an update wants one", "reboot, when nobody works"),
    }
}

fn accounts(upkeep: &Upkeep) -> Verdict {
    let roots = upkeep.roots.iter().map(|name| format!("{name} is root by another name"));
    let open = upkeep.unlocked.iter().map(|name| format!("{name} has no password"));
    none(
        roots.chain(open).collect(),
        "one root, none without a password",
        "wrong",
        "passwd -l NAME; userdel NAME",
    )
}

fn sudo(subject: &Subject<'_>) -> Verdict {
    let (upkeep, sshd) =
        match posture(subject).and_then(|posture| Ok((known(&posture.upkeep)?, known(&posture.sshd)?))) {
            Ok(both) => both,
            Err(verdict) => return verdict,
        };
    if !upkeep.sudoers {
        return Verdict::fail("its files are broken", "visudo -c says where");
    }
    let own = |line: &&String| line.split(' ').next() != Some(sshd.user.as_str());
    let others = upkeep.nopasswd.iter().filter(own).cloned();
    none(
        others.collect(),
        "only ours without a password",
        "without a password",
        "remove the rule, or give the account a password",
    )
}

fn journal(upkeep: &Upkeep) -> Verdict {
    let mut wrong = Vec::new();
    if !upkeep.journal {
        wrong.push("it is gone after a reboot".to_owned());
    }
    if !upkeep.bounded {
        wrong.push("it has no bound of its own".to_owned());
    }
    if upkeep.in_time == Some(false) {
        wrong.push("the clock is set by nobody".to_owned());
    }
    none(
        wrong,
        "kept, bounded, in time",
        "wrong",
        "Storage=persistent and SystemMaxUse=1G in journald.conf.d; systemd-timesyncd or chrony",
    )
}

/// Docker needs `ip_forward`: it is no fault.
const KERNEL: [(&str, i64); 5] = [
    ("net.ipv4.tcp_syncookies", 1),
    ("net.ipv4.conf.all.rp_filter", 1),
    ("kernel.kptr_restrict", 1),
    ("kernel.dmesg_restrict", 1),
    ("fs.protected_hardlinks", 1),
];

fn kernel(upkeep: &Upkeep) -> Verdict {
    let low = KERNEL.iter().filter(|(key, least)| upkeep.kernel.get(*key).is_none_or(|value| value < least));
    none(
        low.map(|(key, _)| (*key).to_owned()).collect(),
        "as they ought to be",
        "too low",
        "/etc/sysctl.d/60-ops.conf; rp_filter = 2 where there are several ways",
    )
}

fn audited(upkeep: &Upkeep) -> Verdict {
    let wanted = ["/etc/docker", "/etc/sudoers", "/etc/ssh/sshd_config"];
    let missing = wanted
        .iter()
        .filter(|path| !upkeep.watched.iter().any(|watched| path.starts_with(watched.trim_end_matches('/'))));
    none(
        missing.map(|path| (*path).to_owned()).collect(),
        "all",
        "not watched",
        "rules of auditd: -w PATH -p wa",
    )
}

fn shipped(upkeep: &Upkeep) -> Verdict {
    match &upkeep.shipped {
        Some(by) => Verdict::pass(format!("by {by}")),
        None => Verdict::fail(
            "whoever comes in can remove them",
            "rsyslog, promtail or the like to another machine",
        ),
    }
}
