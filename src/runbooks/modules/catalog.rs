//! The modules that the running release has on disk, as their manifests say.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::facts::{Module, Probe, ProbeFailure};

/// By technical name.
pub type Catalog = BTreeMap<String, Addon>;

/// One module on disk. Everything in it is the repository's word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Addon {
    /// Where its directory is, in the container.
    pub path: String,
    pub version: String,
    pub summary: String,
    pub depends: Vec<String>,
    pub installable: bool,
    pub auto: Auto,
    /// What its manifest wants and the image does not have: "python lxml", "program wkhtmltopdf".
    pub lacks: Vec<String>,
    /// Why its manifest cannot be read.
    pub broken: Option<String>,
}

/// Whether Odoo installs it by itself, once other modules are installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Auto {
    /// When all of its dependencies are.
    All(bool),
    /// When these are.
    These(Vec<String>),
}

impl Default for Auto {
    fn default() -> Self {
        Auto::All(false)
    }
}

/// Reads what `tools/addons.py` printed.
///
/// # Errors
/// It printed something else.
pub fn read(bytes: &[u8]) -> Probe<Catalog> {
    let all: Probe<Catalog> = serde_json::from_slice(bytes)
        .map_err(|error| ProbeFailure::new(format!("the list of modules cannot be read: {error}")));
    // A name becomes a word of a command, so only what can be one is taken from a droplet.
    all.map(|all| all.into_iter().filter(|(name, _)| crate::inventory::module(name).is_ok()).collect())
}

impl Addon {
    /// The version as Odoo writes it into the database: with the series in front.
    pub fn full_version(&self, series: &str) -> String {
        let version = self.version.as_str();
        match version == series || version.starts_with(&format!("{series}.")) {
            true => version.to_owned(),
            false => format!("{series}.{version}"),
        }
    }

    /// Odoo installs it by itself once `installed` are, and `new` among them.
    fn follows(&self, installed: &BTreeSet<&str>, new: &BTreeSet<&str>) -> bool {
        let triggers = match &self.auto {
            Auto::All(false) => return false,
            Auto::All(true) => &self.depends,
            Auto::These(these) => these,
        };
        let all = |names: &[String]| names.iter().all(|one| installed.contains(one.as_str()));
        self.broken.is_none()
            && self.installable
            && all(triggers)
            && all(&self.depends)
            && self.depends.iter().any(|one| new.contains(one.as_str()))
    }
}

/// "14.0" of the `base` module's version in the database.
pub fn series(installed: &BTreeMap<String, Module>) -> Option<String> {
    let version = installed.get("base")?.version.as_deref()?;
    let mut parts = version.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

/// Modules that Odoo adds by itself to what is installed and what will be.
pub fn followers(catalog: &Catalog, installed: &BTreeSet<&str>, new: &BTreeSet<&str>) -> BTreeSet<String> {
    let (mut new, mut all): (BTreeSet<&str>, BTreeSet<&str>) =
        (new.clone(), installed.union(new).copied().collect());
    let mut found = BTreeSet::new();
    loop {
        let next =
            catalog.iter().find(|(name, addon)| !all.contains(name.as_str()) && addon.follows(&all, &new));
        let Some((name, _)) = next else { return found };
        found.insert(name.clone());
        new.insert(name);
        all.insert(name);
    }
}

/// The installed modules that need one of these, directly or through others.
pub fn dependents(catalog: &Catalog, installed: &BTreeSet<&str>, of: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    loop {
        let needs = |addon: &Addon| addon.depends.iter().any(|one| of.contains(one) || found.contains(one));
        let next = catalog.iter().find(|(name, addon)| {
            installed.contains(name.as_str()) && !of.contains(*name) && !found.contains(*name) && needs(addon)
        });
        let Some((name, _)) = next else { return found };
        found.insert(name.clone());
    }
}
