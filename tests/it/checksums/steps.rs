//! What is done to the database, and which checksums are stored.

use ops::plan::{Action, Plan, Undo};
use ops::runbooks::deploy::{Change, Data, Held, Needed, Request, Staged, Stored, Wanted};
use serde_json::{Value, json};

use super::planned::{environment, facts, ids, known, notes, plan, planned, staged};
use crate::sample;

/// What the step's program is told.
fn settled(plan: &Plan) -> Option<Value> {
    let step = plan.steps().find(|step| step.id == "checksums")?;
    let [Action::Run(cmd)] = step.actions.as_slice() else { panic!("{step:?}") };
    Some(serde_json::from_str(cmd.stdin_text()?.lines().next()?).unwrap())
}

#[test]
fn a_module_whose_files_changed_is_updated_and_its_checksum_stored_before_users_are_let_in() {
    let plan = plan(staged(known(&[("base", "b"), ("tree", "c")])), Data::Needed).unwrap();
    let ids = ids(&plan);
    let at = |id: &str| ids.iter().position(|one| *one == id).unwrap_or_else(|| panic!("{id} {ids:?}"));
    assert!(at("switch.update") < at("verify.login") && at("verify.login") < at("checksums"), "{ids:?}");
    assert!(at("checksums") < at("record") && at("record") < at("open"), "{ids:?}");
    assert!(notes(&plan).contains("tree: files changed since the last update"), "{}", notes(&plan));
    assert_eq!(settled(&plan), Some(json!({"what": "all"})));
    let step = plan.steps().find(|step| step.id == "checksums").unwrap();
    assert!(matches!(step.undo, Undo::NotNeeded(_)), "{step:?}");
}

#[test]
fn where_no_file_changed_nothing_is_updated_and_nothing_is_stored() {
    let plan = plan(staged(known(&[("base", "b"), ("tree", "a"), ("gone", "1")])), Data::Needed).unwrap();
    assert!(!ids(&plan).iter().any(|id| ["checksums", "switch.update"].contains(id)), "{:?}", ids(&plan));
    assert!(notes(&plan).contains("no file of 2 installed modules changed since the last update"));
}

#[test]
fn the_operators_word_is_above_the_checksums() {
    let stored = || known(&[("base", "b"), ("tree", "c")]);
    let kept = plan(staged(stored()), Data::Kept).unwrap();
    assert!(!ids(&kept).contains(&"switch.update"));
    assert_eq!(settled(&kept), Some(json!({"what": "unknown"})));
    let step = kept.steps().find(|step| step.id == "checksums").unwrap();
    assert!(matches!(step.undo, Undo::By(_)), "the database that serves is written to: {step:?}");
    assert!(notes(&kept).contains("checksums are stored of the modules that have none"), "{}", notes(&kept));

    let all = plan(staged(stored()), Data::UpdateAll).unwrap();
    assert_eq!(settled(&all), Some(json!({"what": "all"})));
    let named = plan(staged(stored()), Data::Update(vec!["tree".into()])).unwrap();
    let wanted = json!({"what": "named", "names": ["tree"], "before": ["base", "tree"]});
    assert_eq!(settled(&named), Some(wanted));
    // Other rules have nothing to do with it.
    let request = Request { data: Data::UpdateAll, ..Request::default() };
    let auto = planned(&sample::environment(), facts(), staged(stored()), &request).unwrap();
    assert_eq!(settled(&auto), None);
}

#[test]
fn what_is_installed_has_its_checksum_stored() {
    let install = vec![Needed::new("ipai_docs", vec!["it was asked for".into()])];
    let data = Data::Modules(Change { install, ..Change::default() });
    let held = Held { id: "r1".into(), modules: true, ..Held::default() };
    let wanted = Wanted { release: Some(held), ..Wanted::default() };
    let kept = sample::kept("r1");
    let staged = Staged { kept: Some(kept), checksums: None, ..staged(Stored::Nothing) };
    let plan =
        planned(&environment(), facts(), staged, &Request { wanted, data, ..Request::default() }).unwrap();
    let wanted = json!({"what": "named", "names": ["ipai_docs"], "before": ["base", "tree"]});
    assert_eq!(settled(&plan), Some(wanted));
}
