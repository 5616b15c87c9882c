//! What `--list` shows: every module on disk or in the database, side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, series};
use super::names::matches;
use crate::facts::Module;
use crate::record::ModuleRow;

/// By name; only those that the patterns mean, where there are any.
pub fn rows(catalog: &Catalog, known: &BTreeMap<String, Module>, patterns: &[String]) -> Vec<ModuleRow> {
    let series = series(known).unwrap_or_default();
    let names: BTreeSet<&String> = catalog.keys().chain(known.keys()).collect();
    let row = |name: &String| {
        let (addon, module) = (catalog.get(name), known.get(name));
        let installed = module.and_then(|module| module.version.clone()).unwrap_or_default();
        let disk = addon.filter(|addon| addon.broken.is_none());
        let disk = disk.map(|addon| addon.full_version(&series)).unwrap_or_default();
        let state = module.map_or("uninstalled", |module| module.state.as_str()).to_owned();
        let note = match (addon, state.as_str()) {
            (Some(addon), _) if addon.broken.is_some() => {
                addon.broken.as_ref().map(|why| format!("its manifest cannot be read: {why}"))
            }
            (None, _) => Some("in the database, and nowhere on disk".into()),
            (_, state) if state.starts_with("to ") => Some("left half-way: --repair".into()),
            (Some(addon), "uninstalled") if !addon.lacks.is_empty() => {
                Some(format!("the image lacks {}", addon.lacks.join(", ")))
            }
            (Some(addon), "uninstalled") if !addon.installable => Some("not installable".into()),
            (Some(_), "installed") if installed != disk => Some("drifted: --update".into()),
            _ => None,
        };
        let path = addon.map(|addon| addon.path.clone()).unwrap_or_default();
        ModuleRow { name: name.clone(), state, installed, disk, path, note }
    };
    let meant = |name: &&String| patterns.is_empty() || patterns.iter().any(|one| matches(one, name));
    names.into_iter().filter(meant).map(row).collect()
}
