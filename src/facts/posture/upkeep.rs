//! The system itself: updates, accounts, sudo, the journal and the kernel's settings.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Upkeep {
    /// Updates install themselves; None: apt is not here.
    pub unattended: Option<bool>,
    /// The program that would do it is there.
    pub upgrader: bool,
    /// Packages with a security update that waits.
    pub security: Option<u64>,
    /// It wants to begin anew.
    pub reboot: bool,
    /// Accounts with all rights beside root, and accounts without a password.
    pub roots: Vec<String>,
    pub unlocked: Vec<String>,
    /// sudo's own check of its files passes.
    pub sudoers: bool,
    /// Rules without a password: `alice ALL=(ALL) NOPASSWD: ALL`.
    pub nopasswd: Vec<String>,
    /// The journal stays over a reboot, and has a bound.
    pub journal: bool,
    pub bounded: bool,
    pub in_time: Option<bool>,
    /// auditd watches these files.
    pub watched: Vec<String>,
    /// Some other place gets the logs: `rsyslog`, `journal-upload`, `promtail`, ..
    pub shipped: Option<String>,
    pub kernel: BTreeMap<String, i64>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.upkeep",
    &[r#"
[ "$(id -u)" = 0 ] || { echo "only root sees it" >&2; exit 1; }
if command -v apt-config >/dev/null; then
    apt-config dump APT::Periodic::Unattended-Upgrade 2>/dev/null | grep -q '"1"' && command -v unattended-upgrade >/dev/null && echo 'unattended	yes' || echo 'unattended	no'
    ! command -v unattended-upgrade >/dev/null || echo 'upgrader	yes'
    printf 'security\t%s\n' "$(apt-get -s -o Debug::NoLocking=1 dist-upgrade 2>/dev/null | grep -cE '^Inst .*(-security|Debian-Security)')"
fi
[ ! -e /run/reboot-required ] && [ ! -e /var/run/reboot-required ] || echo 'reboot	yes'
awk -F: '$3 == 0 && $1 != "root" { print "root\t" $1 }' /etc/passwd
awk -F: '$2 == "" { print "unlocked\t" $1 }' /etc/shadow
if command -v visudo >/dev/null; then
    visudo -c >/dev/null 2>&1 && echo 'sudoers	yes'
    cat /etc/sudoers /etc/sudoers.d/* 2>/dev/null | grep -E '^[^#]*NOPASSWD' | tr '\t' ' ' | sed 's/^/nopasswd\t/' | head -n 50
else
    echo 'sudoers	yes'
fi
[ ! -d /var/log/journal ] || echo 'journal	yes'
cat /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf /usr/lib/systemd/journald.conf.d/*.conf 2>/dev/null | grep -qE '^[[:space:]]*SystemMaxUse=' && echo 'bounded	yes'
time=$(timedatectl show -p NTPSynchronized --value 2>/dev/null) && printf 'time\t%s\n' "$time"
command -v auditctl >/dev/null && auditctl -l 2>/dev/null | sed -n 's/^-w \([^ ]*\).*/watched\t\1/p' | head -n 50
for unit in systemd-journal-upload promtail vector fluent-bit filebeat grafana-agent alloy do-agent; do
    ! systemctl is-active --quiet "$unit" 2>/dev/null || { printf 'shipped\t%s\n' "$unit"; break; }
done
grep -qsE '^[^#]*[[:space:]]@@?[A-Za-z0-9]' /etc/rsyslog.conf /etc/rsyslog.d/*.conf && echo 'shipped	rsyslog'
for key in net.ipv4.tcp_syncookies net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter kernel.kptr_restrict kernel.dmesg_restrict fs.protected_hardlinks net.ipv4.ip_forward; do
    printf 'kernel\t%s\t%s\n' "$key" "$(cat "/proc/sys/$(printf %s "$key" | tr . /)" 2>/dev/null)"
done
echo 'all	yes'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Upkeep> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("the system cannot be understood"));
    }
    let lines = |key: &str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
    let kernel = fields.all("kernel").filter_map(|line| line.split_once('\t'));
    Ok(Upkeep {
        unattended: fields.get("unattended").map(|said| said == "yes"),
        upgrader: fields.flag("upgrader"),
        security: fields.number("security").ok(),
        reboot: fields.flag("reboot"),
        roots: lines("root"),
        unlocked: lines("unlocked"),
        sudoers: fields.flag("sudoers"),
        nopasswd: lines("nopasswd"),
        journal: fields.flag("journal"),
        bounded: fields.flag("bounded"),
        in_time: fields.get("time").map(|said| said == "yes"),
        watched: lines("watched"),
        shipped: fields.text("shipped"),
        kernel: kernel.filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?))).collect(),
    })
}
