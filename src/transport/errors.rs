//! What ssh said, understood in one place, and what a person can do about it.
//!
//! The only code that reads ssh's English, always under `LC_ALL=C`. Whatever is not recognised is
//! shown as it is, never guessed. No advice here ever switches a check off.

use super::TransportError;
use super::address::Target;
use crate::cmd::quote;
use crate::error::Error;
use crate::exit::Exit;
use crate::text::{lines, printable};

/// Why no connection came about, from the master's log.
pub(super) fn classify(log: &[u8], target: &Target) -> TransportError {
    let chatter = |line: &String| line.starts_with("debug") && !line.contains(" banner line ");
    let log: Vec<String> = lines(log).into_iter().filter(|line| !chatter(line)).collect();
    let port = target.port.unwrap_or(22);
    // A jump host that works says what it met when it tried the droplet.
    if let Some(line) = log.iter().find(|line| line.contains("open failed: connect failed:")) {
        let host = target.host.clone();
        return match line.as_str() {
            l if l.contains("refused") => TransportError::Refused { host, port },
            l if l.contains("timed out") => TransportError::TimedOut { host, seconds: target.seconds },
            l if l.contains("Name") || l.contains("name") => TransportError::NameNotFound { host },
            l => TransportError::NoRoute { host, detail: l.to_owned() },
        };
    }
    if log.iter().any(|line| line.contains("UNKNOWN port 65535")) {
        return jump_failed(&log, target);
    }
    direct(&log, target)
}

/// The real cause stands in the jump host's own lines, above ours.
fn jump_failed(log: &[String], target: &Target) -> TransportError {
    let ours = |line: &String| line.contains("UNKNOWN port 65535");
    let mut theirs: Vec<String> = log.iter().filter(|line| !ours(line)).cloned().collect();
    if theirs.last().is_some_and(|line| line.contains("kex_exchange_identification")) {
        theirs.pop();
    }
    let jump = target.jump.as_ref().map_or("of your ssh configuration", |jump| jump.text.as_str()).to_owned();
    let detail = match direct(&theirs, target) {
        throttled @ TransportError::Throttled { .. } => return throttled,
        TransportError::LoginRefused { detail, .. } | TransportError::Other { detail } => detail,
        cause => cause.to_string(),
    };
    TransportError::JumpFailed { jump, detail, login: target.login() }
}

fn direct(log: &[String], target: &Target) -> TransportError {
    let with = |needle: &str| log.iter().find(|line| line.contains(needle));
    let host = target.host.clone();
    let login = target.login();
    let seconds = target.seconds;
    if let Some(line) = with("Could not resolve hostname") {
        let host = between(line, "hostname ", ":").unwrap_or(host);
        return TransportError::NameNotFound { host };
    }
    if with("HOST IDENTIFICATION HAS CHANGED").is_some() || with("REVOKED HOST KEY").is_some() {
        let host =
            with("has changed and you").and_then(|l| between(l, "Host key for ", " has")).unwrap_or(host);
        let place = with("Offending").and_then(|l| l.rsplit_once(" key in ")).map(|(_, p)| p.to_owned());
        return TransportError::HostKeyChanged { host, place };
    }
    if let Some(line) = with("host key is known for") {
        let host = between(line, "is known for ", " and you").unwrap_or(host);
        return TransportError::HostKeyUnknown { host, login };
    }
    if with("Host key verification failed").is_some() {
        return TransportError::HostKeyUnknown { host, login };
    }
    if let Some(line) = with("Permission denied (").or(with("Too many authentication failures")) {
        let user = user_of(line).or(target.user.clone()).unwrap_or_else(|| "your user".to_owned());
        let keys = log.iter().filter(|l| l.contains("Load key ") || l.contains("no such identity"));
        let detail = keys.chain([line]).cloned().collect::<Vec<_>>().join("; ");
        return TransportError::LoginRefused { host, user, detail, login };
    }
    if let Some(line) = with("connect to host ") {
        let host = between(line, "connect to host ", " port").unwrap_or(host);
        let port = between(line, " port ", ":").and_then(|port| port.parse().ok()).unwrap_or(22);
        return match line.as_str() {
            l if l.contains("refused") => TransportError::Refused { host, port },
            l if l.contains("timed out") => TransportError::TimedOut { host, seconds },
            l => TransportError::NoRoute { host, detail: l.rsplit(": ").next().unwrap_or(l).to_owned() },
        };
    }
    if with("timed out").is_some() {
        return TransportError::TimedOut { host, seconds };
    }
    let closed =
        ["kex_exchange_identification", "Connection closed by", "Connection reset by", "Broken pipe"];
    if closed.iter().any(|words| with(words).is_some()) {
        let penalty = with("Not allowed at this time").is_some();
        return TransportError::Throttled { host, penalty, login };
    }
    let said = log.iter().rev().take(3).rev().map(String::as_str).collect::<Vec<_>>().join("; ");
    let detail = if said.is_empty() { "ssh ended without a word".to_owned() } else { said };
    TransportError::Other { detail }
}

fn between(line: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = line.split_once(before)?;
    Some(rest.split_once(after).map_or(rest, |(found, _)| found).to_owned())
}

/// `user@host: Permission denied (publickey).`
fn user_of(line: &str) -> Option<String> {
    let (user, _) = line.split_once(": Permission")?.0.rsplit_once('@')?;
    Some(user.to_owned())
}

