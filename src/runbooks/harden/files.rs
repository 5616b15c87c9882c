//! Files whose change locks nobody out: modes, journald, the kernel's settings, Docker's engine.

use serde_json::{Map, Value};

use super::{Change, Class, Fix, may_be_secret};
use crate::facts::{DAEMON, JOURNAL, KERNEL, Posture, UPGRADES};
use crate::tools::harden::Reader;

/// Keys of logins, and the `.env` of the stack. Other files may be read by containers, whose users nobody knows here.
pub(super) fn modes(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let (mut rules, mut list) = (Vec::new(), Vec::new());
    if failed.contains(&"ssh.modes") {
        rules.push("ssh.modes");
        list.extend(posture.sshd.as_ref().ok()?.loose.iter().filter_map(|line| key(line)));
    }
    if failed.contains(&"secrets.files") {
        let loose = posture.secrets.as_ref().ok()?.loose.iter().filter_map(|line| split(line));
        let env: Vec<_> = loose.filter(|(_, path)| name(path).starts_with(".env")).collect();
        if !env.is_empty() {
            rules.push("secrets.files");
            list.extend(env.into_iter().map(|(mode, path)| (mode & 0o700, path)));
        }
    }
    if list.is_empty() {
        return None;
    }
    let named: Vec<_> = list.iter().map(|(mode, path)| format!("{path} {mode:o}")).collect();
    let title = format!("set modes: {}", named.join(", "));
    let (change, so, warnings) = (Change::Modes(list), String::new(), Vec::new());
    Some(Fix { id: "modes", class: Class::Quiet, rules, title, change, so, warnings, still: Vec::new() })
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `/root/.ssh 755`
fn split(line: &str) -> Option<(u32, String)> {
    let (path, mode) = line.rsplit_once(' ')?;
    Some((u32::from_str_radix(mode, 8).ok()?, path.to_owned()))
}

fn key(line: &str) -> Option<(u32, String)> {
    let (mode, path) = split(line)?;
    let tight = match name(&path) {
        ".ssh" => 0o700,
        "authorized_keys" => 0o600,
        _ => mode & !0o022,
    };
    Some((tight, path))
}

/// A file of ours, written where it has to change.
struct Written {
    rule: &'static str,
    class: Class,
    id: &'static str,
    path: &'static str,
    reader: Reader,
}

impl Written {
    fn fix(self, before: Option<String>, after: String) -> Fix {
        let Self { rule, class, id, path, reader } = self;
        let (title, says) = (format!("write {path}{}", notice(reader)), String::new());
        let change = Change::Write { path, mode: 0o644, reader, before, after, says };
        Fix {
            id,
            class,
            rules: vec![rule],
            title,
            change,
            so: String::new(),
            warnings: Vec::new(),
            still: Vec::new(),
        }
    }
}

/// What becomes of whoever reads it.
fn notice(reader: Reader) -> &'static str {
    match reader {
        Reader::Journal => ", start journald anew (a moment; what is logged meanwhile waits)",
        Reader::Docker => ", let Docker's engine read it (no container stops)",
        _ => "",
    }
}

pub(super) fn journal(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let upkeep = posture.upkeep.as_ref().ok()?;
    let wanted = Written {
        rule: "system.journal",
        class: Class::Reload,
        id: "journal",
        path: JOURNAL,
        reader: Reader::Journal,
    };
    // The clock is somebody else's affair.
    if !failed.contains(&wanted.rule) || upkeep.journal && upkeep.bounded {
        return None;
    }
    let before = posture.files.as_ref().ok()?.0.get(JOURNAL).cloned();
    Some(wanted.fix(before, "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n".to_owned()))
}

/// Which updates are security's, the package itself knows; the engine is updated by a person, who restarts it. apt takes the
/// last word that it reads, so that ours is below what is there.
const UPGRADES_SAY: &str = r#"APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::Package-Blacklist { "docker-ce"; "docker.io"; "containerd"; };
"#;

