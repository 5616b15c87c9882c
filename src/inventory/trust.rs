//! An inventory that runs commands on the laptop is trusted once, by the hash of its text.
//!
//! Who clones a repository has not agreed to run what its inventory says. Asking is the caller's
//! affair; here is whether to ask, what would run, and remembering the answer.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::hooks::HookPlace;
use super::model::{Inventory, Source, Value};
use crate::cmd::quote;
use crate::error::{Error, Result};
use crate::text::printable;
use crate::world::World;

/// Whether commands of an inventory may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// There is nothing to run.
    NotNeeded,
    /// The user has agreed to exactly this text.
    Trusted,
    /// Ask, showing [`commands`]; on yes [`record`], and go on as `Trusted`.
    Ask,
}

/// Whether this inventory may run its commands.
///
/// # Errors
/// Exit 2 when it has commands and its file belongs to another user or may be written by others.
pub fn state(inventory: &Inventory, world: &World) -> Result<Trust> {
    if commands(inventory).is_empty() {
        return Ok(Trust::NotNeeded);
    }
    must_be_ours(&inventory.file)?;
    Ok(if is_trusted(inventory, world) { Trust::Trusted } else { Trust::Ask })
}

/// What would run, each once, as a person reads it.
pub fn commands(inventory: &Inventory) -> Vec<String> {
    let mut found = Vec::new();
    for environment in inventory.environments.values() {
        let offsite = environment.backup.offsite.iter().flat_map(|place| place.env.values());
        let told = environment.notify.iter().flat_map(super::Notify::values);
        let values = environment.stack.env.values().chain(told);
        let values = values.chain(offsite);
        found.extend(values.filter_map(|value| match value {
            Value::Secret(Source::Cmd(words)) => Some(shown(HookPlace::Laptop, words)),
            _ => None,
        }));
        found.extend(environment.hooks.all().map(|hook| shown(hook.on, &hook.cmd)));
    }
    found.sort();
    found.dedup();
    found
}

fn shown(on: HookPlace, words: &[String]) -> String {
    let place = match on {
        HookPlace::Laptop => "on the laptop",
        HookPlace::Droplet => "on the droplets",
    };
    format!("{place}: {}", words.iter().map(|word| printable(&quote(word))).collect::<Vec<_>>().join(" "))
}

/// Whether exactly this text, in this place, was agreed to. A record that cannot be read, or that
/// others may write, agrees to nothing.
pub fn is_trusted(inventory: &Inventory, world: &World) -> bool {
    let path = records(world);
    let mut text = String::new();
    let mut read = || File::open(&path)?.take(4 << 20).read_to_string(&mut text);
    must_be_ours(&path).is_ok() && read().is_ok() && text.lines().any(|line| line == record_of(inventory))
}

/// Remembers that the user agreed.
///
/// # Errors
/// Exit 1 when the record cannot be written.
pub fn record(inventory: &Inventory, world: &World) -> Result<()> {
    let path = records(world);
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(&world.state_dir)?;
        let mut file = File::options().append(true).create(true).mode(0o600).open(&path)?;
        // One write, so that two of us at once do not mix their lines.
        file.write_all(format!("{}\n", record_of(inventory)).as_bytes())
    };
    write().map_err(|error: std::io::Error| {
        Error::failed(format!("cannot remember that the inventory is trusted, in {}", path.display()))
            .because(printable(&error.to_string()))
    })
}

fn records(world: &World) -> PathBuf {
    world.state_dir.join("trusted")
}

fn record_of(inventory: &Inventory) -> String {
    format!("{} {}", inventory.sha256, printable(&inventory.file.display().to_string()))
}

fn must_be_ours(path: &Path) -> Result<()> {
    let shown = printable(&path.display().to_string());
    let refused = |why: String| Error::usage(format!("{shown} cannot be trusted")).because(why);
    let meta = path.metadata().map_err(|error| refused(printable(&error.to_string())))?;
    if meta.uid() != 0 && meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("it belongs to another user, and it can run commands as you".to_owned()));
    }
    if meta.mode() & 0o022 != 0 {
        let quoted = quote(&shown);
        return Err(refused("others may write to it, and it can run commands as you".to_owned())
            .next(format!("chmod go-w {quoted}")));
    }
    Ok(())
}
