//! One POST to an address of the inventory, and what was answered; and the status of a page of the site.
//!
//! Deliberately absent: redirects (the answer of a webhook that has moved is a failure that somebody should see, and
//! what it holds would go to a place that nobody named), proxies, cookies, and connections that are kept. Errors never
//! hold the address: its path is a password.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use super::tls;
use crate::text::printable;

/// So much of an answer is read; nobody needs more of it.
const LARGEST: usize = 4096;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Its begin, hostile.
    pub text: String,
}

/// The host of an address, to be shown: what is before and behind it may be secret.
pub fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    matches!(uri.scheme_str(), Some("http" | "https")).then(|| uri.host().map(printable)).flatten()
}

/// Takes as long as it takes: the caller has the patience.
///
/// # Errors
/// No whole answer came back, in words without the address.
pub async fn post(url: &str, kind: &'static str, body: String) -> Result<Answer, String> {
    let unfit = || "its address is none of http or https".to_owned();
    let uri: Uri = url.parse().map_err(|_| unfit())?;
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(unfit()),
    };
    let authority = uri.authority().ok_or_else(unfit)?;
    let bare = authority.host().trim_start_matches('[').trim_end_matches(']');
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let named = match authority.port_u16() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, named)
        .header(USER_AGENT, concat!("ops/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, kind)
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| unfit())?;
    let stream = TcpStream::connect((bare, port)).await.map_err(said)?;
    if secure {
        ask(tls::over(stream, bare).await.map_err(said)?, request).await
    } else {
        ask(stream, request).await
    }
}

/// The status of a page, asked of this very address by the site's name.
///
/// # Errors
/// No answer came back, or nobody here vouches for the certificate.
pub async fn status(at: SocketAddr, name: &str, path: &str) -> Result<u16, String> {
    let request = Request::get(path)
        .header(HOST, name)
        .header(USER_AGENT, concat!("ops/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::new()))
        .map_err(said)?;
    let stream = TcpStream::connect(at).await.map_err(said)?;
    let answer = match at.port() {
        443 => ask(tls::over(stream, name).await.map_err(said)?, request).await?,
        _ => ask(stream, request).await?,
    };
    Ok(answer.status)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    // How it ends says nothing that the answer does not: many a server closes it rudely behind a good one.
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let mut answer = sender.send_request(request).await.map_err(said)?;
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    while bytes.len() < LARGEST {
        // An answer that breaks off behind its status has said what matters.
        let Some(Ok(frame)) = answer.frame().await else { break };
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    bytes.truncate(LARGEST);
    Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// The innermost reason: the outer ones only say that something failed.
fn said(error: impl std::error::Error) -> String {
    let mut inner: &dyn std::error::Error = &error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    printable(&inner.to_string())
}
