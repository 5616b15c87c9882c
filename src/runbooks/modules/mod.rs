//! Which modules are installed, updated and uninstalled, from what was asked, what is on disk and what the
//! database has. Pure.
//!
//! The way itself is a deploy's of the release that runs: the database is put aside first, and comes back
//! where anything fails. Deliberately absent: what Odoo itself decides while it installs.

mod asked;
mod catalog;
mod listed;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use super::deploy::{Change, Needed};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Module;
use crate::inventory::Environment;

pub use asked::{change, running, told};
pub use catalog::{Addon, Auto, Catalog, read, series};
pub use listed::rows;

/// What the operator asked for. Names may hold `*` and `?`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    pub install: Vec<String>,
    pub update: Vec<String>,
    pub uninstall: Vec<String>,
    /// What the inventory names and the database does not have.
    pub all: bool,
    /// What was left half-way is brought to an end.
    pub repair: bool,
    pub reason: Option<String>,
}

impl Wish {
    /// Nothing is named.
    pub fn is_empty(&self) -> bool {
        let named = !(self.install.is_empty() && self.update.is_empty() && self.uninstall.is_empty());
        !named && !self.all && !self.repair
    }
}

/// What there is: on disk, and in the database.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub env: &'a Environment,
    pub catalog: &'a Catalog,
    /// Modules of the database that are not simply uninstalled.
    pub known: &'a BTreeMap<String, Module>,
}

/// The change, empty where everything asked for is so already.
///
/// # Errors
/// Exit 2: a name that nothing has. Exit 9: a manifest, a dependency or the image is in the way, or a module
/// was left half-way.
pub fn resolve(ground: Ground<'_>, wish: &Wish) -> Result<Change> {
    let left = |(name, module): &(&String, &Module)| named(name) && module.state.starts_with("to ");
    let half: Vec<_> = ground.known.iter().filter(left).collect();
    if wish.repair {
        return Ok(repair(&half));
    }
    if !half.is_empty() {
        let again = format!("ops install-modules {} --repair", ground.env.name);
        let said = half.iter().map(|(name, module)| format!("{name} is {:?}", module.state));
        let error = Error::new(Exit::Checks, "modules were left half-way by an earlier run of Odoo");
        return Err(said.fold(error, Error::because).next(again));
    }
    let installed: BTreeSet<&str> = ground.installed().collect();
    let mut wanted = names::on_disk(ground, &wish.install)?;
    if wish.all || wish.is_empty() {
        wanted.extend(names::on_disk(ground, &ground.env.modules)?);
    }
    wanted.retain(|name| !installed.contains(name.as_str()));
    let update = names::installed(ground, &wish.update)?;
    let gone = names::installed(ground, &wish.uninstall)?;
    let with = ground.needed(&wanted, &installed)?;
    Ok(Change {
        install: wanted.iter().map(|name| ground.because(name, &wanted, &with, &installed)).collect(),
        update: update.iter().map(|name| ground.drift(name)).collect(),
        uninstall: uninstalls(ground, &gone, &installed),
    })
}

/// What a database calls a module becomes a word of a command: only what can be a name is one.
fn named(name: &str) -> bool {
    crate::inventory::module(name).is_ok()
}

fn repair(half: &[(&String, &Module)]) -> Change {
    let of = |state: &str| {
        let left = half.iter().filter(|(_, module)| module.state == state);
        left.map(|(name, module)| Needed::new(*name, vec![format!("left {:?}", module.state)])).collect()
    };
    Change { install: of("to install"), update: of("to upgrade"), uninstall: of("to remove") }
}

fn uninstalls(ground: Ground<'_>, gone: &BTreeSet<String>, installed: &BTreeSet<&str>) -> Vec<Needed> {
    let dependents = catalog::dependents(ground.catalog, installed, gone);
    let asked = gone.iter().map(|name| (name, "it was asked for"));
    let others = dependents.iter().map(|name| (name, "it needs a module that goes"));
    asked.chain(others).map(|(name, why)| Needed::new(name, vec![why.into()])).collect()
}

impl<'a> Ground<'a> {
    fn installed(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let installed = |(name, module): &(&String, &Module)| named(name) && module.state == "installed";
        self.known.iter().filter(installed).map(|(name, _)| name.as_str())
    }

    /// The modules that have to be installed with these.
    fn needed(&self, wanted: &BTreeSet<String>, installed: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
        let mut faults = Vec::new();
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<&str> = wanted.iter().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            let Some(addon) = self.catalog.get(name) else { continue };
            faults.extend(faults_of(name, addon));
            for one in addon.depends.iter().filter(|one| !installed.contains(one.as_str())) {
                if !self.catalog.contains_key(one) {
                    faults.push(format!("{name} needs {one}, which is nowhere on the addons paths"));
                } else if !wanted.contains(one) && found.insert(one.clone()) {
                    open.push(one);
                }
            }
        }
        if faults.is_empty() {
            return Ok(found);
        }
        let error = Error::new(Exit::Checks, "these modules cannot be installed");
        Err(faults.into_iter().take(10).fold(error, Error::because).next(format!(
            "ops install-modules {} --list   # every module that the running release has",
            self.env.name
        )))
    }

    fn because(
        &self,
        name: &str,
        wanted: &BTreeSet<String>,
        with: &BTreeSet<String>,
        installed: &BTreeSet<&str>,
    ) -> Needed {
        let addon = self.catalog.get(name);
        let mut because = vec![addon.map(|one| format!("version {}", one.version)).unwrap_or_default()];
        // Said once, with the first.
        if wanted.first().is_some_and(|first| first == name) {
            let new: BTreeSet<&str> = wanted.iter().chain(with).map(String::as_str).collect();
            let auto = catalog::followers(self.catalog, installed, &new);
            if !with.is_empty() {
                because.push(format!("with what is needed: {}", list(with)));
            }
            if !auto.is_empty() {
                because.push(format!("Odoo adds by itself: {}", list(&auto)));
            }
        }
        Needed { version: self.version(name), ..Needed::new(name, because) }
    }

    /// As Odoo writes the manifest's version into the database.
    fn version(&self, name: &str) -> Option<String> {
        let addon = self.catalog.get(name).filter(|addon| addon.broken.is_none())?;
        Some(addon.full_version(&series(self.known)?))
    }

    fn drift(&self, name: &str) -> Needed {
        let disk = self.catalog.get(name).map(|addon| addon.version.clone());
        let database = self.known.get(name).and_then(|module| module.version.clone());
        let because =
            format!("{} in the database, {} on disk", database.unwrap_or_default(), disk.unwrap_or_default());
        Needed { version: self.version(name), ..Needed::new(name, vec![because]) }
    }
}

fn faults_of(name: &str, addon: &Addon) -> Vec<String> {
    if let Some(why) = &addon.broken {
        return vec![format!("the manifest of {name} cannot be read: {why}")];
    }
    let mut faults: Vec<_> =
        addon.lacks.iter().map(|one| format!("{name} wants {one}, which the image lacks")).collect();
    if !addon.installable {
        faults.push(format!("{name} says that it is not installable"));
    }
    faults
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
