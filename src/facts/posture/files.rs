//! The files that a fix would write, as they are: their difference is shown before, and what changed since is not overwritten.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

/// What is there, by path; what is not there has no entry. Text alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Files(pub BTreeMap<String, String>);

pub const SSHD: &str = "/etc/ssh/sshd_config.d/00-ops.conf";
pub const DAEMON: &str = "/etc/docker/daemon.json";
pub const JOURNAL: &str = "/etc/systemd/journald.conf.d/ops.conf";
pub const KERNEL: &str = "/etc/sysctl.d/60-ops.conf";
pub const UPGRADES: &str = "/etc/apt/apt.conf.d/60ops";
pub const BANS: &str = "/etc/fail2ban/jail.d/ops.local";

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.files",
    &[r#"
for file; do
    [ ! -e "$file" ] || { [ "$(wc -c <"$file")" -le 65536 ] && printf 'file\t%s\t%s\n' "$file" "$(base64 -w 0 <"$file")"; } || exit
done
echo 'all	yes'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [SSHD, DAEMON, JOURNAL, KERNEL, UPGRADES, BANS])
}

pub(super) fn parse(text: &str) -> Probe<Files> {
    let fields = Fields::read(text);
    let unclear = || ProbeFailure::new("the files of the configuration cannot be read");
    if !fields.flag("all") {
        return Err(unclear());
    }
    let file = |line: &str| {
        let (path, bytes) = line.split_once('\t')?;
        Some((path.to_owned(), String::from_utf8(STANDARD.decode(bytes).ok()?).ok()?))
    };
    fields.all("file").map(|line| file(line).ok_or_else(unclear)).collect::<Probe<_>>().map(Files)
}
