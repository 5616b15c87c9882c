//! The droplets of one environment: what they inherit, who they jump through, what they may be.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::build::Base;
use super::fault::{Fault, Place};
use super::model::{Address, Become, Droplet, Role, SshAddress};
use super::raw::{self, Located, Ssh};
use super::words::{Below, show};

/// The most droplets of one environment; the checks here compare each with each.
const MOST: usize = 500;
/// The longest chain of jump hosts.
const HOPS: usize = 8;

impl Ssh {
    /// What is not given here is taken from `other`.
    pub(super) fn or(self, other: &Ssh) -> Ssh {
        Ssh {
            port: self.port.or(other.port),
            user: self.user.or_else(|| other.user.clone()),
            jump: self.jump.or_else(|| other.jump.clone()),
            identity: self.identity.or_else(|| other.identity.clone()),
            config: self.config.or_else(|| other.config.clone()),
            known_hosts: self.known_hosts.or_else(|| other.known_hosts.clone()),
            connect_timeout: self.connect_timeout.or_else(|| other.connect_timeout.clone()),
        }
    }
}

/// What a droplet that does not say otherwise takes from its environment.
#[derive(Debug)]
pub(super) struct Inherited {
    pub(super) ssh: Ssh,
    pub(super) r#become: Become,
}

/// A droplet with what it inherits, before its jump host is known.
struct Entry {
    raw: raw::Droplet,
    place: Place,
    path: String,
    ssh: Ssh,
    r#become: Become,
}

