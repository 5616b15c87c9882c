//! Opens connections: which, how many at once, and how often.
//!
//! A command that only reads may use a *warm* connection that an earlier one left (it stays three
//! minutes), after a timed probe; a run that changes things owns its connection and ends it. New
//! connections are limited, because sshd begins to drop at 10 unauthenticated ones, and tried again with
//! jitter when they are closed before the login.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::address::Target;
use super::lend::Lender;
use super::link::{Link, Way};
use super::local::Local;
use super::means::{pages, reached};
use super::shell::{Root, Shell};
use super::ssh::{Opening, Ssh};
use super::{Call, Transport, TransportError, runtime};
use crate::cmd::Cmd;
use crate::inventory::{Address, Droplet, SshAddress};
use crate::secret::Secret;
use crate::world::World;

/// How long a warm connection has to prove that it is alive.
const PROBE: Duration = Duration::from_secs(2);
const TRIES: u32 = 10;

/// What the command at hand allows.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The terminal may be lent to ssh for a passphrase, a FIDO key or an unknown host key. None:
    /// nobody is asked; an unknown host key is refused.
    pub interactive: Option<Lender>,
    /// Read-only: may use a connection that is there, and leaves its own for the next command.
    pub warm: bool,
    /// From `--ask-become-pass`.
    pub become_password: Option<Secret>,
    /// New connections at once.
    pub at_once: usize,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { interactive: None, warm: false, become_password: None, at_once: 8 }
    }
}

/// What was opened and run, for the bench.
#[derive(Debug, Default)]
pub struct Stats {
    opened: AtomicU64,
    reused: AtomicU64,
    commands: AtomicU64,
}

impl Stats {
    /// SSH logins, those that were tried again included.
    pub fn connections_opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Warm connections that were used.
    pub fn connections_reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }

    pub fn commands_run(&self) -> u64 {
        self.commands.load(Ordering::Relaxed)
    }

    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn command(&self) {
        self.commands.fetch_add(1, Ordering::Relaxed);
    }
}

/// Connects to droplets; one for a whole command.
#[derive(Debug)]
pub struct Connector {
    world: World,
    options: ConnectOptions,
    stats: Arc<Stats>,
    at_once: Arc<Semaphore>,
}

impl Connector {
    pub fn new(world: &World, options: ConnectOptions) -> Self {
        let at_once = Arc::new(Semaphore::new(options.at_once.max(1)));
        Self { world: world.clone(), options, stats: Arc::default(), at_once }
    }

    /// Those of the ports that open to this machine; None: it does not reach the droplet by itself.
    ///
    /// # Errors
    /// Nobody knows the way, or the name.
    pub async fn reached(
        &self,
        droplet: &Droplet,
        ports: BTreeSet<u16>,
        limit: Duration,
    ) -> Result<Option<Vec<u16>>, TransportError> {
        match &droplet.address {
            Address::Local { .. } => Ok(None),
            Address::Ssh(address) => reached(address, &self.world, ports, limit).await,
        }
    }

    /// The statuses of these pages of a site, asked of the droplet from here on this port, in their order; None: this
    /// machine does not reach it by itself.
    ///
    /// # Errors
    /// Nobody knows the way or the name, nobody answers, or nobody vouches for the certificate.
    pub async fn pages(
        &self,
        droplet: &Droplet,
        (name, port): (&str, u16),
        paths: &[&str],
        limit: Duration,
    ) -> Result<Option<Vec<u16>>, String> {
        match &droplet.address {
            Address::Local { .. } => Ok(None),
            Address::Ssh(address) => pages(address, &self.world, (name, port), paths, limit).await,
        }
    }

    pub fn stats(&self) -> Arc<Stats> {
        self.stats.clone()
    }

