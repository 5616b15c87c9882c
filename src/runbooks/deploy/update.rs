//! Which installed modules a change of code makes Odoo update in the database (`deploy.update: auto`).
//!
//! A changed manifest, data, view, access rule, migration or Python that defines models or fields needs
//! `-u`; static files, controllers, tests, translations and documentation do not. Judged by file: a file
//! that defines a model counts whole, because a method's body and a field cannot be told apart safely.

use std::collections::BTreeMap;

use super::staged::Code;
use crate::facts::Module;
use crate::inventory::Stack;

/// A module that something is done to, and what says so (at most a few reasons are shown).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    pub module: String,
    pub because: Vec<String>,
    /// What the database has to say of it afterwards, where that is known.
    pub version: Option<String>,
}

impl Needed {
    pub fn new(module: impl Into<String>, because: Vec<String>) -> Self {
        Self { module: module.into(), because, version: None }
    }

    /// `name`, or `name=version`.
    fn wanted(&self) -> String {
        let version = self.version.as_ref().map(|version| format!("={version}"));
        format!("{}{}", self.module, version.unwrap_or_default())
    }
}

/// What is done to the modules of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub install: Vec<Needed>,
    pub update: Vec<Needed>,
    pub uninstall: Vec<Needed>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    pub fn all(&self) -> impl Iterator<Item = &Needed> {
        self.install.iter().chain(&self.update).chain(&self.uninstall)
    }

    /// "install a, b; update c".
    pub fn what(&self) -> String {
        let parts = [("install", &self.install), ("update", &self.update), ("uninstall", &self.uninstall)];
        let part = |(verb, all): (&str, &Vec<Needed>)| {
            let names: Vec<_> = all.iter().map(|one| one.module.as_str()).collect();
            (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
        };
        parts.into_iter().filter_map(part).collect::<Vec<_>>().join("; ")
    }
}

/// What `verify.modules` wants to see installed.
pub(super) fn wanted(change: &Change) -> Vec<String> {
    change.install.iter().chain(&change.update).map(Needed::wanted).collect()
}

pub(super) fn modules(all: &[Needed]) -> Vec<String> {
    all.iter().map(|one| one.module.clone()).collect()
}

/// The installed modules that the change touches in the database, by name.
pub fn needed(stack: &Stack, code: &Code, installed: &BTreeMap<String, Module>) -> Vec<Needed> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for change in &code.changed {
        if code.submodules.contains(&change.path) && holds_addons(stack, &change.path) {
            let because = "a submodule changed, and what changed in it cannot be told".to_owned();
            found.entry(change.path.clone()).or_default().push(because);
        }
        for (module, inside) in places(stack, &change.path) {
            if installed.get(module).is_some_and(|m| m.state != "uninstalled")
                && touches_database(code, &change.path, inside)
            {
                found.entry(module.to_owned()).or_default().push(change.path.clone());
            }
        }
    }
    found.into_iter().map(|(module, because)| Needed::new(module, because)).collect()
}

/// A directory in, above or at one with addons.
fn holds_addons(stack: &Stack, path: &str) -> bool {
    let below = |a: &str, b: &str| a == "." || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('/'));
    stack
        .addons
        .iter()
        .map(|addons| addons.as_str())
        .any(|addons| addons == path || below(addons, path) || below(path, addons))
}

/// The module and the path inside it; several, where one directory of addons lies in another.
fn places<'a>(stack: &'a Stack, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    stack.addons.iter().filter_map(move |addons| {
        let inside = match addons.as_str() {
            "." => path,
            addons => path.strip_prefix(addons)?.strip_prefix('/')?,
        };
        inside.split_once('/')
    })
}

fn touches_database(code: &Code, path: &str, inside: &str) -> bool {
    let first = inside.split('/').next().unwrap_or_default();
    if matches!(
        first,
        "static" | "tests" | "test" | "doc" | "docs" | "i18n" | "i18n_extra" | "controllers" | "readme"
    ) {
        return false;
    }
    if inside == "__manifest__.py" || inside == "__openerp__.py" || matches!(first, "migrations" | "upgrades")
    {
        return true;
    }
    match inside.rsplit_once('.').map(|(_, ending)| ending) {
        Some("py") => code.models.contains(path),
        Some("xml" | "csv" | "sql" | "yml" | "yaml") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbooks::deploy::staged::Change as Changed;
    use crate::runbooks::deploy::tests::{code, stack};

    #[test]
    fn each_kind_of_change_has_its_verdict() {
        let table = [
            ("views/a.xml", true),
            ("security/ir.model.access.csv", true),
            ("data/cron.xml", true),
            ("__manifest__.py", true),
            ("migrations/14.0.1.1/post.py", true),
            ("models/doc.py", true),
            ("models/pure_functions.py", false),
            ("wizard/import.py", true),
            ("controllers/main.py", false),
            ("static/src/js/a.js", false),
            ("static/src/xml/templates.xml", false),
            ("tests/test_doc.py", false),
            ("i18n/fr.po", false),
            ("README.rst", false),
        ];
        let installed =
            BTreeMap::from([("ipai_docs".to_owned(), Module { state: "installed".into(), version: None })]);
        for (file, wanted) in table {
            let mut code = code();
            code.models = ["models/doc.py", "wizard/import.py", "controllers/main.py", "tests/test_doc.py"]
                .map(|f| format!("custom-addons/ipai_docs/{f}"))
                .into();
            code.changed = vec![Changed { kind: 'M', path: format!("custom-addons/ipai_docs/{file}") }];
            assert_eq!(!needed(&stack(), &code, &installed).is_empty(), wanted, "{file}");
            // The same change in a module that is not installed touches no database.
            assert!(needed(&stack(), &code, &BTreeMap::new()).is_empty(), "{file}");
        }
    }

    #[test]
    fn a_changed_submodule_with_addons_counts_because_nobody_looks_into_it() {
        let mut stack = stack();
        stack.addons = vec!["custom/oca".into(), "own".into()];
        let count = |stack: &Stack, path: &str| {
            let mut code = code();
            code.submodules = [path.to_owned()].into();
            code.changed = vec![Changed { kind: 'M', path: path.into() }];
            needed(stack, &code, &BTreeMap::new()).len()
        };
        for path in ["custom/oca", "custom", "own/reporting", "custom/oca/web"] {
            assert_eq!(count(&stack, path), 1, "{path}");
        }
        for path in ["docs", "customs", "own-tools"] {
            assert_eq!(count(&stack, path), 0, "{path}");
        }
    }

    #[test]
    fn a_directory_of_addons_in_another_is_seen() {
        let mut stack = stack();
        stack.addons = vec!["custom".into(), "custom/oca".into()];
        let installed =
            BTreeMap::from([("web_x".to_owned(), Module { state: "installed".into(), version: None })]);
        let mut code = code();
        code.changed = vec![Changed { kind: 'M', path: "custom/oca/web_x/views/a.xml".into() }];
        assert_eq!(needed(&stack, &code, &installed).len(), 1);
    }
}