pub(super) fn resolve(
    raw: Located<Vec<Located<raw::Droplet>>>,
    inherited: &Inherited,
    base: Base<'_>,
    compose: &[Utf8PathBuf],
    path: &str,
) -> Result<Vec<Droplet>, Fault> {
    let several = raw.value.len() > 1;
    if raw.value.len() > MOST {
        let fault = Fault::new(&format!("an environment has at most {MOST} droplets"));
        return Err(fault.at(raw.place, format!("{path}.droplets")));
    }
    let entries: Vec<Entry> = raw
        .value
        .into_iter()
        .enumerate()
        .map(|(i, Located { value: raw, place })| {
            let (ssh, r#become) = (own(&raw).or(&inherited.ssh), raw.r#become.unwrap_or(inherited.r#become));
            Entry { raw, place, path: format!("{path}.droplets[{i}]"), ssh, r#become }
        })
        .collect();
    let mut droplets = Vec::new();
    for entry in &entries {
        let fault = |message: &str| Fault::new(message).at(entry.place, entry.path.clone());
        droplets.push(Droplet {
            name: entry.raw.name.0.clone(),
            address: address(entry, &entries, base)?,
            roles: roles(entry.raw.roles.as_deref(), several).map_err(fault)?,
            compose: own_or(entry.raw.compose.as_ref(), compose),
        });
    }
    distinct(&entries, &droplets)?;
    let with = |role| droplets.iter().filter(|droplet| droplet.roles.contains(&role)).count();
    let wrong = match (with(Role::Web), with(Role::Db)) {
        (0, _) => "no droplet has the role `web`",
        (_, 2..) => "two droplets have the role `db`: there is one database",
        _ => return Ok(droplets),
    };
    Err(Fault::new(wrong).at(raw.place, format!("{path}.droplets")))
}

fn own_or(own: Option<&Vec<Below>>, stack: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    match own {
        Some(files) if !files.is_empty() => files.iter().map(|file| file.0.clone()).collect(),
        _ => stack.to_vec(),
    }
}

fn own(raw: &raw::Droplet) -> Ssh {
    let raw = raw.clone();
    Ssh {
        port: raw.port,
        user: raw.user,
        jump: raw.jump,
        identity: raw.identity,
        config: raw.config,
        known_hosts: raw.known_hosts,
        connect_timeout: raw.connect_timeout,
    }
}

fn roles(given: Option<&[Role]>, several: bool) -> Result<Vec<Role>, &'static str> {
    match given {
        None if several => Err("with several droplets each needs `roles`\nfor example `roles: [web]`"),
        None => Ok(vec![Role::Web, Role::Db]),
        Some([]) => Err("a droplet without a role has no part in this"),
        Some([one]) => Ok(vec![*one]),
        Some([one, other]) if one != other => Ok(vec![*one, *other]),
        Some(_) => Err("a role is listed twice"),
    }
}

/// No name and no machine twice: work would be done twice at the same time.
fn distinct(entries: &[Entry], droplets: &[Droplet]) -> Result<(), Fault> {
    let mut names = BTreeMap::new();
    let mut machines = BTreeMap::new();
    for (entry, droplet) in entries.iter().zip(droplets) {
        let fault = |message: String| Fault::new(&message).at(entry.place, entry.path.clone());
        if names.insert(&droplet.name, ()).is_some() {
            return Err(fault(format!("two droplets have the name {}", show(&droplet.name))));
        }
        let machine = match &droplet.address {
            Address::Local { .. } => ("local".to_owned(), 0, None),
            Address::Ssh(ssh) => (ssh.host.to_ascii_lowercase(), ssh.port.unwrap_or(22), ssh.jump.clone()),
        };
        if let Some(other) = machines.insert(machine, &droplet.name) {
            let (one, two) = (show(other), show(&droplet.name));
            return Err(fault(format!("the droplets {one} and {two} are the same machine")));
        }
    }
    Ok(())
}

fn address(entry: &Entry, all: &[Entry], base: Base<'_>) -> Result<Address, Fault> {
    let raw = &entry.raw;
    if raw.host.0 == "local" {
        let Ssh { port, user, jump, identity, config, known_hosts, connect_timeout } = own(raw);
        let of_ssh = [
            ("port", port.is_some()),
            ("user", user.is_some()),
            ("jump", jump.is_some()),
            ("identity", identity.is_some()),
            ("config", config.is_some()),
            ("known_hosts", known_hosts.is_some()),
            ("connect_timeout", connect_timeout.is_some()),
        ];
        if let Some((key, _)) = of_ssh.into_iter().find(|(_, given)| *given) {
            let fault =
                Fault::new(&format!("`host: local` is this machine, without ssh: `{key}` has no place"));
            return Err(fault.at(entry.place, entry.path.clone()));
        }
        return Ok(Address::Local { r#become: entry.r#become });
    }
    let ssh = &entry.ssh;
    Ok(Address::Ssh(SshAddress {
        host: raw.host.0.clone(),
        port: ssh.port.map(|port| port.0),
        user: ssh.user.clone().map(|user| user.0),
        jump: jump(entry, all, HOPS)?,
        identity: ssh.identity.as_ref().map(|path| base.resolve(&path.0)),
        config: ssh.config.as_ref().map(|path| base.resolve(&path.0)),
        known_hosts: ssh.known_hosts.as_ref().map(|path| base.resolve(&path.0)),
        connect_timeout: ssh.connect_timeout.as_ref().map_or(Duration::from_secs(10), |wait| wait.0),
        r#become: entry.r#become,
    }))
}

/// What `ssh -J` is given: a droplet's name becomes its address, with the hosts that *it* is reached
/// through before it. `left` bounds the chain.
fn jump(entry: &Entry, all: &[Entry], left: usize) -> Result<Option<String>, Fault> {
    let Some(Located { value: wanted, place }) = &entry.ssh.jump else {
        return Ok(None);
    };
    let fault = |message: &str| Fault::new(message).at(*place, format!("{}.jump", entry.path));
    let wanted = wanted.0.as_str();
    if let Some(through) = all.iter().find(|other| other.raw.name.0 == wanted) {
        if through.raw.name == entry.raw.name {
            // An inherited jump host is meant for the others.
            let inherited = entry.raw.jump.is_none();
            return if inherited { Ok(None) } else { Err(fault("a droplet cannot be its own jump host")) };
        }
        if through.raw.host.0 == "local" {
            return Err(fault(&format!(
                "{} is this machine: there is nothing to jump through",
                show(wanted)
            )));
        }
        if left == 0 {
            return Err(fault(&format!(
                "more than {HOPS} jump hosts in a row, or they go round in a circle"
            )));
        }
        let before = jump(through, all, left - 1)?.map(|hosts| format!("{hosts},")).unwrap_or_default();
        return Ok(Some(format!("{before}{}", destination(through))));
    }
    let bare = !wanted.contains(['.', ':', '@']);
    if !bare {
        return Ok(Some(wanted.to_owned()));
    }
    let fault = fault(&format!("there is no droplet {} in this environment to jump through", show(wanted)));
    Err(match crate::text::nearest(wanted, all.iter().map(|other| other.raw.name.0.as_str())) {
        Some(name) => fault.hint(format!("did you mean `{name}`?")),
        None => fault.hint(format!("for a host of your ssh configuration write `ssh://{wanted}`")),
    })
}

fn destination(entry: &Entry) -> String {
    let user = entry.ssh.user.as_ref().map(|user| format!("{}@", user.0)).unwrap_or_default();
    let host = &entry.raw.host.0;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let port = entry.ssh.port.map(|port| format!(":{}", port.0)).unwrap_or_default();
    format!("{user}{host}{port}")
}