impl TransportError {
    /// Trying again without anybody's help may go well: the network's errors, not those that a key, a
    /// password or a program on this machine would have to put right.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NameNotFound { .. }
            | Self::Refused { .. }
            | Self::NoRoute { .. }
            | Self::TimedOut { .. }
            | Self::JumpFailed { .. }
            | Self::Lost { .. }
            | Self::NoStatus { .. } => true,
            Self::Throttled { penalty, .. } => !penalty,
            Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::LoginRefused { .. }
            | Self::NoSshClient
            | Self::IdentityMissing { .. }
            | Self::SudoRefused { .. }
            | Self::Docker { .. }
            | Self::Interrupted
            | Self::Other { .. } => false,
        }
    }

    /// The failure as a person needs it, with what they can do next. `env` names the environment in
    /// the commands that are proposed.
    pub fn into_error(self, droplet: &str, env: &str) -> Error {
        let exit = match self {
            Self::NoStatus { .. } => Exit::Unknown,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Unreachable,
        };
        let mut error =
            Error::new(exit, self.what(droplet)).on(droplet).because(printable(&self.to_string()));
        if let Some(detail) = self.detail().filter(|detail| !detail.is_empty()) {
            error = error.because(printable(detail));
        }
        self.advice(&format!("ops preflight {}", quote(env))).into_iter().fold(error, Error::next)
    }

    fn what(&self, droplet: &str) -> String {
        let verb = match self {
            Self::LoginRefused { .. } => "cannot log in to",
            Self::HostKeyUnknown { .. } | Self::HostKeyChanged { .. } => "will not trust",
            Self::SudoRefused { .. } => "cannot become root on",
            Self::NoStatus { .. } => "do not know how a command ended on",
            Self::Lost { .. } => "lost the connection to",
            Self::Interrupted => "was interrupted while connecting to",
            Self::Docker { .. } => "cannot use Docker on",
            _ => "cannot reach",
        };
        format!("{verb} {}", printable(droplet))
    }

    fn detail(&self) -> Option<&str> {
        match self {
            Self::LoginRefused { detail, .. }
            | Self::JumpFailed { detail, .. }
            | Self::NoRoute { detail, .. }
            | Self::SudoRefused { detail }
            | Self::NoStatus { detail }
            | Self::Lost { detail } => Some(detail),
            _ => None,
        }
    }

    /// What to do, the most likely first.
    fn advice(&self, again: &str) -> Vec<String> {
        let lines: Vec<String> = match self {
            Self::NameNotFound { host } => vec![
                format!("check `host:` in the inventory; does this machine know it? getent hosts {}", quote(host)),
            ],
            Self::Refused { port, .. } => vec![
                format!("is the droplet up, and does its sshd listen on port {port}? (`port:` in the inventory)"),
                "look at it on the provider's console".to_owned(),
            ],
            Self::TimedOut { .. } | Self::NoRoute { .. } => vec![
                "is the droplet up? Is a firewall or a VPN in between?".to_owned(),
                "a slow link: raise `connect_timeout:` in the inventory".to_owned(),
            ],
            Self::HostKeyUnknown { login, .. } => vec![
                "get the fingerprint from the provider's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub".to_owned(),
                format!("log in once and compare it before you say yes: {login}"),
            ],
            Self::HostKeyChanged { host, place } => changed_key(host, place.as_deref()),
            Self::LoginRefused { login, .. } => vec![
                format!("see which keys are offered: {} true", login.replacen("ssh", "ssh -v", 1)),
                "is the key in the agent? ssh-add -l".to_owned(),
                "the user, or the key in that user's authorized_keys on the droplet, may be another (`user:`, `identity:`)".to_owned(),
            ],
            Self::Throttled { penalty: true, login, .. } => vec![
                "wait a few minutes: after failed logins sshd turns this address away for a while".to_owned(),
                format!("then find the login that failed: {login} true"),
            ],
            Self::Throttled { login, .. } => vec![
                "wait a minute and try again: too many logins at once (MaxStartups), or this address is turned away".to_owned(),
                format!("try by hand: {login} true"),
            ],
            Self::JumpFailed { jump, login, .. } => vec![
                format!("log in to the jump host by hand first: ssh {}", quote(jump)),
                format!("then to the droplet: {login} true"),
            ],
            Self::NoSshClient => vec!["install OpenSSH's client, for example: apt-get install openssh-client".to_owned()],
            Self::IdentityMissing { path } => vec![
                format!("correct `identity:` in the inventory: there is no file {}", printable(&path.display().to_string())),
            ],
            Self::SudoRefused { .. } => vec![
                "give sudo's password: --ask-become-pass".to_owned(),
                "or let the user run sudo without one; look with: sudo -l".to_owned(),
            ],
            Self::Docker { .. } => vec![
                "does the engine run? systemctl status docker".to_owned(),
                "may the user use it? `become: sudo` in the inventory, or a user in the group docker".to_owned(),
            ],
            Self::NoStatus { .. } => vec![format!("look before you repeat it: {again}")],
            Self::Lost { .. } | Self::Other { .. } | Self::Interrupted => vec![format!("try again: {again}")],
        };
        lines
    }
}

fn changed_key(host: &str, place: Option<&str>) -> Vec<String> {
    let file = place.and_then(|place| place.rsplit_once(':')).map(|(file, _)| format!(" -f {}", quote(file)));
    vec![
        "somebody may be in between: do not connect until you know why the key changed".to_owned(),
        "compare with the key on the provider's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
            .to_owned(),
        format!(
            "only if it is the droplet's own new key: ssh-keygen -R {}{}",
            quote(host),
            file.unwrap_or_default()
        ),
    ]
}
