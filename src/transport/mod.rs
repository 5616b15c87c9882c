//! How a command reaches a droplet and an answer comes back.
//!
//! A [`Transport`] runs a [`Cmd`], streams one, and opens a channel to Docker's API. It knows nothing
//! of Odoo, Compose or plans. Three of them: `ssh`, `local` (`host: local`), `fake` (tests).
//! Everything that starts a process is in here.

use std::time::Duration;

use async_trait::async_trait;

use crate::cmd::Cmd;
use crate::secret::Secret;

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
    /// The longest the whole call may take.
    pub timeout: Duration,
    /// Bytes of each stream that are kept.
    pub limit: usize,
}

impl<'a> Call<'a> {
    pub fn new(cmd: &'a Cmd) -> Self {
        Self { cmd, input: None, timeout: Duration::from_secs(60), limit: 8 << 20 }
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    #[must_use]
    pub fn input(mut self, input: &'a Secret) -> Self {
        self.input = Some(input);
        self
    }
}

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
    async fn stream(
        &self,
        call: Call<'_>,
        on_chunk: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Output, TransportError>;

    /// A client of the droplet's Docker engine, its version negotiated, over `docker system dial-stdio`.
    async fn docker(&self) -> Result<bollard::Docker, TransportError>;

    /// Gives back what the connection holds. Dropping without closing leaks nothing that lasts.
    async fn close(&self);
}

/// Why a droplet could not be reached, or an answer did not come back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    #[error("the name {host} cannot be resolved")]
    NameNotFound { host: String },
    #[error("{host} port {port} refuses the connection")]
    Refused { host: String, port: u16 },
    #[error("{host} did not answer within {seconds} s")]
    TimedOut { host: String, seconds: u64 },
    #[error("the host key of {host} is not known")]
    HostKeyUnknown { host: String },
    /// `place` is `file:line` of the known_hosts entry that disagrees.
    #[error("the host key of {host} CHANGED")]
    HostKeyChanged { host: String, place: Option<String> },
    #[error("{host} does not let {user} in")]
    LoginRefused { host: String, user: String, detail: String },
    /// Closed before the banner, or penalised after failed logins (OpenSSH 10).
    #[error("{host} closes connections before the login")]
    Throttled { host: String },
    #[error("the jump host {jump} failed")]
    JumpFailed { jump: String, detail: String },
    #[error("no ssh client was found on this machine")]
    NoSshClient,
    #[error("sudo refuses")]
    SudoRefused { detail: String },
    /// The command was sent and its end is unknown: link lost, killed, or time ran out.
    #[error("the link was lost before the command's end was known")]
    NoStatus { detail: String },
    #[error("{detail}")]
    Other { detail: String },
}
