//! The containers of the stack's Compose project. Never their environment: it holds passwords.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Container {
    pub id: String,
    pub name: String,
    pub project: String,
    pub service: String,
    /// Made by `docker compose run`.
    pub oneoff: bool,
    /// `running`, `exited`, `restarting`, ..
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; None without a health check.
    pub health: Option<String>,
    pub exit_code: i32,
    pub restarts: u32,
    pub oom_killed: bool,
    /// As written in the compose file.
    pub image: String,
    pub image_id: String,
    pub config_files: Vec<String>,
    pub working_dir: String,
    pub ports: Vec<PublishedPort>,
    pub mounts: Vec<ContainerMount>,
    /// RFC 3339.
    pub started: String,
}

impl Container {
    pub fn running(&self) -> bool {
        self.state == "running"
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedPort {
    pub container: u16,
    pub address: String,
    pub host: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerMount {
    /// `bind`, `volume`, `tmpfs`.
    pub kind: String,
    /// Path on the droplet, or the volume's name.
    pub source: String,
    pub target: String,
    pub writable: bool,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.containers",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_IDS" ] || exit 0
# Container ids are hexadecimal; they are split here on purpose.
exec docker inspect --type container --format "$1" $OPS_IDS
"#],
);

// Every field here exists since Docker 20.10. Names as in Docker's JSON; `index` where a container may
// lack one, because a missing key is an error and would take all containers' facts away.
const FORMAT: &str = concat!(
    r#"{"id":{{json .Id}},"name":{{json .Name}},"#,
    r#""project":{{json (index .Config.Labels "com.docker.compose.project")}},"#,
    r#""service":{{json (index .Config.Labels "com.docker.compose.service")}},"#,
    r#""oneoff":{{json (index .Config.Labels "com.docker.compose.oneoff")}},"#,
    r#""config_files":{{json (index .Config.Labels "com.docker.compose.project.config_files")}},"#,
    r#""working_dir":{{json (index .Config.Labels "com.docker.compose.project.working_dir")}},"#,
    r#""state":{{json .State.Status}},"#,
    r#""health":{{with index .State "Health"}}{{json .Status}}{{else}}null{{end}},"#,
    r#""exit_code":{{json .State.ExitCode}},"restarts":{{json .RestartCount}},"#,
    r#""oom_killed":{{json .State.OOMKilled}},"started":{{json .State.StartedAt}},"#,
    r#""image":{{json .Config.Image}},"image_id":{{json .Image}},"#,
    r#""bindings":{{json .HostConfig.PortBindings}},"ports":{{json .NetworkSettings.Ports}},"#,
    r#""mounts":{{json .Mounts}}}"#
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [FORMAT])
}

#[derive(Deserialize)]
struct Inspected {
    id: String,
    name: String,
    project: String,
    service: String,
    oneoff: String,
    config_files: String,
    working_dir: String,
    state: String,
    health: Option<String>,
    exit_code: i32,
    restarts: u32,
    oom_killed: bool,
    started: String,
    image: String,
    image_id: String,
    bindings: Option<Ports>,
    ports: Option<Ports>,
    mounts: Option<Vec<Mounted>>,
}

/// `8069/tcp` -> where it is published.
type Ports = BTreeMap<String, Option<Vec<Binding>>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    host_ip: String,
    host_port: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mounted {
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    source: String,
    destination: String,
    #[serde(rename = "RW")]
    rw: bool,
}

pub(super) fn parse(text: &str) -> Probe<Vec<Container>> {
    let mut all = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            serde_json::from_str::<Inspected>(line)
                .map(Container::from)
                .map_err(|error| ProbeFailure::new(format!("docker inspect cannot be understood: {error}")))
        })
        .collect::<Probe<Vec<_>>>()?;
    all.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
    Ok(all)
}

impl From<Inspected> for Container {
    fn from(it: Inspected) -> Self {
        let published =
            |ports: &Option<Ports>| ports.iter().flatten().flat_map(published).collect::<Vec<_>>();
        // A stopped container publishes nothing now; what it would take again is in its settings.
        let mut ports = published(&it.ports);
        if ports.is_empty() {
            ports = published(&it.bindings);
        }
        Self {
            name: it.name.trim_start_matches('/').to_owned(),
            oneoff: it.oneoff.eq_ignore_ascii_case("true"),
            config_files: it.config_files.split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect(),
            mounts: it.mounts.into_iter().flatten().map(ContainerMount::from).collect(),
            ports,
            id: it.id,
            project: it.project,
            service: it.service,
            state: it.state,
            health: it.health,
            exit_code: it.exit_code,
            restarts: it.restarts,
            oom_killed: it.oom_killed,
            image: it.image,
            image_id: it.image_id,
            working_dir: it.working_dir,
            started: it.started,
        }
    }
}

impl From<Mounted> for ContainerMount {
    fn from(it: Mounted) -> Self {
        let source = if it.name.is_empty() { it.source } else { it.name };
        Self { kind: it.r#type, source, target: it.destination, writable: it.rw }
    }
}

/// The TCP ports that are published on a port of their own choice; `0` is whichever was free.
fn published((port, bindings): (&String, &Option<Vec<Binding>>)) -> Vec<PublishedPort> {
    let Some(container) = port.strip_suffix("/tcp").and_then(|port| port.parse().ok()) else {
        return Vec::new();
    };
    let host = |binding: &Binding| binding.host_port.parse().ok().filter(|port| *port != 0);
    bindings
        .iter()
        .flatten()
        .filter_map(|binding| {
            Some(PublishedPort { container, address: binding.host_ip.clone(), host: host(binding)? })
        })
        .collect()
}
