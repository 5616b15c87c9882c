//! Lending the terminal to an ssh that asks something.
//!
//! Every ssh of ours lives in a process group of its own, so that Ctrl-C never kills a connection.
//! Such a group may not read the terminal: the kernel stops it when it tries. That stop *is* the
//! request for the terminal. Only then, and to one ssh at a time, it is made the foreground group,
//! continued, and loses the terminal again when it has logged in or failed. Passphrases, FIDO PINs and
//! host-key questions therefore work as ever, and nobody waits where nothing is asked.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The longest a person may take to answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// The terminal of this process, lent to one at a time.
#[derive(Clone)]
pub struct Lender {
    turn: Arc<Mutex<()>>,
    /// Told `true` before the terminal is lent and `false` afterwards, to stop and resume drawing.
    told: Arc<dyn Fn(bool) + Send + Sync>,
}

impl std::fmt::Debug for Lender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lender")
    }
}

impl Lender {
    /// `told` hears `true` just before the terminal is lent, and `false` when it is back.
    pub fn new(told: impl Fn(bool) + Send + Sync + 'static) -> Self {
        Self { turn: Arc::default(), told: Arc::new(told) }
    }

    async fn lend(&self, to: Pid) -> Option<Lent> {
        let turn = self.turn.clone().lock_owned().await;
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        // A job in the background has no terminal to lend.
        let owner = tcgetpgrp(&terminal).ok().filter(|owner| *owner == getpgrp())?;
        let state = tcgetattr(&terminal).ok()?;
        (self.told)(true);
        let lent = Lent { terminal, owner, state, told: self.told.clone(), _turn: turn };
        lent.foreground(to).ok()?;
        Some(lent)
    }
}

/// The terminal is elsewhere; dropping this takes it back.
struct Lent {
    terminal: File,
    owner: Pid,
    state: Termios,
    told: Arc<dyn Fn(bool) + Send + Sync>,
    _turn: OwnedMutexGuard<()>,
}

impl Lent {
    fn foreground(&self, group: Pid) -> nix::Result<()> {
        // From the background this call is itself answered with a stop, unless the signal is blocked.
        let stop = SigSet::from(Signal::SIGTTOU);
        let was_blocked = SigSet::thread_get_mask()?.contains(Signal::SIGTTOU);
        stop.thread_block()?;
        let done = tcsetpgrp(&self.terminal, group);
        if group == self.owner {
            // An ssh that was killed at a prompt leaves the echo switched off.
            let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.state);
        }
        if !was_blocked {
            stop.thread_unblock()?;
        }
        done
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Without a terminal (it was closed) there is nothing to take back.
        let _ = self.foreground(self.owner);
        (self.told)(false);
    }
}

/// How an ssh that was to log in and go to the background ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Exit(i32),
    /// Ctrl-C at a prompt.
    Interrupted,
    TimedOut,
    /// It wanted to ask something and there was no terminal for it.
    NoTerminal,
}

/// A started ssh, leader of its own process group. Dropping it before its end kills the group.
pub(super) struct Asking {
    group: Pid,
    over: bool,
}

impl Asking {
    pub(super) fn new(child: &std::process::Child) -> Self {
        Self { group: Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)), over: false }
    }

    /// Waits for its end, lending the terminal when it is asked for.
    pub(super) async fn ended(mut self, within: Duration, lender: Option<&Lender>) -> Ended {
        let mut deadline = Instant::now() + within;
        let mut lent: Option<Lent> = None;
        loop {
            match waitpid(self.group, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, code)) => return self.over(Ended::Exit(code)),
                Ok(WaitStatus::Signaled(_, Signal::SIGINT | Signal::SIGQUIT, _)) => {
                    return self.over(Ended::Interrupted);
                }
                Ok(WaitStatus::Signaled(..)) | Err(Errno::ECHILD) => return self.over(Ended::Exit(255)),
                Ok(WaitStatus::Stopped(..)) => {
                    if lent.is_none() {
                        lent = match lender {
                            Some(lender) => lender.lend(self.group).await,
                            None => None,
                        };
                        deadline = Instant::now() + PATIENCE;
                    }
                    if lent.is_none() {
                        return Ended::NoTerminal;
                    }
                    // It is gone already when this fails; the next round sees its end.
                    let _ = killpg(self.group, Signal::SIGCONT);
                }
                _ if Instant::now() > deadline => return Ended::TimedOut,
                _ => tokio::time::sleep(Duration::from_millis(4)).await,
            }
        }
    }

    /// Waits for its end, however long that takes; it has the terminal until then, where there is one to lend.
    pub(super) async fn seated(mut self, lender: Option<&Lender>) -> Ended {
        // Whether it ended is asked again now and then: a signal may have come before we listened.
        let mut heard = signal(SignalKind::child()).ok();
        let mut lent = match lender {
            Some(lender) => lender.lend(self.group).await,
            None => None,
        };
        if lent.is_some() {
            // It may have touched the terminal before it was its own.
            let _ = killpg(self.group, Signal::SIGCONT);
        }
        loop {
            match waitpid(self.group, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, code)) => return self.over(Ended::Exit(code)),
                Ok(WaitStatus::Signaled(_, Signal::SIGINT | Signal::SIGQUIT, _)) => {
                    return self.over(Ended::Interrupted);
                }
                Ok(WaitStatus::Signaled(..)) | Err(Errno::ECHILD) => return self.over(Ended::Exit(255)),
                // Nobody could wake it up who waits for `ops`.
                Ok(WaitStatus::Stopped(..)) => {
                    if lent.is_none() {
                        lent = match lender {
                            Some(lender) => lender.lend(self.group).await,
                            None => None,
                        };
                    }
                    if lent.is_none() {
                        return Ended::NoTerminal;
                    }
                    let _ = killpg(self.group, Signal::SIGCONT);
                }
                _ => {
                    let child = async {
                        match &mut heard {
                            Some(heard) => drop(heard.recv().await),
                            None => std::future::pending().await,
                        }
                    };
                    let _ = tokio::time::timeout(Duration::from_millis(250), child).await;
                }
            }
        }
    }

    fn over(&mut self, ended: Ended) -> Ended {
        self.over = true;
        ended
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.over {
            // Also its jump host's ssh, which is in the same group.
            let _ = killpg(self.group, Signal::SIGKILL);
            let _ = waitpid(self.group, None);
        }
    }
}
