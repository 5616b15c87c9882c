//! Plans with `deploy.update: hash`: what a test starts from, and the verdict of each rule.

use std::collections::BTreeMap;

use ops::error::Error;
use ops::facts::Facts;
use ops::inventory::{Environment, Update};
use ops::plan::{Plan, lint};
use ops::runbooks::deploy::{self, Changed, Checksums, Data, OnDisk, Request, Staged, Stored};

use super::{TREE, checksum, write};
use crate::sample;

pub fn environment() -> Environment {
    let mut env = sample::environment();
    env.deploy.update = Update::Hash;
    env
}

/// A database with `base` and `tree`.
pub fn facts() -> Facts {
    let mut facts = sample::facts();
    facts.database.as_mut().unwrap().as_mut().unwrap().modules =
        ["base", "tree"].map(|name| (name.to_owned(), sample::module("installed"))).into();
    facts
}

pub fn staged(stored: Stored) -> Staged {
    let on_disk = |one: &str| OnDisk { checksum: Some(one.repeat(40)), installable: true, fault: None };
    let disk = BTreeMap::from([("base".to_owned(), on_disk("b")), ("tree".to_owned(), on_disk("a"))]);
    let checksums = Checksums { stored, modules: ["base", "tree"].map(String::from).into(), disk };
    Staged { entries: Some(Default::default()), checksums: Some(Ok(checksums)), ..sample::staged() }
}

pub fn known(all: &[(&str, &str)]) -> Stored {
    Stored::Known(all.iter().map(|(name, one)| (name.to_string(), one.repeat(40))).collect())
}

pub fn plan(staged: Staged, data: Data) -> Result<Plan, Error> {
    planned(&environment(), facts(), staged, &Request { data, ..Request::default() })
}

pub fn planned(env: &Environment, facts: Facts, staged: Staged, request: &Request) -> Result<Plan, Error> {
    let facts = BTreeMap::from([("erp-1".to_owned(), facts)]);
    let staged = BTreeMap::from([("erp-1".to_owned(), staged)]);
    let plan = deploy::plan(&sample::inputs(env, &facts, &staged, request))?;
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    Ok(plan)
}

pub fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps().map(|step| step.id.as_str()).collect()
}

pub fn notes(plan: &Plan) -> String {
    plan.notes.iter().map(|note| format!("{}\n{}\n", note.title, note.lines.join("\n"))).collect()
}

#[test]
fn each_kind_of_change_has_its_verdict_by_each_rule() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "tree", &TREE);
    let before = checksum(dir.path(), &["en_US"], None);
    // File, and what auto, declared and hash say.
    for (file, auto, declared, hash) in [
        ("__manifest__.py", true, true, true),
        ("views/a.xml", true, false, true),
        ("models/doc.py", true, false, true),
        ("models/pure_functions.py", false, false, true),
        ("controllers/main.py", false, false, true),
        ("README.rst", false, false, true),
        ("i18n/en.po", false, false, true),
        ("i18n/de.po", false, false, false),
        ("i18n/tree.pot", false, false, false),
        ("static/src/a.js", false, false, false),
        ("tests/test_h.py", false, false, false),
        ("models/__pycache__/doc.pyc", false, false, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "tree", &TREE);
        write(dir.path(), "tree", &[(file, "{'version': '14.0.1.1.0'}")]);
        let now = checksum(dir.path(), &["en_US"], None);
        let updates = |rule: Update| {
            let mut env = environment();
            env.deploy.update = rule;
            let mut staged = staged(known(&[("base", "b")]));
            if let (Some(Ok(all)), Some(Ok(code))) = (&mut staged.checksums, &mut staged.code) {
                all.disk.get_mut("tree").unwrap().checksum = Some(now.clone());
                let Stored::Known(stored) = &mut all.stored else { panic!() };
                stored.insert("tree".into(), before.clone());
                let path = format!("custom-addons/tree/{file}");
                code.models = ["custom-addons/tree/models/doc.py".to_owned()].into();
                code.versions =
                    [path.clone()].into_iter().filter(|one| one.ends_with("__manifest__.py")).collect();
                code.changed = vec![Changed { kind: 'M', path }];
            }
            let plan = planned(&env, facts(), staged, &Request::default()).unwrap();
            ids(&plan).contains(&"switch.update")
        };
        let said = [Update::Auto, Update::Declared, Update::Hash].map(updates);
        assert_eq!(said, [auto, declared, hash], "{file}");
    }
}
