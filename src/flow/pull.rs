//! A backup for the laptop: exported on the droplet where that is not done, fetched, and removed there.
//!
//! What is fetched is `FILE.part` until all of it is there and is what the droplet has; whatever breaks the way, the next
//! pull goes on with it. Nothing is ever written over.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::moving::Moving;
use super::{Order, Road, carry};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::inventory::Droplet;
use crate::queries;
use crate::runbooks::backup::Ground;
use crate::runbooks::export::{Wish, backup};
use crate::text::{lines, printable, size};
use crate::tools::{export, freight as tool};
use crate::transport::freight::{Freight, Stuck, fetch};

const SOON: Duration = Duration::from_secs(60);

/// What is to be fetched, and where it goes.
#[derive(Debug)]
pub struct Found {
    pub id: String,
    pub file: PathBuf,
    path: String,
    /// None: it has to be exported first.
    freight: Option<Freight>,
}

/// Which backup is meant, and whether it is exported already.
///
/// # Errors
/// Exit 2: there is no such backup, or the file is there already.
pub async fn find(road: &Road<'_>, wish: &Wish, output: Option<&Path>) -> Result<Found> {
    let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
    let found = find_with(road, &crew, wish, output).await;
    crew.close().await;
    found
}

async fn find_with(road: &Road<'_>, crew: &Crew<'_>, wish: &Wish, output: Option<&Path>) -> Result<Found> {
    let env = road.env;
    let facts = crew.facts(None).await?;
    let ground = Ground::new(env, facts.get(&env.home().name))?;
    let backup = backup(env, &queries::backups(crew, &facts).await?, wish)?;
    let named = || PathBuf::from(format!("{}-{}.zip", env.name, backup.id));
    let file = road.world.cwd.join(output.map_or_else(named, Path::to_owned));
    free(&file)?;
    let path = export::place(ground.dir(), &backup.id);
    let freight = exported(crew, ground.droplet, &path).await?;
    Ok(Found { id: backup.id, file, path, freight })
}

/// # Errors
/// Exit 2: there is something, or no directory for it.
fn free(file: &Path) -> Result<()> {
    let shown = printable(&file.display().to_string());
    if file.symlink_metadata().is_ok() {
        let error = Error::usage(format!("{shown} is there already")).because("nothing is written over");
        return Err(error.next("move it away, or name another with --output"));
    }
    match file.parent() {
        Some(parent) if parent.is_dir() => Ok(()),
        _ => Err(Error::usage(format!("there is no directory for {shown}"))),
    }
}

async fn exported(crew: &Crew<'_>, droplet: &Droplet, path: &str) -> Result<Option<Freight>> {
    let answer = crew.ask(droplet, &tool::found(path), SOON).await?;
    let said = lines(&answer.stdout);
    let (Some(bytes), Some(sha256)) = (said.first().and_then(|bytes| bytes.parse().ok()), said.get(1)) else {
        return Ok(None);
    };
    Ok(Some(Freight { path: path.to_owned(), bytes, sha256: sha256.clone() }))
}

impl Found {
    pub fn is_exported(&self) -> bool {
        self.freight.is_some()
    }

    /// Exports it; `None`: that was only to be shown.
    ///
    /// # Errors
    /// As of every run.
    pub async fn export(&self, road: &Road<'_>, wish: &Wish, patience: Duration) -> Result<Exit> {
        let wish = Wish { backup: self.id.clone(), ..wish.clone() };
        carry(road, &Order::Export(wish), patience).await
    }

    /// Fetches it; its bytes and their SHA-256. Where nobody said `keep`, the droplet's is removed.
    ///
    /// # Errors
    /// Exit 4: the way broke, 1: there is no room or it is damaged, 130: interrupted. What is there is gone on with.
    pub async fn fetch(&self, road: &Road<'_>, keep: bool) -> Result<Freight> {
        let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
        let done = self.fetch_with(road, &crew, keep).await;
        crew.close().await;
        done
    }

