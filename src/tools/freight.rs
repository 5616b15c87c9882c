//! A file on a droplet, in pieces: what is asked of it to bring it to the laptop, or from there.
//!
//! Deliberately absent: moving it (`transport/freight.rs`).

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const PIECE: Program =
    Program::shell("freight.piece", &["tail -c \"+$2\" -- \"$1\" | head -c \"$3\""]);

/// Its bytes from there on, at most so many.
pub fn piece(path: &str, from: u64, bytes: u64) -> Cmd {
    Cmd::script(PIECE, [path, &(from + 1).to_string(), &bytes.to_string()])
}

pub(super) const BEGINNING: Program =
    Program::shell("freight.beginning", &["head -c \"$2\" -- \"$1\" | sha256sum"]);

/// The SHA-256 of its first bytes, as `sha256sum` prints it.
pub fn beginning(path: &str, bytes: u64) -> Cmd {
    Cmd::script(BEGINNING, [path, &bytes.to_string()])
}

pub(super) const FOUND: Program = Program::shell(
    "freight.found",
    &["sum=${1%.zip}.sha256; [ -s \"$1\" ] && [ -s \"$sum\" ] || exit 0
      touch -c -- \"$1\" \"$sum\" && stat -c %s -- \"$1\" && cat -- \"$sum\""],
);

/// How large it is and its SHA-256 as it stands beside it; nothing where it is not there. What is asked after is not taken
/// for left behind.
pub fn found(path: &str) -> Cmd {
    Cmd::script(FOUND, [path])
}

pub(super) const REMOVE: Program =
    Program::shell("freight.remove", &["rm -f -- \"$1\" \"${1%.zip}.sha256\""]);

/// It was taken away.
pub fn remove(path: &str) -> Cmd {
    Cmd::script(REMOVE, [path])
}

/// Pieces that are written begin at multiples of it.
pub const BLOCK: u64 = 64 << 10;

pub(super) const EXPECT: Program = Program::shell(
    "freight.expect",
    &["umask 077; dir=${1%/*}; mkdir -p -- \"$dir\" && chmod 700 \"$dir\" || exit
      find \"$dir\" -type f -mmin +2880 -exec rm -f {} +
      for one in \"$1\" \"$1.part\"; do
        [ ! -f \"$one\" ] || { touch -c -- \"$one\"; there=$(stat -c %s -- \"$one\"); break; }
      done
      wanted=$((($2 - ${there:-0}) / 1024 + 524288)) free=$(df -Pk \"$dir\" | awk 'NR == 2 { print $4 }')
      [ \"$free\" -gt \"$wanted\" ] || { echo \"$wanted $free\"; exit 75; }
      echo \"${there:-0}\""],
);

/// How much of it is there already, and room for the rest; 75: there is none, and stdout has how much is wanted and free.
/// What was sent two days ago and more, and never asked for, is removed.
pub fn expect(path: &str, bytes: u64) -> Cmd {
    Cmd::script(EXPECT, [path, &bytes.to_string()])
}

pub(super) const WRITE: Program = Program::shell(
    "freight.write",
    &["umask 077; dd of=\"$1.part\" bs=65536 seek=\"$2\" conv=notrunc iflag=fullblock status=none"],
);

/// Its bytes from there on, on stdin. What is written twice is the same.
pub fn write(path: &str, from: u64) -> Cmd {
    Cmd::script(WRITE, [path, &(from / BLOCK).to_string()])
}

pub(super) const ARRIVED: Program = Program::shell(
    "freight.arrived",
    &["[ ! -f \"$1\" ] || exit 0
      sum=$(sha256sum <\"$1.part\") || exit 2
      [ \"${sum%% *}\" = \"$2\" ] || { rm -f -- \"$1.part\"; exit 1; }
      mv -f -- \"$1.part\" \"$1\" && sync \"$1\""],
);

/// All of it is there: it gets its name where it has this SHA-256; 1: it does not, and is gone.
pub fn arrived(path: &str, sha256: &str) -> Cmd {
    Cmd::script(ARRIVED, [path, sha256])
}
