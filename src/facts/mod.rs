//! What is true on a droplet now.
//!
//! Every probe is a small read-only shell text; all probes of a droplet travel in one script and one
//! answer (see [`script`]), and each can fail alone. Adding a fact is one file with `PROBE` and
//! `parse`, a field below, and a line in [`parse`]. Deliberately absent: judging (`checks`).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{Holder, Release, RunRecord};

/// One probe's answer, or why there is none. A failed probe is never a passed check.
pub type Probe<T> = Result<T, ProbeFailure>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{why}")]
pub struct ProbeFailure {
    pub why: String,
}

/// Everything known about one droplet. Read-only; the run's own lock and state are not facts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    pub droplet: String,
    pub host: Probe<Host>,
    pub docker: Probe<Docker>,
    pub mounts: Probe<Vec<Mount>>,
    pub memory: Probe<Memory>,
    pub listeners: Probe<Vec<Listening>>,
    /// All containers of the stack's Compose project, stopped ones included.
    pub containers: Probe<Vec<Container>>,
    pub stack: Probe<StackDir>,
    /// `None` where this droplet has no database container of the stack.
    pub database: Probe<Option<Database>>,
    /// `None` where the inventory names no proxy.
    pub proxy: Probe<Option<ProxyState>>,
    pub state: Probe<State>,
    /// The user's own tcp, http and sql checks of the phase, by name: what was observed.
    pub own: BTreeMap<String, Probe<Observed>>,
}

impl Facts {
    /// The Compose project: of the running containers, else of our own records.
    pub fn project(&self) -> Option<&str> {
        let running = self.containers.as_ref().ok().and_then(|c| c.first()).map(|c| c.project.as_str());
        running.or_else(|| self.state.as_ref().ok().and_then(|s| s.project.as_deref()))
    }

    pub fn container(&self, service: &str) -> Option<&Container> {
        let all = self.containers.as_ref().ok()?;
        let of =
            |running: bool| all.iter().find(|c| c.service == service && !c.oneoff && c.running() == running);
        of(true).or_else(|| of(false))
    }

    /// Any container of the stack, running or not.
    pub fn container_any(&self) -> Option<&Container> {
        self.containers.as_ref().ok()?.first()
    }

    pub fn current_release(&self) -> Option<&Release> {
        let state = self.state.as_ref().ok()?;
        let id = state.current.as_deref()?;
        state.releases.iter().find(|r| r.id == id)
    }
}

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Docker {
    /// The engine's version.
    pub engine: String,
    /// Compose v2's version, without a leading `v`; None: not installed.
    pub compose: Option<String>,
    /// `docker-compose` v1 is there.
    pub compose_v1: bool,
    pub root_dir: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What it was asked for: `stack`, `docker`, `state`, `root`.
    pub purposes: Vec<String>,
    pub mount_point: String,
    pub size: u64,
    pub free: u64,
    pub inodes: u64,
    pub inodes_free: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Memory {
    pub total: u64,
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
}

/// A listening TCP socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listening {
    pub address: String,
    pub port: u16,
    /// `nginx(812)`, where the kernel tells us.
    pub process: Option<String>,
}

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackDir {
    pub exists: bool,
    /// The user who owns it (who, before it exists, owns its nearest parent).
    pub owner: String,
    pub writable: bool,
    pub env_file: bool,
    pub git: Option<Checkout>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkout {
    pub head: String,
    pub branch: Option<String>,
    pub remote: Option<String>,
    /// `git status --porcelain` lines of tracked files, bounded.
    pub dirty: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Database {
    /// The server answered.
    pub server_version: String,
    /// The inventory's database exists.
    pub exists: bool,
    /// It holds Odoo's tables.
    pub odoo: bool,
    pub bytes: u64,
    /// name -> (state, latest_version)
    pub modules: BTreeMap<String, Module>,
    /// Users active in the last five minutes; None where the bus is not installed.
    pub active_users: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Module {
    pub state: String,
    pub version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxyState {
    /// nginx is installed (or its container runs).
    pub present: bool,
    pub running: bool,
    pub site_exists: bool,
    /// `nginx -t` said yes; else its last lines.
    pub config_fault: Option<String>,
    /// Certificates named by the site: path and seconds since the epoch of notAfter.
    pub certificates: Vec<(String, i64)>,
    pub now: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// The directory for this stack, found by its `stack` file or the running project.
    pub project: Option<String>,
    /// `state_dir` exists and is writable, or can be made.
    pub writable: bool,
    pub lock: Option<Holder>,
    /// The droplet's clock, seconds since the epoch.
    pub now: i64,
    pub current: Option<String>,
    /// Oldest first.
    pub releases: Vec<Release>,
    /// Newest first, at most 50.
    pub runs: Vec<RunRecord>,
}

/// What a user's own check saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    Http { status: u16, millis: u64, contains: bool },
    Sql { value: String },
    Tcp { open: bool },
}
