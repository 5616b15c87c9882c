//! A file on a droplet, in pieces: what is asked of it to bring it to the laptop.
//!
//! Deliberately absent: moving it (`transport/freight.rs`).

use crate::cmd::Cmd;

/// Its bytes from there on, at most so many.
pub fn piece(path: &str, from: u64, bytes: u64) -> Cmd {
    Cmd::script(
        "tail -c \"+$2\" -- \"$1\" | head -c \"$3\"",
        [path, &(from + 1).to_string(), &bytes.to_string()],
    )
}

/// The SHA-256 of its first bytes, as `sha256sum` prints it.
pub fn beginning(path: &str, bytes: u64) -> Cmd {
    Cmd::script("head -c \"$2\" -- \"$1\" | sha256sum", [path, &bytes.to_string()])
}

/// How large it is and its SHA-256 as it stands beside it; nothing where it is not there. What is asked after is not taken
/// for left behind.
pub fn found(path: &str) -> Cmd {
    const FOUND: &str = "sum=${1%.zip}.sha256; [ -s \"$1\" ] && [ -s \"$sum\" ] || exit 0
      touch -c -- \"$1\" \"$sum\" && stat -c %s -- \"$1\" && cat -- \"$sum\"";
    Cmd::script(FOUND, [path])
}

/// It was taken away.
pub fn remove(path: &str) -> Cmd {
    Cmd::script("rm -f -- \"$1\" \"${1%.zip}.sha256\"", [path])
}
