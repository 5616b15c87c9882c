//! What each container of the stack may do to the droplet. Of its environment only names, of its processes only options.

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    pub name: String,
    pub service: String,
    pub privileged: bool,
    /// Where its bind mounts come from.
    pub binds: Vec<String>,
    /// Bytes; 0: no limit.
    pub memory: u64,
    #[serde(deserialize_with = "some")]
    pub security: Vec<String>,
    #[serde(deserialize_with = "some")]
    pub dropped: Vec<String>,
    pub healthcheck: bool,
    pub restart: String,
    /// As the container was asked for: `odoo:17.0`, `odoo@sha256:..`.
    pub image: String,
    pub network: String,
    pub pid: String,
    pub ipc: String,
    #[serde(deserialize_with = "number")]
    pub pids: i64,
    pub log_driver: String,
    pub log_max: String,
    /// Names of variables that look like secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Published on addresses that others reach: `0.0.0.0:8069`.
    #[serde(default)]
    pub published: Vec<String>,
    /// Users that its processes run as, and options of theirs that matter: `--dev`, `--db_password`.
    #[serde(default)]
    pub users: Vec<String>,
    #[serde(default)]
    pub options: Vec<String>,
}

/// Docker says `null` for an empty list.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.sandbox",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
echo asked
for id in $OPS_IDS; do
    [ "$(docker inspect -f '{{.State.Running}}' "$id")" = true ] || continue
    docker inspect -f '{"name":{{json .Name}},"service":{{json (index .Config.Labels "com.docker.compose.service")}},"privileged":{{.HostConfig.Privileged}},"binds":[{{$first := true}}{{range .Mounts}}{{if eq .Type "bind"}}{{if not $first}},{{end}}{{$first = false}}{{json .Source}}{{end}}{{end}}],"memory":{{.HostConfig.Memory}},"security":{{json .HostConfig.SecurityOpt}},"dropped":{{json .HostConfig.CapDrop}},"healthcheck":{{if .Config.Healthcheck}}true{{else}}false{{end}},"restart":{{json .HostConfig.RestartPolicy.Name}},"image":{{json .Config.Image}},"network":{{json .HostConfig.NetworkMode}},"pid":{{json .HostConfig.PidMode}},"ipc":{{json .HostConfig.IpcMode}},"pids":{{json .HostConfig.PidsLimit}},"log_driver":{{json .HostConfig.LogConfig.Type}},"log_max":{{with index .HostConfig.LogConfig.Config "max-size"}}{{json .}}{{else}}""{{end}}' "$id" | tr -d '\n'
    quoted() { awk 'NF { gsub(/[\\"]/, ""); gsub(/[^ -~]/, "?"); printf "%s\"%s\"", (n++ ? "," : ""), substr($0, 1, 200) }'; }
    printf ',"secrets":[%s]' "$(docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$id" | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=..*/\1/p' | grep -Ei 'pass|secret|key|token' | grep -vi '_file$' | quoted)"
    printf ',"published":[%s]' "$(docker inspect -f '{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostIp}}:{{.HostPort}}{{"\n"}}{{end}}{{end}}' "$id" | grep -v '^$' | grep -vE '^(127\.|::1:)' | sort -u | quoted)"
    top=$(docker top "$id" -eo pid,user,args | sed '1d; s/^ *[0-9]* *//')
    printf ',"users":[%s]' "$(printf '%s\n' "$top" | awk '{ print $1 }' | sort -u | quoted)"
    printf ',"options":[%s]}\n' "$(printf '%s\n' "$top" | tr ' ' '\n' | sed -n 's/^\(--\(dev\|db_password\|log-level\|workers\)\)\(=.*\)\{0,1\}$/\1/p' | sort -u | quoted)"
done
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Vec<Sandbox>> {
    let mut lines = text.lines();
    if lines.next() != Some("asked") {
        return Err(ProbeFailure::new("docker inspect cannot be understood"));
    }
    let read = |line: &str| {
        serde_json::from_str(line)
            .map_err(|_| ProbeFailure::new(format!("docker inspect cannot be understood: {line}")))
    };
    lines.filter(|line| !line.is_empty()).map(read).collect()
}
