//! A [`Transport`] over anything that can start a process on the droplet and carry its three streams.
//!
//! What `ssh` and `local` share: the framing of [`super::wire`], sudo, limits, deadlines, and the
//! rule that a command whose last mark was not seen has no exit status.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::seat::Line;
use super::ssh::Log;
use super::wire::{Frame, Kept, nonce, request};
use super::{Call, OnChunk, Output, Seat, Stats, Transport, TransportError};
use crate::cmd::Cmd;
use crate::inventory::Become;
use crate::secret::Secret;
use crate::text;

/// sshd allows 10 sessions on one connection by default; two are left for what is just ending.
const SESSIONS: usize = 8;

/// How long after the streams' end the process's own end is waited for.
const STATUS_WAIT: Duration = Duration::from_secs(2);

/// A process on the droplet.
pub(super) struct Channel {
    pub(super) stdin: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) stdout: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// Its exit code as the carrier saw it; None: killed, or the link was lost.
    pub(super) ended: BoxFuture<'static, Option<i32>>,
}

/// Starts processes on one droplet.
#[async_trait]
pub(super) trait Carrier: Send + Sync + std::fmt::Debug {
    /// Starts `prefix sh -c BOOT ops BODY`. Nothing of a command has been sent when this fails.
    async fn open(&self, prefix: &[&str]) -> Result<Channel, TransportError>;

    /// The program on this machine that runs the line there, with the streams of this process; it leads its own
    /// process group. Where it says by itself what went wrong is beside it.
    fn seat(
        &self,
        _line: &Line,
        _terminal: bool,
    ) -> Result<(std::process::Command, Option<Log>), TransportError> {
        Err(TransportError::Other { detail: "nobody can sit here".to_owned() })
    }

    /// The link of what runs there is gone.
    async fn is_cut(&self) -> bool {
        false
    }

    /// A connection of its own to the same place.
    async fn anew(&self) -> Result<Self, TransportError>
    where
        Self: Sized,
    {
        Err(TransportError::Other { detail: "there is no other way in".to_owned() })
    }

    /// Why the link broke, as far as is known.
    fn lost(&self) -> String;

    async fn close(&self);
}

/// How commands become root's, and what sudo wants for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Root {
    pub(super) r#become: Become,
    pub(super) password: Option<Secret>,
}

