//! What is true on a droplet now.
//!
//! Every probe is a small read-only shell text; all probes of a droplet travel in one script and one
//! answer (see [`script`]), and each can fail alone. Adding a fact is one file with its shape,
//! `PROBE` and `parse`, a field below, and a line in [`parse`] and in [`PROBES`]. Deliberately absent: judging (`checks`).

mod backups;
mod containers;
mod database;
mod docker;
mod fields;
mod frame;
mod host;
mod inside;
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
use crate::program::Program;
use crate::record::{Release, Slot};

pub use backups::Backups;
pub use containers::{Container, ContainerMount, PublishedPort};
pub use database::{Database, Module, RELATIONS};
pub use docker::Docker;
pub use host::{Host, PROGRAMS};
pub use listeners::Listening;
pub use lookout::Lookout;
pub use memory::Memory;
pub use mounts::Mount;
pub use own::{Observed, probe as own_probe};
pub use posture::{
    BANS, Conf, DAEMON, Daemon, Files, Firewall, JOURNAL, KERNEL, Key, OLD_ALGORITHMS, Options, People,
    Posture, SSHD, Sandbox, Secrets, Server, Site, Source, Sources, Sshd, UPGRADES, Ufw, Upkeep,
};
pub use proxy::ProxyState;
pub use schedule::Schedule;
pub use stack::{Checkout, StackDir};
pub use state::State;
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

/// Those of the probes, see also [`VITALS`] and [`POSTURE`]. For [`crate::catalog`].
pub(crate) const PROBES: &[Program] = &[
    backups::PROBE,
    containers::PROBE,
    database::PROBE,
    database::ASK,
    docker::PROBE,
    frame::GATHER,
    host::PROBE,
    inside::PROBE,
    listeners::PROBE,
    memory::PROBE,
    mounts::PROBE,
    own::HTTP,
    own::SQL,
    own::SQL_INSIDE,
    own::TCP,
    own::REFUSED,
    proxy::PROBE,
    schedule::PROBE,
    stack::PROBE,
    state::PROBE,
];
pub(crate) const VITALS: &[Program] = vitals::PROGRAMS;
pub(crate) const POSTURE: &[Program] = posture::PROGRAMS;

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
        ("memory", memory::probe()),
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
