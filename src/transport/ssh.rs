//! A droplet over SSH: one authenticated connection that we started, and sessions on it.
//!
//! The connection is an OpenSSH master process, so the user's configuration, agent, FIDO keys and
//! jump hosts work as they know them. It authenticates in the foreground and then goes to the background
//! in a session of its own: no terminal, no Ctrl-C and no closed window reaches it. Our [`Hold`] keeps
//! it; when the hold is gone it ends by itself. Sessions speak to its socket directly (`openssh`,
//! native-mux: 3 ms a command). Deliberately absent: which connection to use, and trying again
//! (`connector`), and a new one when this breaks (`link`).

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openssh::{Session, Stdio as RemoteStdio};

use super::TransportError;
use super::address::{Master, Target};
use super::errors::classify;
use super::hold::Hold;
use super::lend::{Asking, Ended, Lender};
use super::seat::Line;
use super::shell::{Carrier, Channel};
use super::wire::{BODY, BOOT};
use crate::text;
use crate::world::World;

/// Seconds a master outlives its last client: ours when we are killed.
const OWNED_PERSIST: u32 = 10;
/// And one that the next read-only command may find.
const WARM_PERSIST: u32 = 180;
/// Key exchange and login take their time on a busy machine, besides the time to connect.
const LOGIN_TIME: Duration = Duration::from_secs(30);
/// A server with a small `MaxSessions` refuses sessions until others have ended.
const SESSION_TRIES: u32 = 20;

/// A connection to one droplet.
#[derive(Debug)]
pub(super) struct Ssh {
    session: Arc<Session>,
    hold: Hold,
    socket: PathBuf,
    /// Ends with us; a warm one stays for the next command.
    owned: bool,
    log: Option<File>,
}

/// What opening a connection needs besides its target.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub(super) world: &'a World,
    pub(super) lender: Option<&'a Lender>,
    /// Where the master listens.
    pub(super) socket: &'a Path,
    pub(super) warm: bool,
    /// The last attempt was turned away: find out why.
    pub(super) verbose: bool,
}

impl Ssh {
    /// Uses a master that listens already. An error means that none does.
    pub(super) fn resume(socket: &Path, owned: bool, log: Option<File>) -> std::io::Result<Self> {
        let hold = Hold::on(socket)?;
        let session = Arc::new(Session::resume_mux(socket.into(), None));
        Ok(Self { session, hold, socket: socket.to_owned(), owned, log })
    }

    /// Logs in.
    pub(super) async fn open(target: &Target, with: &Opening<'_>) -> Result<Self, TransportError> {
        let log = Log::new(with.socket)?;
        let ended = start(target, with, &log.path)?
            .ended(Duration::from_secs(target.seconds) + LOGIN_TIME, with.lender)
            .await;
        match ended {
            Ended::Exit(0) => {}
            Ended::Exit(_) => return Err(classify(&log.text(), target)),
            Ended::Interrupted => return Err(TransportError::Interrupted),
            Ended::TimedOut => {
                let seconds = target.seconds + LOGIN_TIME.as_secs();
                return Err(TransportError::TimedOut { host: target.host.clone(), seconds });
            }
            Ended::NoTerminal => {
                let detail = "ssh has a question, and there is no terminal to ask it on".to_owned();
                return Err(TransportError::Other { detail });
            }
        }
        // The file stays readable through this handle and leaves nothing behind.
        let file = File::open(&log.path).ok();
        Self::resume(with.socket, !with.warm, file).map_err(|error| TransportError::Other {
            detail: format!("ssh's master does not listen: {error}"),
        })
    }

    /// Gives the socket another name. Where that fails the old one goes on.
    pub(super) fn moved(mut self, from: &Path, to: &Path) -> Self {
        if std::fs::rename(from, to).is_ok() {
            self.session = Arc::new(Session::resume_mux(to.into(), None));
            to.clone_into(&mut self.socket);
        }
        self
    }

