//! How a command reaches a droplet and an answer comes back.
//!
//! A [`Transport`] runs a [`Cmd`], streams one, and opens a channel to Docker's API. It knows nothing
//! of Odoo, Compose or plans. Three of them: `ssh`, `local` (`host: local`), `fake` (tests).
//! Everything that starts a process is in here.

mod address;
mod connector;
mod docker;
mod errors;
pub mod fake;
pub mod freight;
mod hold;
pub mod http;
pub mod laptop;
mod lend;
mod link;
mod local;
pub mod means;
mod runtime;
mod seat;
mod shell;
pub mod smtp;
mod ssh;
mod tls;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::cmd::Cmd;
use crate::program::Program;
use crate::secret::Secret;

pub use connector::{ConnectOptions, Connector, Stats, connect};
pub use lend::Lender;
pub use seat::Seat;

/// For [`crate::catalog`].
pub(crate) const PROGRAMS: &[Program] = &[seat::THERE, seat::BEHIND_SUDO, wire::BOOT, wire::BODY];

/// What a finished remote command left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// The command's own exit code, reported by our wrapper on the droplet: never that of `ssh`.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// More than [`Call::limit`] was printed; the rest was thrown away.
    pub truncated: bool,
}

/// One call of a command.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub cmd: &'a Cmd,
    /// Bytes for the command's stdin, after the `Cmd`'s own text; the only way a secret travels.
    pub input: Option<&'a Secret>,
    /// Bytes that are no secret, behind all of these.
    pub data: &'a [u8],
    /// The longest the whole call may take.
    pub timeout: Duration,
    /// Bytes of each stream that are kept.
    pub limit: usize,
    /// Puts something back or in order: has a session of its own that is never busy with work.
    pub cleanup: bool,
}

impl<'a> Call<'a> {
    pub fn new(cmd: &'a Cmd) -> Self {
        Self { cmd, input: None, data: &[], timeout: Duration::from_secs(60), limit: 8 << 20, cleanup: false }
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    #[must_use]
    pub fn cleanup(mut self) -> Self {
        self.cleanup = true;
        self
    }

    #[must_use]
    pub fn data(mut self, data: &'a [u8]) -> Self {
        self.data = data;
        self
    }

    #[must_use]
    pub fn input(mut self, input: &'a Secret) -> Self {
        self.input = Some(input);
        self
    }
}

/// Hears stdout as it arrives, in pieces cut anywhere.
pub type OnChunk<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// One droplet, connected.
#[async_trait]
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// The droplet's name in the inventory.
    fn droplet(&self) -> &str;

    /// Runs a command to its end. A non-zero exit code is an `Ok` output.
    ///
    /// # Errors
    /// [`TransportError::NoStatus`] when the command started and its end is unknown; every other
    /// error means that it did not start.
    async fn run(&self, call: Call<'_>) -> Result<Output, TransportError>;

    /// As [`Transport::run`], handing stdout to `on_chunk` as it arrives; `Output::stdout` is empty.
    async fn stream(&self, call: Call<'_>, on_chunk: OnChunk<'_>) -> Result<Output, TransportError>;

    /// Runs a command with the streams of this process; its exit code.
    ///
    /// # Errors
    /// [`TransportError::NoStatus`] when the link was lost before its end was known.
    async fn sit(&self, _cmd: &Cmd, _seat: &Seat<'_>) -> Result<i32, TransportError> {
        Err(TransportError::Other { detail: "nobody can sit here".to_owned() })
    }

    /// The same droplet over a connection of its own, logged in anew: whether we could still get in.
    ///
    /// # Errors
    /// As a first login; nobody is asked anything.
    async fn anew(&self) -> Result<Arc<dyn Transport>, TransportError> {
        Err(TransportError::Other { detail: "there is no other way in".to_owned() })
    }

    /// A client of the droplet's Docker engine, its version negotiated, over `docker system dial-stdio`.
    async fn docker(&self) -> Result<bollard::Docker, TransportError>;

    /// Gives back what the connection holds. Dropping without closing leaks nothing that lasts.
    async fn close(&self);
}

/// Why a droplet could not be reached, or an answer did not come back. `login` is the `ssh` command
/// with which a person reaches the same place by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    #[error("the name {host} cannot be resolved")]
    NameNotFound { host: String },
    #[error("{host} port {port} refuses the connection")]
    Refused { host: String, port: u16 },
    #[error("there is no way to {host}")]
    NoRoute { host: String, detail: String },
    #[error("{host} did not answer within {seconds} s")]
    TimedOut { host: String, seconds: u64 },
    #[error("the host key of {host} is not known")]
    HostKeyUnknown { host: String, login: String },
    /// `host` as known_hosts writes it (`[host]:port`); `place` is `file:line` of the entry that
    /// disagrees.
    #[error("the host key of {host} CHANGED")]
    HostKeyChanged { host: String, place: Option<String> },
    #[error("{host} does not let {user} in")]
    LoginRefused { host: String, user: String, detail: String, login: String },
    /// Closed before the login; `penalty`: turned away after failed logins (OpenSSH 10).
    #[error("{host} closes connections before the login")]
    Throttled { host: String, penalty: bool, login: String },
    #[error("the jump host {jump} failed")]
    JumpFailed { jump: String, detail: String, login: String },
    #[error("no ssh client was found on this machine")]
    NoSshClient,
    #[error("the identity file {} is missing", path.display())]
    IdentityMissing { path: PathBuf },
    #[error("sudo refuses")]
    SudoRefused { detail: String },
    /// Docker's engine does not answer; the droplet itself does.
    #[error("Docker does not answer: {detail}")]
    Docker { detail: String },
    /// Ctrl-C while ssh asked something.
    #[error("interrupted")]
    Interrupted,
    /// The command was not started: the connection was gone before, and did not come back.
    #[error("the connection is gone")]
    Lost { detail: String },
    /// The command was sent and its end is unknown: link lost, killed, or time ran out.
    #[error("the link was lost before the command's end was known")]
    NoStatus { detail: String },
    #[error("{detail}")]
    Other { detail: String },
}
