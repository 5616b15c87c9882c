//! From an address of the inventory to the words of an `ssh` command line.
//!
//! Everything here is hostile data: it reaches `ssh` as separate arguments, and the text that ssh itself
//! hands to a shell (`ProxyCommand`) is quoted. Names that OpenSSH before 9.6 would have expanded
//! into shell are refused.

use std::path::{Path, PathBuf};

use super::TransportError;
use crate::cmd::quote;
use crate::inventory::SshAddress;
use crate::world::World;

/// One droplet's address, checked, with local paths made absolute.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) jump: Option<Jump>,
    pub(super) seconds: u64,
    identity: Option<PathBuf>,
    config: Option<PathBuf>,
    known_hosts: Option<PathBuf>,
}

/// `[user@]host[:port]`, reached through `before`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) text: String,
    before: Option<String>,
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Target {
    pub(super) fn new(address: &SshAddress, world: &World) -> Result<Self, TransportError> {
        let path = |path: &Option<PathBuf>| path.as_deref().map(|path| local(path, world)).transpose();
        let target = Self {
            host: name(&address.host)?,
            port: address.port,
            user: address.user.as_deref().map(name).transpose()?,
            jump: address.jump.as_deref().map(Jump::parse).transpose()?,
            seconds: address.connect_timeout.as_secs().max(1),
            identity: path(&address.identity)?,
            config: path(&address.config)?,
            known_hosts: path(&address.known_hosts)?,
        };
        match &target.identity {
            Some(path) if !path.is_file() => Err(TransportError::IdentityMissing { path: path.clone() }),
            _ => Ok(target),
        }
    }

    /// The words behind `ssh` for a master that listens on `socket`.
    pub(super) fn master(&self, ssh: &Path, socket: &Path, log: &Path, with: &Master) -> Vec<String> {
        let mut words = self.common(with, log);
        words.extend(["-N", "-M", "-T", "-S"].map(str::to_owned));
        words.push(socket.display().to_string().replace('%', "%%"));
        words.extend(option("ControlPersist", with.persist_seconds));
        words.extend(option("ServerAliveInterval", 5));
        words.extend(option("ServerAliveCountMax", 3));
        if let Some(jump) = &self.jump {
            words.extend(option("ProxyCommand", self.proxy_command(ssh, log, jump, with)));
        }
        words.extend(place(self.user.as_deref(), self.port, &self.host));
        words
    }

    /// The words behind `ssh` that make it say what it would do, and do nothing.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asking(place(self.user.as_deref(), self.port, &self.host))
    }

    /// The same for the host that is connected to first, where it is not the droplet.
    pub(super) fn first_jump(&self) -> Result<Option<Vec<String>>, TransportError> {
        let Some(jump) = &self.jump else { return Ok(None) };
        let first = jump.before.as_deref().and_then(|before| before.split(',').next()).map(Jump::parse);
        let first = first.transpose()?;
        let jump = first.as_ref().unwrap_or(jump);
        Ok(Some(self.asking(place(jump.user.as_deref(), jump.port, &jump.host))))
    }

    fn asking(&self, place: Vec<String>) -> Vec<String> {
        let with = Master { interactive: false, persist_seconds: 0, verbose: false };
        let mut words = vec!["-G".to_owned()];
        words.extend(self.common(&with, Path::new("/dev/null")));
        words.extend(place);
        words
    }

    /// The words behind `ssh` for a client of the master on `socket`, but for what it runs. Without that master it
    /// fails: a login of its own would follow no rule of ours.
    pub(super) fn client(&self, socket: &Path, log: &Path, terminal: bool) -> Vec<String> {
        let mut words =
            ["-F", "/dev/null", "-E", &log.display().to_string(), "-S"].map(str::to_owned).to_vec();
        words.push(socket.display().to_string().replace('%', "%%"));
        words.extend(option("ControlMaster", "no"));
        words.extend(option("ProxyCommand", "false"));
        words.extend(option("BatchMode", "yes"));
        words.extend(option("LogLevel", "ERROR"));
        words.push(if terminal { "-tt" } else { "-T" }.to_owned());
        words.extend(["--".to_owned(), self.host.clone()]);
        words
    }

    /// What the droplet's ssh and the jump host's have in common; `-J` would pass none of it on.
    fn common(&self, with: &Master, log: &Path) -> Vec<String> {
        let mut words = vec!["-E".to_owned(), log.display().to_string()];
        if let Some(config) = &self.config {
            words.extend(["-F".to_owned(), config.display().to_string()]);
        }
        if let Some(file) = &self.known_hosts {
            words.extend(option("UserKnownHostsFile", in_config(file)));
        }
        if let Some(file) = &self.identity {
            words.extend(option("IdentityFile", in_config(file)));
            words.extend(option("IdentitiesOnly", "yes"));
        }
        words.extend(option("StrictHostKeyChecking", if with.interactive { "ask" } else { "yes" }));
        words.extend(option("BatchMode", if with.interactive { "no" } else { "yes" }));
        words.extend(option("ConnectTimeout", self.seconds));
        // What the user's configuration may say for interactive logins must not disturb us.
        for (name, value) in [
            ("ClearAllForwardings", "yes"),
            ("ForwardX11", "no"),
            ("PermitLocalCommand", "no"),
            ("RemoteCommand", "none"),
            ("RequestTTY", "no"),
            ("Tunnel", "no"),
        ] {
            words.extend(option(name, value));
        }
        words.extend(option("LogLevel", if with.verbose { "DEBUG1" } else { "INFO" }));
        words
    }

    fn proxy_command(&self, ssh: &Path, log: &Path, jump: &Jump, with: &Master) -> String {
        let mut words = vec![ssh.display().to_string()];
        words.extend(self.common(with, log));
        words.extend(option("ControlMaster", "no"));
        words.extend(option("ControlPath", "none"));
        if let Some(before) = &jump.before {
            words.extend(["-J".to_owned(), before.clone()]);
        }
        let words: Vec<_> = words.iter().map(|word| quote(word).replace('%', "%%")).collect();
        let jump: Vec<_> = place(jump.user.as_deref(), jump.port, &jump.host)
            .iter()
            .map(|word| quote(word).replace('%', "%%"))
            .collect();
        // `%h` is the name after the user's own configuration has translated it.
        format!("{} -W '[%h]:%p' {}", words.join(" "), jump.join(" "))
    }

    /// The command with which a person reaches the same place by hand.
    pub(super) fn login(&self) -> String {
        let mut words = vec!["ssh".to_owned()];
        if let Some(config) = &self.config {
            words.extend(["-F".to_owned(), config.display().to_string()]);
        }
        if let Some(file) = &self.known_hosts {
            words.extend(option("UserKnownHostsFile", in_config(file)));
        }
        if let Some(file) = &self.identity {
            words.extend(["-i".to_owned(), file.display().to_string()]);
        }
        if let Some(jump) = &self.jump {
            words.extend(["-J".to_owned(), jump.text.clone()]);
        }
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        words.push(match &self.user {
            Some(user) => format!("{user}@{}", self.host),
            None => self.host.clone(),
        });
        words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
    }
}

