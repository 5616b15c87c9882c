//! What is sent from this machine, a backup of somebody's or an ops: a file as it is, a folder as a tar that is never
//! written anywhere.
//!
//! Deliberately absent: judging what is in it, which the droplet does.

use std::fs::File;
use std::io::{Error as IoError, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::runbooks::import::{Kind, Parcel};
use crate::runbooks::schedule::Program;
use crate::text::printable;
use crate::transport::freight::Source;

const BLOCK: u64 = 512;
/// A folder has at most so many files.
const MOST: usize = 2_000_000;

/// What is sent, opened.
#[derive(Debug)]
pub enum Open {
    File(File),
    Folder(Tar),
}

/// What the file is, and its SHA-256, for which all of it is read.
///
/// # Errors
/// Exit 2: it is not there, or none of the kinds that can be imported.
pub fn parcel(path: &Path, missing: Option<u32>, reason: Option<String>) -> Result<Parcel> {
    let shown = printable(&path.display().to_string());
    let unread = |error: IoError| Error::usage(format!("{shown} cannot be read")).because(error);
    let kind = kind(path).map_err(unread)?.ok_or_else(|| {
        Error::usage(format!("{shown} is no backup that can be imported"))
            .because("a zip of Odoo's, a dump of `pg_dump -Fc`, or a folder of click-odoo-backupdb is wanted")
    })?;
    let Ok(file) = Utf8PathBuf::from_path_buf(path.to_owned()) else {
        return Err(Error::usage(format!("the name of {shown} is no text")));
    };
    let (mut source, bytes) = open(path, kind == Kind::Folder).map_err(unread)?;
    let sha256 = sum(&mut source).map_err(unread)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name = file.file_name().unwrap_or("backup").chars().map(plain).take(100).collect();
    Ok(Parcel { file, name, kind, bytes, sha256, missing, reason })
}

/// An ops for a droplet. `chosen`: the operator named it.
///
/// # Errors
/// Exit 2: it is not there, or no program of Linux.
pub fn program(path: &Path, chosen: bool) -> Result<Program> {
    let shown = printable(&path.display().to_string());
    let unread = |error: IoError| Error::usage(format!("{shown} cannot be read")).because(error);
    let Ok(file) = Utf8PathBuf::from_path_buf(path.to_owned()) else {
        return Err(Error::usage(format!("the name of {shown} is no text")));
    };
    let (mut source, bytes) = open(path, false).map_err(unread)?;
    let mut first = [0; 4];
    if source.read_at(0, &mut first).map_err(unread)? != 4 || first != *b"\x7fELF" {
        return Err(Error::usage(format!("{shown} is no program that a Linux droplet could run")));
    }
    let sha256 = sum(&mut source).map_err(unread)?;
    Ok(Program { file, bytes, sha256, chosen })
}

fn kind(path: &Path) -> std::io::Result<Option<Kind>> {
    let meta = path.metadata()?;
    if meta.is_dir() {
        let there = |name: &str| path.join(name).is_file();
        return Ok((there("dump.sql") || there("db.dump")).then_some(Kind::Folder));
    }
    if !meta.is_file() {
        return Ok(None);
    }
    let mut first = Vec::new();
    File::open(path)?.take(5).read_to_end(&mut first)?;
    Ok(match first.as_slice() {
        [b'P', b'K', 3, 4, ..] => Some(Kind::Zip),
        b"PGDMP" => Some(Kind::Dump),
        _ => None,
    })
}

/// It, and how many bytes will be sent.
///
/// # Errors
/// It cannot be read; or a folder holds what is no file.
pub fn open(path: &Path, folder: bool) -> std::io::Result<(Open, u64)> {
    if folder {
        let tar = Tar::of(path)?;
        let bytes = tar.bytes;
        return Ok((Open::Folder(tar), bytes));
    }
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    Ok((Open::File(file), bytes))
}

/// The SHA-256 of all of it, as `sha256sum` prints it.
fn sum(source: &mut Open) -> std::io::Result<String> {
    let (mut at, mut digest, mut chunk) = (0, Sha256::new(), vec![0; 1 << 20]);
    loop {
        match source.read_at(at, &mut chunk)? {
            0 => break,
            count => {
                digest.update(&chunk[..count]);
                at += count as u64;
            }
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Source for Open {
    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let count = match self {
                Open::File(file) => {
                    file.seek(SeekFrom::Start(at + filled as u64))?;
                    file.read(&mut buffer[filled..])?
                }
                Open::Folder(tar) => tar.read(at + filled as u64, &mut buffer[filled..])?,
            };
            if count == 0 {
                break;
            }
            filled += count;
        }
        Ok(filled)
    }
}

/// The files of a folder one after the other, always in the same order and with nothing of this machine.
#[derive(Debug)]
pub struct Tar {
    dir: PathBuf,
    files: Vec<Member>,
    bytes: u64,
    /// The file that was read last.
    last: Option<(usize, File)>,
}

#[derive(Debug)]
struct Member {
    name: String,
    bytes: u64,
    /// Where its header begins.
    at: u64,
}

impl Tar {
    fn of(dir: &Path) -> std::io::Result<Self> {
        let mut names = Vec::new();
        walk(dir, "", &mut names)?;
        names.sort();
        let mut at = 0;
        let mut files = Vec::with_capacity(names.len());
        for (name, bytes) in names {
            header(&name, bytes)?;
            files.push(Member { name, bytes, at });
            at += BLOCK + bytes.next_multiple_of(BLOCK);
        }
        // Two empty blocks are its end.
        Ok(Self { dir: dir.to_owned(), files, bytes: at + 2 * BLOCK, last: None })
    }

    /// Some of what is there from `at` on.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let found = self.files.partition_point(|file| file.at <= at).checked_sub(1);
        let (nth, inside) = match found.map(|nth| (nth, at - self.files[nth].at)) {
            Some((nth, inside)) if inside < BLOCK + self.files[nth].bytes.next_multiple_of(BLOCK) => {
                (nth, inside)
            }
            _ => return Ok(zeros(self.bytes.saturating_sub(at), buffer)),
        };
        let file = &self.files[nth];
        if inside < BLOCK {
            let header = header(&file.name, file.bytes)?;
            let rest = &header[usize::try_from(inside).unwrap_or_default()..];
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        }
        let inside = inside - BLOCK;
        if inside >= file.bytes {
            return Ok(zeros(file.bytes.next_multiple_of(BLOCK) - inside, buffer));
        }
        if self.last.as_ref().is_none_or(|(last, _)| *last != nth) {
            self.last = Some((nth, File::open(self.dir.join(&file.name))?));
        }
        let Some((_, open)) = &mut self.last else { return Ok(0) };
        open.seek(SeekFrom::Start(inside))?;
        let room = usize::try_from(file.bytes - inside).unwrap_or(usize::MAX).min(buffer.len());
        match open.read(&mut buffer[..room])? {
            0 => Err(IoError::other(format!("{} became shorter while it was read", printable(&file.name)))),
            count => Ok(count),
        }
    }
}

fn zeros(bytes: u64, buffer: &mut [u8]) -> usize {
    let count = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
    buffer[..count].fill(0);
    count
}

fn header(name: &str, bytes: u64) -> std::io::Result<[u8; 512]> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Links are not followed: what they lead to is none of the folder's.
fn walk(dir: &Path, below: &str, names: &mut Vec<(String, u64)>) -> std::io::Result<()> {
    for entry in dir.read_dir()? {
        let entry = entry?;
        let refused =
            |what: &str| IoError::other(format!("{} {what}", printable(&entry.path().display().to_string())));
        let name = entry.file_name().into_string().map_err(|_| refused("has a name that is no text"))?;
        let name = format!("{below}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{name}/"), names)?;
        } else if kind.is_file() {
            names.push((name, entry.metadata()?.len()));
        } else {
            return Err(refused("is a link or a device"));
        }
        if names.len() > MOST {
            return Err(refused("is one of too many files"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_tar_wherever_its_reading_begins() {
        let dir = tempfile::tempdir().unwrap();
        let long = format!("ab/{}", "ab".repeat(20));
        for (name, text) in
            [("db.dump", "PGDMP".repeat(300)), ("manifest.json", String::new()), (&long, "x".repeat(512))]
        {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (mut open, bytes) = open(dir.path(), true).unwrap();
        let mut whole = vec![0; usize::try_from(bytes).unwrap() + 10];
        assert_eq!(open.read_at(0, &mut whole).unwrap() as u64, bytes);
        whole.truncate(whole.len() - 10);
        for at in [0, 1, 511, 512, 700, 2048, 2500, bytes - 1, bytes] {
            let mut piece = vec![1; 1000];
            let count = open.read_at(at, &mut piece).unwrap();
            let at = usize::try_from(at).unwrap();
            assert_eq!(piece[..count], whole[at..(at + 1000).min(whole.len())], "{at}");
        }
        let mut found = Vec::new();
        for entry in tar::Archive::new(whole.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            found.push((entry.path().unwrap().display().to_string(), entry.size()));
        }
        assert_eq!(found, [(long, 512), ("db.dump".into(), 1500), ("manifest.json".into(), 0)]);
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        assert!(super::open(dir.path(), true).unwrap_err().to_string().contains("is a link"));
    }

    #[test]
    fn what_is_no_backup_is_told_before_anything_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("it");
        let of = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            parcel(&file, None, None).map(|parcel| parcel.kind)
        };
        assert_eq!(of(b"PK\x03\x04..").unwrap(), Kind::Zip);
        assert_eq!(of(b"PGDMP\x01").unwrap(), Kind::Dump);
        let empty = parcel(dir.path(), None, None).unwrap_err();
        for error in [of(b"-- PostgreSQL database dump").unwrap_err(), of(b"").unwrap_err(), empty] {
            assert_eq!(error.exit, crate::exit::Exit::Usage);
            assert!(error.what.contains("no backup that can be imported"), "{error}");
        }
        assert!(parcel(&dir.path().join("none"), None, None).unwrap_err().what.contains("cannot be read"));
    }
}
