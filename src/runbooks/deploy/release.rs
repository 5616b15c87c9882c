//! One release on one droplet: where its files are and what its steps need to name.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Inputs;
use crate::inventory::Environment;
use crate::record::{Image, RELEASE_SCHEMA, Release, Slot};
use crate::tools::compose::Project;
use crate::tools::images;

/// Paths and names of a release on a droplet.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: String,
    pub project: String,
    /// Where its web service is.
    pub slot: Slot,
    /// `<state_dir>/<project>`.
    pub state: String,
    /// `<state>/releases/<id>`.
    pub dir: String,
    /// The release's compose file.
    pub file: String,
    /// The release's checkout.
    pub source: String,
}

impl Place {
    pub fn new(env: &Environment, project: &str, id: &str) -> Self {
        let state = format!("{}/{project}", env.state_dir);
        let dir = format!("{state}/releases/{id}");
        Self {
            id: id.to_owned(),
            project: project.to_owned(),
            slot: Slot::A,
            file: format!("{dir}/compose.json"),
            source: format!("{dir}/src"),
            state,
            dir,
        }
    }

    /// The same release with its web service in another slot.
    pub fn in_slot(self, slot: Slot) -> Self {
        Self { slot, ..self }
    }

    /// The Compose service of its web service; `web` is what the user calls it.
    pub fn service(&self, web: &str) -> String {
        self.slot.service(web)
    }

    pub fn kept(&self, service: &str) -> String {
        images::kept(&self.project, &self.id, service)
    }

    pub fn compose<'a>(&'a self, env: &'a Environment) -> Project<'a> {
        Project {
            name: &self.project,
            path: env.stack.path.as_str(),
            file: &self.file,
            profiles: &env.stack.profiles,
        }
    }
}

/// What `release.json` will say; image ids are filled in on the droplet, once they exist.
pub fn record(
    inputs: &Inputs<'_>,
    place: &Place,
    compose: &str,
    kept: &BTreeMap<String, (String, Option<String>)>,
    code: Option<(String, String)>,
) -> Release {
    let database = inputs.facts.values().find_map(|facts| facts.database.as_ref().ok()?.as_ref());
    let modules = database
        .into_iter()
        .flat_map(|db| &db.modules)
        .filter(|(_, module)| module.state == "installed")
        .map(|(name, module)| (name.clone(), module.version.clone().unwrap_or_default()))
        .collect();
    let (git_ref, sha) = code.unzip();
    Release {
        schema: RELEASE_SCHEMA.to_owned(),
        id: place.id.clone(),
        created: inputs.now.clone(),
        run: Some(inputs.run.clone()),
        git_ref,
        sha,
        images: kept
            .iter()
            .map(|(service, (name, digest))| {
                let image = Image {
                    name: name.clone(),
                    id: format!("@id:{service}@"),
                    digest: digest.clone(),
                    kept: place.kept(service),
                };
                (service.clone(), image)
            })
            .collect(),
        compose_hash: hash(compose),
        modules,
        operator: Some(inputs.operator.clone()),
        reason: inputs.request.reason.clone(),
        slot: place.slot,
        restore: None,
        data: None,
        copy_of: None,
    }
}

/// Of a compose file, by which two of them are told apart. Where a Compose puts `env_file` into the model,
/// the two names that ops itself writes into `.env` come back with it, and mean nothing.
pub(super) fn hash(text: &str) -> String {
    let ours = ["\"COMPOSE_FILE\":", "\"COMPOSE_PROJECT_NAME\":"];
    let said = |line: &&str| !ours.iter().any(|one| line.trim_start().starts_with(one));
    let text: Vec<&str> = text.lines().filter(said).map(|line| line.trim_end_matches(',')).collect();
    let text = text.join("\n");
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name Compose would give a project in this directory.
pub fn default_project(env: &Environment) -> String {
    let base = env.stack.path.file_name().unwrap_or("odoo").to_lowercase();
    let clean: String =
        base.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    let clean = clean.trim_start_matches(['_', '-']);
    if clean.is_empty() { "odoo".to_owned() } else { clean.to_owned() }
}
