//! Users at work: requests through nginx for as long as something else goes on, every one of them counted.
//!
//! A connection that nginx closed between two requests is opened again and the request is sent once more, as
//! every browser does; this is counted and is no failure. Anything else than a whole answer 200 is one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::droplet::{Droplet, lab};

/// Requests that run until they are told to end.
pub struct Load {
    stop: Arc<AtomicBool>,
    users: Vec<JoinHandle<Tally>>,
}

/// What the users saw.
#[derive(Debug, Default)]
pub struct Tally {
    pub answered: u64,
    /// Connections that nginx closed between two requests.
    pub renewed: u64,
    pub failed: Vec<String>,
    /// Answers by what they said.
    pub said: BTreeMap<String, u64>,
    /// The longest answer.
    pub longest: Duration,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.answered += other.answered;
        self.renewed += other.renewed;
        self.failed.extend(other.failed);
        for (text, times) in other.said {
            *self.said.entry(text).or_default() += times;
        }
        self.longest = self.longest.max(other.longest);
    }

    /// Prints the count, and wants none failed.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "the count is what was asked for")]
    pub fn none_failed(self, what: &str) -> Self {
        let Self { answered, renewed, failed, said, longest } = &self;
        println!(
            "{what}: {answered} requests, {} failed, {renewed} connections renewed, longest answer {longest:?}: {said:?}",
            failed.len()
        );
        assert!(failed.is_empty(), "{what}: {:#?}", &failed[..failed.len().min(10)]);
        assert!(*answered > 100, "{what}: too few requests to say anything");
        self
    }
}

impl Load {
    /// Half of the users keep their connection, half open a new one for every request.
    pub fn on(droplet: Droplet) -> Self {
        let address = address(droplet);
        let stop = Arc::new(AtomicBool::new(false));
        let users = (0..6).map(|n| {
            let (address, stop) = (address.clone(), stop.clone());
            thread::spawn(move || user(&address, n % 2 == 0, &stop))
        });
        Self { users: users.collect(), stop }
    }

    pub fn end(self) -> Tally {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Tally::default();
        for user in self.users {
            all.add(user.join().unwrap());
        }
        all
    }
}

fn user(address: &str, keeps: bool, stop: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    let mut kept = None;
    while !stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        let request = Request::get("/ipai_docs/release").keeps(keeps);
        let answer = match kept.take() {
            Some(connection) => match request.over(connection) {
                Err(Broken::Before) => {
                    tally.renewed += 1;
                    request.anew(address)
                }
                other => other,
            },
            None => request.anew(address),
        };
        tally.longest = tally.longest.max(began.elapsed());
        match answer {
            Ok(answer) if answer.status == 200 => {
                tally.answered += 1;
                *tally.said.entry(answer.body.trim().to_owned()).or_default() += 1;
                kept = answer.connection.filter(|_| keeps);
            }
            Ok(answer) => tally.failed.push(format!("{}: {}", answer.status, answer.body.trim())),
            Err(broken) => tally.failed.push(format!("{broken:?}")),
        }
        thread::sleep(Duration::from_millis(10));
    }
    tally
}

/// `127.0.N.x:80`, as the lab publishes it.
fn address(droplet: Droplet) -> String {
    let status = lab(&["status"]);
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    // A port that the machine holds itself is published 20000 higher.
    let moved = line("services").split_whitespace().nth(2) != Some("22");
    let ip = line(droplet.name).split_whitespace().nth(1).unwrap().to_owned();
    format!("{ip}:{}", if moved { 20080 } else { 80 })
}

/// One request to the droplet's nginx, as long as it takes.
#[derive(Clone)]
pub struct Request {
    head: String,
    body: String,
    keeps: bool,
    /// The body is sent over so many seconds.
    seconds: u32,
}

pub struct Answer {
    pub status: u16,
    pub body: String,
    connection: Option<BufReader<TcpStream>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Broken {
    /// Closed before the first byte of an answer.
    Before,
    #[expect(dead_code, reason = "shown by Debug")]
    Within(std::io::Error),
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self {
            head: format!("GET {path} HTTP/1.1\r\nHost: erp.lab\r\n"),
            body: String::new(),
            keeps: false,
            seconds: 0,
        }
    }

    /// Odoo's long poll for notifications: answered after 50 s where there is none.
    pub fn long_poll() -> Self {
        let body = r#"{"jsonrpc":"2.0","method":"call","params":{"channels":[],"last":0}}"#;
        Self::post("/longpolling/poll", body)
    }

    /// An upload over a bad link: nginx keeps it until it is whole, and only then asks Odoo.
    pub fn upload(seconds: u32) -> Self {
        let body = format!("{:200}{{\"jsonrpc\":\"2.0\",\"params\":{{}}}}", "");
        Self { seconds, ..Self::post("/web/webclient/version_info", &body) }
    }

    fn post(path: &str, body: &str) -> Self {
        let head = format!("POST {path} HTTP/1.1\r\nHost: erp.lab\r\nContent-Type: application/json\r\n");
        let head = format!("{head}Content-Length: {}\r\n", body.len());
        Self { head, body: body.to_owned(), keeps: false, seconds: 0 }
    }

    fn keeps(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Sends it in the background.
    pub fn send(self, droplet: Droplet) -> JoinHandle<Result<Answer, Broken>> {
        let address = address(droplet);
        thread::spawn(move || self.anew(&address))
    }

    fn anew(&self, address: &str) -> Result<Answer, Broken> {
        let stream = TcpStream::connect(address).map_err(Broken::Within)?;
        stream.set_read_timeout(Some(Duration::from_secs(90))).map_err(Broken::Within)?;
        self.over(BufReader::new(stream))
    }

    fn over(&self, mut connection: BufReader<TcpStream>) -> Result<Answer, Broken> {
        let keeps = if self.keeps { "keep-alive" } else { "close" };
        let text = format!("{}Connection: {keeps}\r\n\r\n", self.head);
        connection.get_mut().write_all(text.as_bytes()).map_err(|_| Broken::Before)?;
        for part in self.body.as_bytes().chunks(self.body.len() / (self.seconds as usize + 1) + 1) {
            connection.get_mut().write_all(part).map_err(Broken::Within)?;
            thread::sleep(Duration::from_secs(self.seconds.min(1).into()));
        }
        let mut line = String::new();
        match connection.read_line(&mut line) {
            Ok(0) => return Err(Broken::Before),
            Err(error) if line.is_empty() && error.kind() == std::io::ErrorKind::ConnectionReset => {
                return Err(Broken::Before);
            }
            Err(error) => return Err(Broken::Within(error)),
            Ok(_) => {}
        }
        read(connection, &line).map_err(Broken::Within)
    }
}

fn read(mut connection: BufReader<TcpStream>, first: &str) -> std::io::Result<Answer> {
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let (mut length, mut closes) = (None, false);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        closes |= line == "connection: close";
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            connection.read_exact(&mut body)?;
        }
        None => drop(connection.read_to_end(&mut body)?),
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status, body, connection: (!closes && length.is_some()).then_some(connection) })
}
