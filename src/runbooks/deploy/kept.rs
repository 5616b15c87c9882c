//! What a droplet has of a release that it kept: enough to bring it back without git and without a registry.
//!
//! Deliberately absent: which release to bring back, and whether the database fits it (`runbooks/rollback/`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::render::Moved;
use super::stage::{Parts, commits, good, running_model};
use super::staged::{Code, Model, Resolved, Staged};
use crate::facts::{Facts, Probe, ProbeFailure};
use crate::inventory::Role;
use crate::record::Release;
use crate::runbooks::modules::{self, Catalog};
use crate::text::printable;

/// What a release was rendered from, beside its compose file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// As the user wrote it, not interpolated.
    pub model: serde_json::Value,
    /// The bind mounts that follow the release.
    pub moved: Vec<Moved>,
}

/// A kept release, as the droplet tells of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    pub release: String,
    pub moved: Vec<Moved>,
    /// It has code of its own.
    pub code: bool,
    /// Databases of the server by name, with their bytes.
    pub databases: Probe<BTreeMap<String, u64>>,
    /// What was written since users were let in to the data that would be left.
    pub written: Option<Written>,
    /// Its modules on disk, where they were asked for.
    pub catalog: Option<Probe<Catalog>>,
    /// Tables of modules, where they were asked for.
    pub tables: Vec<Table>,
}

/// A table that a module brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub module: String,
    pub table: String,
    /// As PostgreSQL estimates it.
    pub rows: i64,
}

/// Work of users and of Odoo itself that a way back with data loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub seconds: u64,
    /// Bytes of PostgreSQL's write-ahead log, of the whole server.
    pub wal: u64,
    /// Rows inserted, updated and deleted; None where the statistics are of another copy.
    pub rows: Option<u64>,
}

/// Reads the stage's answer about a kept release.
pub(super) fn parse(parts: &Parts, facts: &Facts, roles: &[Role], id: &str) -> Staged {
    let release = facts.state.as_ref().ok().and_then(|state| state.releases.iter().find(|one| one.id == id));
    let running = running_model(parts);
    let source = source(parts, id);
    let model = match (&source, roles.contains(&Role::Web), &running) {
        (Ok(source), _, _) => {
            let project = facts.project().unwrap_or_default().to_owned();
            Ok(Model { project, json: source.model.clone() })
        }
        // A droplet with the database alone keeps what it runs.
        (Err(_), false, Some(model)) => model.clone(),
        (Err(failure), _, _) => Err(failure.clone()),
    };
    Staged {
        code: release.and_then(code).map(|code| Ok(Code { dropped: commits(parts, "dropped"), ..code })),
        unknown_ref: false,
        model,
        running_model: running,
        images: release.map(|release| images(parts, release)).unwrap_or_default(),
        entries: Some(Default::default()),
        unclean: None,
        kept: Some(Kept {
            release: id.to_owned(),
            moved: source.map(|source| source.moved).unwrap_or_default(),
            code: good(parts, "holds").is_ok(),
            databases: databases(parts),
            catalog: parts.contains_key("catalog").then(|| modules::read(&good(parts, "catalog")?.bytes)),
            tables: tables(parts),
            written: good(parts, "written").ok().and_then(|part| serde_json::from_slice(&part.bytes).ok()),
        }),
        checksums: None,
    }
}

fn source(parts: &Parts, id: &str) -> Probe<Source> {
    let part = good(parts, "source").map_err(|_| {
        ProbeFailure::new(format!("release {} is not kept here, or by an older ops", printable(id)))
    })?;
    serde_json::from_slice(&part.bytes).map_err(|error| {
        ProbeFailure::new(format!("source.json of {} cannot be read: {error}", printable(id)))
    })
}

fn code(release: &Release) -> Option<Code> {
    Some(Code {
        r#ref: release.git_ref.clone().unwrap_or_else(|| release.id.clone()),
        sha: release.sha.clone()?,
        subject: String::new(),
        running: None,
        incoming: Vec::new(),
        dropped: Vec::new(),
        changed: Vec::new(),
        models: Default::default(),
        submodules: Default::default(),
        versions: Default::default(),
        tree: Vec::new(),
        bytes: 0,
    })
}

/// The images that the release's own tags still name.
fn images(parts: &Parts, release: &Release) -> BTreeMap<String, Probe<Resolved>> {
    let here = good(parts, "images").map(|part| part.text()).unwrap_or_default();
    let here: BTreeMap<&str, &str> = here.lines().filter_map(|line| line.split_once(' ')).collect();
    let found = |(service, image): (&String, &crate::record::Image)| {
        let resolved = match here.get(image.kept.as_str()) {
            Some(id) => Ok(Resolved {
                reference: image.name.clone(),
                digest: image
                    .digest
                    .as_deref()
                    .and_then(|one| one.rsplit_once('@'))
                    .map(|(_, d)| d.to_owned()),
                layers: Vec::new(),
                local_id: Some((*id).to_owned()),
                present: true,
                registry_fault: None,
            }),
            None => Err(ProbeFailure::new(format!("{} is not on the droplet any more", image.kept))),
        };
        (service.clone(), resolved)
    };
    release.images.iter().map(found).collect()
}

fn tables(parts: &Parts) -> Vec<Table> {
    let text = good(parts, "tables").map(|part| part.text()).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn databases(parts: &Parts) -> Probe<BTreeMap<String, u64>> {
    let text = good(parts, "databases")?.text();
    let pair = |line: &str| {
        line.split_once('\t').and_then(|(bytes, name)| Some((name.to_owned(), bytes.parse().ok()?)))
    };
    Ok(text.lines().filter_map(pair).collect())
}