/// What differs between masters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Master {
    pub(super) interactive: bool,
    pub(super) persist_seconds: u32,
    /// A server that turns us away may say why, in a line that ssh shows only when asked.
    pub(super) verbose: bool,
}

impl Jump {
    fn parse(text: &str) -> Result<Self, TransportError> {
        let (before, last) = match text.rsplit_once(',') {
            Some((before, last)) => (Some(before), last),
            None => (None, text),
        };
        for hop in before.into_iter().flat_map(|before| before.split(',')) {
            name(hop)?;
        }
        let last = last.strip_prefix("ssh://").unwrap_or(last);
        let (user, place) = match last.rsplit_once('@') {
            Some((user, place)) => (Some(name(user)?), place),
            None => (None, last),
        };
        let colons = place.matches(':').count();
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None if colons == 1 => place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p))),
            None => (place, None),
        };
        let port = port.map(str::parse).transpose().map_err(|_| bad(text))?;
        Ok(Self { text: text.to_owned(), before: before.map(str::to_owned), user, host: name(host)?, port })
    }
}

fn option(name: &str, value: impl std::fmt::Display) -> [String; 2] {
    ["-o".to_owned(), format!("{name}={value}")]
}

fn place(user: Option<&str>, port: Option<u16>, host: &str) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(user) = user {
        words.extend(["-l".to_owned(), user.to_owned()]);
    }
    if let Some(port) = port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    words.extend(["--".to_owned(), host.to_owned()]);
    words
}

/// What OpenSSH 9.6 itself refuses in a host or user name, for all versions.
fn name(text: &str) -> Result<String, TransportError> {
    let hostile = |c: char| c.is_control() || c.is_whitespace() || "'`\"$\\;&<>|(){}".contains(c);
    if text.is_empty() || text.len() > 1024 || text.starts_with('-') || text.contains(hostile) {
        return Err(bad(text));
    }
    Ok(text.to_owned())
}

fn bad(text: &str) -> TransportError {
    let text = crate::text::shorten(&crate::text::printable(text), 80);
    TransportError::Other { detail: format!("{text:?} is not a name that ssh can connect to") }
}

/// An absolute path whose text ssh's configuration language cannot misread.
pub(super) fn local(path: &Path, world: &World) -> Result<PathBuf, TransportError> {
    let path = match path.strip_prefix("~") {
        Ok(rest) => world.home.join(rest),
        Err(_) => world.cwd.join(path),
    };
    match path.to_str() {
        Some(text) if !text.contains(|c: char| c.is_control() || "\"\\$".contains(c)) => Ok(path),
        _ => Err(TransportError::Other { detail: format!("ssh cannot be told of the path {path:?}") }),
    }
}

/// Inside `-o Name=value`: quoted against spaces, and `%` is not the start of a token.
fn in_config(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%");
    if text.contains(|c: char| !c.is_ascii_alphanumeric() && !"/._-%+@".contains(c)) {
        return format!("\"{text}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_taken_apart_as_ssh_does() {
        let parse = |text: &str| Jump::parse(text).map(|j| (j.before, j.user, j.host, j.port));
        let s = |text: &str| Some(text.to_owned());
        assert_eq!(parse("bastion").unwrap(), (None, None, "bastion".into(), None));
        assert_eq!(parse("me@b:2222").unwrap(), (None, s("me"), "b".into(), Some(2222)));
        assert_eq!(parse("ssh://me@[::1]:22").unwrap(), (None, s("me"), "::1".into(), Some(22)));
        assert_eq!(parse("fe80::1").unwrap(), (None, None, "fe80::1".into(), None));
        assert_eq!(parse("a,b@c:1,d").unwrap(), (s("a,b@c:1"), None, "d".into(), None));
        for bad in ["", "-oProxyCommand=x", "a,-b", "b:99999", "$(x)", "a b", "x@"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_could_become_shell_or_options_are_refused() {
        for bad in ["-x", "a;b", "$(touch x)", "`x`", "a\nb", "a b", "a'b", "", "a\\", "x\u{7}"] {
            assert!(name(bad).is_err(), "{bad}");
        }
        for good in ["erp-1.example.com", "::1", "fe80::1%eth0", "bücher.example", "_x"] {
            assert!(name(good).is_ok(), "{good}");
        }
    }
}
