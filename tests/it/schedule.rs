//! Backups by a timer of the droplet: what is put there, what is refused, and what is said to differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ops::exit::Exit;
use ops::facts::{Facts, Lookout, Schedule};
use ops::inventory::{Environment, Notify, NotifyKind, NotifyOn, Source, Value};
use ops::plan::{Action, Content, Plan, lint};
use ops::queries;
use ops::runbooks::backup::Ground;
use ops::runbooks::deploy::{Inputs, Request};
use ops::runbooks::schedule::{Program, VERSION, Wanted, install, remove};

use super::sample;

const CANARY: &str = "https://hc.example.com/canary4711";

fn heard(env: &mut Environment, url: Value) {
    env.notify = vec![
        Notify {
            kind: NotifyKind::Slack,
            url: Value::Plain("https://slack.example.com/x".into()),
            on: vec![],
            smtp: None,
        },
        Notify { kind: NotifyKind::Healthchecks, url, on: vec![], smtp: None },
    ];
}

/// What comes of an environment and facts.
fn with<T>(env: &Environment, facts: Facts, then: impl FnOnce(&Inputs<'_>, &Wanted<'_>) -> T) -> T {
    let request = Request::default();
    let (facts, staged) = (BTreeMap::from([("erp-1".to_owned(), facts)]), BTreeMap::new());
    let ground = Ground::new(env, facts.get("erp-1")).unwrap();
    let wanted = queries::scheduled(&ground).unwrap();
    then(&sample::inputs(env, &facts, &staged, &request), &wanted)
}

/// The facts of a droplet that has what the plan puts there.
fn installed(plan: &Plan) -> Facts {
    let mut found = Schedule { enabled: true, active: true, ..Schedule::default() };
    for action in plan.steps().flat_map(|step| &step.actions) {
        match action {
            Action::Put { path, content: Content::Text(text), .. } => {
                let name = path.rsplit('/').next().unwrap().to_owned();
                found.files.insert(name, sample::sha256(text));
            }
            Action::Put { content: Content::EnvFile(lines), .. } => {
                found.pings = lines.iter().map(|(name, _)| name.clone()).collect();
            }
            _ => {}
        }
    }
    Facts { schedule: Ok(found), ..sample::facts() }
}

#[test]
fn what_is_there_already_is_not_put_there_again() {
    let mut env = sample::environment();
    heard(&mut env, Value::Secret(Source::File(PathBuf::from("/home/alice/ping"))));
    let plan = with(&env, sample::facts(), |inputs, wanted| install(inputs, wanted).unwrap());
    assert_eq!(lint(&plan), []);
    let ids: Vec<_> = plan.steps().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["schedule.ping", "schedule.put", "schedule.start"]);
    assert!(plan.sections[0].needs_secrets() && plan.sections[1].critical);

    let facts = installed(&plan);
    let again = with(&env, facts.clone(), |inputs, wanted| install(inputs, wanted).unwrap());
    assert!(again.is_empty() && again.title.starts_with("nothing to do"), "{}", again.title);
    // A colleague has the secret at a place of their own, which is no other secret.
    heard(&mut env, Value::Secret(Source::File(PathBuf::from("/home/bob/ops/ping"))));
    with(&env, facts.clone(), |_, wanted| {
        assert_eq!(wanted.drift(facts.schedule.as_ref().unwrap()), [""; 0]);
    });
    // Nobody hears any more: what the address was kept in goes.
    env.notify.clear();
    let plan = with(&env, facts, |inputs, wanted| install(inputs, wanted).unwrap());
    assert_eq!(plan.sections.len(), 1);
    let words = serde_json::to_string(&plan.sections).unwrap();
    assert!(words.contains("\"rm\"") && words.contains("schedule/ping"));
}

#[test]
fn every_change_of_the_inventory_that_matters_differs() {
    let env = sample::environment();
    let facts = installed(&with(&env, sample::facts(), |inputs, wanted| install(inputs, wanted).unwrap()));
    let found = facts.schedule.clone().unwrap();
    let drift = |env: &Environment| with(env, facts.clone(), |_, wanted| wanted.drift(&found));
    assert_eq!(drift(&env), [""; 0]);
    let mut other = env.clone();
    other.backup.schedule = "04:00".into();
    assert_eq!(drift(&other), ["/etc/systemd/system/ops-backup-odoo.timer is another"]);
    let mut other = env.clone();
    other.backup.keep.daily = 30;
    let differs = drift(&other).join(", ");
    assert!(differs.contains("schedule/sections is another") && !differs.contains("timer"), "{differs}");
    let mut other = env.clone();
    heard(&mut other, Value::Plain(CANARY.into()));
    assert_eq!(drift(&other), ["notify has other addresses than the droplet"]);
    let stopped = Schedule { active: false, files: BTreeMap::new(), ..found };
    let said = with(&env, facts, |_, wanted| wanted.drift(&stopped));
    assert_eq!(said.len(), 7);
}

