//! The inventory after checking: every name valid, every default filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::Serialize;

use super::backup::Backup;
use super::edge::Edge;
use super::health::Health;
use super::hooks::Hooks;
use super::mask::Mask;
use super::notify::Notify;
use super::promise::{Beforehand, Targets};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inventory {
    /// Where it was read from; relative local paths in it are relative to its directory.
    pub file: PathBuf,
    /// Of the text that was read, in hexadecimal: what [`crate::inventory::trust`] compares.
    pub sha256: String,
    pub project: String,
    pub environments: BTreeMap<String, Environment>,
}

/// One environment: droplets that together run one Odoo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Environment {
    pub name: String,
    pub project: String,
    /// Dangerous commands want the environment's name typed.
    pub protected: bool,
    /// The address users type, if there is one.
    pub url: Option<String>,
    /// On the droplet; below it one directory per Compose project.
    pub state_dir: Utf8PathBuf,
    /// In the order of the inventory; never empty; names unique.
    pub droplets: Vec<Droplet>,
    pub stack: Stack,
    /// None: deploys recreate the container, and the plan says so.
    pub proxy: Option<Proxy>,
    pub deploy: Deploy,
    pub backup: Backup,
    pub mask: Mask,
    pub targets: Targets,
    pub health: Health,
    pub harden: super::harden::Harden,
    /// Odoo modules this environment is meant to have.
    pub modules: Vec<String>,
    pub checks: Vec<UserCheck>,
    pub notify: Vec<Notify>,
    pub hooks: Hooks,
    /// Smallest free share of disk and inodes, in percent, that preflight accepts.
    pub min_free_percent: u8,
}

impl Environment {
    /// The user's own checks of a phase that a droplet can answer, by its roles, with their places.
    pub fn checks_of<'a>(
        &'a self,
        droplet: &'a Droplet,
        when: When,
    ) -> impl Iterator<Item = (usize, &'a UserCheck)> {
        let here = |probe: &UserProbe| match probe {
            UserProbe::Http { .. } => droplet.roles.contains(&Role::Web),
            UserProbe::Sql { .. } => droplet.roles.contains(&Role::Db),
            UserProbe::Tcp { .. } => true,
        };
        self.checks
            .iter()
            .enumerate()
            .filter(move |(_, check)| check.when.contains(&when) && here(&check.probe))
    }

    /// The droplets that run the web service.
    pub fn web(&self) -> impl Iterator<Item = &Droplet> {
        self.droplets.iter().filter(|d| d.roles.contains(&Role::Web))
    }

    /// The name that users type, without scheme and port.
    pub fn site(&self) -> Option<&str> {
        let name = self.url.as_deref().and_then(super::addresses::named);
        name.or(self.proxy.as_ref().map(|proxy| proxy.server_name.as_str()))
    }

    /// The home droplet: the first with role db, which keeps the ledger; else the first of all.
    pub fn home(&self) -> &Droplet {
        self.droplets.iter().find(|d| d.roles.contains(&Role::Db)).unwrap_or(&self.droplets[0])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Web,
    Db,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Droplet {
    pub name: String,
    pub address: Address,
    /// Never empty; default: web and db.
    pub roles: Vec<Role>,
    /// Its compose files, relative to the stack's path: the stack's, where it names none of its own (a
    /// droplet with only the database has another part of the stack). Never empty.
    pub compose: Vec<Utf8PathBuf>,
}

/// How a droplet is reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// `host: local`: this machine, without SSH.
    Local {
        r#become: Become,
    },
    Ssh(SshAddress),
}

impl Address {
    pub fn r#become(&self) -> Become {
        match self {
            Address::Local { r#become } => *r#become,
            Address::Ssh(ssh) => ssh.r#become,
        }
    }

    /// ssh goes over this machine itself: a tunnel, or a trial.
    pub fn is_loopback(&self) -> bool {
        let Address::Ssh(ssh) = self else { return false };
        ssh.host == "localhost" || ssh.host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback())
    }
}

/// `None` everywhere means: what the user's own ssh configuration says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SshAddress {
    /// A name, an address or an alias of the user's ssh configuration. Never starts with `-`.
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub jump: Option<String>,
    pub identity: Option<PathBuf>,
    /// Instead of `~/.ssh/config` (`ssh -F`).
    pub config: Option<PathBuf>,
    /// Instead of `~/.ssh/known_hosts`.
    pub known_hosts: Option<PathBuf>,
    #[serde(serialize_with = "seconds")]
    pub connect_timeout: Duration,
    pub r#become: Become,
}

