//! Room, in bytes and inodes, on every file system a deploy writes to.

use serde::Serialize;

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What it was asked for: `stack`, `docker`, `state`, `root`.
    pub purposes: Vec<String>,
    pub mount_point: String,
    pub size: u64,
    pub used: u64,
    /// For those who are not root: some file systems keep a part back.
    pub free: u64,
    pub inodes: u64,
    pub inodes_free: u64,
}

// A path that does not exist yet will be made where its nearest existing parent is.
pub(super) const PROBE: Program = Program::shell(
    "facts.mounts",
    &[r#"
newline='
'
room() {
    case $2 in /*) dir=$2 ;; *) dir=/ ;; esac
    until [ -e "${dir:-/}" ]; do dir=${dir%/*}; done
    room=$(df -B1 --output=size,used,avail,itotal,iavail,target -- "${dir:-/}")
    printf '%s\t%s\n' "$1" "${room##*"$newline"}"
}
room stack "$1"
room state "$2"
room root /
case $OPS_ENGINE in *"${newline}root	"*)
    docker=${OPS_ENGINE#*"${newline}root	"}
    room docker "${docker%%"$newline"*}" ;;
esac
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.stack.path.as_str(), env.state_dir.as_str()])
}

pub(super) fn parse(text: &str) -> Probe<Vec<Mount>> {
    let mut mounts: Vec<Mount> = Vec::new();
    for line in text.lines() {
        let unclear = || ProbeFailure::new(format!("df cannot be understood: {line}"));
        let (purpose, room) = line.split_once('\t').ok_or_else(unclear)?;
        let mount = read(purpose, room).ok_or_else(unclear)?;
        match mounts.iter_mut().find(|m| m.mount_point == mount.mount_point) {
            Some(known) => known.purposes.extend(mount.purposes),
            None => mounts.push(mount),
        }
    }
    if mounts.is_empty() {
        return Err(ProbeFailure::new("df said nothing"));
    }
    Ok(mounts)
}

impl Mount {
    /// What those who are not root can fill, in bytes, as df counts its percentages: what is kept back for root,
    /// or lies outside a quota, is neither used nor free.
    #[must_use]
    pub fn usable(&self) -> u64 {
        self.used.saturating_add(self.free)
    }
}

/// Five numbers and the mount point; a file system without inodes says `-`.
fn read(purpose: &str, room: &str) -> Option<Mount> {
    let mut rest = room.trim();
    let mut number = || {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        rest = after.trim_start();
        if word == "-" { Some(0) } else { word.parse().ok() }
    };
    let [size, used, free, inodes, inodes_free] = [number()?, number()?, number()?, number()?, number()?];
    Some(Mount {
        purposes: vec![purpose.to_owned()],
        mount_point: rest.to_owned(),
        size,
        used,
        free,
        inodes,
        inodes_free,
    })
}
