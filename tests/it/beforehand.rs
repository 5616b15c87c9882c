//! Which deploys make a backup first.

use std::collections::BTreeMap;

use ops::inventory::Before;
use ops::plan::{Plan, lint};
use ops::record::{BackupRow, moment};
use ops::runbooks::deploy::{self, Data, Request, Staged};

use super::sample;

/// A deploy, of an update of modules or of code alone; `newest`: the newest verified backup.
fn planned(before: Before, data: Data, newest: Option<&str>) -> Plan {
    let mut env = sample::environment();
    env.deploy.backup.before = before;
    env.backup.offsite = vec![ops::inventory::Offsite {
        name: "spaces".into(),
        repository: "s3:https://example.com/b".into(),
        env: BTreeMap::new(),
    }];
    let mut facts = sample::facts();
    let module = ops::facts::Module { state: "installed".into(), version: Some("14.0.1.0".into()) };
    facts.database.as_mut().unwrap().as_mut().unwrap().modules.insert("ipai_docs".into(), module);
    facts.backups.as_mut().unwrap().rows.extend(newest.map(|id| BackupRow {
        id: id.into(),
        taken: moment(id).unwrap(),
        places: vec!["droplet".into()],
        verified: true,
        ..BackupRow::default()
    }));
    let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    let (facts, staged) =
        (BTreeMap::from([("erp-1".to_owned(), facts)]), BTreeMap::from([("erp-1".to_owned(), staged)]));
    let request = Request { data, ..Request::default() };
    let plan = deploy::plan(&sample::inputs(&env, &facts, &staged, &request)).unwrap();
    assert_eq!(lint(&plan), []);
    plan
}

fn made(plan: &Plan) -> bool {
    let ids: Vec<_> = plan.steps().map(|step| step.id.as_str()).collect();
    let at = |prefix: &str| ids.iter().position(|id| id.starts_with(prefix));
    let Some(first) = at("backup.") else { return false };
    // Whole, after what may fail cheaply and before anything that runs changes; nothing far away is waited for.
    let close = ids.iter().position(|id| *id == "backup.close").unwrap();
    assert!(at("render") < Some(first) && Some(close) < at("switch."), "{ids:?}");
    assert!(!ids.iter().any(|id| id.starts_with("backup.copy") || *id == "backup.forget"), "{ids:?}");
    assert!(plan.sections.iter().any(|section| section.id == "backup" && section.critical));
    true
}

#[test]
fn a_deploy_makes_a_backup_first_where_one_is_wanted_and_none_is_young_enough() {
    let update = || Data::Update(vec!["ipai_docs".into()]);
    let (young, old) = (Some("20261119t130000z"), Some("20261119t110000z"));
    assert!(made(&planned(Before::Migrating, update(), None)));
    assert!(made(&planned(Before::Migrating, update(), old)));
    assert!(made(&planned(Before::Always, Data::Kept, old)));
    assert!(!made(&planned(Before::Migrating, Data::Kept, None)), "code alone");
    assert!(!made(&planned(Before::Never, update(), None)));
    let enough = planned(Before::Migrating, update(), young);
    assert!(!made(&enough));
    let said =
        |plan: &Plan| plan.notes.iter().find(|note| note.title == "backup").map(|note| note.lines[0].clone());
    assert_eq!(said(&enough).unwrap(), "20261119t130000z is verified and 23 h old: none is made");
    assert!(said(&planned(Before::Always, Data::Kept, None)).unwrap().starts_with("none of the last 24 h"));
    assert_eq!(said(&planned(Before::Never, update(), None)), None);
}