#[test]
fn an_address_is_in_no_file_but_its_own() {
    let mut env = sample::environment();
    heard(&mut env, Value::Plain(CANARY.into()));
    with(&env, sample::facts(), |inputs, wanted| {
        assert!(wanted.files().all(|file| !file.text.contains("canary")));
        let plan = serde_json::to_string(&install(inputs, wanted).unwrap()).unwrap();
        assert!(plan.contains("PING_") && !plan.contains("canary"), "{plan}");
    });
    let plan =
        planned(&looking(Value::Plain(CANARY.into())), sample::facts(), &program("aa", false)).unwrap();
    let plan = serde_json::to_string(&plan).unwrap();
    assert!(plan.contains("NOTIFY_") && !plan.contains("canary"), "{plan}");
}

/// An environment that looks at its health, and a channel that hears of it.
fn looking(url: Value) -> Environment {
    let mut env = sample::environment();
    env.notify = vec![Notify { kind: NotifyKind::Slack, url, on: NotifyOn::ALL.into(), smtp: None }];
    env.health.every = Some(Duration::from_secs(300));
    env
}

fn program(sha256: &str, chosen: bool) -> Request {
    let program = Program { file: "/usr/bin/ops".into(), bytes: 1, sha256: sha256.into(), chosen };
    ops::runbooks::schedule::request(Some(&program), None)
}

/// The facts of a droplet that has what the plan puts there, this ops included.
fn looked_after(plan: &Plan, sha256: &str) -> Facts {
    let mut facts = installed(plan);
    let found = facts.schedule.as_mut().unwrap();
    let (own, files) = std::mem::take(&mut found.files)
        .into_iter()
        .partition(|(name, _)| name == "inventory.yaml" || name.starts_with("ops-health"));
    found.files = files;
    let addresses = plan.steps().flat_map(|step| &step.actions).find_map(|action| match action {
        Action::Put { path, content: Content::EnvFile(lines), .. } if path.ends_with("/notify") => {
            Some(lines.iter().map(|(name, _)| name.clone()).collect())
        }
        _ => None,
    });
    found.pings.clear();
    found.health = Lookout {
        files: own,
        program: Some(VERSION.into()),
        sha256: Some(sha256.into()),
        addresses: addresses.unwrap_or_default(),
        enabled: true,
        active: true,
        ..Lookout::default()
    };
    facts
}

fn planned(env: &Environment, facts: Facts, request: &Request) -> ops::error::Result<Plan> {
    let (facts, staged) = (BTreeMap::from([("erp-1".to_owned(), facts)]), BTreeMap::new());
    let ground = Ground::new(env, facts.get("erp-1")).unwrap();
    let wanted = queries::scheduled(&ground).unwrap();
    install(&sample::inputs(env, &facts, &staged, request), &wanted)
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps().map(|step| step.id.as_str()).collect()
}

#[test]
fn a_droplet_that_looks_at_itself_gets_an_ops_its_inventory_and_the_addresses() {
    let env = looking(Value::Plain(CANARY.into()));
    let plan = planned(&env, sample::facts(), &program("aa", false)).unwrap();
    assert_eq!(lint(&plan), []);
    let night = ["schedule.put", "schedule.start"];
    let health = ["schedule.notify", "schedule.program", "schedule.lookout", "schedule.look"];
    assert_eq!(ids(&plan), [&night[..], &health[..]].concat());
    with(&env, sample::facts(), |_, wanted| {
        let files: Vec<_> = wanted.files().collect();
        assert!(files.iter().all(|file| !file.text.contains("canary")));
        let inventory = files.iter().find(|file| file.path.ends_with("/inventory.yaml")).unwrap();
        let read = ops::inventory::parse(&inventory.text, Path::new("/x/ops.yaml"), Path::new("/x")).unwrap();
        assert_eq!(read.environments["prod"].stack.database, env.stack.database);
    });
    // The same build, and another of the same version from another laptop, are there already.
    let facts = looked_after(&plan, "aa");
    for same in [program("aa", false), program("bb", false), program("aa", true), Request::default()] {
        assert!(planned(&env, facts.clone(), &same).unwrap().is_empty());
    }
    let named = planned(&env, facts.clone(), &program("bb", true)).unwrap();
    assert_eq!(ids(&named), ["schedule.program", "schedule.lookout", "schedule.look"]);
    let mut old = facts.clone();
    old.schedule.as_mut().unwrap().health.program = Some("ops 0.0.9".into());
    with(&env, old.clone(), |_, wanted| {
        let drift = wanted.drift(old.schedule.as_ref().unwrap());
        assert_eq!(drift, [format!("the ops there is ops 0.0.9, this one is {VERSION}")]);
    });
    assert_eq!(ids(&planned(&env, old, &program("bb", false)).unwrap()), ids(&named));
    // Another address is another inventory; a threshold as well, without a new address.
    let other = looking(Value::Plain(format!("{CANARY}/2")));
    let plan = planned(&other, facts.clone(), &Request::default()).unwrap();
    assert_eq!(ids(&plan), ["schedule.notify", "schedule.lookout", "schedule.look"]);
    let mut other = env.clone();
    other.health.disk.warn = 50;
    let plan = planned(&other, facts, &Request::default()).unwrap();
    assert_eq!(ids(&plan), ["schedule.lookout", "schedule.look"]);
}

