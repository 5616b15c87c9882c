//! What the plan says, and what it refuses.

use ops::exit::Exit;
use ops::facts::ProbeFailure;
use ops::inventory::Role;
use ops::runbooks::deploy::{Data, OnDisk, Request, Staged, Stored};
use serde_json::json;

use super::planned::{environment, facts, ids, known, notes, plan, planned, staged};
use crate::sample;

#[test]
fn without_stored_checksums_everything_is_updated_and_the_plan_says_how_to_avoid_it() {
    for (stored, said) in [
        (Stored::Nothing, "no checksums are stored: every installed module is updated once"),
        (known(&[]), "no checksums are stored: every installed module is updated once"),
        (
            Stored::Unreadable("x\u{1b}[2J".into()),
            "the stored checksums cannot be read (x): every installed module is updated once",
        ),
    ] {
        let plan = plan(staged(stored), Data::Needed).unwrap();
        let notes = notes(&plan);
        assert!(notes.contains(said), "{notes}");
        assert!(
            notes.contains("ops deploy prod --no-update   # if you know that they are up to date"),
            "{notes}"
        );
        assert!(plan.steps().any(|step| step.title == "update base, tree"));
    }
    let some = plan(staged(known(&[("tree", "a")])), Data::Needed).unwrap();
    assert!(notes(&some).contains("updated because no checksum of them is stored: base"), "{}", notes(&some));
    assert!(some.steps().any(|step| step.title == "update base"));
}

#[test]
fn a_long_list_is_told_together() {
    let mut staged = staged(Stored::Nothing);
    if let Some(Ok(all)) = &mut staged.checksums {
        all.modules = (0..40).map(|n| format!("m{n:02}")).collect();
        let disk = OnDisk { checksum: Some("a".into()), installable: true, fault: None };
        all.disk = all.modules.iter().map(|name| (name.clone(), disk.clone())).collect();
    }
    let plan = plan(staged, Data::Needed).unwrap();
    assert!(notes(&plan).contains("m08, m09 and 30 more: no checksum of it is stored"), "{}", notes(&plan));
}

#[test]
fn what_runs_already_is_nothing_to_do_and_what_was_left_out_is_said() {
    let mut facts = facts();
    let state = facts.state.as_mut().unwrap();
    state.releases[0].sha = Some("2".repeat(40));
    let run = |stored: Stored| {
        let mut staged = staged(stored);
        let image = staged.images.get_mut("odoo").unwrap().as_mut().unwrap();
        (image.digest, image.local_id) = (None, Some("sha256:odoo".into()));
        planned(&environment(), facts.clone(), staged, &Request::default()).unwrap()
    };
    let left = run(known(&[("base", "b"), ("tree", "c")]));
    assert!(left.is_empty(), "{:?}", ids(&left));
    assert!(
        left.title.contains("runs already; not updated since their files changed: tree"),
        "{}",
        left.title
    );
    assert!(left.title.contains("ops install-modules prod --update tree"), "{}", left.title);
    assert!(run(Stored::Nothing).title.ends_with("runs already"));
}

#[test]
fn what_cannot_be_told_is_no_nothing_changed() {
    let failed =
        Staged { checksums: Some(Err(ProbeFailure { why: "no python3".into() })), ..staged(Stored::Nothing) };
    let error = plan(failed, Data::Needed).unwrap_err();
    assert_eq!((error.exit, error.why[0].as_str()), (Exit::Checks, "no python3"));
    assert!(error.next.iter().any(|next| next.contains("--no-update")), "{error:?}");
    let unasked = Staged { checksums: None, ..staged(Stored::Nothing) };
    assert_eq!(plan(unasked, Data::Needed).unwrap_err().exit, Exit::Checks);

    let mut built = staged(Stored::Nothing);
    built.model.as_mut().unwrap().json["services"]["odoo"]["build"] = json!({"context": "/opt/odoo"});
    let error = plan(built, Data::Needed).unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    assert!(error.why[0].contains("built from the checkout"), "{error:?}");

    let mut env = environment();
    env.droplets.push(ops::inventory::Droplet {
        name: "erp-2".into(),
        roles: vec![Role::Web],
        ..sample::droplet()
    });
    let request = Request::default();
    let error = planned(&env, facts(), staged(Stored::Nothing), &request).unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    assert!(error.why[0].contains("on one droplet"), "{error:?}");
}
