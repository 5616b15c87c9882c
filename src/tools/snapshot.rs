//! A database put aside: the original keeps its bytes under another name, closed to connections, and what runs
//! goes on with a copy. Going back is renaming, whatever the size.
//!
//! The filestore is kept by hard links: its files never change, they only come and go.

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const SNAPSHOT: Program =
    Program::shell("snapshot", &[include_str!("anew.sh"), include_str!("snapshot.sh")]);
/// PostgreSQL cuts longer names.
const LONGEST: usize = 63;

/// One database and its names aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot<'a> {
    pub project: &'a str,
    /// The Compose service of PostgreSQL.
    pub service: &'a str,
    pub database: &'a str,
    /// Of the run, in names: `20261121t071721z`.
    pub stamp: &'a str,
    /// A file whose first word is the container with the filestore; to gather and to drop, its Compose service.
    pub web: &'a str,
}

impl Snapshot<'_> {
    /// What the original is called meanwhile.
    pub fn kept(&self) -> String {
        aside(self.database, "before", self.stamp)
    }

    /// What the copy is called once the original is back.
    pub fn broken(&self) -> String {
        aside(self.database, "broken", self.stamp)
    }

    /// What the database of a release that is gone back from is called.
    pub fn left(&self) -> String {
        aside(self.database, "after", self.stamp)
    }

    /// What a database is called that came back from a backup.
    pub fn restored(&self) -> String {
        aside(self.database, "restored", self.stamp)
    }

    /// The database `comes` takes the live one's place, which is put aside as `goes`. Done twice, the second
    /// time does nothing; the names exchanged, it is its own undo.
    pub fn exchange(&self, comes: &str, goes: &str) -> Cmd {
        Cmd::script(SNAPSHOT, ["exchange", self.project, self.service, self.database, comes, goes, self.web])
    }

    /// The files of what was put aside as `left` are with the live one as well.
    pub fn gather(&self, left: &str) -> Cmd {
        Cmd::script(SNAPSHOT, ["gather", self.project, self.service, self.database, left, "", self.web])
    }

    /// Drops databases that were put aside, with their files; one that is not there is dropped already.
    pub fn drop(&self, names: &[String]) -> Cmd {
        self.remove("drop", names)
    }

    /// The same, and what cannot be dropped is said and stays.
    pub fn expire(&self, names: &[String]) -> Cmd {
        self.remove("expire", names)
    }

    fn remove(&self, verb: &str, names: &[String]) -> Cmd {
        let fixed = [verb, self.project, self.service, self.database, "", "", self.web];
        Cmd::script(SNAPSHOT, fixed).args(names)
    }

    pub fn take(&self) -> Cmd {
        self.cmd("take")
    }

    pub fn back(&self) -> Cmd {
        self.cmd("back")
    }

    /// Where there is no room for a copy: the database into a file, and its files as [`take`](Self::take) keeps them.
    pub fn dump(&self, file: &str) -> Cmd {
        self.by_file("dump", file)
    }

    /// The way back from [`dump`](Self::dump): the database is made anew from the file.
    pub fn restore(&self, file: &str) -> Cmd {
        self.by_file("restore", file)
    }

    fn by_file(&self, verb: &str, file: &str) -> Cmd {
        let kept = self.kept();
        Cmd::script(SNAPSHOT, [verb, self.project, self.service, self.database, &kept, file, self.web])
    }

    fn cmd(&self, verb: &str) -> Cmd {
        let (kept, broken) = (self.kept(), self.broken());
        Cmd::script(SNAPSHOT, [verb, self.project, self.service, self.database, &kept, &broken, self.web])
    }
}

/// What a database that was put aside is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was before a change.
    Before,
    /// What was left by a rollback.
    After,
    /// What failed.
    Broken,
    /// What came back from a backup, and was not taken.
    Restored,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Before => "before",
            Kind::After => "after",
            Kind::Broken => "broken",
            Kind::Restored => "restored",
        }
    }
}

/// What a name aside says of a database: its kind, and when (`20261121t071721z`).
pub fn said(name: &str, database: &str) -> Option<(Kind, String)> {
    let (rest, stamp) = name.rsplit_once('_')?;
    let (prefix, word) = rest.rsplit_once('_')?;
    let kind = match word {
        "before" => Kind::Before,
        "after" => Kind::After,
        "broken" => Kind::Broken,
        "restored" => Kind::Restored,
        _ => return None,
    };
    let whole = stamp.len() == 16 && aside(database, word, stamp) == name;
    (whole && database.starts_with(prefix)).then(|| (kind, stamp.to_owned()))
}

/// `odoo_before_20261121t071721z`; of a long name as much as there is room for.
pub fn aside(database: &str, word: &str, stamp: &str) -> String {
    // `.new` is added while the copy is made.
    ending(database, &format!("_{word}_{stamp}"), ".new".len())
}

/// A name with this ending, and so many bytes left for more, that PostgreSQL keeps whole.
pub(super) fn ending(database: &str, ending: &str, spare: usize) -> String {
    let mut end = database.len().min(LONGEST.saturating_sub(ending.len() + spare));
    while !database.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &database[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_aside_is_one_that_postgresql_keeps_whole() {
        assert_eq!(aside("odoo", "before", "20261121t071721z"), "odoo_before_20261121t071721z");
        for name in ["x".repeat(63), "é".repeat(31)] {
            let aside = aside(&name, "broken", "20261121t071721z");
            assert!(aside.len() + 4 <= 63 && aside.ends_with("_broken_20261121t071721z"), "{aside}");
        }
    }
}
