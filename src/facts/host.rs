//! The machine itself: who we are on it, what it is, which programs it lacks.

use serde::Serialize;

use super::Probe;
use super::fields::Fields;
use crate::cmd::Cmd;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Host {
    pub hostname: String,
    /// Of the commands as they run, after sudo.
    pub uid: u32,
    pub user: String,
    /// `PRETTY_NAME` of os-release.
    pub os: String,
    pub cpus: u32,
    pub systemd: bool,
    /// Programs that `ops` needs on the droplet and that are missing: git, curl, flock, ..
    pub missing: Vec<String>,
}

/// What `ops` calls on a droplet. Where `systemd-run` is missing, `setsid` does.
pub const PROGRAMS: [&str; 9] =
    ["git", "curl", "docker", "tar", "flock", "sha256sum", "setsid", "awk", "timeout"];

pub(super) const PROBE: Program = Program::shell(
    "facts.host",
    &[r#"
printf 'name\t' && uname -n
printf 'uid\t' && id -u
printf 'user\t%s\n' "$(id -un 2>/dev/null)"
printf 'cpus\t%s\n' "$(nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
[ ! -r /etc/os-release ] || while IFS= read -r line; do
    case $line in PRETTY_NAME=*) printf 'os\t%s\n' "${line#*=}" && break ;; esac
done </etc/os-release
[ ! -d /run/systemd/system ] || printf 'systemd\tyes\n'
for program; do
    command -v "$program" >/dev/null 2>&1 || printf 'missing\t%s\n' "$program"
done
"#],
);

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