/// What is not installed is installed by a person.
pub(super) fn upgrades(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let wanted = Written {
        rule: "system.unattended",
        class: Class::Quiet,
        id: "upgrades",
        path: UPGRADES,
        reader: Reader::Apt,
    };
    posture.upkeep.as_ref().ok().filter(|upkeep| upkeep.upgrader && failed.contains(&wanted.rule))?;
    let before = posture.files.as_ref().ok()?.0.get(UPGRADES).cloned();
    // It is an argument of a process, and part of a plan.
    if before.as_deref().is_some_and(may_be_secret) {
        return None;
    }
    let mut after = before.clone().unwrap_or_default();
    // A comment without an end of its line would take ours in.
    if !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    after += UPGRADES_SAY;
    Some(wanted.fix(before, after))
}

/// `rp_filter` 2 looks whether there is a way back at all, which suits several networks.
const KERNEL_VALUES: [(&str, i64); 5] = [
    ("net.ipv4.tcp_syncookies", 1),
    ("net.ipv4.conf.all.rp_filter", 2),
    ("kernel.kptr_restrict", 1),
    ("kernel.dmesg_restrict", 1),
    ("fs.protected_hardlinks", 1),
];

/// What containers need (`ip_forward`) is never touched.
pub(super) fn kernel(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let found = &posture.upkeep.as_ref().ok()?.kernel;
    let wanted = Written {
        rule: "system.kernel",
        class: Class::Quiet,
        id: "kernel",
        path: KERNEL,
        reader: Reader::Kernel,
    };
    if !failed.contains(&wanted.rule) {
        return None;
    }
    let before = posture.files.as_ref().ok()?.0.get(KERNEL).cloned();
    // What this kernel does not have is no fault of the file's.
    let low = KERNEL_VALUES.iter().filter(|(key, _)| found.get(*key).is_some_and(|value| *value < 1));
    let low: Vec<_> = low.collect();
    let about = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let kept = before.as_deref().unwrap_or_default().lines();
    let kept =
        kept.filter(|line| low.iter().all(|(key, _)| about(line) != *key)).map(|line| format!("{line}\n"));
    let after: String = kept.chain(low.iter().map(|(key, value)| format!("{key} = {value}\n"))).collect();
    if low.is_empty() {
        return None;
    }
    Some(wanted.fix(before, after))
}

/// Merged into what is there; what is no JSON, or has a secret, is left to a person.
pub(super) fn live(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let wanted = Written {
        rule: "docker.live",
        class: Class::Reload,
        id: "engine",
        path: DAEMON,
        reader: Reader::Docker,
    };
    if !failed.contains(&wanted.rule) {
        return None;
    }
    let before = posture.files.as_ref().ok()?.0.get(DAEMON).cloned();
    // Plans are shown, and what they write is an argument of a process.
    if before.as_deref().is_some_and(may_be_secret) {
        return None;
    }
    let after = restoring(before.as_deref().unwrap_or("{}\n"))?;
    Some(wanted.fix(before, after))
}

/// The same JSON with `live-restore`, and as few other lines changed as can be.
fn restoring(before: &str) -> Option<String> {
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    let mut json = read(before)?;
    let inside = before.find('{')? + 1;
    let comma = if json.is_empty() { "\n" } else { "," };
    json.insert("live-restore".into(), true.into());
    let added = format!("{}\n  {LIVE}{comma}{}", &before[..inside], &before[inside..]);
    let turned = before.replacen("\"live-restore\": false", LIVE, 1);
    let few = [added, turned].into_iter().find(|text| unique(text) && read(text).as_ref() == Some(&json));
    few.or_else(|| Some(format!("{}\n", serde_json::to_string_pretty(&json).ok()?)))
}

const LIVE: &str = "\"live-restore\": true";

/// A key that comes twice would be read by its last word alone.
fn unique(text: &str) -> bool {
    text.matches("\"live-restore\"").count() == 1
}
