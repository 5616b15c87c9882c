//! What only `ops health` asks: how the droplet, the database and Odoo are at this moment.
//!
//! The probes travel with those of [`super::script`], in the same round trip.

mod access;
mod doors;
mod kept;
mod log;
mod logs;
mod machine;
mod names;
mod odoo;
mod pages;
mod sessions;
mod statements;
pub(super) mod tls;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Probe;
use super::frame::Answers;
use crate::cmd::Cmd;
use crate::inventory::{Droplet, Environment, Role};
use crate::program::Program;

pub use doors::{Bus, Doors, Rpc, Stage, Way};
pub use names::{Here, Lookup, Names, sought};
pub use statements::{Statement, Statements};

/// For [`crate::catalog`].
pub(super) const PROGRAMS: &[Program] = &[
    access::PROBE,
    doors::PROGRAM,
    kept::PROBE,
    log::PROBE,
    logs::PROBE,
    machine::PROBE,
    names::PROBE,
    odoo::ASK,
    pages::INSIDE,
    pages::PROXIED,
    sessions::PROBE,
    sessions::ASK,
    tls::PROBE,
    versions::PROGRAM,
    versions::PROBE,
];

/// Signs of life. `None` inside: there is nothing of this here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vitals {
    pub machine: Probe<Machine>,
    /// Bytes of each container's log, by the container's name; None where its driver keeps it elsewhere.
    pub logs: Probe<BTreeMap<String, Option<u64>>>,
    pub sessions: Probe<Option<Sessions>>,
    pub odoo: Probe<Option<Odoo>>,
    /// What Odoo logged.
    pub log: Probe<Option<Log>>,
    /// The login page, asked of the web container itself.
    pub inside: Probe<Option<Page>>,
    /// The login page through the proxy, by its real name.
    pub proxied: Probe<Option<Page>>,
    pub tls: Probe<Option<Tls>>,
    pub doors: Probe<Option<Doors>>,
    /// The modules of the inventory on disk, as Odoo's container finds them, and their versions.
    pub versions: Probe<Option<BTreeMap<String, Option<String>>>>,
    pub kept: Probe<Kept>,
    /// None: only root sees it.
    pub access: Probe<Option<Access>>,
    pub names: Probe<Option<Names>>,
    /// What this machine asked meanwhile; never the droplet's own.
    pub here: Option<Here>,
}

/// The droplet itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// The load of the last five minutes.
    pub load: f64,
    /// Seconds since it began.
    pub up: u64,
    /// Percent of the last minute in which everything waited, for `cpu`, `memory` and `io`, where the kernel counts.
    pub pressure: BTreeMap<String, f64>,
    /// The clock is set by others: None where that cannot be asked, or is not this droplet's business.
    pub in_time: Option<bool>,
    /// It wants to begin anew, and for what.
    pub reboot: Option<String>,
    /// Processes that the kernel killed for memory in the last day; None: its log may not be read.
    pub killed: Option<u64>,
}

/// What PostgreSQL's sessions do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Sessions {
    /// We see what others do.
    pub sees_all: bool,
    pub max: u64,
    pub used: u64,
    /// Seconds of the longest statement, and whose it is.
    pub longest: Option<Session>,
    /// Seconds of the transaction that does nothing for longest.
    pub idle: Option<Session>,
    /// Waiting for a lock for ten seconds or more.
    pub blocked: u64,
    /// Who holds what the longest waiting one wants.
    pub blocker: Option<Session>,
    /// Of the database with the oldest transaction.
    pub oldest: u64,
    pub oldest_in: String,
    /// Pages that were read and found broken.
    pub broken_pages: u64,
    /// Bytes that are free where the server's files are.
    pub free: Option<u64>,
}

/// One session of PostgreSQL. Never its statement: that may hold anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Session {
    pub pid: u32,
    pub seconds: u64,
    pub user: Option<String>,
    pub application: Option<String>,
    pub database: Option<String>,
}

/// What Odoo's tables tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Odoo {
    /// Tables most of which is dead.
    pub bloated: Vec<String>,
    /// None: there is no such table.
    pub crons: Option<Crons>,
    /// Not sent, in the last day; None: there is no such table.
    pub mails: Option<u64>,
    /// The logins of those who may do everything; None: there are no such tables.
    pub admins: Option<Vec<String>>,
    /// None: the database did not come to tell.
    pub statements: Option<Statements>,
}

/// Odoo's scheduled actions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Crons {
    pub crons: u64,
    /// By half an hour or more.
    pub overdue: u64,
    /// Seconds that the one is late which waits for longest.
    pub late: u64,
    /// Names of some of them.
    pub late_names: Vec<String>,
}

/// What the log of Odoo holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Log {
    /// Of the last day.
    pub tracebacks: Vec<Traceback>,
    /// Logins that were refused in the last quarter of an hour.
    pub refused: u64,
}

/// A kind of entrance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entrance {
    Account,
    Key,
    Member,
    Rules,
    Port,
    Admin,
}

impl Entrance {
    pub fn key(self) -> &'static str {
        match self {
            Entrance::Account => "account",
            Entrance::Key => "key",
            Entrance::Member => "member",
            Entrance::Rules => "rules",
            Entrance::Port => "port",
            Entrance::Admin => "admin",
        }
    }
}