#[test]
fn looks_that_nobody_wants_are_taken_away_and_those_that_nobody_would_hear_of_are_refused() {
    let env = looking(Value::Plain(CANARY.into()));
    let facts = looked_after(&planned(&env, sample::facts(), &program("aa", false)).unwrap(), "aa");
    let mut without = env.clone();
    without.health.every = None;
    let plan = planned(&without, facts.clone(), &Request::default()).unwrap();
    assert_eq!((ids(&plan), lint(&plan)), (vec!["schedule.unlook"], vec![]));
    let plan = with(&env, facts, |inputs, wanted| remove(inputs, wanted).unwrap());
    assert_eq!(ids(&plan), ["schedule.remove", "schedule.unlook"]);
    let mut unheard = env.clone();
    unheard.notify[0].on = vec![NotifyOn::Failed];
    let error = planned(&unheard, sample::facts(), &program("aa", false)).unwrap_err();
    assert!(error.exit == Exit::Usage && error.what.contains("nobody would hear of it"), "{error}");
    // Metrics are heard as well, and then no address is wanted.
    unheard.backup.textfile = Some("/srv/metrics".into());
    let plan = planned(&unheard, sample::facts(), &program("aa", false)).unwrap();
    assert!(!ids(&plan).contains(&"schedule.notify") && ids(&plan).contains(&"schedule.look"));
    let words = serde_json::to_string(&plan.sections).unwrap();
    assert!(words.contains("/srv/metrics/ops-health-odoo.prom") && !words.contains("--notify"));
    let error = planned(&env, sample::facts(), &Request::default()).unwrap_err();
    assert!(error.exit == Exit::Usage && error.next.join(" ").contains("--program FILE"), "{error}");
}

#[test]
fn where_nothing_can_begin_by_itself_it_is_refused() {
    let env = sample::environment();
    let change = |change: fn(&mut Facts)| {
        let mut facts = sample::facts();
        change(&mut facts);
        let said = with(&env, facts, |inputs, wanted| {
            assert_eq!(remove(inputs, wanted).is_err(), install(inputs, wanted).is_err());
            install(inputs, wanted).unwrap_err()
        });
        assert_eq!(said.exit, Exit::Checks);
        said.why.join(" ")
    };
    assert!(change(|facts| facts.host.as_mut().unwrap().systemd = false).contains("systemd does not run"));
    assert!(change(|facts| facts.host.as_mut().unwrap().uid = 1000).contains("become: sudo"));
    let unknown = change(|facts| {
        facts.containers.as_mut().unwrap().clear();
        facts.state.as_mut().unwrap().project = None;
    });
    assert!(unknown.contains("nothing was ever deployed"), "{unknown}");
    let mut odd = env.clone();
    odd.state_dir = "/srv/50+50".into();
    let said = with(&odd, sample::facts(), |inputs, wanted| install(inputs, wanted).unwrap_err());
    assert!(said.why.join(" ").contains("state_dir"), "{said:?}");
}

#[test]
fn what_is_removed_is_stopped_first_and_nothing_is_to_do_without() {
    let env = sample::environment();
    let none = with(&env, sample::facts(), |inputs, wanted| remove(inputs, wanted).unwrap());
    assert!(none.is_empty());
    let facts = installed(&with(&env, sample::facts(), |inputs, wanted| install(inputs, wanted).unwrap()));
    let plan = with(&env, facts, |inputs, wanted| remove(inputs, wanted).unwrap());
    assert_eq!((lint(&plan), plan.steps().count()), (vec![], 1));
}
