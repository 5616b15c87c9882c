//! The files that ssh logs in with: private keys, and the keys of droplets that are known.

use super::laptop::{Agent, Laptop};
use super::{Check, Verdict};
use crate::checks::some_of;
use crate::cmd::quote;
use crate::inventory::Severity;

pub(super) const IDENTITIES: Check =
    Check { id: "laptop.identity", title: "identity file", severity: Severity::High, judge: identities };
pub(super) const KNOWN: Check =
    Check { id: "laptop.known_hosts", title: "known hosts", severity: Severity::High, judge: known };

/// What a private key of OpenSSH's own form that nothing locks begins with, behind its first line: the
/// name of the form, and the cipher `none`.
const OPEN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";

/// A private key, of which only the form is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub path: String,
    /// The inventory names it; else ssh tries it by itself, where it is there.
    pub named: bool,
    /// Mode, and whether a passphrase locks it (None: cannot be told); None where there is no such file.
    pub file: Option<(u32, Option<bool>)>,
    /// `type base64` of the `.pub` beside it.
    pub public: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHosts {
    pub path: String,
    /// None: it is not there.
    pub mode: Option<u32>,
}

impl Identity {
    /// Whether the text of a private key needs a passphrase. Only the form is looked at.
    pub fn locked(text: &str) -> Option<bool> {
        let mut lines = text.lines();
        match lines.next()?.trim_end() {
            "-----BEGIN OPENSSH PRIVATE KEY-----" => Some(!lines.next()?.starts_with(OPEN)),
            "-----BEGIN ENCRYPTED PRIVATE KEY-----" => Some(true),
            "-----BEGIN PRIVATE KEY-----" => Some(false),
            first if first.starts_with("-----BEGIN ") && first.ends_with(" PRIVATE KEY-----") => {
                Some(lines.next()?.contains("ENCRYPTED"))
            }
            _ => None,
        }
    }

    fn in_agent(&self, agent: &Agent) -> bool {
        let Agent::Keys(keys) = agent else { return false };
        match &self.public {
            Some(public) => keys.contains(public),
            // Which it is cannot be told; one that is there may be it.
            None => !keys.is_empty(),
        }
    }
}

fn identities(laptop: &Laptop) -> Verdict {
    let there = || laptop.identities.iter().filter_map(|one| Some((one, one.file?)));
    if let Some(one) = laptop.identities.iter().find(|one| one.named && one.file.is_none()) {
        let fix = format!(
            "correct `identity:` in the inventory, or make one: ssh-keygen -t ed25519 -f {}",
            quote(&one.path)
        );
        return Verdict::fail(format!("there is no file {}", one.path), fix);
    }
    if let Some((one, (mode, _))) = there().find(|(_, (mode, _))| mode & 0o077 != 0) {
        let evidence =
            format!("{} is open to others (mode {:o}), so ssh does not use it", one.path, mode & 0o777);
        return Verdict::fail(evidence, format!("chmod 600 {}", quote(&one.path)));
    }
    let asks = |(one, (_, locked)): &(&Identity, (u32, Option<bool>))| {
        *locked == Some(true) && !one.in_agent(&laptop.agent)
    };
    // A default key that is locked is no matter where another one opens.
    let open = there().any(|(one, (_, locked))| locked == Some(false) || one.in_agent(&laptop.agent));
    if let Some((one, _)) = there().find(|one| asks(one) && (one.0.named || !open)) {
        let add = format!("ssh-add {}", quote(&one.path));
        let fix = match laptop.agent {
            Agent::Keys(_) => add,
            _ => format!("eval \"$(ssh-agent)\" && {add}"),
        };
        let evidence = format!("{} wants its passphrase at every login: it is in no agent", one.path);
        return Verdict::warn(evidence, fix);
    }
    let all: Vec<&str> = there().map(|(one, _)| one.path.as_str()).collect();
    match (&laptop.agent, all.is_empty()) {
        (_, false) => Verdict::pass(some_of(all, 3)),
        (Agent::Keys(keys), true) if !keys.is_empty() => Verdict::pass("none here; the agent has keys"),
        (_, true) if laptop.identities.is_empty() => Verdict::skip("there are no droplets to log in to"),
        (_, true) => Verdict::warn("there is no private key", "make one: ssh-keygen -t ed25519"),
    }
}

/// Whether each droplet is in them is what its own way tells: ssh alone decides.
fn known(laptop: &Laptop) -> Verdict {
    let files = &laptop.known_hosts;
    if let Some(open) = files.iter().find(|file| file.mode.is_some_and(|mode| mode & 0o022 != 0)) {
        let evidence = format!("others may write to {}, and so choose which droplet is trusted", open.path);
        return Verdict::fail(evidence, format!("chmod go-w {}", quote(&open.path)));
    }
    let there: Vec<&str> =
        files.iter().filter(|file| file.mode.is_some()).map(|file| file.path.as_str()).collect();
    match (files.first(), there.is_empty()) {
        (None, _) => Verdict::skip("there are no droplets to know"),
        (_, false) => Verdict::pass(some_of(there, 3)),
        (Some(first), true) => Verdict::warn(
            format!("there is no {} yet", first.path),
            "log in to each droplet once by hand, and compare its key with the provider's console before you say yes",
        ),
    }
}
