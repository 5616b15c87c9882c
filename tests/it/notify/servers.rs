//! Real servers on 127.0.0.1 that answer as a test wants, well or badly, and keep what they heard.
#![expect(clippy::disallowed_methods, reason = "a fixture makes a certificate with openssl")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How a server of HTTP behaves.
#[derive(Clone, Copy)]
pub(super) enum Web {
    Answers(&'static str),
    /// Takes the request and says nothing.
    Hangs,
    /// Says so much at a time, for ever.
    Drips,
    /// Closes with data unread, which the system makes a reset of.
    Resets,
    /// Answers well, with a body that has no end.
    Floods,
    /// Sends back what it was asked.
    Echoes,
}

/// What was heard, request by request or line by line.
pub(super) type Heard = Arc<Mutex<Vec<String>>>;

pub(super) struct Server {
    pub(super) port: u16,
    heard: Heard,
}

impl Server {
    fn start(serve: impl Fn(TcpStream, &Heard) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
        let (serve, kept) = (Arc::new(serve), heard.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, kept) = (serve.clone(), kept.clone());
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { port, heard }
    }

    pub(super) fn web(web: Web) -> Self {
        Self::start(move |stream, heard| answer(stream, web, heard))
    }

    /// The same behind TLS.
    pub(super) fn secure(web: Web, config: Arc<ServerConfig>) -> Self {
        Self::start(move |stream, heard| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            answer(StreamOwned::new(connection, stream), web, heard);
        })
    }

    pub(super) fn mail(config: Option<Arc<ServerConfig>>, password: &'static str) -> Self {
        Self::start(move |stream, heard| take_mail(stream, config.as_ref(), password, heard))
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/services/canary-4711", self.port)
    }
}

fn answer(mut stream: impl Read + Write, web: Web, heard: &Heard) {
    if let Web::Resets = web {
        let _ = stream.read(&mut [0; 1]);
        return;
    }
    let Some(request) = request(&mut stream) else { return };
    heard.lock().unwrap().push(request.clone());
    let mut say = |text: &[u8]| stream.write_all(text).and_then(|()| stream.flush());
    match web {
        Web::Answers(text) => drop(say(text.as_bytes())),
        Web::Hangs => std::thread::sleep(Duration::from_secs(60)),
        Web::Drips => {
            while say(b"H").is_ok_and(|()| {
                std::thread::sleep(Duration::from_millis(200));
                true
            }) {}
        }
        Web::Floods => {
            let _ = say(b"HTTP/1.1 200 OK\r\n\r\nfine\n");
            while say(&[b'x'; 65536]).is_ok() {}
        }
        Web::Echoes => {
            let text =
                format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{request}", request.len());
            drop(say(text.as_bytes()));
        }
        Web::Resets => {}
    }
}

/// Head and body, as they came.
fn request(stream: &mut impl Read) -> Option<String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}

/// Takes one mail; with a certificate only after STARTTLS and the right login.
fn take_mail(mut stream: TcpStream, config: Option<&Arc<ServerConfig>>, password: &str, heard: &Heard) {
    let Some(config) = config else {
        let _ = stream.write_all(b"220 mail.test ESMTP\r\n");
        return converse(stream, "250 mail.test\r\n", None, heard);
    };
    let _ = stream.write_all(b"220 mail.test ESMTP\r\n");
    let mut plain = BufReader::new(stream.try_clone().unwrap());
    for answer in ["250-mail.test\r\n250 STARTTLS\r\n", "220 go ahead\r\n"] {
        let mut line = String::new();
        if plain.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        heard.lock().unwrap().push(line.trim_end().to_owned());
        let _ = stream.write_all(answer.as_bytes());
    }
    let connection = ServerConnection::new(config.clone()).unwrap();
    let stream = StreamOwned::new(connection, stream);
    converse(stream, "250-mail.test\r\n250-SIZE 1000\r\n250 AUTH LOGIN PLAIN\r\n", Some(password), heard);
}

fn converse(stream: impl Read + Write, hello: &str, password: Option<&str>, heard: &Heard) {
    let mut stream = BufReader::new(stream);
    let mut data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        heard.lock().unwrap().push(line.clone());
        let answer = match line.split(' ').next().unwrap() {
            "." => {
                data = false;
                "250 2.0.0 queued as 4711\r\n".to_owned()
            }
            _ if data => continue,
            "EHLO" => hello.to_owned(),
            "AUTH" if password.is_some_and(|password| line.ends_with(password)) => {
                "235 welcome\r\n".to_owned()
            }
            // One that says what it was told.
            "AUTH" => format!("535 not you: {line}\r\n"),
            "DATA" => {
                data = true;
                "354 go\r\n".to_owned()
            }
            _ => "250 fine\r\n".to_owned(),
        };
        let _ = stream.get_mut().write_all(answer.as_bytes()).and_then(|()| stream.get_mut().flush());
    }
}

/// A certificate for 127.0.0.1, which nobody trusts by itself, and a server's configuration with it.
pub(super) fn certificate(dir: &Path) -> (PathBuf, Arc<ServerConfig>) {
    let (pem, key) = (dir.join("server.pem"), dir.join("server.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&pem)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&pem).unwrap()],
            PrivateKeyDer::from_pem_file(&key).unwrap(),
        )
        .unwrap();
    (pem, Arc::new(config))
}