    /// The master is gone. It may be just about to go when a session could not be opened.
    pub(super) async fn is_dead(&self) -> bool {
        for _ in 0..20 {
            if self.hold.is_over() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Removes what a master that was killed leaves; a warm one's name may be another's by now.
    pub(super) fn forget(&self) {
        if self.owned {
            let _ = std::fs::remove_file(&self.socket);
        }
    }

    /// A client of the master, for a person. It has no way of its own to the droplet.
    pub(super) fn seat(
        &self,
        target: &Target,
        world: &World,
        line: &Line,
        terminal: bool,
    ) -> Result<(Command, Log), TransportError> {
        let log = Log::new(&self.socket.with_extension("seat"))?;
        let mut command = client(world)?;
        command
            .args(target.client(&self.socket, &log.path, terminal))
            .arg(line.shell())
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit());
        Ok((command, log))
    }

    /// Ends the connection now.
    pub(super) fn end(&self) {
        self.hold.end();
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        if self.owned {
            self.hold.end();
        }
    }
}

#[async_trait]
impl Carrier for Ssh {
    async fn open(&self, prefix: &[&str]) -> Result<Channel, TransportError> {
        let prefix: String = prefix
            .iter()
            .map(|word| if word.is_empty() { "'' " } else { word })
            .collect::<Vec<_>>()
            .join(" ");
        let line = format!("exec {prefix} sh -c '{}' ops '{}'", BOOT.text(), BODY.text());
        let mut tries = 1;
        let mut child = loop {
            let mut command = self.session.clone().arc_raw_command(&line);
            command.stdin(RemoteStdio::piped()).stdout(RemoteStdio::piped()).stderr(RemoteStdio::piped());
            match command.spawn().await {
                Ok(child) => break child,
                Err(error) => {
                    let said = reason(&error);
                    let refused = said.contains("Session open refused");
                    if !refused || tries == SESSION_TRIES {
                        let detail = if refused { said } else { format!("{said}; {}", self.lost()) };
                        return Err(TransportError::Lost { detail });
                    }
                    tokio::time::sleep(Duration::from_millis(20 << tries.min(5))).await;
                    tries += 1;
                }
            }
        };
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(TransportError::Other { detail: "a session without its streams".to_owned() });
        };
        Ok(Channel {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            ended: Box::pin(async move {
                match child.wait().await {
                    Ok(status) => status.code(),
                    // The crate reports exit 127 as an error of its own.
                    Err(openssh::Error::Remote(_)) => Some(127),
                    Err(_) => None,
                }
            }),
        })
    }

    fn lost(&self) -> String {
        let lines = self.log.as_ref().map(last_words).unwrap_or_default();
        match lines.last() {
            Some(line) if line.contains("not responding") => "the droplet stopped answering".to_owned(),
            Some(line) => line.clone(),
            None => "its shell was killed, or the connection was cut".to_owned(),
        }
    }

    async fn close(&self) {
        if self.owned {
            self.hold.end();
        }
    }
}

/// What an ssh says: a master while it logs in, a client at its end.
pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    fn new(socket: &Path) -> Result<Self, TransportError> {
        let path = socket.with_extension("log");
        match File::options().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(Self { path }),
            Err(error) => Err(TransportError::Other { detail: format!("{}: {error}", path.display()) }),
        }
    }

    /// Its lines.
    pub(super) fn said(&self) -> Vec<String> {
        text::lines(&self.text())
    }

    fn text(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An unreadable log is an empty one: the error then says that ssh said nothing.
        let _ = File::open(&self.path).and_then(|file| file.take(64 << 10).read_to_end(&mut bytes));
        bytes
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The end of a master's log, without what only debugging wants to know.
fn last_words(log: &File) -> Vec<String> {
    let mut bytes = vec![0; 8192];
    let from = log.metadata().map_or(0, |found| found.len().saturating_sub(8192));
    let read = log.read_at(&mut bytes, from).unwrap_or(0);
    text::lines(&bytes[..read]).into_iter().filter(|line| !line.starts_with("debug")).collect()
}

fn start(target: &Target, with: &Opening<'_>, log: &Path) -> Result<Asking, TransportError> {
    let mut command = client(with.world)?;
    let ssh = PathBuf::from(command.get_program());
    let interactive = with.lender.is_some();
    let persist_seconds = if with.warm { WARM_PERSIST } else { OWNED_PERSIST };
    let words = target.master(
        &ssh,
        with.socket,
        log,
        &Master { interactive, persist_seconds, verbose: with.verbose },
    );
    // "Touch your key" is only said where stderr is a terminal.
    let stderr = if interactive && with.world.terminal.stderr {
        Stdio::inherit()
    } else {
        // What a jump host's ssh of the user's own configuration says.
        File::options().append(true).open(log).map_or_else(|_| Stdio::null(), Stdio::from)
    };
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    if interactive {
        command.env("SSH_ASKPASS_REQUIRE", "never");
    } else {
        // Neither it nor a jump host's ssh may wait for somebody who is not there.
        command.env("SSH_ASKPASS_REQUIRE", "force").env("SSH_ASKPASS", "/bin/false");
    }
    match command.spawn() {
        Ok(child) => Ok(Asking::new(&child)),
        Err(error) => Err(TransportError::Other { detail: format!("cannot start ssh: {error}") }),
    }
}

/// An ssh of ours, which speaks English and leads a process group of its own.
fn client(world: &World) -> Result<Command, TransportError> {
    let path = world.var("PATH").unwrap_or("/usr/bin:/bin");
    let ssh = which::which_in("ssh", Some(path), &world.cwd).map_err(|_| TransportError::NoSshClient)?;
    let localised = |name: &str| name.starts_with("LC_") || name == "LANG" || name == "LANGUAGE";
    #[expect(clippy::disallowed_methods, reason = "transport starts processes")]
    let mut command = Command::new(ssh);
    command
        .env_clear()
        .envs(world.env.iter().filter(|(name, _)| !localised(name)))
        .env("LC_ALL", "C")
        .process_group(0);
    Ok(command)
}

/// The innermost reason of an error, which is where `openssh` keeps the text.
fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    text::printable(&inner.to_string())
}
