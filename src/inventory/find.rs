//! Where the inventory is, and reading its file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::model::{Environment, Inventory};
use super::parse::{self, LARGEST};
use super::words::show;
use crate::error::{Error, Result};
use crate::text::printable;
use crate::world::World;

/// What it is called beside the project.
const NAME: &str = "ops.yaml";

/// The inventory's path, absolute: `flag` (`--config`), `$OPS_CONFIG`, `ops.yaml` here and upwards,
/// then the user's configuration directory.
///
/// # Errors
/// Exit 2: nothing there, saying where was looked; or what was found upwards belongs to somebody else.
pub fn find(world: &World, flag: Option<&Path>) -> Result<PathBuf> {
    let named = flag.or_else(|| world.var("OPS_CONFIG").map(Path::new));
    if let Some(path) = named {
        return Ok(world.cwd.join(path));
    }
    if let Some(path) = world.cwd.ancestors().map(|dir| dir.join(NAME)).find(|path| path.is_file()) {
        return ours(path);
    }
    let last = world.config_dir.join("config.yaml");
    if last.is_file() {
        return Ok(last);
    }
    let here = printable(&world.cwd.join(NAME).display().to_string());
    let last = printable(&last.display().to_string());
    Err(Error::usage("there is no inventory")
        .because("neither --config nor $OPS_CONFIG is given")
        .because(format!("{here} and {NAME} in the directories above do not exist"))
        .because(format!("{last} does not exist"))
        .next(format!("copy config.example.yaml to {here} and describe your droplets in it")))
}

/// A file met on the way up may have been laid there for others to stumble over (`/tmp/ops.yaml`).
fn ours(path: PathBuf) -> Result<PathBuf> {
    let owner = path.metadata().map_err(|error| unreadable(&path, &error))?.uid();
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(path);
    }
    let shown = printable(&path.display().to_string());
    Err(Error::usage(format!("{shown} belongs to another user"))
        .because(format!("it was found on the way up; its owner has the id {owner}"))
        .next(format!("name it, if it is meant: --config {}", crate::cmd::quote(&shown))))
}

/// Reads and checks the inventory at `path`.
///
/// # Errors
/// Exit 2, with one clear reason: it is missing, not a file, not readable, too large, or wrong.
pub fn load(path: &Path, world: &World) -> Result<Inventory> {
    let path = world.cwd.join(path);
    let bytes = read(&path).map_err(|error| unreadable(&path, &error))?;
    if bytes.len() > LARGEST {
        let shown = printable(&path.display().to_string());
        return Err(Error::usage(format!("{shown}: an inventory has at most {LARGEST} bytes"))
            .because("this file is larger; it was not read to its end"));
    }
    parse::parse_bytes(&bytes, &path, &world.home)
}

/// At most one byte more than is allowed.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    // Without NONBLOCK, opening a named pipe would wait for a writer.
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let file = File::options().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(std::io::Error::other(if meta.is_dir() {
            "it is a directory"
        } else {
            "it is not a plain file"
        }));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    let shown = printable(&path.display().to_string());
    let error = match error.kind() {
        NotFound => return missing(&shown),
        PermissionDenied => "you are not allowed to read it".to_owned(),
        _ => printable(&error.to_string()),
    };
    Error::usage(format!("cannot read the inventory {shown}")).because(error)
}

fn missing(shown: &str) -> Error {
    Error::usage(format!("there is no inventory {shown}"))
        .next("check --config and $OPS_CONFIG")
        .next("copy config.example.yaml there and describe your droplets in it")
}

impl Inventory {
    /// The environment of that name.
    ///
    /// # Errors
    /// Exit 2, with the names there are and the nearest.
    pub fn environment(&self, name: &str) -> Result<&Environment> {
        if let Some(environment) = self.environments.get(name) {
            return Ok(environment);
        }
        let names = || self.environments.keys().map(String::as_str);
        let error = Error::usage(format!("there is no environment {}", show(name))).because(format!(
            "{} has: {}",
            printable(&self.file.display().to_string()),
            names().collect::<Vec<_>>().join(", ")
        ));
        Err(match crate::text::nearest(name, names()) {
            Some(near) => error.next(format!("did you mean `{near}`?")),
            None => error,
        })
    }
}
