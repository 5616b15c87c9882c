//! The programs, the configuration and the terminal of this laptop.

use super::files::{Identity, KnownHosts};
use super::proofs::Proof;
use super::{Check, Verdict};
use crate::cmd::quote;
use crate::inventory::Severity;
use crate::text::count;

pub(super) const VERSION: Check =
    Check { id: "laptop.version", title: "version of ops", severity: Severity::Low, judge: version };
pub(super) const CONFIG: Check =
    Check { id: "laptop.config", title: "inventory", severity: Severity::Critical, judge: config };
pub(super) const CLIENT: Check =
    Check { id: "laptop.ssh", title: "ssh client", severity: Severity::Critical, judge: client };
pub(super) const AGENT: Check =
    Check { id: "laptop.agent", title: "ssh agent", severity: Severity::Medium, judge: agent };
pub(super) const TERMINAL: Check =
    Check { id: "laptop.terminal", title: "terminal", severity: Severity::Low, judge: terminal };

/// ControlMaster over a socket that a client of ours speaks to, and `-G`: what `ops` is tested with.
const OLDEST_SSH: u32 = 8;
/// Tables are made for it.
const NARROWEST: usize = 80;

/// What was seen of this laptop. Nothing in here is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laptop {
    /// What `ssh -V` says; or why it cannot be asked.
    pub client: Result<String, String>,
    pub agent: Agent,
    pub identities: Vec<Identity>,
    pub known_hosts: Vec<KnownHosts>,
    pub config: Config,
    /// An environment was asked for by its name.
    pub asked: bool,
    pub shown: Shown,
    /// Of the environments that tell somebody.
    pub proofs: Vec<Proof>,
    /// Its clock, in seconds since the epoch.
    pub now: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// Its public keys, each as `type base64`.
    Keys(Vec<String>),
    /// `$SSH_AUTH_SOCK` says where it is, and nobody answers there.
    Silent,
    NotSet,
    /// There is no `ssh-add`, or it did not end.
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Config {
    /// Why none was found, and the file that would be made.
    Missing {
        example: String,
    },
    Wrong {
        what: String,
        why: Vec<String>,
        next: Option<String>,
    },
    Found {
        path: String,
        mode: u32,
        droplets: usize,
        runs_commands: bool,
    },
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// stdout is one.
    pub terminal: bool,
    pub width: usize,
    pub colour: bool,
    pub utf8: bool,
}

fn version(_: &Laptop) -> Verdict {
    Verdict::pass(concat!("ops ", env!("CARGO_PKG_VERSION")))
}

fn config(laptop: &Laptop) -> Verdict {
    match &laptop.config {
        Config::Missing { example } => {
            let fix = format!(
                "copy config.example.yaml of this version to {}, describe your droplets in it, then: ops config check",
                quote(example)
            );
            match laptop.asked {
                true => Verdict::fail("there is none", fix),
                false => Verdict::warn("there is none", fix),
            }
        }
        Config::Wrong { what, why, next } => {
            let evidence = [what].into_iter().chain(why).cloned().collect::<Vec<_>>().join("; ");
            Verdict::fail(evidence, next.as_deref().unwrap_or("ops config check"))
        }
        Config::Found { path, mode, .. } if mode & 0o022 != 0 => {
            let evidence = format!("{path}: others may write to it (mode {:o})", mode & 0o777);
            Verdict::fail(evidence, format!("chmod go-w {}", quote(path)))
        }
        Config::Found { path, droplets, runs_commands, .. } => {
            let commands = if *runs_commands { ", runs commands of yours" } else { "" };
            Verdict::pass(format!("{path}: {}{commands}", count(*droplets, "droplet")))
        }
    }
}

fn client(laptop: &Laptop) -> Verdict {
    let install = "install OpenSSH's client: sudo apt-get install -y openssh-client (macOS has it)";
    let said = match &laptop.client {
        Ok(said) => said,
        Err(why) => return Verdict::fail(why, install),
    };
    let major = said.strip_prefix("OpenSSH_").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_SSH => Verdict::pass(said),
        Some(_) => Verdict::fail(format!("{said} is older than OpenSSH {OLDEST_SSH}"), install),
        None => Verdict::warn(format!("{said:?} is not OpenSSH's"), install),
    }
}

/// No agent is no fault: only a locked key needs one, which [`super::files`] says.
fn agent(laptop: &Laptop) -> Verdict {
    match &laptop.agent {
        Agent::Keys(keys) if keys.is_empty() => Verdict::pass("it has no keys"),
        Agent::Keys(keys) => Verdict::pass(format!("it has {}", count(keys.len(), "key"))),
        Agent::NotSet => Verdict::skip("$SSH_AUTH_SOCK names none"),
        Agent::Silent => Verdict::warn(
            "$SSH_AUTH_SOCK names one that does not answer",
            "start one in this shell: eval \"$(ssh-agent)\" && ssh-add",
        ),
        Agent::Unknown(why) => Verdict::warn(why, "sudo apt-get install -y openssh-client"),
    }
}

fn terminal(laptop: &Laptop) -> Verdict {
    let Shown { terminal, width, colour, utf8 } = laptop.shown;
    if !terminal {
        return Verdict::skip("stdout is none");
    }
    let colour = if colour { "with colour" } else { "without colour" };
    let has = format!("{width} columns, {colour}");
    match () {
        () if !utf8 => Verdict::warn(format!("{has}, not UTF-8"), "export LC_ALL=C.UTF-8"),
        () if width < NARROWEST => {
            Verdict::warn(has, format!("make it {NARROWEST} columns wide: lines are broken otherwise"))
        }
        () => Verdict::pass(format!("{has}, UTF-8")),
    }
}
