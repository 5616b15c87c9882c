//! Changes of the droplet itself (sshd, keys, ufw, fail2ban, Docker's engine, journald, the kernel's settings, modes of files), each with
//! its way back to the byte.
//!
//! Deliberately absent: which changes, and why (`runbooks/harden`).

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const HARDEN: Program = Program::shell(
    "harden",
    &[
        include_str!("json.sh"),
        include_str!("harden.sh"),
        include_str!("harden_logins.sh"),
        include_str!("harden_wall.sh"),
        include_str!("harden_proof.sh"),
    ],
);
pub(super) const CHANGES: Program = Program::shell("harden.changes", &[include_str!("changes.sh")]);

/// What was changed on the droplet, and what became of it; `dir`: what ops keeps of the project.
pub fn changes(dir: &str) -> Cmd {
    Cmd::script(CHANGES, [dir])
}

/// Who reads a file anew once it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Sshd,
    Docker,
    Journal,
    Kernel,
    Apt,
    Bans,
}

impl Reader {
    fn word(self) -> &'static str {
        match self {
            Reader::Sshd => "sshd",
            Reader::Docker => "docker",
            Reader::Journal => "journal",
            Reader::Kernel => "kernel",
            Reader::Apt => "apt",
            Reader::Bans => "bans",
        }
    }
}

/// Where this run keeps what was.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a>(pub &'a str);

impl Kept<'_> {
    /// `sum`: SHA-256 of what it is now, `none` where it is not there. `says`: what sshd has to say then
    /// (`user address key value`).
    pub fn write(&self, path: &str, mode: u32, sum: &str, reader: Reader, text: &str, says: &str) -> Cmd {
        self.cmd("write").args([path, &format!("{mode:o}"), sum, reader.word(), text, says])
    }

    pub fn unwrite(&self, path: &str, reader: Reader) -> Cmd {
        self.cmd("unwrite").args([path, reader.word()])
    }

    pub fn modes<'b>(&self, pairs: impl Iterator<Item = (u32, &'b str)>) -> Cmd {
        self.cmd("modes").args(words(pairs))
    }

    pub fn unmodes<'b>(&self, pairs: impl Iterator<Item = (u32, &'b str)>) -> Cmd {
        self.cmd("unmodes").args(words(pairs))
    }

    /// Keys by their users and fingerprints (`SHA256:..`): their lines become comments.
    pub fn keys<'b>(&self, pairs: impl Iterator<Item = (&'b str, &'b str)>) -> Cmd {
        self.cmd("keys").args(pairs.flat_map(|(user, sum)| [user, sum]))
    }

    pub fn unkeys<'b>(&self, users: impl Iterator<Item = &'b str>) -> Cmd {
        self.cmd("unkeys").args(users)
    }

    /// Drop-ins of sshd, by name, are read after the one of ours. `login`: who logs in, and from where.
    pub fn order<'b>(&self, login: (&str, &str), names: impl Iterator<Item = &'b str>) -> Cmd {
        self.cmd("order").args([login.0, login.1]).args(names)
    }

    pub fn unorder(&self) -> Cmd {
        self.cmd("unorder")
    }

    /// ufw lets in ssh and these ports, and nothing else. `login`: who logs in, and from where.
    pub fn wall(&self, login: (&str, &str), ports: &[u16]) -> Cmd {
        self.cmd("wall").args([login.0, login.1]).args(ports.iter().map(u16::to_string))
    }

    pub fn unwall(&self) -> Cmd {
        self.cmd("unwall")
    }

    /// What Docker publishes is reached from outside only on the site's ports, whenever its engine starts.
    pub fn chain(&self) -> Cmd {
        self.cmd("chain")
    }

    pub fn unchain(&self) -> Cmd {
        self.cmd("unchain")
    }

    /// Waits so many seconds for the proof; without it, it fails.
    pub fn wait(&self, seconds: u64) -> Cmd {
        self.cmd("wait").args([self.proven(), seconds.to_string()])
    }

    /// `so`: what has to be so, as lines `sshd user address key value`, `key user sum` (one that is not let in), `ufw`, `chain`
    /// and `bans`.
    pub fn proof(&self, so: &str) -> Cmd {
        self.cmd("proof").args([self.proven(), so.to_owned()])
    }

    fn proven(&self) -> String {
        format!("{}/proven", self.0)
    }

    fn cmd(&self, verb: &str) -> Cmd {
        Cmd::script(HARDEN, [verb, self.0])
    }
}

fn words<'b>(pairs: impl Iterator<Item = (u32, &'b str)>) -> Vec<String> {
    pairs.flat_map(|(mode, path)| [format!("{mode:o}"), path.to_owned()]).collect()
}
