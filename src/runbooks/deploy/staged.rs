//! What a fetch of the new ref tells, part by part: each can fail alone and preflight says which.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use super::checksums::{Checksums, OnDisk, Stored};
pub use super::kept::{Kept, Written};
use crate::facts::Probe;
use crate::plan::Layer;

/// The answer of the stage on one droplet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Staged {
    /// `None` where the inventory names no git remote: then the stack's own files are deployed.
    pub code: Option<Probe<Code>>,
    /// The repository was read and has no such branch, tag or commit.
    pub unknown_ref: bool,
    /// The model of the new ref (`docker compose config --no-interpolate`).
    pub model: Probe<Model>,
    /// The model of the files the running containers were made from; None where nothing runs.
    pub running_model: Option<Probe<Model>>,
    /// By service; only of services whose image is pulled.
    pub images: BTreeMap<String, Probe<Resolved>>,
    /// Names directly below the stack's path; None where it does not exist.
    pub entries: Option<BTreeSet<String>>,
    /// Paths below the stack's path that git does not track, ignores, or sees changed; None where it is
    /// no checkout.
    pub unclean: Option<Vec<String>>,
    /// A kept release is brought back; then nothing was fetched.
    pub kept: Option<Kept>,
    /// With `deploy.update: hash`, once they were asked for.
    pub checksums: Option<Probe<Checksums>>,
}

/// The new ref against what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Code {
    pub r#ref: String,
    pub sha: String,
    pub subject: String,
    /// What runs now, where it is known and in the repository.
    pub running: Option<String>,
    /// Commits that come in, newest first, at most 50.
    pub incoming: Vec<Commit>,
    /// Commits that run now and that the new ref lacks, at most 50.
    pub dropped: Vec<Commit>,
    /// Paths that differ from what runs, with git's letter.
    pub changed: Vec<Change>,
    /// Python files that define models or fields, in either commit.
    pub models: BTreeSet<String>,
    /// Paths of submodules, in either commit.
    pub submodules: BTreeSet<String>,
    /// Manifests whose version is another one than in what runs.
    pub versions: BTreeSet<String>,
    /// Every path of the commit.
    pub tree: Vec<String>,
    /// Bytes of the checkout.
    pub bytes: u64,
}

impl Code {
    /// The commit has the path, as a file or as a directory.
    pub fn has(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.tree.iter().any(|entry| entry == path || entry.starts_with(&below))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub sha: String,
    pub subject: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `A`, `M`, `D`, `T`.
    pub kind: char,
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// The project's name as Compose sees it.
    pub project: String,
    /// The whole model; not interpolated, so it holds no value of `.env`.
    pub json: serde_json::Value,
}

/// An image reference resolved at its registry, from the droplet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// As interpolated: `registry.example.com/odoo:14.0`.
    pub reference: String,
    /// `sha256:..` of the platform's manifest; None for an image that is only local.
    pub digest: Option<String>,
    pub layers: Vec<Layer>,
    /// The id of the image that the droplet has under this reference.
    pub local_id: Option<String>,
    /// The droplet has exactly this digest already (or the image is only local).
    pub present: bool,
    /// The registry did not answer, and the droplet's own copy is used.
    pub registry_fault: Option<String>,
}
