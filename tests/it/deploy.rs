//! Plans of a deploy, from facts alone.

use std::collections::BTreeMap;

use ops::error::Error;
use ops::exit::Exit;
use ops::facts::{Facts, ProbeFailure};
use ops::inventory::{Environment, Git, Severity, Strategy, Update, UserCheck, UserProbe, When};
use ops::plan::{Action, Content, Plan, lint};
use ops::record::Release;
use ops::runbooks::deploy::{self, Data, Model, Request, Staged, Wanted};

use super::sample;

fn plan(env: &Environment, facts: Facts, staged: Staged, request: &Request) -> Result<Plan, Error> {
    let facts = BTreeMap::from([("erp-1".to_owned(), facts)]);
    let staged = BTreeMap::from([("erp-1".to_owned(), staged)]);
    deploy::plan(&sample::inputs(env, &facts, &staged, request))
}

fn usual(change: impl FnOnce(&mut Facts)) -> Result<Plan, Error> {
    let mut facts = sample::facts();
    change(&mut facts);
    let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    plan(&sample::environment(), facts, staged, &Request::default())
}

#[test]
fn with_declared_only_a_raised_version_updates_a_module() {
    let manifest = "custom-addons/ipai_docs/__manifest__.py";
    let planned = |rule: Update, versions: &[&str]| {
        let mut env = sample::environment();
        env.deploy.update = rule;
        let mut staged = Staged { entries: Some(Default::default()), ..sample::staged() };
        if let Some(Ok(code)) = &mut staged.code {
            let change = |path: &str| deploy::Changed { kind: 'M', path: path.into() };
            code.changed = vec![change(manifest), change("custom-addons/ipai_docs/views/a.xml")];
            code.versions = versions.iter().map(|one| one.to_string()).collect();
        }
        let mut facts = sample::facts();
        let database = facts.database.as_mut().unwrap().as_mut().unwrap();
        let module = ops::facts::Module { state: "installed".into(), version: Some("14.0.1.0".into()) };
        database.modules.insert("ipai_docs".into(), module);
        plan(&env, facts, staged, &Request::default())
    };
    let updates = |plan: &Plan| ids(plan).contains(&"switch.update");
    assert!(updates(&planned(Update::Auto, &[]).unwrap()));
    assert!(updates(&planned(Update::Declared, &[manifest]).unwrap()));
    let not = planned(Update::Declared, &[]).unwrap();
    assert!(!updates(&not));
    assert!(
        not.notes.iter().any(|note| note.title == "changed, and not updated: ipai_docs"),
        "{:?}",
        not.notes
    );
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps().map(|step| step.id.as_str()).collect()
}

#[test]
fn a_new_commit_is_prepared_switched_verified_and_recorded() {
    let plan = usual(|_| ()).unwrap();
    let wanted = [
        "checkout",
        "pull.odoo",
        "render",
        "switch.slot",
        "verify.healthy",
        "verify.login",
        "verify.log",
        "switch.proxy",
        "switch.link",
        "verify.proxy",
        "verify.modules",
        "drain",
        "record",
    ];
    assert_eq!(ids(&plan), wanted);
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    assert!(
        plan.notes.iter().any(|note| note.title.starts_with("blue-green: odoo-b is started beside odoo"))
    );
}

#[test]
fn where_two_cannot_stand_side_by_side_the_container_is_recreated_and_the_plan_says_why() {
    let without = |facts: &mut Facts| facts.memory.as_mut().unwrap().available = 100_000_000;
    let plan = usual(without).unwrap();
    let wanted =
        ["checkout", "pull.odoo", "render", "switch.web", "switch.link", "verify.healthy", "verify.login"];
    assert_eq!(ids(&plan)[..wanted.len()], wanted);
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    let said = plan.notes.iter().find(|note| note.title.contains("interrupted")).unwrap();
    assert!(said.lines[0].contains("no memory for two"), "{said:?}");

    let mut facts = sample::facts();
    without(&mut facts);
    let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    let asked = Request { strategy: Some(Strategy::BlueGreen), ..Request::default() };
    let error = self::plan(&sample::environment(), facts, staged, &asked).unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    assert!(error.why[0].contains("no memory for two"), "{error:?}");
}

#[test]
fn a_mistyped_database_on_a_running_stack_is_refused_and_never_created() {
    let error = usual(|facts| {
        let database = facts.database.as_mut().unwrap().as_mut().unwrap();
        (database.exists, database.odoo, database.relations, database.bytes) = (false, false, 0, 0);
    })
    .unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    assert!(error.what.contains("no Odoo in a database odoo"), "{}", error.what);
    assert_eq!(error.droplet.as_deref(), Some("erp-1"));
}

