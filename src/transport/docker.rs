//! Docker's API over the connection we have: HTTP through `docker system dial-stdio`.
//!
//! No forwarded socket (hardening switches forwarding off), no membership in the docker group (sudo
//! works), no second login. A channel costs a hundred milliseconds to open, so it is kept and used
//! again once its last answer was read to the end; a stream of events keeps one for itself.
//! Deliberately absent: Compose, which has no API.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::errors::Error as DockerError;
use bollard::{API_DEFAULT_VERSION, Docker};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::TransportError;
use super::shell::{Carrier, Channel, Raw, Shell};
use super::wire::{Frame, Kept};
use crate::cmd::Cmd;
use crate::text;

/// Seconds an answer's head may take. A stream of events answers at once and then goes on.
const ANSWER_WITHIN: u64 = 120;

/// A client whose API version the engine has agreed to. It works as long as the transport lives.
pub(super) async fn client<C: Carrier + 'static>(shell: Weak<Shell<C>>) -> Result<Docker, TransportError> {
    let pool = Arc::new(Pool { shell, idle: Mutex::default(), said: Arc::new(Mutex::new(Kept::new(4096))) });
    let asked = pool.clone();
    let transport = move |request| {
        let pool = asked.clone();
        async move { pool.send(request).await }
    };
    // Opened here, so that sudo's refusal or a lost link keeps its own name.
    let first = pool.open().await?;
    pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(first);
    let new = Docker::connect_with_custom_transport(
        transport,
        Some("http://docker"),
        ANSWER_WITHIN,
        API_DEFAULT_VERSION,
    );
    let agreed = match new {
        Ok(docker) => docker.negotiate_version().await,
        Err(error) => Err(error),
    };
    match agreed {
        Ok(docker) => Ok(docker),
        Err(error) => Err(TransportError::Docker { detail: pool.reason(&error).await }),
    }
}

/// Channels whose last answer may be over.
struct Pool<C, B> {
    shell: Weak<Shell<C>>,
    idle: Mutex<Vec<SendRequest<B>>>,
    /// What `docker` printed on stderr: why there is no engine, or no right to use it.
    said: Arc<Mutex<Kept>>,
}

impl<C, B> Pool<C, B>
where
    C: Carrier + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn send(&self, mut request: Request<B>) -> Result<Response<Incoming>, DockerError> {
        // A server wants the path alone in the request line, and a Host.
        if let Some(path) = request.uri().path_and_query() {
            *request.uri_mut() = Uri::from(path.clone());
        }
        request.headers_mut().insert(HOST, HeaderValue::from_static("docker"));
        let mut channel = match self.free().await {
            Some(channel) => channel,
            None => self.open().await.map_err(|error| DockerError::from(io::Error::other(error)))?,
        };
        let response = channel.send_request(request).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
        Ok(response)
    }

    /// A channel whose last answer was just read to the end is free a moment later, and a moment is
    /// much less than opening another.
    async fn free(&self) -> Option<SendRequest<B>> {
        if let Some(channel) = self.ready() {
            return Some(channel);
        }
        if self.idle.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.ready()
    }

    /// One that could carry a request now. Those that were closed are forgotten.
    fn ready(&self) -> Option<SendRequest<B>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|channel| !channel.is_closed());
        let at = idle.iter().position(SendRequest::is_ready)?;
        Some(idle.swap_remove(at))
    }

    async fn open(&self) -> Result<SendRequest<B>, TransportError> {
        let closed = || TransportError::Lost { detail: "the connection was closed".to_owned() };
        let shell = self.shell.upgrade().ok_or_else(closed)?;
        let raw = shell.raw(&Cmd::new("docker").args(["system", "dial-stdio"])).await?;
        let Raw { channel: Channel { stdin, stdout, stderr, ended }, early, frame, permit } = raw;
        tokio::spawn(listen(stderr, frame, self.said.clone()));
        let duplex = Duplex { early, stdout, stdin };
        let (sender, connection) = handshake(TokioIo::new(duplex))
            .await
            .map_err(|error| TransportError::Docker { detail: error.to_string() })?;
        tokio::spawn(async move {
            // How it ended is told to whoever waits for an answer.
            let _ = connection.with_upgrades().await;
            let _ = tokio::time::timeout(Duration::from_secs(2), ended).await;
            drop(permit);
        });
        Ok(sender)
    }
}

impl<C, B> Pool<C, B> {
    /// What `docker` itself said, which may arrive a moment after its end; else the error.
    async fn reason(&self, error: &DockerError) -> String {
        for _ in 0..25 {
            let kept = self.said.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone();
            if !kept.is_empty() {
                return text::tail(&kept, 2).join("; ");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        text::printable(&error.to_string())
    }
}

async fn listen(mut stderr: Box<dyn AsyncRead + Send + Unpin>, mut frame: Frame, said: Arc<Mutex<Kept>>) {
    let mut chunk = vec![0; 4096];
    while let Ok(count) = stderr.read(&mut chunk).await {
        if count == 0 || frame.ended() {
            return;
        }
        frame.push(&chunk[..count], &mut |bytes| {
            said.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        });
    }
}

/// The two ends of a channel as one stream.
struct Duplex {
    /// Read already, together with the mark.
    early: Vec<u8>,
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.stdout).poll_read(cx, buf);
        }
        let count = self.early.len().min(buf.remaining());
        buf.put_slice(&self.early[..count]);
        self.early.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}
