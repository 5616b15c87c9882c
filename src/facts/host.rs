//! The machine itself: who we are on it, what it is, which programs it lacks.

use super::fields::Fields;
use super::{Host, Probe};
use crate::cmd::Cmd;

/// What `ops` calls on a droplet. Where `systemd-run` is missing, `setsid` does.
pub const PROGRAMS: [&str; 9] =
    ["git", "curl", "docker", "tar", "flock", "sha256sum", "setsid", "awk", "timeout"];

const PROBE: &str = r#"
printf 'name\t%s\n' "$(uname -n)"
printf 'uid\t%s\n' "$(id -u)"
printf 'user\t%s\n' "$(id -un 2>/dev/null)"
printf 'cpus\t%s\n' "$(nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
printf 'os\t%s\n' "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | head -n 1)"
[ ! -d /run/systemd/system ] || printf 'systemd\tyes\n'
for program; do
    command -v "$program" >/dev/null 2>&1 || printf 'missing\t%s\n' "$program"
done
"#;

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, PROGRAMS)
}

pub(super) fn parse(text: &str) -> Probe<Host> {
    let fields = Fields::read(text);
    Ok(Host {
        hostname: fields.need("name")?.to_owned(),
        uid: fields.number("uid")?,
        user: fields.get("user").unwrap_or("?").to_owned(),
        os: fields.get("os").unwrap_or("unknown").trim_matches(['"', '\'']).to_owned(),
        cpus: fields.number("cpus")?,
        systemd: fields.flag("systemd"),
        missing: fields.all("missing").map(str::to_owned).collect(),
    })
}
