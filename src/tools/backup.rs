//! A backup of a stack by restic, and what the repository says it has.
//!
//! The script beside is the whole of it, so that what a person starts and what a timer starts are the same. Deliberately
//! absent: how what came back takes the live one's place (`snapshot`).

use crate::cmd::Cmd;
use crate::frames;
use crate::inventory::{Mask, Retention};
use crate::program::Program;

pub(super) const BACKUP: Program = Program::shell(
    "backup",
    &[
        include_str!("json.sh"),
        include_str!("checks.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("images.sh"),
        include_str!("backup.sh"),
        include_str!("backup_verbs.sh"),
    ],
);
pub(super) const RESTORE: Program = Program::shell(
    "backup.restore",
    &[
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("anew.sh"),
        include_str!("quiet.sh"),
        include_str!("mask.sh"),
        include_str!("restore.sh"),
    ],
);
pub(super) const OFFSITE: Program = Program::shell(
    "backup.offsite",
    &[
        include_str!("json.sh"),
        include_str!("checks.sh"),
        include_str!("restic.sh"),
        include_str!("images.sh"),
        include_str!("offsite.sh"),
    ],
);
pub(super) const KEY: Program =
    Program::shell("backup.key", &[include_str!("restic.sh"), include_str!("key.sh")]);
pub(super) const LIST: Program =
    Program::shell("backup.list", &[frames::SHELL, include_str!("restic.sh"), include_str!("backups.sh")]);

/// A stack and its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup<'a> {
    /// What ops keeps of the project: `<state_dir>/<project>`.
    pub dir: &'a str,
    pub project: &'a str,
    /// The Compose services of PostgreSQL and of Odoo.
    pub db: &'a str,
    pub web: &'a str,
    pub database: &'a str,
    /// See [`repository`].
    pub repository: &'a str,
    /// Of restic; none: the droplet's own.
    pub image: Option<&'a str>,
    /// A file with variables that restic reads, where the repository wants any.
    pub secrets: Option<&'a str>,
}

/// What is done to bring a backup back, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// Room, and what the backup says of itself; what an earlier attempt left is dropped.
    Ready,
    /// Dump and configuration, compared with their sums.
    Fetch,
    /// A database of that name, closed to connections, with the rows that were counted.
    Database,
    /// The same, while the files come.
    Both,
    /// After that: the filestore of that name, each file compared with its name.
    Files,
    /// Instead of them those that the live filestore has, as links.
    Linked,
    /// The files that the live database names and that are missing or damaged are looked for.
    Lacking,
    /// What the backup has of them comes into the live filestore.
    Found,
    /// The database belongs to its owner, and is still closed to connections.
    Own,
    /// Removes what was only needed meanwhile.
    Close,
    /// Takes all of it back. Safe to repeat.
    Drop,
}

/// Where the backups of a project are.
pub fn repository(path: &str, project: &str) -> String {
    format!("{path}/{project}")
}