    /// # Errors
    /// Why the droplet cannot be reached. Nothing has been run on it.
    pub async fn connect(&self, droplet: &Droplet) -> Result<Arc<dyn Transport>, TransportError> {
        let root =
            Root { r#become: droplet.address.r#become(), password: self.options.become_password.clone() };
        if root.password.as_ref().is_some_and(|password| password.expose().contains(['\n', '\0'])) {
            return Err(TransportError::SudoRefused { detail: "a password is one line".to_owned() });
        }
        match &droplet.address {
            Address::Local { .. } => {
                Ok(Shell::new(&droplet.name, Local::new(&self.world), root, self.stats.clone()))
            }
            Address::Ssh(address) => {
                let link = self.link(address).await?;
                Ok(Shell::new(&droplet.name, link, root, self.stats.clone()))
            }
        }
    }

    /// All droplets at once; the answers are in the order of the question.
    pub async fn connect_all(&self, droplets: &[Droplet]) -> Vec<Result<Arc<dyn Transport>, TransportError>> {
        join_all(droplets.iter().map(|droplet| self.connect(droplet))).await
    }

    async fn link(&self, address: &SshAddress) -> Result<Link, TransportError> {
        let target = Target::new(address, &self.world)?;
        let ssh = self.ssh(address, &target).await?;
        let (world, stats, at_once) = (self.world.clone(), self.stats.clone(), self.at_once.clone());
        Ok(Link::new(ssh, Way { target, world, stats, at_once }))
    }

    async fn ssh(&self, address: &SshAddress, target: &Target) -> Result<Ssh, TransportError> {
        let dir = &self.world.runtime_dir;
        runtime::prepare(dir, self.world.now())?;
        if !self.options.warm {
            return self.open(target, &runtime::fresh(dir)?).await;
        }
        let warm = runtime::warm(dir, address)?;
        if let Some(ssh) = self.resume(&warm).await {
            self.stats.reused.fetch_add(1, Ordering::Relaxed);
            return Ok(ssh);
        }
        let fresh = runtime::fresh(dir)?;
        let ssh = self.open(target, &fresh).await?;
        // Whoever comes last is found by the next command; the other ends when its time is up.
        Ok(ssh.moved(&fresh, &warm))
    }

    /// A warm connection that answers in time. One that does not is ended.
    async fn resume(&self, socket: &Path) -> Option<Ssh> {
        let Ok(ssh) = Ssh::resume(socket, false, None) else {
            // A master that was killed leaves its socket; nobody listens there any more.
            let _ = std::fs::remove_file(socket);
            return None;
        };
        let shell = Shell::new("probe", ssh, Root::default(), Arc::default());
        let cmd = Cmd::new("true");
        let answer = shell.run(Call::new(&cmd).timeout(PROBE)).await;
        let alive = answer.is_ok_and(|output| output.code == 0);
        if !alive {
            shell.carrier().end();
            let _ = std::fs::remove_file(socket);
            return None;
        }
        Ssh::resume(socket, false, None).ok()
    }

    async fn open(&self, target: &Target, socket: &Path) -> Result<Ssh, TransportError> {
        let lender = self.options.interactive.as_ref();
        let warm = self.options.warm;
        let mut with = Opening { world: &self.world, lender, socket, warm, verbose: false };
        let mut tries = 1;
        loop {
            let result = {
                let _turn = self.at_once.acquire().await;
                self.stats.opened();
                Ssh::open(target, &with).await
            };
            match result {
                Err(TransportError::Throttled { penalty: false, .. }) if tries < TRIES => {
                    tokio::time::sleep(pause(tries)?).await;
                    tries += 1;
                    with.verbose = true;
                }
                result => return result,
            }
        }
    }
}

/// Doubles from about 0.1 s to about 3 s, half of it at random: those who were turned away together
/// must not come back together.
pub(super) fn pause(tries: u32) -> Result<Duration, TransportError> {
    let mut byte = [0_u8; 1];
    getrandom::fill(&mut byte)
        .map_err(|error| TransportError::Other { detail: format!("no random numbers: {error}") })?;
    let full = 100 * (1 << tries.min(5));
    Ok(Duration::from_millis(full / 2 + full / 2 * u64::from(byte[0]) / 255))
}

/// One droplet alone; see [`Connector`].
///
/// # Errors
/// Why it cannot be reached.
pub async fn connect(
    droplet: &Droplet,
    world: &World,
    options: ConnectOptions,
) -> Result<Arc<dyn Transport>, TransportError> {
    Connector::new(world, options).connect(droplet).await
}
