//! Getting a secret where it is said to be, at the moment a plan needs it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use super::model::Source;
use super::trust::Trust;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::secret::Secret;
use crate::text::printable;
use crate::transport::laptop::run_laptop;
use crate::world::World;

/// The largest secret, in bytes.
const LARGEST: usize = 64 << 10;
/// Long enough to touch a key, short enough to notice a program that waits for input in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// The value behind a reference: one line, never empty.
///
/// # Errors
/// Exit 3 for `{cmd: ..}` in an inventory that is not trusted; else exit 2: not set, not there, not a
/// plain file, writable by everyone, too large, more than one line, the program failed.
pub async fn resolve(source: &Source, world: &World, trust: Trust) -> Result<Secret> {
    let (name, value) = match source {
        Source::Env(name) => (format!("${name}"), variable(name, world)?),
        Source::File(path) => (printable(&path.display().to_string()), file(path)?),
        Source::Cmd(words) => (command_name(words), command(words, trust).await?),
    };
    if value.is_empty() {
        return Err(Error::usage(format!("the secret from {name} is empty")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::usage(format!("the secret from {name} is more than one line of text")));
    }
    Ok(Secret::new(value))
}

fn variable(name: &str, world: &World) -> Result<String> {
    world.var(name).map(str::to_owned).ok_or_else(|| {
        Error::usage(format!("the variable ${name} is not set"))
            .because("the inventory takes a secret from it")
            .next(format!("set it for this command: {name}=… ops …"))
    })
}

fn file(path: &Path) -> Result<String> {
    let shown = printable(&path.display().to_string());
    let refused = |why: &str| Error::usage(format!("cannot take a secret from {shown}")).because(why);
    let failed = |error: std::io::Error| refused(&printable(&error.to_string()));
    // Without NONBLOCK, opening a named pipe would wait for a writer.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(refused("it is not a plain file"));
    }
    if meta.permissions().mode() & 0o002 != 0 {
        let quoted = crate::cmd::quote(&shown);
        return Err(refused("everyone may write to it").next(format!("chmod o-w {quoted}")));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LARGEST {
        return Err(refused("it is larger than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

async fn command(words: &[String], trust: Trust) -> Result<String> {
    let name = command_name(words);
    if trust != Trust::Trusted {
        return Err(Error::new(Exit::NotApproved, "this inventory runs commands and is not trusted yet")
            .because(format!("a secret is to come from {name}"))
            .next("run the command in a terminal, read what it wants to run, and answer"));
    }
    let bytes = run_laptop(words, PATIENCE, LARGEST).await?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("what {name} prints is not UTF-8 text")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn command_name(words: &[String]) -> String {
    format!("`{}`", printable(&words.join(" ")))
}
