//! What only `ops harden` asks: how safe the droplet, the engine, the database, Odoo and the site are.
//!
//! The probes travel in one script, like those of [`super::script`]. Asked of daemons rather than of files, because only
//! what they have read counts. Deliberately absent: judging (`checks::hardening`), and every value of a secret.

mod conf;
mod daemon;
mod files;
mod firewall;
mod people;
mod sandbox;
mod secrets;
mod server;
mod site;
mod sources;
mod sshd;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::frame::Answers;
use super::vitals::tls;
use super::{Probe, Tls};
use crate::cmd::Cmd;
use crate::inventory::{Droplet, Environment, Role};
use crate::program::Program;

pub use conf::Conf;
pub use daemon::Daemon;
pub use files::{BANS, DAEMON, Files, JOURNAL, KERNEL, SSHD, UPGRADES};
pub use firewall::{Firewall, Ufw};
pub use people::People;
pub use sandbox::Sandbox;
pub use secrets::Secrets;
pub use server::Server;
pub use site::Site;
pub use sources::{Source, Sources};
pub use sshd::{Key, OLD_ALGORITHMS, Options, Sshd};
pub use upkeep::Upkeep;

/// For [`crate::catalog`].
pub(super) const PROGRAMS: &[Program] = &[
    conf::PROGRAM,
    daemon::PROBE,
    files::PROBE,
    firewall::PROBE,
    people::ASK,
    people::KNOWN,
    people::PROBE,
    sandbox::PROBE,
    secrets::PROBE,
    server::ASK,
    server::PROBE,
    site::PROBE,
    sources::PROBE,
    sshd::PROBE,
    upkeep::PROBE,
];

/// `None` inside: there is nothing of this here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Posture {
    pub sshd: Probe<Sshd>,
    pub firewall: Probe<Firewall>,
    pub daemon: Probe<Daemon>,
    /// Running containers of the stack.
    pub sandboxes: Probe<Vec<Sandbox>>,
    pub server: Probe<Option<Server>>,
    pub people: Probe<Option<People>>,
    pub conf: Probe<Option<Conf>>,
    pub site: Probe<Option<Site>>,
    pub tls: Probe<Option<Tls>>,
    pub secrets: Probe<Secrets>,
    pub upkeep: Probe<Upkeep>,
    pub files: Probe<Files>,
    pub sources: Probe<Sources>,
    /// Ports that opened to this laptop, ssh's own aside; None: the laptop does not reach the droplet by itself.
    pub outside: Option<Probe<Vec<u16>>>,
    /// Statuses of pages by path, as this laptop gets them; None: it reaches none by itself.
    pub pages: Option<Probe<BTreeMap<String, u16>>>,
}

impl Posture {
    /// TCP ports that somebody else might reach, as the droplet sees it.
    pub fn listening(&self) -> BTreeSet<u16> {
        let port = |address: &str| address.rsplit(':').next().and_then(|port| port.parse().ok());
        let open = self.firewall.iter().flat_map(|firewall| &firewall.open);
        let open = open.filter_map(|line| port(line.strip_prefix("tcp ")?.split(' ').next()?));
        let published = self.sandboxes.iter().flatten().flat_map(|one| &one.published);
        open.chain(published.filter_map(|address| port(address))).collect()
    }
}

/// The probes that need no containers.
pub(super) fn alone(env: &Environment) -> Vec<(&'static str, Cmd)> {
    vec![
        ("posture.sshd", sshd::probe()),
        ("posture.firewall", firewall::probe()),
        ("posture.upkeep", upkeep::probe()),
        ("posture.files", files::probe()),
        ("posture.secrets", secrets::probe(env)),
    ]
}

/// The others, on a droplet of these roles.
pub(super) fn with_containers(env: &Environment, droplet: &Droplet) -> Vec<(&'static str, Cmd)> {
    let mut probes = vec![
        ("posture.daemon", daemon::probe()),
        ("posture.sandboxes", sandbox::probe()),
        ("posture.server", server::probe(env)),
        ("posture.people", people::probe(env)),
        ("posture.sources", sources::probe(env, droplet)),
    ];
    if droplet.roles.contains(&Role::Web) {
        probes.push(("posture.conf", conf::probe()));
        if let Some(proxy) = &env.proxy {
            probes.push(("posture.site", site::probe(proxy)));
            probes.push(("posture.tls", tls::probe(env, proxy)));
        }
    }
    probes
}

/// Reads what there is; where nothing was asked there is nothing.
pub(super) fn parse(env: &Environment, droplet: &Droplet, answers: &Answers) -> Posture {
    let web = droplet.roles.contains(&Role::Web);
    let proxy = web && env.proxy.is_some();
    Posture {
        sshd: answers.of("posture.sshd").and_then(|text| sshd::parse(&text)),
        firewall: answers.of("posture.firewall").and_then(|text| firewall::parse(&text)),
        daemon: answers.of("posture.daemon").and_then(|text| daemon::parse(&text)),
        sandboxes: answers.of("posture.sandboxes").and_then(|text| sandbox::parse(&text)),
        server: answers.of("posture.server").and_then(|text| server::parse(&text)),
        people: answers.of("posture.people").and_then(|text| people::parse(&text)),
        conf: match web {
            true => answers.of("posture.conf").and_then(|text| conf::parse(&text)),
            false => Ok(None),
        },
        site: match proxy {
            true => answers.of("posture.site").and_then(|text| site::parse(&text)).map(Some),
            false => Ok(None),
        },
        tls: match proxy {
            true => answers.of("posture.tls").and_then(|text| tls::parse(&text)),
            false => Ok(None),
        },
        secrets: answers.of("posture.secrets").and_then(|text| secrets::parse(&text)),
        upkeep: answers.of("posture.upkeep").and_then(|text| upkeep::parse(&text)),
        files: answers.of("posture.files").and_then(|text| files::parse(&text)),
        sources: answers.of("posture.sources").and_then(|text| sources::parse(&text)),
        outside: None,
        pages: None,
    }
}