#[test]
fn a_first_deploy_creates_the_database_and_says_so() {
    let first = |relations: u64, bytes: u64| {
        usual(|facts| {
            facts.containers = Ok(vec![sample::container("db")]);
            (facts.state.as_mut().unwrap().current, facts.state.as_mut().unwrap().releases) =
                (None, Vec::new());
            let database = facts.database.as_mut().unwrap().as_mut().unwrap();
            (database.odoo, database.relations, database.bytes) = (false, relations, bytes);
            database.modules.clear();
        })
    };
    // One that was emptied keeps its size.
    let plan = first(0, 90_000_000).unwrap();
    assert!(plan.title.contains("creating the database odoo"), "{}", plan.title);
    assert!(ids(&plan).contains(&"switch.database"));
    let error = first(3, 8_000_000).unwrap_err();
    assert_eq!(error.exit, Exit::Usage, "a database with other data is not ours to fill");
    assert!(error.what.contains("something else"), "{}", error.what);
}

#[test]
fn what_cannot_be_read_is_never_taken_for_an_empty_droplet() {
    let unread = || ProbeFailure { why: "docker did not answer".into() };
    let spoil: [fn(&mut Facts, ProbeFailure); 3] = [
        |facts, failure| facts.containers = Err(failure),
        |facts, failure| facts.state = Err(failure),
        |facts, failure| facts.database = Err(failure),
    ];
    for spoil in spoil {
        let error = usual(|facts| spoil(facts, unread())).unwrap_err();
        assert_eq!(error.exit, Exit::Checks);
        assert_eq!(error.why, ["docker did not answer"]);
        assert_eq!(error.next, ["ops preflight prod"]);
    }
}

#[test]
fn a_stage_that_failed_names_the_way_on_with_what_was_asked_for() {
    let mut staged = sample::staged();
    staged.code = Some(Err(ProbeFailure { why: "no such branch, tag or commit".into() }));
    let wanted = Wanted { git_ref: Some("release/1 4".into()), ..Wanted::default() };
    let asked = Request { wanted, ..Request::default() };
    let error = plan(&sample::environment(), sample::facts(), staged, &asked).unwrap_err();
    assert_eq!(error.next, ["ops preflight prod --ref 'release/1 4'"]);
}

