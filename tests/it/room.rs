//! How a database is put aside, by the room there is for it and by what the inventory says.

use std::collections::BTreeMap;

use ops::exit::Exit;
use ops::facts::{Facts, Module, Mount};
use ops::inventory::SnapshotKind;
use ops::plan::{Plan, lint};
use ops::runbooks::deploy::{self, Changed, Request, Staged};

use super::sample;

const GB: u64 = 1_000_000_000;

/// A database of 10 GB, a module that has to be updated in it, and so much room for Docker and for ops.
fn plan(kind: SnapshotKind, docker: u64, state: u64) -> Result<Plan, ops::error::Error> {
    let mut env = sample::environment();
    env.deploy.snapshot = kind;
    let mut staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    if let Some(Ok(code)) = &mut staged.code {
        code.changed = vec![Changed { kind: 'M', path: "custom-addons/ipai_docs/views/a.xml".into() }];
    }
    let facts = BTreeMap::from([("erp-1".to_owned(), facts(docker, state))]);
    let staged = BTreeMap::from([("erp-1".to_owned(), staged)]);
    deploy::plan(&sample::inputs(&env, &facts, &staged, &Request::default()))
}

fn facts(docker: u64, state: u64) -> Facts {
    let mut facts = sample::facts();
    let database = facts.database.as_mut().unwrap().as_mut().unwrap();
    database.bytes = 10 * GB;
    let module = Module { state: "installed".into(), version: Some("14.0.1.0".into()) };
    database.modules.insert("ipai_docs".into(), module);
    let usual = facts.mounts.as_ref().unwrap()[0].clone();
    let mount = |purpose: &str, free: u64| Mount { purposes: vec![purpose.into()], free, ..usual.clone() };
    facts.mounts = Ok(vec![mount("docker", docker), mount("state", state), mount("stack", 41 * GB)]);
    facts
}

fn said(plan: &Plan) -> String {
    let lines = plan.notes.iter().flat_map(|note| note.lines.clone());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn without_room_for_a_copy_the_database_is_dumped_and_without_room_for_a_dump_nothing_begins() {
    use SnapshotKind::{Auto, Copy, Dump};
    let (copy, dump) = ("put odoo aside as", "dump odoo to");
    let table = [
        (Auto, 11, 5, Ok(copy)),
        (Auto, 11, 0, Ok(copy)),
        (Auto, 10, 5, Ok(dump)),
        (
            Auto,
            10,
            4,
            Err("a dump of the database may want 5 GB, and 4 GB are free; a copy wants 11 GB of 10 GB free"),
        ),
        (Copy, 11, 0, Ok(copy)),
        (Copy, 10, 50, Err("a copy of the database wants 11 GB, and 10 GB are free")),
        (Dump, 50, 5, Ok(dump)),
        (Dump, 50, 4, Err("a dump of the database may want 5 GB, and 4 GB are free")),
    ];
    for (kind, docker, state, wanted) in table {
        let planned = plan(kind, docker * GB, state * GB);
        let case = format!("{kind:?}, {docker} GB for Docker, {state} GB for ops");
        match (planned, wanted) {
            (Ok(plan), Ok(title)) => {
                assert!(lint(&plan).is_empty(), "{case}: {:?}", lint(&plan));
                let step = plan.steps().find(|step| step.id == "switch.snapshot").unwrap();
                assert!(step.title.starts_with(title), "{case}: {}", step.title);
                assert_eq!(said(&plan).contains("can bring back the code only"), title == dump, "{case}");
            }
            (Err(error), Err(why)) => {
                assert_eq!(error.exit, Exit::Checks, "{case}");
                assert!(error.why.iter().any(|one| one == why), "{case}: {:?}", error.why);
            }
            (planned, _) => panic!("{case}: {planned:?}"),
        }
    }
}