/// How commands become root's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Become {
    /// The login user does everything.
    #[default]
    No,
    /// Through sudo; a password is asked for only with `--ask-become-pass`.
    Sudo,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stack {
    /// Absolute, on the droplet: the Compose project's directory.
    pub path: Utf8PathBuf,
    /// Compose files, relative to `path` (or to a release's checkout); default `[compose.yaml]`.
    pub compose: Vec<Utf8PathBuf>,
    pub profiles: Vec<String>,
    pub git: Option<Git>,
    /// Compose service names.
    pub web: String,
    pub db: String,
    pub database: String,
    /// Directories of addons, relative to `path`, that follow the release.
    pub addons: Vec<Utf8PathBuf>,
    /// Written to `.env` (0600) on the first deploy to an empty droplet; never touched afterwards.
    pub env: BTreeMap<String, Value>,
}

/// A text that may be secret. Only references to secrets are kept; see [`Source`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Plain(String),
    /// Resolved lazily, when a plan that needs it is executed.
    Secret(Source),
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// An environment variable of the laptop.
    Env(String),
    /// A file on the laptop; a trailing newline is dropped.
    File(PathBuf),
    /// The first line a program prints. Runs only when the inventory is trusted.
    Cmd(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Git {
    pub remote: String,
    /// Deployed when `--ref` is not given.
    pub r#ref: String,
    /// Globs of refs that may be deployed; empty: any.
    pub allow: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proxy {
    pub kind: ProxyKind,
    pub server_name: String,
    /// What users reach instead of the droplets, and what hands on to these.
    pub edge: Vec<Edge>,
    /// The site file on the droplet (or in the container).
    pub site: Utf8PathBuf,
    /// Names of the `upstream` blocks.
    pub upstream: String,
    pub websocket_upstream: Option<String>,
    /// The Compose service of nginx, where it runs in the stack.
    pub container: Option<String>,
    /// What users read while the database is updated.
    pub maintenance: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    Nginx,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deploy {
    pub strategy: Strategy,
    pub update: Update,
    #[serde(serialize_with = "seconds")]
    pub health_timeout: Duration,
    #[serde(serialize_with = "seconds")]
    pub drain: Duration,
    /// A deploy that is expected to keep users away for longer is refused.
    #[serde(serialize_with = "seconds_opt")]
    pub max_interruption: Option<Duration>,
    /// At least 1 besides the running one.
    pub keep_releases: u32,
    /// So many days a database that was put aside is kept; the newest always.
    pub snapshot_days: u32,
    pub snapshot: SnapshotKind,
    pub watch: Option<Watch>,
    pub backup: Beforehand,
}

/// The release is compared with the one before it, for a time after the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Watch {
    /// 30 s to 2 h.
    #[serde(rename = "for", serialize_with = "seconds")]
    pub time: Duration,
    /// A worse release goes back; else it is only said.
    pub put_back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    Auto,
    BlueGreen,
    Recreate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Update {
    Auto,
    Hash,
    Declared,
}

/// How the database is put aside before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotKind {
    /// A copy where there is room for one, else a dump.
    Auto,
    /// The original is put aside, and a copy goes on: back in seconds.
    Copy,
    /// A file beside the release; back as long as it takes to restore it.
    Dump,
}

/// A check of the user's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserCheck {
    pub name: String,
    pub probe: UserProbe,
    pub severity: Severity,
    pub when: Vec<When>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserProbe {
    /// Asked on the droplet, of the web container, with the proxy's Host header.
    Http {
        path: String,
        status: u16,
        contains: Option<String>,
        #[serde(serialize_with = "seconds_opt")]
        max_time: Option<Duration>,
    },
    /// In a read-only transaction with a statement time-out; the first column of the first row.
    Sql { query: String, expect: Expect },
    /// `address:port` as seen from the droplet.
    Tcp { address: String },
}

/// `"> 0"`, `"= 3"`, `"ok"` (equal as text).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expect {
    pub op: Op,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Op {
    #[serde(rename = "=")]
    Eq,
    #[serde(rename = "!=")]
    Ne,
    #[serde(rename = "<")]
    Lt,
    #[serde(rename = "<=")]
    Le,
    #[serde(rename = ">")]
    Gt,
    #[serde(rename = ">=")]
    Ge,
}

impl Op {
    /// As it is written in the inventory.
    pub fn sign(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(clap::ValueEnum)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    Preflight,
    Verify,
    Health,
}

fn seconds<S: serde::Serializer>(duration: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&format!("{}s", duration.as_secs_f64()))
}

fn seconds_opt<S: serde::Serializer>(duration: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => seconds(duration, s),
        None => s.serialize_none(),
    }
}
