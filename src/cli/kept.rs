//! What this laptop keeps for itself of an environment: small files, one of each kind for each environment of each
//! inventory. None of them is needed: what cannot be read was never there.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::inventory::{Environment, Inventory};
use crate::world::World;

/// Of which kind, and of which environment.
pub struct Place(PathBuf);

impl Place {
    pub fn new(world: &World, kind: &str, inventory: &Inventory, env: &Environment) -> Self {
        let hash = Sha256::digest(inventory.file.as_os_str().as_encoded_bytes());
        let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self(world.state_dir.join(kind).join(format!("{}-{hash}.json", env.name)))
    }

    pub fn load<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()
    }

    /// The old text or the new one, never a part.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, value: &impl Serialize) -> std::io::Result<()> {
        let dir = self.0.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer(&mut file, value)?;
        file.persist(&self.0)?;
        Ok(())
    }
}
