//! A connection that is opened again when it broke.
//!
//! A wifi that changes or a VPN that pauses ends ssh's master, not the droplet. The next command then
//! logs in again, by itself: nobody is asked anything, and a key that wants a passphrase stays refused.
//! Deliberately absent: sending a command again. One that was sent and lost its connection has no
//! status; only whoever sent it knows whether that may be repeated.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::address::Target;
use super::connector::pause;
use super::seat::Line;
use super::shell::{Carrier, Channel};
use super::ssh::{Log, Opening, Ssh};
use super::{Stats, TransportError, runtime};
use crate::world::World;

/// How long a new connection is tried for.
const PATIENCE: Duration = Duration::from_secs(45);

/// What logging in takes.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) target: Target,
    pub(super) world: World,
    pub(super) stats: Arc<Stats>,
    pub(super) at_once: Arc<Semaphore>,
}

impl Way {
    /// One login on a new socket; nobody is asked. The connection is ours alone.
    async fn again(&self) -> Result<Ssh, TransportError> {
        let socket: PathBuf = runtime::fresh(&self.world.runtime_dir)?;
        let with = Opening { world: &self.world, lender: None, socket: &socket, warm: false, verbose: false };
        let _turn = self.at_once.acquire().await;
        self.stats.opened();
        Ssh::open(&self.target, &with).await
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Link {
    now: RwLock<Arc<Ssh>>,
    way: Way,
    /// One logs in; those who need the connection meanwhile wait for it.
    turn: Mutex<()>,
    closed: AtomicBool,
}

impl Link {
    pub(super) fn new(ssh: Ssh, way: Way) -> Self {
        Self { now: RwLock::new(Arc::new(ssh)), way, turn: Mutex::default(), closed: AtomicBool::new(false) }
    }

    fn now(&self) -> Arc<Ssh> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection in the place of `broken`; maybe somebody has opened it already.
    async fn instead_of(&self, broken: &Arc<Ssh>) -> Result<Arc<Ssh>, TransportError> {
        let deadline = Instant::now() + PATIENCE;
        let _turn = self.turn.lock().await;
        let now = self.now();
        if !Arc::ptr_eq(&now, broken) {
            return Ok(now);
        }
        let mut tries = 1;
        loop {
            match self.way.again().await {
                Ok(ssh) => {
                    broken.forget();
                    let ssh = Arc::new(ssh);
                    *self.now.write().unwrap_or_else(PoisonError::into_inner) = ssh.clone();
                    return Ok(ssh);
                }
                Err(error) if !error.may_pass() || Instant::now() > deadline => return Err(error),
                Err(_) => {
                    tokio::time::sleep(pause(tries)?).await;
                    tries += 1;
                }
            }
        }
    }
}

#[async_trait]
impl Carrier for Link {
    async fn open(&self, prefix: &[&str]) -> Result<Channel, TransportError> {
        let ssh = self.now();
        match ssh.open(prefix).await {
            Err(TransportError::Lost { .. })
                if !self.closed.load(Ordering::Relaxed) && ssh.is_dead().await => {}
            answer => return answer,
        }
        self.instead_of(&ssh).await?.open(prefix).await
    }

    fn seat(
        &self,
        line: &Line,
        terminal: bool,
    ) -> Result<(std::process::Command, Option<Log>), TransportError> {
        let (command, log) = self.now().seat(&self.way.target, &self.way.world, line, terminal)?;
        Ok((command, Some(log)))
    }

    async fn anew(&self) -> Result<Self, TransportError> {
        Ok(Self::new(self.way.again().await?, self.way.clone()))
    }

    async fn is_cut(&self) -> bool {
        self.now().is_dead().await
    }

    fn lost(&self) -> String {
        self.now().lost()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.now().close().await;
    }
}