/// Who could come in over ssh, and become what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Each as a line of text, by its kind; never a secret.
    pub entrances: BTreeMap<Entrance, BTreeSet<String>>,
    /// Connections over ssh that were refused in the last hour; None: nobody can tell.
    pub refused: Option<u64>,
}

/// One kind of traceback in Odoo's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Traceback {
    pub count: u64,
    /// Of the last quarter of an hour.
    pub recent: u64,
    /// RFC 3339.
    pub first: String,
    pub last: String,
    /// Who logged it, which exception, where; without numbers.
    pub what: String,
}

/// An answer to a request for the login page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// None: nobody answered, and why.
    pub status: Option<u16>,
    pub millis: u64,
    /// It has Odoo's login form.
    pub form: bool,
    pub why: String,
}

/// The certificate that the proxy shows, and the one on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// sha256 of what was shown; None: no certificate was shown, and why.
    pub served: Option<String>,
    pub why: String,
    /// As openssl verifies it with the droplet's own trust; 0 is well.
    pub verify: Option<i64>,
    pub verify_text: String,
    /// It is for the name that the proxy serves.
    pub name_fits: bool,
    /// Seconds since the epoch.
    pub from: Option<i64>,
    pub until: Option<i64>,
    /// sha256 of each certificate that the site names, by path.
    pub on_disk: BTreeMap<String, String>,
}

/// What ops keeps on the droplet, as far as only health asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The current release's compose file as it is now, told apart as `Release::compose_hash`.
    pub compose: Option<String>,
    /// Sections that a guard would put back, `run/section`.
    pub armed: Vec<String>,
    /// Verified backups on record.
    pub records: u64,
    /// Snapshots in the repository on the droplet; None: there is no repository.
    pub snapshots: Option<u64>,
    /// What the last try of the newest backup said.
    pub checked: Option<crate::record::BackupCheck>,
}

/// The probes that need no containers.
pub(super) fn alone(env: &Environment, droplet: &Droplet) -> Vec<(&'static str, Cmd)> {
    let mut probes = vec![("vitals.machine", machine::probe()), ("vitals.access", access::probe())];
    let names = names::sought(env, droplet);
    if !names.is_empty() {
        probes.push(("vitals.names", names::probe(&names)));
    }
    probes
}

/// The others, on a droplet of these roles.
pub(super) fn with_containers(env: &Environment, droplet: &Droplet) -> Vec<(&'static str, Cmd)> {
    let mut probes = vec![("vitals.logs", logs::probe()), ("vitals.kept", kept::probe(env))];
    probes.push(("vitals.sessions", sessions::probe(env)));
    probes.push(("vitals.odoo", odoo::probe(env)));
    if droplet.roles.contains(&Role::Web) {
        probes.push(("vitals.log", log::probe(env)));
        probes.push(("vitals.inside", pages::inside(env)));
        probes.push(("vitals.versions", versions::probe(env)));
        probes.push(("vitals.doors", doors::probe(env)));
        probes.extend(env.proxy.as_ref().map(|proxy| ("vitals.proxied", pages::proxied(env, proxy))));
        probes.extend(env.proxy.as_ref().map(|proxy| ("vitals.tls", tls::probe(env, proxy))));
    }
    probes
}

/// Reads what there is; where nothing was asked there is nothing.
pub(super) fn parse(env: &Environment, droplet: &Droplet, answers: &Answers) -> Vitals {
    let web = droplet.roles.contains(&Role::Web);
    let proxy = web && env.proxy.is_some();
    let page = |name: &str, asked: bool| match asked {
        true => answers.of(name).and_then(|text| pages::parse(&text)),
        false => Ok(None),
    };
    Vitals {
        machine: answers.of("vitals.machine").and_then(|text| machine::parse(&text)),
        logs: answers.of("vitals.logs").and_then(|text| logs::parse(&text)),
        sessions: answers.of("vitals.sessions").and_then(|text| sessions::parse(&text)),
        odoo: answers.of("vitals.odoo").and_then(|text| odoo::parse(&text)),
        log: match web {
            true => answers.of("vitals.log").and_then(|text| log::parse(&text)),
            false => Ok(None),
        },
        inside: page("vitals.inside", web),
        proxied: page("vitals.proxied", proxy),
        tls: match proxy {
            true => answers.of("vitals.tls").and_then(|text| tls::parse(&text)),
            false => Ok(None),
        },
        versions: match web {
            true => answers.of("vitals.versions").and_then(|text| versions::parse(&text)),
            false => Ok(None),
        },
        doors: match web {
            true => answers.of("vitals.doors").and_then(|text| doors::parse(&text)),
            false => Ok(None),
        },
        kept: answers.of("vitals.kept").and_then(|text| kept::parse(&text)),
        access: answers.of("vitals.access").and_then(|text| access::parse(&text)),
        names: match names::sought(env, droplet).is_empty() {
            true => Ok(None),
            false => answers.of("vitals.names").and_then(|text| names::parse(&text)).map(Some),
        },
        here: None,
    }
}
