//! Whether a database fits the code of a release, and which one that was put aside does.

use std::collections::{BTreeMap, BTreeSet};

use super::key;
use crate::facts::Facts;
use crate::record::{Release, RestorePoint};
use crate::text::printable;

/// Installed modules with their versions: as the database says, or where it cannot be asked, as was recorded.
pub(super) fn installed(facts: &BTreeMap<String, Facts>, current: &Release) -> BTreeMap<String, String> {
    let database = facts.values().find_map(|facts| facts.database.as_ref().ok()?.as_ref());
    let Some(database) = database.filter(|database| database.odoo) else { return current.modules.clone() };
    let modules = database.modules.iter().filter(|(_, module)| module.state != "uninstalled");
    modules.map(|(name, module)| (name.clone(), module.version.clone().unwrap_or_default())).collect()
}

/// Why the database as it is does not fit the code of a release.
pub(super) fn misfits(
    target: &Release,
    current: &Release,
    installed: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut all = Vec::new();
    let names: BTreeSet<&String> = installed.keys().chain(target.modules.keys()).collect();
    // What a record of older days does not know is no difference.
    for name in names.into_iter().filter(|_| !target.modules.is_empty()) {
        match (target.modules.get(name), installed.get(name)) {
            (Some(then), Some(now)) if then == now => {}
            (Some(then), Some(now)) => {
                all.push(format!("{name} is {now} in the database, and was {then} then"))
            }
            (None, Some(_)) => all.push(format!("{name} was installed since")),
            (Some(_), None) => all.push(format!("{name} was uninstalled since")),
            (None, None) => {}
        }
    }
    if all.is_empty() && target.data != current.data {
        let by = current.data.as_deref().or(target.data.as_deref()).unwrap_or_default();
        all.push(format!("modules were updated in the database since, by release {by}"));
    }
    all.iter().map(|one| printable(one)).collect()
}

/// The database put aside that has the data of a release, the newest of several; and the release that took
/// over from it.
pub(super) fn point<'a>(releases: &'a [Release], target: &Release) -> Option<(&'a RestorePoint, &'a str)> {
    // Of the release that left it, where it is still on record: modules may have been changed by hand between.
    let modules = |id: &str| releases.iter().find(|one| one.id == id).map(|one| &one.modules);
    let fits = |one: &&'a Release| {
        one.restore.as_ref().is_some_and(|point| {
            point.data == target.data && modules(&point.release).is_none_or(|then| *then == target.modules)
        })
    };
    let newest = releases.iter().filter(fits).max_by_key(|one| key(one))?;
    Some((newest.restore.as_ref()?, &newest.id))
}