    async fn fetch_with(&self, road: &Road<'_>, crew: &Crew<'_>, keep: bool) -> Result<Freight> {
        let droplet = road.env.home();
        let freight = exported(crew, droplet, &self.path).await?.ok_or_else(|| {
            Error::failed("the export is no longer there").on(&droplet.name).because(&self.path)
        })?;
        let link = crew.links.get(&droplet.name).ok_or_else(|| Error::failed("not connected"))?;
        let mut name = self.file.clone().into_os_string();
        name.push(".part");
        let part = PathBuf::from(name);
        room(&part, freight.bytes)?;
        let shown = printable(&self.file.display().to_string());
        let title = format!("fetch {} to {shown}", size(freight.bytes));
        let mut moving = Moving::start(road.listener, "pull", &droplet.name, freight.bytes, title);
        let answer = fetch(link.as_ref(), &freight, &part, &road.stop.soft, &mut |at| moving.tell(at)).await;
        let answer = answer.map_err(|stuck| self.stuck(stuck, road, &part));
        let answer = answer.and_then(|()| settle(&part, &self.file));
        moving.end(answer.is_ok());
        answer?;
        if !keep && crew.ask(droplet, &tool::remove(&self.path), SOON).await.is_err() {
            let text = format!("{} could not be removed from {}", self.path, droplet.name);
            road.listener.on(&Event::Warning { text });
        }
        Ok(freight)
    }

    fn stuck(&self, stuck: Stuck, road: &Road<'_>, part: &Path) -> Error {
        let shown = printable(&part.display().to_string());
        let failed = |exit, what: &str| Error::new(exit, format!("backup {} {what}", self.id));
        let again = |error: Error| {
            error
                .because(format!("what is there stays in {shown}"))
                .next(format!("ops backup pull {} {}   # goes on with it", road.env.name, self.id))
        };
        let droplet = &road.env.home().name;
        match stuck {
            Stuck::Link(error) => {
                let why = error.to_string();
                again(failed(Exit::Unreachable, "is not all here: the link broke").on(droplet).because(why))
            }
            Stuck::Interrupted => again(failed(Exit::Interrupted, "is not all here: interrupted")),
            Stuck::File(error) => again(failed(Exit::Failed, "cannot be written").because(error)),
            Stuck::Refused(lines) => again(
                failed(Exit::Failed, "cannot be read on the droplet").on(droplet).evidence("droplet", lines),
            ),
            Stuck::Room { .. } | Stuck::Other => failed(Exit::Usage, "does not begin as what is here")
                .because(format!("{shown} is of something else"))
                .next(format!("move {shown} away")),
            Stuck::Damaged => failed(Exit::Failed, "did not arrive as it is on the droplet")
                .because("nothing of it was kept")
                .next(format!("ops backup pull {} {}", road.env.name, self.id)),
        }
    }
}

/// # Errors
/// Exit 1: what is still to come has no room.
fn room(part: &Path, bytes: u64) -> Result<()> {
    let there = part.metadata().map_or(0, |meta| meta.len());
    let Some(Ok(disk)) = part.parent().map(rustix::fs::statvfs) else { return Ok(()) };
    let (wanted, free) = (bytes.saturating_sub(there), disk.f_bavail.saturating_mul(disk.f_frsize));
    match wanted < free {
        true => Ok(()),
        false => Err(Error::failed("there is no room for it on this machine").because(format!(
            "{} are wanted beside {}, and {} are free",
            size(wanted),
            printable(&part.display().to_string()),
            size(free)
        ))),
    }
}

/// Gets its name, which nothing else may have got meanwhile.
fn settle(part: &Path, file: &Path) -> Result<()> {
    let done = match std::fs::hard_link(part, file) {
        Ok(()) => std::fs::remove_file(part),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // A file system without such links.
        Err(_) if file.symlink_metadata().is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(part, file),
    };
    done.map_err(|error| {
        let shown = printable(&file.display().to_string());
        Error::failed(format!("{shown} cannot get its name"))
            .because(error)
            .because(format!("it is whole, in {}", printable(&part.display().to_string())))
    })
}
