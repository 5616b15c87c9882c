//! Which modules click-odoo-update would update (`deploy.update: hash`): those whose files have another checksum than
//! the one that the database stores. Pure; `hashing.rs` asks for what is judged here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::update::Needed;
use crate::facts::{Probe, ProbeFailure};

/// What is stored in the database, and what the new release has on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checksums {
    pub stored: Stored,
    /// Modules that are installed, or marked to be updated.
    pub modules: Vec<String>,
    /// Of these, what is on the addons paths.
    pub disk: BTreeMap<String, OnDisk>,
}

/// As the database has it; anything may stand there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub enum Stored {
    #[default]
    Nothing,
    /// Why it cannot be read; taken for nothing.
    Unreadable(String),
    Known(BTreeMap<String, String>),
}

/// The files of one module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnDisk {
    #[serde(default)]
    pub checksum: Option<String>,
    pub installable: bool,
    /// Why there is no checksum.
    #[serde(default)]
    pub fault: Option<String>,
}

/// The database's own words.
#[derive(Deserialize)]
struct Question {
    modules: Option<BTreeMap<String, String>>,
    stored: Option<String>,
    /// How long it is, whether or not it is told.
    bytes: Option<u64>,
}

/// Reads what the database and the program said.
///
/// # Errors
/// Either said something else; none of the modules is on disk, or the files of one cannot be read.
pub(super) fn read(question: &[u8], disk: &[u8]) -> Probe<Checksums> {
    let unread = |what: &str, error: serde_json::Error| ProbeFailure::new(format!("{what}: {error}"));
    let question: Question =
        serde_json::from_slice(question).map_err(|error| unread("psql cannot be understood", error))?;
    let disk: BTreeMap<String, OnDisk> =
        serde_json::from_slice(disk).map_err(|error| unread("the checksums cannot be read", error))?;
    // A name becomes a word of a command, so only what can be one is taken from a droplet.
    let modules = question.modules.unwrap_or_default().into_keys();
    let modules: Vec<String> = modules.filter(|name| crate::inventory::module(name).is_ok()).collect();
    if !modules.is_empty() && !modules.iter().any(|name| disk.contains_key(name)) {
        return Err(ProbeFailure::new(
            "none of the installed modules is on the addons paths that were found",
        ));
    }
    let fault = |(name, one): (&String, &OnDisk)| {
        let fault = one.fault.as_ref().filter(|_| one.installable)?;
        Some(format!("the files of {name} cannot be read: {fault}"))
    };
    match disk.iter().find_map(fault) {
        Some(fault) => Err(ProbeFailure::new(fault)),
        None => Ok(Checksums { stored: stored(question.stored, question.bytes), modules, disk }),
    }
}

fn stored(text: Option<String>, bytes: Option<u64>) -> Stored {
    let Some(text) = text else {
        return match bytes {
            Some(bytes) => Stored::Unreadable(format!("they are {bytes} bytes long")),
            None => Stored::Nothing,
        };
    };
    if text.is_empty() {
        return Stored::Nothing;
    }
    match serde_json::from_str::<BTreeMap<String, Value>>(&text) {
        // The tool writes `false` for a module that was not on disk.
        Ok(all) => Stored::Known(
            all.into_iter().filter_map(|(name, one)| Some((name, one.as_str()?.to_owned()))).collect(),
        ),
        Err(_) => Stored::Unreadable("they are not what click-odoo-update writes".into()),
    }
}

impl Checksums {
    fn stored(&self, name: &str) -> Option<&String> {
        match &self.stored {
            Stored::Known(all) => all.get(name),
            _ => None,
        }
    }

    /// Nothing that says what the database fits.
    pub(super) fn blank(&self) -> bool {
        !matches!(&self.stored, Stored::Known(all) if !all.is_empty())
    }

    /// The modules to update; one that Odoo could not install is left alone, as the tool does.
    pub(super) fn needed(&self) -> Vec<Needed> {
        let why = |name: &String| {
            let disk = self.disk.get(name).filter(|disk| disk.installable)?;
            match self.stored(name) {
                Some(stored) if Some(stored) == disk.checksum.as_ref() => None,
                Some(_) => Some("files changed since the last update"),
                None => Some("no checksum of it is stored"),
            }
        };
        let needed = |name: &String| Some(Needed::new(name, vec![why(name)?.to_owned()]));
        self.modules.iter().filter_map(needed).collect()
    }

    /// The modules to update of which nothing is stored, while it is of others.
    pub(super) fn unknown(&self) -> Vec<String> {
        let all = self.needed().into_iter().map(|one| one.module);
        all.filter(|name| !self.blank() && self.stored(name).is_none()).collect()
    }

    /// Installed, and nowhere on disk: nothing can be said of them.
    pub(super) fn missing(&self) -> Vec<String> {
        self.modules.iter().filter(|name| !self.disk.contains_key(*name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