#[test]
fn a_ref_that_the_inventory_does_not_allow_is_a_wrong_command_line() {
    let mut env = sample::environment();
    let asked = |name: &str| Wanted { git_ref: Some(name.into()), ..Wanted::default() };
    let allow = vec!["main".to_owned(), "release/*".to_owned()];
    env.stack.git = Some(Git { remote: "git@example.com:odoo.git".into(), r#ref: "main".into(), allow });
    for name in ["main", "release/14.0"] {
        assert_eq!(deploy::allowed(&env, &asked(name)), Ok(()));
    }
    for name in ["wip", "mainline", "release", "abc1234"] {
        assert_eq!(deploy::allowed(&env, &asked(name)).unwrap_err().exit, Exit::Usage, "{name}");
    }
    env.stack.git = None;
    assert_eq!(deploy::allowed(&env, &asked("main")).unwrap_err().exit, Exit::Usage);
}

#[test]
fn a_running_commit_that_nobody_knows_is_no_proof_that_nothing_needs_an_update() {
    let staged = || {
        let mut staged = Staged { entries: Some(Default::default()), ..sample::staged() };
        staged.code.as_mut().unwrap().as_mut().unwrap().running = None;
        staged
    };
    let env = sample::environment();
    let error = plan(&env, sample::facts(), staged(), &Request::default()).unwrap_err();
    assert!(error.what.contains("cannot tell"), "{}", error.what);
    let sure = Request { data: Data::Kept, ..Request::default() };
    assert!(plan(&env, sample::facts(), staged(), &sure).is_ok());
}

#[test]
fn the_users_own_checks_of_the_phase_verify_are_steps() {
    let check = |when: Vec<When>| UserCheck {
        name: "portal".into(),
        probe: UserProbe::Tcp { address: "127.0.0.1:8069".into() },
        severity: Severity::High,
        when,
    };
    let mut env = sample::environment();
    let planned = |env: &Environment| {
        let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
        let plan = plan(env, sample::facts(), staged, &Request::default()).unwrap();
        plan.steps().any(|step| step.id == "verify.checks" && step.title.contains("portal"))
    };
    env.checks = vec![check(vec![When::Health])];
    assert!(!planned(&env));
    env.checks = vec![check(vec![When::Verify, When::Health])];
    assert!(planned(&env));
}

#[test]
fn a_stopped_stack_with_a_release_on_record_is_no_first_deploy() {
    let error = usual(|facts| {
        facts.containers = Ok(Vec::new());
        facts.database = Ok(None);
    })
    .unwrap_err();
    assert!(error.what.contains("no first deploy"), "{}", error.what);
    assert_eq!(error.why, ["release r1 is on record here"]);
    assert!(error.next[0].contains("docker compose up -d db"), "{:?}", error.next);
}

#[test]
fn a_damaged_record_of_the_current_release_is_refused_and_not_adopted_over() {
    let error =
        usual(|facts| facts.state.as_mut().unwrap().releases = vec![sample::release("r0")]).unwrap_err();
    assert_eq!(error.exit, Exit::Checks);
    assert!(error.what.contains("current release r1"), "{}", error.what);
}

/// A stack by hand: no release on record.
fn by_hand(running: Option<Result<Model, ProbeFailure>>, from: &str) -> Result<Plan, Error> {
    let mut facts = sample::facts();
    let state = facts.state.as_mut().unwrap();
    (state.current, state.releases) = (None, Vec::new());
    for container in facts.containers.as_mut().unwrap() {
        container.config_files = vec![from.to_owned()];
    }
    let staged = Staged { entries: Some(Default::default()), running_model: running, ..sample::staged() };
    plan(&sample::environment(), facts, staged, &Request::default())
}

#[test]
fn what_runs_is_kept_as_release_0_or_nothing_is_deployed_over_it() {
    let model =
        || Model { project: "odoo".into(), json: serde_json::json!({"services": {"odoo": {}, "db": {}}}) };
    let kept = by_hand(Some(Ok(model())), "/opt/odoo/compose.yaml").unwrap();
    assert!(ids(&kept).contains(&"adopt"));
    let unreadable = ProbeFailure { why: "no such file".into() };
    for running in [None, Some(Err(unreadable))] {
        let error = by_hand(running, "/opt/odoo/compose.yaml").unwrap_err();
        assert_eq!(error.exit, Exit::Checks);
        assert!(error.what.contains("cannot be kept as release 0"), "{}", error.what);
    }
    // A first deploy that was taken back: release 0 is what runs, and is not made again under it.
    let again = by_hand(Some(Ok(model())), "/var/lib/ops/odoo/releases/0/compose.json").unwrap();
    assert!(!ids(&again).contains(&"adopt"));
}

#[test]
fn a_service_that_somebody_stopped_stays_so_and_a_new_one_is_started_and_said() {
    let with = |running: &[&str]| {
        let services: serde_json::Map<_, _> =
            running.iter().map(|name| ((*name).to_owned(), serde_json::json!({}))).collect();
        let running = Model { project: "odoo".into(), json: serde_json::json!({ "services": services }) };
        let mut staged = Staged {
            entries: Some(Default::default()),
            running_model: Some(Ok(running)),
            ..sample::staged()
        };
        let model = staged.model.as_mut().unwrap();
        model.json["services"]["redis"] = serde_json::json!({});
        let plan = plan(&sample::environment(), sample::facts(), staged, &Request::default()).unwrap();
        plan.steps().find(|step| step.id == "switch.slot").unwrap().title.clone()
    };
    assert!(with(&["odoo", "db"]).ends_with("; start redis"));
    assert!(!with(&["odoo", "db", "redis"]).contains("redis"));
}

#[test]
fn without_git_an_edited_compose_file_is_something_to_do() {
    let mut env = sample::environment();
    env.stack.git = None;
    let request = Request { strategy: Some(Strategy::Recreate), ..Request::default() };
    let planned = |facts: Facts, edit: fn(&mut serde_json::Value)| {
        let mut staged = Staged { entries: Some(Default::default()), code: None, ..sample::staged() };
        let services = &mut staged.model.as_mut().unwrap().json["services"];
        services["db"] = serde_json::json!({"environment": {"A": "1"}});
        edit(services);
        plan(&env, facts, staged, &request).unwrap()
    };
    // What a deploy puts on record is what runs afterwards.
    let first = planned(sample::facts(), |_| ());
    let record = first.steps().find(|step| step.id == "record").unwrap();
    let Some(Action::Put { content: Content::Text(json), .. }) = record.actions.first() else { panic!() };
    let mut release: Release = serde_json::from_str(json).unwrap();
    release.images.get_mut("odoo").unwrap().id = "sha256:odoo".into();
    let after = || {
        let mut facts = sample::facts();
        let state = facts.state.as_mut().unwrap();
        (state.current, state.releases) = (Some(release.id.clone()), vec![release.clone()]);
        facts
    };
    assert!(planned(after(), |_| ()).sections.is_empty());
    // What ops itself writes into `.env` is no edit of a service that reads it.
    let of_ours = planned(after(), |services| {
        services["db"]["environment"]["COMPOSE_FILE"] = "/r/compose.json".into();
    });
    assert!(of_ours.sections.is_empty());
    let edited = planned(after(), |services| services["odoo"]["mem_limit"] = "1g".into());
    assert!(!edited.sections.is_empty(), "{}", edited.title);
}
