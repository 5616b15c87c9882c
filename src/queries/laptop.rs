//! What this laptop has to log in with. Of a private key only the form is read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::checks::doctor::{Agent, Identity, KnownHosts};
use crate::text::{lines, printable};
use crate::transport::means::{Means, look};
use crate::world::World;

/// What `ssh -V` says.
///
/// # Errors
/// There is none, in words.
pub async fn client(world: &World) -> Result<String, String> {
    match look(&["ssh".to_owned(), "-V".to_owned()], world).await {
        Ok((0, said)) => Ok(printable(lines(said.as_bytes()).first().map_or("", String::as_str))),
        Ok((code, _)) => Err(format!("`ssh -V` ends with code {code}")),
        Err(_) => Err("there is no program `ssh` in $PATH".to_owned()),
    }
}

/// `ssh-add` tells by its exit code: 0 keys, 1 none, 2 nobody there.
pub async fn agent(world: &World) -> Agent {
    if world.var("SSH_AUTH_SOCK").is_none() {
        return Agent::NotSet;
    }
    match look(&["ssh-add".to_owned(), "-L".to_owned()], world).await {
        Ok((0, said)) => Agent::Keys(said.lines().filter_map(public).collect()),
        Ok((1, _)) => Agent::Keys(Vec::new()),
        Ok((2, _)) => Agent::Silent,
        Ok((code, _)) => Agent::Unknown(format!("`ssh-add -L` ends with code {code}")),
        Err(_) => Agent::Unknown("there is no program `ssh-add` in $PATH".to_owned()),
    }
}

/// Type and base64, without the comment.
fn public(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// `named`: the identities that the inventory names. The files of all droplets, each once.
pub fn files(means: &[&Means], named: &BTreeSet<PathBuf>) -> (Vec<Identity>, Vec<KnownHosts>) {
    let identities: BTreeSet<&PathBuf> = means.iter().flat_map(|means| &means.identities).collect();
    let known: Vec<&PathBuf> = means.iter().flat_map(|means| &means.known_hosts).collect();
    let mut seen = BTreeSet::new();
    let known = known.into_iter().filter(|path| seen.insert(*path));
    let identities = identities.into_iter().map(|path| identity(path, named.contains(path))).collect();
    (identities, known.map(|path| KnownHosts { path: shown(path), mode: mode(path) }).collect())
}

fn identity(path: &Path, named: bool) -> Identity {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let text = begin(path);
    let file = mode(path).map(|mode| (mode, text.as_deref().and_then(Identity::locked)));
    let public = begin(Path::new(&beside)).and_then(|text| public(&text));
    Identity { path: shown(path), named, file, public }
}

fn mode(path: &Path) -> Option<u32> {
    path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.permissions().mode())
}

/// The first kilobyte; a pipe that somebody laid there is not waited for.
fn begin(path: &Path) -> Option<String> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(1024).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