impl Root {
    /// With a password always `-k -S`, without one always `-n`: never mixed, so that it does not
    /// depend on what sudo remembers whether the password line is read by sudo or by the command.
    fn prefix(&self) -> &'static [&'static str] {
        match (self.r#become, &self.password) {
            (Become::No, _) => &[],
            (Become::Sudo, None) => &["sudo", "-n", "--"],
            (Become::Sudo, Some(_)) => &["sudo", "-k", "-S", "-p", "", "--"],
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Shell<C> {
    droplet: String,
    carrier: C,
    root: Root,
    /// Said yes to the password once; asked at most once per connection.
    sudo: OnceCell<()>,
    sessions: Arc<Semaphore>,
    /// Kept free for commands that clean up.
    reserved: Arc<Semaphore>,
    stats: Arc<Stats>,
    docker: OnceCell<bollard::Docker>,
    /// For channels that outlive a call.
    this: std::sync::Weak<Self>,
}

impl<C: Carrier + 'static> Shell<C> {
    pub(super) fn new(droplet: &str, carrier: C, root: Root, stats: Arc<Stats>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            droplet: droplet.to_owned(),
            carrier,
            root,
            sudo: OnceCell::new(),
            sessions: Arc::new(Semaphore::new(SESSIONS - 1)),
            reserved: Arc::new(Semaphore::new(1)),
            stats,
            docker: OnceCell::new(),
            this: this.clone(),
        })
    }

    pub(super) fn carrier(&self) -> &C {
        &self.carrier
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    async fn session(&self, cleanup: bool) -> Result<OwnedSemaphorePermit, TransportError> {
        let sessions = if cleanup { &self.reserved } else { &self.sessions };
        sessions
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| TransportError::Lost { detail: "closed".to_owned() })
    }

    async fn call(&self, call: &Call<'_>, out: OnChunk<'_>) -> Result<Output, TransportError> {
        // Waiting for a free session is not the command's time.
        let permit = self.session(call.cleanup).await?;
        self.sudo_password_accepted().await?;
        let deadline = tokio::time::Instant::now() + call.timeout;
        let opened = tokio::time::timeout_at(deadline, self.carrier.open(self.root.prefix())).await;
        let channel =
            opened.map_err(|_| TransportError::Lost { detail: self.silence(call.timeout) }).flatten()?;
        self.stats.command();
        let exchange = self.exchange(call, channel, out, permit);
        match tokio::time::timeout_at(deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::NoStatus { detail: self.silence(call.timeout) }),
        }
    }

    fn silence(&self, time: Duration) -> String {
        format!("no answer within {} s", time.as_secs_f64())
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        channel: Channel,
        out: OnChunk<'_>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Output, TransportError> {
        let Channel { mut stdin, mut stdout, mut stderr, ended } = channel;
        let nonce = nonce()?;
        let sent = self.bytes(&nonce, call);
        let send = async move {
            // A command that ends without reading its stdin breaks this pipe: that is its right.
            let _ = stdin.write_all(&sent).await;
            let _ = stdin.shutdown().await;
            drop(stdin);
            std::future::pending::<()>().await;
        };
        let (mut frame, mut errors) = (Frame::new(&nonce), Frame::new(&nonce));
        let mut kept = Kept::new(call.limit);
        {
            let mut keep = |chunk: &[u8]| kept.push(chunk);
            let receive = async {
                let out = receive(&mut stdout, &mut frame, out);
                tokio::try_join!(out, receive(&mut stderr, &mut errors, &mut keep))
            };
            tokio::select! {
                heard = receive => drop(heard?),
                () = send => {}
            }
        }
        if let (true, Some(code)) = (frame.started(), frame.code()) {
            // The session is only free on the droplet when the carrier has seen its end.
            tokio::spawn(async move {
                let _ = timeout(STATUS_WAIT, ended).await;
                drop((permit, stdout, stderr));
            });
            return Ok(Output { code, stdout: Vec::new(), stderr: kept.bytes, truncated: kept.truncated });
        }
        let status = timeout(STATUS_WAIT, ended).await.ok().flatten();
        Err(self.no_answer(&frame, &errors, status))
    }

    /// All that is sent: sudo's password line first, then the request, then the command's stdin.
    fn bytes(&self, nonce: &str, call: &Call<'_>) -> Vec<u8> {
        let text = call.cmd.stdin_text();
        let mut bytes = self.password_line();
        bytes.extend(request(
            nonce,
            call.cmd,
            text.is_some() || call.input.is_some() || !call.data.is_empty(),
        ));
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        bytes.extend_from_slice(call.input.map(Secret::expose).unwrap_or_default().as_bytes());
        bytes.extend_from_slice(call.data);
        bytes
    }

    fn password_line(&self) -> Vec<u8> {
        match (&self.root.password, self.root.r#become) {
            (Some(password), Become::Sudo) => format!("{}\n", password.expose()).into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Why a command without an exit code has none. It did not start only if its shell ended by
    /// itself without ever saying that it starts.
    fn no_answer(&self, out: &Frame, errors: &Frame, status: Option<i32>) -> TransportError {
        let said = || text::tail(&[errors.noise(), out.noise()].concat(), 3).join("; ");
        match (out.started() || errors.started(), out.code().or(status)) {
            (false, Some(_)) if out.ended() => TransportError::Other {
                detail: "the droplet's shell did not get the whole command (is dd missing?)".to_owned(),
            },
            (false, Some(code)) if code < 128 && self.root.r#become == Become::Sudo => {
                TransportError::SudoRefused { detail: said() }
            }
            (false, Some(code)) if code < 128 => TransportError::Other {
                detail: format!("the login shell does not run commands (exit {code}): {}", said()),
            },
            (_, Some(code)) => {
                TransportError::NoStatus { detail: format!("its shell ended with {code} and no report") }
            }
            (_, None) => TransportError::NoStatus { detail: self.carrier.lost() },
        }
    }

    /// A wrong password must not make sudo read our request as the next attempt, so it is tried
    /// once with nothing behind it.
    async fn sudo_password_accepted(&self) -> Result<(), TransportError> {
        if self.root.password.is_none() || self.root.r#become == Become::No {
            return Ok(());
        }
        let attempt = async {
            let mut channel = self.carrier.open(self.root.prefix()).await?;
            let line = self.password_line();
            let _ = channel.stdin.write_all(&line).await;
            let _ = channel.stdin.shutdown().await;
            drop(channel.stdin);
            let (mut out, mut errors) = (Vec::new(), Vec::new());
            let (mut said, mut short) = (channel.stdout.take(4096), channel.stderr.take(4096));
            let _ = tokio::join!(said.read_to_end(&mut out), short.read_to_end(&mut errors));
            match channel.ended.await {
                // BOOT itself, root at last, that found no header.
                Some(97) => Ok(()),
                Some(_) => Err(TransportError::SudoRefused { detail: text::tail(&errors, 3).join("; ") }),
                None => Err(TransportError::Lost { detail: self.carrier.lost() }),
            }
        };
        let attempt = async {
            timeout(Duration::from_secs(30), attempt).await.unwrap_or_else(|_| {
                Err(TransportError::SudoRefused { detail: "no answer within 30 s".into() })
            })
        };
        self.sudo.get_or_try_init(|| attempt).await.copied()
    }

    /// A channel that is raw behind the first mark of stdout, until either side closes it.
    pub(super) async fn raw(&self, cmd: &Cmd) -> Result<Raw, TransportError> {
        let permit = self.session(false).await?;
        self.sudo_password_accepted().await?;
        let mut channel = self.carrier.open(self.root.prefix()).await?;
        self.stats.command();
        let nonce = nonce()?;
        let mut sent = self.password_line();
        sent.extend(request(&nonce, cmd, true));
        let _ = channel.stdin.write_all(&sent).await;
        let mut frame = Frame::new(&nonce);
        let mut chunk = vec![0; 16 << 10];
        while !frame.started() {
            let count = channel.stdout.read(&mut chunk).await.unwrap_or(0);
            if count == 0 {
                let status = timeout(STATUS_WAIT, channel.ended).await.ok().flatten();
                return Err(self.no_answer(&frame, &Frame::new(&nonce), status));
            }
            frame.push_noise(&chunk[..count]);
        }
        Ok(Raw { channel, early: frame.into_rest(), frame: Frame::new(&nonce), permit })
    }
}

