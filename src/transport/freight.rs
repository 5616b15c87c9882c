//! A file between the laptop and a droplet, in pieces: a way that breaks is gone on with, and not begun anew.
//!
//! Deliberately absent: what the file is, and judging it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Call, Transport, TransportError};
use crate::tools::freight;

/// Of a piece that is fetched; it may arrive in part.
const PIECE: u64 = 32 << 20;
/// The longest that a piece may take, at some 50 kB a second.
const PIECE_LIMIT: Duration = Duration::from_secs(900);
/// Of a piece that is sent, a multiple of `freight::BLOCK`.
const SENT: usize = 8 << 20;
/// How long nothing at all may arrive before it is given up.
const PATIENCE: Duration = Duration::from_secs(90);
/// Reading a large file once.
const READ_LIMIT: Duration = Duration::from_secs(3600);

/// A file on a droplet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freight {
    pub path: String,
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

/// Why it is not all there.
#[derive(Debug)]
pub enum Stuck {
    /// The way broke, and did not come back.
    Link(TransportError),
    /// The laptop's own file.
    File(std::io::Error),
    /// What is there so far is of another file.
    Other,
    /// It came whole, and is not what it should be; nothing of it is kept.
    Damaged,
    /// The droplet cannot give it, or take it.
    Refused(Vec<String>),
    /// So many bytes are wanted on the droplet, and so many are free.
    Room {
        wanted: u64,
        free: u64,
    },
    Interrupted,
}

impl From<std::io::Error> for Stuck {
    fn from(error: std::io::Error) -> Self {
        Stuck::File(error)
    }
}

/// Hears how many bytes are there.
pub type Tell<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Brings it into `part`, from where that ends. In the end it is what it should be.
///
/// # Errors
/// What is there so far stays, and the next fetch goes on with it.
pub async fn fetch(
    link: &dyn Transport,
    freight: &Freight,
    part: &Path,
    stop: &CancellationToken,
    tell: Tell<'_>,
) -> Result<(), Stuck> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(part)?;
    let mut at = file.metadata()?.len();
    if at > 0 && !same_beginning(link, freight, &mut file, at).await? {
        return Err(Stuck::Other);
    }
    tell(at);
    let mut silent_since = None::<Instant>;
    while at < freight.bytes {
        let before = at;
        let cmd = freight::piece(&freight.path, at, PIECE.min(freight.bytes - at));
        let mut wrong = None;
        let mut keep = |chunk: &[u8]| {
            let room = usize::try_from(freight.bytes - at).unwrap_or(usize::MAX).min(chunk.len());
            match file.write_all(&chunk[..room]) {
                Ok(()) if wrong.is_none() => {
                    at += room as u64;
                    tell(at);
                }
                Ok(()) => {}
                Err(error) => wrong = Some(error),
            }
        };
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Stuck::Interrupted),
            answer = link.stream(Call::new(&cmd).timeout(PIECE_LIMIT).limit(4096), &mut keep) => answer,
        };
        if let Some(error) = wrong {
            return Err(error.into());
        }
        let moved = at > before;
        let error = match answer {
            Ok(_) if moved => {
                silent_since = None;
                continue;
            }
            Ok(output) => return Err(Stuck::Refused(crate::text::tail(&output.stderr, 3))),
            Err(error) => error,
        };
        wait(error, moved, &mut silent_since, stop).await?;
    }
    file.sync_all()?;
    let sum = sum(&mut file, freight.bytes)?;
    if sum != freight.sha256 || file.metadata()?.len() != freight.bytes {
        std::fs::remove_file(part)?;
        return Err(Stuck::Damaged);
    }
    Ok(())
}

/// Something that is sent.
pub trait Source: Send {
    /// Fills the buffer from there on, as far as there is something.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize>;
}

/// Sends all of it, from where what is there ends.
///
/// # Errors
/// What is there so far stays, and the next one goes on with it.
pub async fn send(
    link: &dyn Transport,
    freight: &Freight,
    source: &mut dyn Source,
    stop: &CancellationToken,
    tell: Tell<'_>,
) -> Result<(), Stuck> {
    let cmd = freight::expect(&freight.path, freight.bytes);
    let answer = link.run(Call::new(&cmd)).await.map_err(Stuck::Link)?;
    let said: Vec<u64> = String::from_utf8_lossy(&answer.stdout)
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let mut at = match (answer.code, said.as_slice()) {
        (0, [there]) => (*there).min(freight.bytes),
        (75, [wanted, free]) => return Err(Stuck::Room { wanted: wanted << 10, free: free << 10 }),
        _ => return Err(Stuck::Refused(crate::text::tail(&answer.stderr, 3))),
    };
    if at < freight.bytes {
        at -= at % freight::BLOCK;
    }
    let mut silent_since = None::<Instant>;
    let mut piece = vec![0; SENT];
    while at < freight.bytes {
        tell(at);
        let count = source.read_at(at, &mut piece)?;
        if count == 0 {
            return Err(Stuck::Other);
        }
        let cmd = freight::write(&freight.path, at);
        let call = Call::new(&cmd).data(&piece[..count]).timeout(PIECE_LIMIT);
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Stuck::Interrupted),
            answer = link.run(call) => answer,
        };
        match answer {
            Ok(output) if output.code == 0 => {
                at += count as u64;
                silent_since = None;
            }
            Ok(output) => return Err(Stuck::Refused(crate::text::tail(&output.stderr, 3))),
            Err(error) => wait(error, false, &mut silent_since, stop).await?,
        }
    }
    tell(at);
    let cmd = freight::arrived(&freight.path, &freight.sha256);
    match link.run(Call::new(&cmd).timeout(READ_LIMIT)).await.map_err(Stuck::Link)? {
        output if output.code == 0 => Ok(()),
        output if output.code == 1 => Err(Stuck::Damaged),
        output => Err(Stuck::Refused(crate::text::tail(&output.stderr, 3))),
    }
}

/// After an answer that did not come: a moment, as long as there is hope.
async fn wait(
    error: TransportError,
    moved: bool,
    silent_since: &mut Option<Instant>,
    stop: &CancellationToken,
) -> Result<(), Stuck> {
    if moved {
        *silent_since = None;
    }
    let since = *silent_since.get_or_insert_with(Instant::now);
    let hopeless = !error.may_pass() && !matches!(error, TransportError::NoStatus { .. });
    if hopeless || since.elapsed() > PATIENCE {
        return Err(Stuck::Link(error));
    }
    tokio::select! {
        () = stop.cancelled() => Err(Stuck::Interrupted),
        () = tokio::time::sleep(Duration::from_secs(1)) => Ok(()),
    }
}

async fn same_beginning(
    link: &dyn Transport,
    freight: &Freight,
    file: &mut File,
    bytes: u64,
) -> Result<bool, Stuck> {
    if bytes > freight.bytes {
        return Ok(false);
    }
    let here = sum(file, bytes)?;
    let cmd = freight::beginning(&freight.path, bytes);
    let there = link.run(Call::new(&cmd).timeout(READ_LIMIT)).await.map_err(Stuck::Link)?;
    let there = String::from_utf8_lossy(&there.stdout).into_owned();
    Ok(there.split_whitespace().next() == Some(here.as_str()))
}

/// The SHA-256 of the first bytes.
pub fn sum(file: &mut (impl Read + Seek), bytes: u64) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    let mut left = file.take(bytes);
    loop {
        match left.read(&mut chunk)? {
            0 => break,
            count => digest.update(&chunk[..count]),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
