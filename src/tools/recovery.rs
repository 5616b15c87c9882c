//! A stack comes back onto a droplet that has nothing of it.
//!
//! The scripts beside are the whole of it. Deliberately absent: whether the stack that came back serves (`web`, `healthy`).

use super::backup::Backup;
use crate::cmd::Cmd;
use crate::frames;
use crate::program::Program;

pub(super) const STOCK: Program = Program::shell(
    "recovery.stock",
    &[
        frames::SHELL,
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("obstacles.sh"),
        include_str!("stock.sh"),
    ],
);
pub(super) const RECOVERY: Program = Program::shell(
    "recovery",
    &[
        include_str!("json.sh"),
        include_str!("restic.sh"),
        include_str!("beside.sh"),
        include_str!("whole.sh"),
        include_str!("images.sh"),
        include_str!("obstacles.sh"),
        include_str!("recovery.sh"),
    ],
);

/// What is done to bring a stack back, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Nothing is there that would be overwritten, and there is room.
    Ready,
    /// All but images and Odoo's files, compared with its sums.
    Fetch,
    /// Loaded and named, as they were.
    Images,
    /// The stack's directory, what ops remembers, certificates.
    Place,
    /// A server on a new volume, and the database in it, compared with what was counted.
    Database,
    /// Odoo's files, each compared with its name.
    Files,
    /// The other services that ran, then Odoo.
    Start,
    /// nginx's site.
    Site,
    /// Removes what was only needed meanwhile, makes the repository of the droplet.
    Close,
    /// Takes all of it away again. Safe to repeat.
    Back,
}

/// Where a stack comes back from and to.
#[derive(Debug, Clone, Copy)]
pub struct Stand<'a> {
    /// As restic calls it.
    pub snapshot: &'a str,
    /// The stack's directory.
    pub path: &'a str,
    /// nginx's site on the droplet.
    pub site: Option<&'a str>,
    /// The Compose service of Odoo that serves.
    pub live: &'a str,
    /// The repository that backups on this droplet will have.
    pub here: &'a str,
    /// Compose with the files of the release.
    pub compose: &'a [String],
}

pub(super) const TAKE_KEY: Program = Program::shell(
    "recovery.take-key",
    &[r#"
umask 077
trap 'rm -f "$1/new-key"' EXIT
. "$1/new-key" || exit
if [ -s "$1/key" ]; then
  [ "$(cat "$1/key")" = "$KEY" ] || { echo "there is another key at $1/key: it may be the only one of other backups"; exit 1; }
  exit 0
fi
printf %s "$KEY" >"$1/key.new" && chmod 400 "$1/key.new" && sync "$1/key.new" && : >"$1/key.came" && mv -f "$1/key.new" "$1/key"
"#],
);

/// The key of the repository, from a file of a line `KEY='..'`, which is removed, to where backups read it. Another key is
/// never written over.
pub fn take_key(dir: &str) -> Cmd {
    Cmd::script(TAKE_KEY, [dir])
}

pub(super) const DROP_KEY: Program = Program::shell(
    "recovery.drop-key",
    &[r#"[ ! -e "$1/key.came" ] || rm -f "$1/key" "$1/key.came"; rm -f "$1/new-key" "$1/key.new""#],
);

/// Takes away what [`take_key`] brought.
pub fn drop_key(dir: &str) -> Cmd {
    Cmd::script(DROP_KEY, [dir])
}

impl Backup<'_> {
    /// What this repository has, asked by a droplet that has neither key nor variables: both come on stdin, each after a
    /// line with its length. The parts (`frames`) are `snapshots`; or, of one snapshot, `manifest`, `release`, `size`,
    /// `images` and `obstacles`.
    pub fn stock(&self, nonce: &str, path: &str, site: Option<&str>, snapshot: Option<&str>) -> Cmd {
        let more = [nonce, path, site.unwrap_or_default(), snapshot.unwrap_or_default()];
        Cmd::script(STOCK, self.args("stock")).args(more)
    }

    pub fn recovery(&self, part: Part, stand: &Stand<'_>) -> Cmd {
        let verb = match part {
            Part::Ready => "ready",
            Part::Fetch => "fetch",
            Part::Images => "images",
            Part::Place => "place",
            Part::Database => "database",
            Part::Files => "files",
            Part::Start => "start",
            Part::Site => "site",
            Part::Close => "close",
            Part::Back => "back",
        };
        let Stand { snapshot, path, site, live, here, compose } = stand;
        Cmd::script(RECOVERY, self.args(verb))
            .args([*snapshot, path, site.unwrap_or_default(), live, here])
            .args(compose.iter().map(String::as_str))
    }
}