/// See [`Shell::raw`].
pub(super) struct Raw {
    pub(super) channel: Channel,
    /// Bytes of the command's stdout that came together with the mark.
    pub(super) early: Vec<u8>,
    /// For the command's stderr.
    pub(super) frame: Frame,
    pub(super) permit: OwnedSemaphorePermit,
}

/// More than this in front of a command's own output is no greeting.
const LOUDEST: usize = 1 << 20;

async fn receive(
    stream: &mut (dyn AsyncRead + Send + Unpin),
    frame: &mut Frame,
    out: OnChunk<'_>,
) -> Result<(), TransportError> {
    let (mut chunk, mut noise) = (vec![0; 64 << 10], 0);
    while !frame.ended() {
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => {
                frame.push(&chunk[..count], out);
                noise += if frame.started() { 0 } else { count };
                if noise > LOUDEST {
                    let detail = "the login shell prints without end instead of running commands".to_owned();
                    return Err(TransportError::Other { detail });
                }
            }
            _ => break,
        }
    }
    Ok(())
}

#[async_trait]
impl<C: Carrier + 'static> Transport for Shell<C> {
    fn droplet(&self) -> &str {
        &self.droplet
    }

    async fn run(&self, call: Call<'_>) -> Result<Output, TransportError> {
        let mut kept = Kept::new(call.limit);
        let output = self.call(&call, &mut |chunk| kept.push(chunk)).await?;
        Ok(Output { stdout: kept.bytes, truncated: output.truncated || kept.truncated, ..output })
    }

    async fn stream(&self, call: Call<'_>, on_chunk: OnChunk<'_>) -> Result<Output, TransportError> {
        self.call(&call, on_chunk).await
    }

    async fn sit(&self, cmd: &Cmd, seat: &Seat<'_>) -> Result<i32, TransportError> {
        // One session more than the others have, which is there for it alone.
        let _permit = self.session(true).await?;
        self.stats.command();
        self.seated(cmd, seat).await
    }

    async fn anew(&self) -> Result<Arc<dyn Transport>, TransportError> {
        let carrier = self.carrier.anew().await?;
        Ok(Shell::new(&self.droplet, carrier, self.root.clone(), self.stats.clone()))
    }

    async fn docker(&self) -> Result<bollard::Docker, TransportError> {
        self.docker.get_or_try_init(|| super::docker::client(self.this.clone())).await.cloned()
    }

    async fn close(&self) {
        self.carrier.close().await;
    }
}