impl Backup<'_> {
    /// restic, its repository and room for the dump; what an earlier attempt left is removed first. `stack`: its path;
    /// `missing`: so many files that the database names may be.
    pub fn ready(&self, env: &str, stack: &str, missing: u32) -> Cmd {
        self.cmd("ready").args([env, stack, &missing.to_string()])
    }

    /// Attachments are kept from being vacuumed, and the moment of the backup is fixed.
    pub fn hold(&self) -> Cmd {
        self.cmd("hold")
    }

    /// `site`: nginx's file, and the service it stands in, where that is not the droplet itself.
    pub fn dump(&self, site: Option<(&str, Option<&str>)>) -> Cmd {
        let (site, service) = site.unwrap_or_default();
        self.cmd("dump").args([site, service.unwrap_or_default()])
    }

    /// Everything that was dumped is read, and every file that the database names.
    pub fn read(&self) -> Cmd {
        self.cmd("read")
    }

    pub fn store(&self) -> Cmd {
        self.cmd("store")
    }

    /// What was stored is what was read; only now it counts as verified.
    pub fn confirm(&self) -> Cmd {
        self.cmd("confirm")
    }

    pub fn forget(&self, keep: Retention) -> Cmd {
        let Retention { daily, weekly, monthly } = keep;
        self.cmd("forget").args([daily, weekly, monthly].map(|number| number.to_string()))
    }

    /// The images that the newest backup runs with are kept beside it, each once.
    pub fn images(&self) -> Cmd {
        self.cmd("images")
    }

    /// This repository, which is somewhere else, has them too.
    pub fn copy_images(&self, name: &str, from: &str) -> Cmd {
        Cmd::script(OFFSITE, self.args("images")).args([name, from])
    }

    /// Ends what is at work, and removes what was only for this backup. Safe to repeat.
    pub fn close(&self) -> Cmd {
        self.cmd("close")
    }

    /// Brings a snapshot back beside what serves; see [`Return`].
    pub fn restore(&self, step: Return, snapshot: &str, name: &str) -> Cmd {
        let verb = match step {
            Return::Ready => "ready",
            Return::Fetch => "fetch",
            Return::Database | Return::Both => "database",
            Return::Files => "files",
            Return::Linked => "linked",
            Return::Lacking => "lacking",
            Return::Found => "found",
            Return::Own => "own",
            Return::Close => "close",
            Return::Drop => "drop",
        };
        let cmd = Cmd::script(RESTORE, self.args(verb)).args([snapshot, name]);
        if step == Return::Both { cmd.arg("files") } else { cmd }
    }

    /// What came back of another environment is made harmless, and gets an identity of its own. `url`: where its users
    /// find it.
    pub fn quiet(&self, snapshot: &str, name: &str, url: Option<&str>, mask: &Mask) -> Cmd {
        let words = [("emails", mask.emails), ("phones", mask.phones), ("names", mask.names)];
        let words: Vec<_> = words.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word).collect();
        let cmd = Cmd::script(RESTORE, self.args("quiet")).args([snapshot, name, url.unwrap_or_default()]);
        cmd.arg(words.join(" ")).args(&mask.sql)
    }

    /// The parts (`frames`) `part`, as restic has the snapshots, one `<id>.json` for each record, and one `<id>.checks`
    /// for each backup that was tried.
    pub fn list(&self, nonce: &str, part: &str) -> Cmd {
        Cmd::script(LIST, self.args("list")).args([nonce, part])
    }

    /// restic and its repository alone.
    pub fn init(&self) -> Cmd {
        self.cmd("init")
    }

    /// A further key, from a file of a line `KEY='..'`, which is removed.
    pub fn add_key(&self, name: &str, file: &str) -> Cmd {
        Cmd::script(KEY, self.args("key")).args([name, file])
    }

    /// This repository, which is somewhere else, is made where it is not there yet; `from`: the one on the droplet.
    pub fn offsite_ready(&self, name: &str, from: &str) -> Cmd {
        Cmd::script(OFFSITE, self.args("offsite-ready")).args([name, from])
    }

    /// What is too old goes from this repository, which is somewhere else.
    pub fn forget_offsite(&self, name: &str, from: &str, keep: Retention) -> Cmd {
        let Retention { daily, weekly, monthly } = keep;
        let keep = [daily, weekly, monthly].map(|number| number.to_string());
        Cmd::script(OFFSITE, self.args("forget")).args([name, from]).args(keep)
    }

    /// Every verified backup that it does not have, and what is too old goes.
    pub fn copy(&self, name: &str, from: &str, keep: Retention) -> Cmd {
        let Retention { daily, weekly, monthly } = keep;
        let keep = [daily, weekly, monthly].map(|number| number.to_string());
        Cmd::script(OFFSITE, self.args("copy")).args([name, from]).args(keep)
    }

    fn cmd(&self, verb: &str) -> Cmd {
        Cmd::script(BACKUP, self.args(verb))
    }

    pub(super) fn args<'b>(&'b self, verb: &'b str) -> [&'b str; 9] {
        let Self { dir, project, db, web, database, repository, image, secrets } = self;
        let (image, secrets) = (image.unwrap_or_default(), secrets.unwrap_or_default());
        [verb, dir, project, db, web, database, repository, image, secrets]
    }
}
