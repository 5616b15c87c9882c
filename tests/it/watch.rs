//! The watch after a switch, in the plan of a deploy.

use std::collections::BTreeMap;
use std::time::Duration;

use ops::inventory::{Droplet, Environment, Role, Severity, UserCheck, UserProbe, Watch, When};
use ops::plan::{Phase, Plan, Section, Undo, lint};
use ops::runbooks::deploy::{self, Data, Held, Request, Staged, Wanted};

use super::sample;

fn environment(put_back: bool) -> Environment {
    let mut env = sample::environment();
    env.deploy.watch = Some(Watch { time: Duration::from_secs(90), put_back });
    env
}

fn planned(env: &Environment, request: &Request, creates: bool) -> Plan {
    let (mut facts, mut staged) = (BTreeMap::new(), BTreeMap::new());
    for droplet in &env.droplets {
        let mut here = sample::facts();
        here.droplet.clone_from(&droplet.name);
        let database = here.database.as_mut().unwrap().as_mut().unwrap();
        let base = database.modules["base"].clone();
        database.modules.insert("ipai_docs".into(), base);
        if creates {
            here.containers = Ok(vec![sample::container("db")]);
            let state = here.state.as_mut().unwrap();
            (state.current, state.releases) = (None, Vec::new());
            let database = here.database.as_mut().unwrap().as_mut().unwrap();
            (database.odoo, database.relations, database.bytes) = (false, 0, 8_000_000);
            database.modules.clear();
        }
        facts.insert(droplet.name.clone(), here);
        let kept = request.wanted.release.as_ref().map(|held| sample::kept(&held.id));
        let one = Staged { entries: Some(Default::default()), kept, ..sample::staged() };
        staged.insert(droplet.name.clone(), one);
    }
    let plan = deploy::plan(&sample::inputs(env, &facts, &staged, request)).unwrap();
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    plan
}

/// The section with the watch, and the shell text of the watch.
fn watch(plan: &Plan) -> (&Section, String) {
    let section = plan.sections.iter().find(|one| one.steps.iter().any(|step| step.id == "watch")).unwrap();
    let step = section.steps.last().unwrap();
    assert_eq!(step.id, "watch", "something comes after it in its section");
    assert!(matches!(step.undo, Undo::NotNeeded(_)));
    (section, format!("{:?}", step.actions))
}

#[track_caller]
fn notes(plan: &Plan, wanted: &str, line: &str) {
    let note = plan.notes.iter().find(|note| note.title.contains("watched for 90 s")).unwrap();
    assert!(note.title.ends_with(wanted) && note.lines[0].contains(line), "{note:?}");
}

#[test]
fn without_a_word_of_it_nothing_is_measured() {
    let plan = planned(&sample::environment(), &Request::default(), false);
    assert!(plan.steps().all(|step| step.id != "watch" && step.id != "baseline"));
}

#[test]
fn a_watch_that_only_tells_is_the_last_thing_of_a_deploy() {
    let plan = planned(&environment(false), &Request::default(), false);
    let (section, _) = watch(&plan);
    assert_eq!((section.id.as_str(), section.critical), ("watch", false));
    assert_eq!(plan.sections.last(), Some(section));
    let prepare = &plan.sections[0];
    assert_eq!((prepare.id.as_str(), &*prepare.steps.last().unwrap().id), ("prepare", "baseline"));
    notes(&plan, "a worse release is said, and stays", "first Ctrl-C");
}

#[test]
fn one_that_puts_back_belongs_to_the_switch_that_the_droplet_takes_back_itself() {
    let plan = planned(&environment(true), &Request::default(), false);
    let (section, _) = watch(&plan);
    assert_eq!((section.id.as_str(), section.critical), ("web", true));
    notes(&plan, "a worse release goes back", "the droplet does that by itself");
}

#[test]
fn on_several_droplets_the_laptop_takes_them_back_together() {
    let mut env = environment(true);
    env.droplets.push(Droplet { name: "erp-2".into(), roles: vec![Role::Web], ..sample::droplet() });
    let plan = planned(&env, &Request::default(), false);
    let watched: Vec<_> = plan.sections.iter().filter(|section| section.id == "watch").collect();
    assert_eq!(watched.iter().map(|one| &*one.droplet).collect::<Vec<_>>(), ["erp-1", "erp-2"]);
    // Not housekeeping: its failure takes the run back.
    assert!(watched.iter().all(|one| !one.critical && one.steps[0].phase == Phase::Verify));
    notes(&plan, "goes back on all droplets", "this laptop does that");
}

#[test]
fn nothing_goes_back_by_itself_to_nothing_or_with_a_loss_of_data() {
    let first = planned(&environment(true), &Request::default(), true);
    assert!(first.steps().all(|step| step.id != "baseline"));
    let data = Data::Update(vec!["ipai_docs".into()]);
    let migration = planned(&environment(true), &Request { data, ..Request::default() }, false);
    for (plan, back) in
        [(first, "ops runs undo prod-20261120T120000Z-0001"), (migration, "ops rollback prod")]
    {
        let (section, said) = watch(&plan);
        assert_eq!((section.id.as_str(), section.critical), ("watch", false));
        assert!(said.contains(back), "{back}");
        notes(&plan, "a worse release is said, and stays", "put_back does not hold");
    }
}

#[test]
fn whoever_goes_back_is_not_kept_waiting() {
    let held = Held { id: "r0".into(), sha: None, since: None, modules: false };
    let wanted = Wanted { release: Some(held), ..Wanted::default() };
    let back = Request { wanted, data: Data::Kept, ..Request::default() };
    let plan = planned(&environment(true), &back, false);
    assert!(plan.steps().any(|step| step.id == "record"));
    assert!(plan.steps().all(|step| step.id != "watch" && step.id != "baseline"));
}

#[test]
fn the_users_own_pages_are_asked_too() {
    let check = |name: &str, probe| UserCheck {
        name: name.into(),
        probe,
        severity: Severity::High,
        when: vec![When::Health],
    };
    let page = UserProbe::Http {
        path: "/my?q='$(id)'".into(),
        status: 302,
        contains: Some("it's".into()),
        max_time: None,
    };
    let mut env = environment(false);
    env.checks =
        vec![check("portal", page), check("port", UserProbe::Tcp { address: "127.0.0.1:8069".into() })];
    let plan = planned(&env, &Request::default(), false);
    for id in ["baseline", "watch"] {
        let step = plan.steps().find(|step| step.id == id).unwrap();
        assert!(
            step.title.ends_with(": /web/login, portal") || step.title.ends_with("of /web/login, portal")
        );
        let said = format!("{:?}", step.actions);
        assert!(said.contains("/my?q=") && said.contains("302"), "{id}");
    }
}
