//! Docker's engine: who may use it, from where, and how it keeps logs.

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Daemon {
    /// Sockets that the engine listens on for others: `0.0.0.0:2375`.
    pub tcp: Vec<String>,
    /// `root:docker 660`.
    pub socket: String,
    /// Members of its group, each of whom is root.
    pub members: Vec<String>,
    pub live_restore: bool,
    /// Registries that are spoken to in the clear, loopback aside.
    pub insecure: Vec<String>,
    /// It keeps its hands off the firewall.
    pub no_iptables: bool,
    /// Packages of the engine that wait for an update; None: nobody can tell.
    pub updates: Option<u64>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.daemon",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
ss -Hltnp | awk '/users:\(\("dockerd"/ { print "tcp\t" $4 }'
stat -L -c 'socket	%U:%G %a' /var/run/docker.sock
getent group docker | cut -d: -f4 | tr , '\n' | sed -n 's/^./member\t&/p'
docker info --format '{{if .LiveRestoreEnabled}}live	yes{{"\n"}}{{end}}{{range .RegistryConfig.InsecureRegistryCIDRs}}insecure	{{.}}{{"\n"}}{{end}}{{range .RegistryConfig.IndexConfigs}}{{if not .Secure}}insecure	{{.Name}}{{"\n"}}{{end}}{{end}}' |
    awk -F '\t' 'NF && $2 !~ /^(127\.0\.0\.0\/8|::1\/128)$/'
[ ! -r /etc/docker/daemon.json ] || [ "$(awk "$OPS_JSON" document rows - /iptables </etc/docker/daemon.json 2>/dev/null)" != false ] || echo 'no-iptables	yes'
if command -v apt-get >/dev/null; then
    printf 'updates\t%s\n' "$(apt-get -s -o Debug::NoLocking=1 dist-upgrade 2>/dev/null | grep -cE '^Inst (docker-ce|docker.io|containerd|containerd.io|runc) ')"
fi
echo 'all	yes'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Daemon> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("what Docker's engine says of itself cannot be understood"));
    }
    let lines = |key: &str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
    Ok(Daemon {
        tcp: lines("tcp"),
        socket: fields.need("socket")?.to_owned(),
        members: lines("member"),
        live_restore: fields.flag("live"),
        insecure: lines("insecure"),
        no_iptables: fields.flag("no-iptables"),
        updates: fields.number("updates").ok(),
    })
}
