//! What is true on a droplet now.
//!
//! Every probe is a small read-only shell text; all probes of a droplet travel in one script and one
//! answer (see [`script`]), and each can fail alone. Adding a fact is one file with `PROBE` and
//! `parse`, a field below, and a line in [`parse`]. Deliberately absent: judging (`checks`).

mod backups;
mod containers;
mod database;
mod docker;
mod fields;
mod frame;
mod host;
mod listeners;
mod lookout;
mod memory;
mod mounts;
mod own;
mod posture;
mod proxy;
mod schedule;
mod stack;
mod state;
mod vitals;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cmd::Cmd;
use crate::inventory::{Droplet, Environment, When};
use crate::record::{Holder, Release, RunRecord, Slot};

pub use backups::Backups;
pub use database::RELATIONS;
pub use host::PROGRAMS;
pub use lookout::Lookout;
pub use own::probe as own_probe;
pub use posture::{
    Conf, DAEMON, Daemon, Files, Firewall, JOURNAL, KERNEL, Key, OLD_ALGORITHMS, Options, Posture, SSHD,
    Sandbox, Secrets, Server, Site, Source, Sources, Sshd, Ufw, Upkeep,
};
pub use schedule::Schedule;
pub use vitals::*;

/// One probe's answer, or why there is none. A failed probe is never a passed check.
pub type Probe<T> = Result<T, ProbeFailure>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{why}")]
pub struct ProbeFailure {
    pub why: String,
}

impl ProbeFailure {
    /// What a droplet said about a failure is made printable and short.
    pub fn new(why: impl AsRef<str>) -> Self {
        Self { why: crate::text::shorten(&crate::text::printable(why.as_ref().trim()), 300) }
    }
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
    /// `None` where the inventory names no proxy, and on a droplet that runs no web service.
    pub proxy: Probe<Option<ProxyState>>,
    pub state: Probe<State>,
    pub schedule: Probe<Schedule>,
    pub backups: Probe<Backups>,
    /// Only `ops health` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vitals: Option<Box<Vitals>>,
    /// How safe it is; only `ops harden` asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posture: Option<Box<Posture>>,
    /// The user's own tcp, http and sql checks of the phase, by name: what was observed.
    pub own: BTreeMap<String, Probe<Observed>>,
}

/// The one script that asks a droplet everything: `nonce` is drawn for each run, at least 16
/// hexadecimal digits; the user's own checks of the phase `when`, if there is one, are asked too.
pub fn script(env: &Environment, droplet: &Droplet, nonce: &str, when: impl Into<Option<When>>) -> Cmd {
    let when = when.into();
    let health = when == Some(When::Health);
    let mut alone =
        vec![("host", host::probe()), ("listeners", listeners::probe()), ("stack", stack::probe(env))];
    alone.extend(health.then(|| vitals::alone(env, droplet)).into_iter().flatten());
    let with_containers = [
        ("docker", docker::probe()),
        ("mounts", mounts::probe(env)),
        ("containers", containers::probe()),
        ("memory", memory::probe()),
        ("database", database::probe(env)),
        ("proxy", proxy::probe(env, droplet)),
        ("state", state::probe(env)),
        ("schedule", schedule::probe()),
        ("backups", backups::probe(env)),
    ];
    let vitals = health.then(|| vitals::with_containers(env, droplet)).into_iter().flatten();
    let own = when.into_iter().flat_map(|when| own::probes(env, droplet, when));
    let with_containers = with_containers.into_iter().chain(vitals).map(|(name, cmd)| (name.to_owned(), cmd));
    frame::cmd(env, nonce, &alone, with_containers.chain(own))
}

/// What `ops harden` asks, in the same way.
pub fn posture_script(env: &Environment, droplet: &Droplet, nonce: &str) -> Cmd {
    let mut alone = vec![("host", host::probe())];
    alone.extend(posture::alone(env));
    let with_containers = [
        ("docker", docker::probe()),
        ("containers", containers::probe()),
        ("state", state::probe(env)),
        ("schedule", schedule::probe()),
        ("backups", backups::probe(env)),
    ];
    let all = with_containers.into_iter().chain(posture::with_containers(env, droplet));
    frame::cmd(env, nonce, &alone, all.map(|(name, cmd)| (name.to_owned(), cmd)))
}

