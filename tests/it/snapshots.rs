//! Databases that were put aside: which are needed, which go, and when.

use std::collections::BTreeMap;

use ops::exit::Exit;
use ops::facts::Facts;
use ops::plan::{Plan, lint};
use ops::record::{Release, RestorePoint};
use ops::runbooks::deploy::{self, Inputs, Request, Staged};
use ops::runbooks::snapshots::{of, plan};

use super::sample;

const NOW: &str = "2026-11-20T12:00:00Z";

fn restore(id: &str, created: &str, database: &str) -> Release {
    let point =
        RestorePoint { database: database.into(), release: "r0".into(), data: None, taken: created.into() };
    Release { created: created.into(), restore: Some(point), ..sample::release(id) }
}

/// Three of a rollback's, one that broke, and what only looks like one.
fn facts() -> Facts {
    let mut facts = sample::facts();
    let aside = [
        "odoo_before_20261101t000000z",
        "odoo_before_20261102t000000z",
        "odoo_after_20261119t000000z",
        "odoo_broken_20261103t000000z",
        "other_before_20261101t000000z",
        "odoo_before_20269901t000000z",
        "odoo_backup",
    ];
    facts.database.as_mut().unwrap().as_mut().unwrap().aside =
        aside.into_iter().map(|name| (name.to_owned(), 1_000_000)).collect();
    let state = facts.state.as_mut().unwrap();
    state.releases = vec![
        restore("r1", "2026-11-01T00:00:00Z", aside[0]),
        restore("r2", "2026-11-02T00:00:00Z", aside[1]),
        restore("r3", "2026-11-19T00:00:00Z", aside[2]),
    ];
    state.current = Some("r2".into());
    facts
}

fn with<T>(facts: Facts, then: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let (env, request) = (sample::environment(), Request::default());
    let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    let (facts, staged) =
        (BTreeMap::from([("erp-1".to_owned(), facts)]), BTreeMap::from([("erp-1".to_owned(), staged)]));
    then(&sample::inputs(&env, &facts, &staged, &request))
}

fn dropped(plan: &Plan) -> Vec<String> {
    plan.steps().filter(|step| step.id == "drop").map(|step| step.title.clone()).collect()
}

#[test]
fn what_a_rollback_could_bring_back_is_needed() {
    let rows = of(&sample::environment(), &facts());
    let all: Vec<_> =
        rows.iter().map(|row| (row.name.as_str(), row.needed, row.back_from.as_deref())).collect();
    assert_eq!(
        all,
        [
            ("odoo_before_20261101t000000z", false, Some("r1")),
            // Of the release that runs.
            ("odoo_before_20261102t000000z", true, Some("r2")),
            ("odoo_broken_20261103t000000z", false, None),
            // The newest.
            ("odoo_after_20261119t000000z", true, Some("r3")),
        ]
    );
    assert!(rows[0].is_older(NOW, 7) && !rows[3].is_older(NOW, 7) && rows[3].is_older(NOW, 1));
}

#[test]
fn a_deploy_drops_what_is_old_and_not_needed() {
    let plan = with(facts(), deploy::plan).unwrap();
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    let wanted = "drop odoo_before_20261101t000000z, odoo_broken_20261103t000000z, put aside before";
    assert_eq!(dropped(&plan), [wanted]);
    assert_eq!(plan.steps().last().unwrap().id, "drop", "housekeeping comes last");
    let mut young = facts();
    let database = young.database.as_mut().unwrap().as_mut().unwrap();
    database.aside.retain(|name, _| name.contains("after"));
    assert!(dropped(&with(young, deploy::plan).unwrap()).is_empty());
}

#[test]
fn only_what_was_put_aside_and_nobody_needs_is_dropped_by_name() {
    let by_name = |name: &str| with(facts(), |inputs| plan(inputs, &[name.to_owned()]));
    let plan = by_name("odoo_broken_20261103t000000z").unwrap();
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    assert!(plan.data_loss.as_ref().unwrap().contains("odoo_broken_20261103t000000z (1 MB)"), "{plan:?}");
    assert_eq!(by_name("odoo_before_20261102t000000z").unwrap_err().exit, Exit::Checks);
    for none in ["odoo", "odoo_backup", "other_before_20261101t000000z", "postgres"] {
        assert_eq!(by_name(none).unwrap_err().exit, Exit::Usage, "{none}");
    }
}
