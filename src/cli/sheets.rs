//! Result sheets on the laptop: a file for each run, for whoever has to show it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use crate::world::World;

/// Where it is now. Its run's id, which is ours, names it.
///
/// # Errors
/// It cannot be written there.
pub fn save(world: &World, run: &str, text: &str) -> std::io::Result<PathBuf> {
    let dir = world.state_dir.join("sheets");
    DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
    let path = dir.join(format!("{run}.md"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}