/// What runs and what `ops` remembers, alone: for whoever wants to do something else.
pub fn glance(env: &Environment, nonce: &str) -> Cmd {
    let probes = [("containers".to_owned(), containers::probe()), ("state".to_owned(), state::probe(env))];
    frame::cmd(env, nonce, &[], probes.into_iter())
}

/// Reads the answer to [`script`] of the same phase. Never fails as a whole: what is missing or garbage is a
/// [`ProbeFailure`] of its fact.
pub fn parse(env: &Environment, droplet: &Droplet, nonce: &str, stdout: &[u8]) -> Facts {
    let answers = frame::Answers::read(nonce, stdout);
    Facts {
        droplet: droplet.name.clone(),
        host: answers.of("host").and_then(|text| host::parse(&text)),
        docker: answers.of("docker").and_then(|text| docker::parse(&text)),
        mounts: answers.of("mounts").and_then(|text| mounts::parse(&text)),
        memory: answers.of("memory").and_then(|text| memory::parse(&text)),
        listeners: answers.of("listeners").and_then(|text| listeners::parse(&text)),
        containers: answers.of("containers").and_then(|text| containers::parse(&text)),
        stack: answers.of("stack").and_then(|text| stack::parse(&text)),
        database: answers.of("database").and_then(|text| database::parse(&text)),
        proxy: answers.of("proxy").and_then(|text| proxy::parse(&text)),
        state: answers.of("state").and_then(|text| state::parse(&text)),
        schedule: answers.of("schedule").and_then(|text| schedule::parse(&text)),
        backups: answers.of("backups").and_then(|text| backups::parse(&text)),
        vitals: answers.has("vitals.machine").then(|| Box::new(vitals::parse(env, droplet, &answers))),
        posture: answers.has("posture.sshd").then(|| Box::new(posture::parse(env, droplet, &answers))),
        own: own::parse(env, &answers),
    }
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

    /// The slot of the web service that serves, by our own records.
    pub fn slot(&self) -> Slot {
        self.current_release().map(|release| release.slot).unwrap_or_default()
    }

    /// The container of the web service that serves, or should; `web` is the service as the user calls it.
    /// One of the other slot that does not run was drained, and is no answer.
    pub fn web(&self, web: &str) -> Option<&Container> {
        let live = self.container(&self.slot().service(web));
        let by_hand = || self.container(web).filter(|one| one.running());
        live.filter(|one| one.running()).or_else(by_hand).or(live)
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
    /// `docker-compose` v1 is there; looked for only where v2 is not.
    pub compose_v1: bool,
    pub root_dir: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What it was asked for: `stack`, `docker`, `state`, `root`.
    pub purposes: Vec<String>,
    pub mount_point: String,
    pub size: u64,
    pub used: u64,
    /// For those who are not root: some file systems keep a part back.
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
    /// What the processes of the running web container take; None where none runs or it cannot be read.
    pub web: Option<u64>,
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
    /// Tables, views and sequences in it, without PostgreSQL's own and those of its extensions.
    pub relations: u64,
    pub bytes: u64,
    /// name -> (state, latest_version)
    pub modules: BTreeMap<String, Module>,
    /// Databases put aside by ops, by name, with their bytes.
    pub aside: BTreeMap<String, u64>,
    /// Users active in the last five minutes; None where Odoo keeps no such table.
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
    /// `nginx -t` was asked: only root may.
    pub config_tested: bool,
    /// None: `nginx -t` said yes; else its last lines.
    pub config_fault: Option<String>,
    /// Certificates named by the site: path and seconds since the epoch of notAfter.
    pub certificates: Vec<(String, i64)>,
    /// Certificates named by the site whose date could not be read.
    pub certificates_unread: Vec<String>,
    /// The site's file on the droplet; None where nginx is in a container that has it from nowhere else.
    pub site_file: Option<String>,
    /// nginx reads exactly this file: in a container it may still have one that an editor replaced.
    pub site_seen: bool,
    /// The servers of the inventory's upstreams, as nginx reads them; a block without servers is empty.
    pub upstreams: BTreeMap<String, Vec<String>>,
    /// Other words of nginx's configuration that hold a port, at most 400.
    pub elsewhere: Vec<String>,
    pub now: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Of the containers, else of the directory whose `stack` file names this stack.
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
    /// Records that are there and cannot be read: `release 0`, `lock lock`.
    pub unreadable: Vec<String>,
}

/// What a user's own check saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Observed {
    Http { status: u16, millis: u64, contains: bool },
    Sql { value: String },
    Tcp { open: bool },
}
