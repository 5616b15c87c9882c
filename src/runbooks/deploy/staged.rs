//! What a fetch of the new ref tells, part by part: each can fail alone and preflight says which.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::Probe;
use crate::plan::Layer;

/// The answer of the stage on one droplet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Staged {
    pub code: Probe<Code>,
    /// The model of the new ref (`docker compose config --no-interpolate`).
    pub model: Probe<Model>,
    /// By service; only of services whose image is pulled.
    pub images: BTreeMap<String, Probe<Resolved>>,
}

/// The new ref against what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Code {
    pub r#ref: String,
    pub sha: String,
    pub subject: String,
    /// What runs now, where it is known and in the repository.
    pub running: Option<String>,
    /// Commits that come in, newest first, bounded.
    pub incoming: Vec<Commit>,
    /// Commits that run now and that the new ref lacks.
    pub dropped: Vec<Commit>,
    /// Paths that differ, with git's letter.
    pub changed: Vec<Change>,
    /// Bytes of the checkout.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub sha: String,
    pub subject: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `A`, `M`, `D`, `R`, ..
    pub kind: char,
    pub path: String,
    /// Lines added or removed that match nothing but comments are not told apart here.
    pub added: Vec<String>,
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
    /// The droplet has it already.
    pub present: bool,
}
