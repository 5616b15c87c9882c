//! Hooks in the plan of a deploy.

use std::collections::BTreeMap;
use std::time::Duration;

use ops::cmd::Cmd;
use ops::inventory::{Environment, Hook, HookPlace, HookWhen, Hooks};
use ops::plan::{Action, HookCall, Plan, Undo, lint};
use ops::runbooks::deploy::{self, Inputs, Request, Staged};

use super::sample;

fn hook(name: &str, on: HookPlace, cmd: &[&str]) -> Hook {
    let cmd = cmd.iter().map(|word| (*word).to_owned()).collect();
    Hook { name: name.into(), cmd, on, timeout: Duration::from_millis(1500) }
}

fn environment() -> Environment {
    let hooks = Hooks {
        dir: "/project".into(),
        pre_deploy: vec![
            hook("freeze", HookPlace::Laptop, &["/project/freeze", "it's $(id)"]),
            hook("lower the flag", HookPlace::Droplet, &["flag", "$(id)"]),
        ],
        post_deploy: vec![hook("warm", HookPlace::Droplet, &["warm"])],
        on_failure: vec![hook("tell", HookPlace::Laptop, &["tell"])],
    };
    Environment { hooks, ..sample::environment() }
}

fn plan(env: &Environment) -> Plan {
    let facts = BTreeMap::from([("erp-1".to_owned(), sample::facts())]);
    let staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    let staged = BTreeMap::from([("erp-1".to_owned(), staged)]);
    let request = Request { reason: Some("it's $(id)".into()), ..Request::default() };
    let inputs = Inputs {
        env,
        facts: &facts,
        staged: &staged,
        request: &request,
        run: "prod-20261120T120000Z-0001".into(),
        release: "20261120t120000z-2222222".into(),
        now: "2026-11-20T12:00:00Z".into(),
        operator: "alice@laptop".into(),
        usual: &BTreeMap::new(),
        rehearsed: None,
    };
    deploy::plan(&inputs).unwrap()
}

#[test]
fn hooks_stand_before_and_after_everything_else() {
    let plan = plan(&environment());
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    let ids: Vec<_> = plan.sections.iter().map(|section| section.id.as_str()).collect();
    assert_eq!(ids, ["hook.pre.1", "hook.pre.2", "prepare", "web", "hook.post.1"]);
    let titles: Vec<_> =
        plan.steps().filter(|step| step.id.starts_with("hook.")).map(|step| &*step.title).collect();
    assert_eq!(
        titles,
        [
            r#"hook "freeze": /project/freeze "it's "'$(id)' (on the laptop)"#,
            r#"hook "lower the flag": flag '$(id)' (on the droplet)"#,
            r#"hook "warm": warm (on the droplet)"#,
        ]
    );
    // Only where the run fails, so it is no step of the plan.
    assert_eq!(plan.on_failure.len(), 1);
    let note = plan.notes.iter().find(|note| note.title == "only if the run fails").unwrap();
    assert_eq!(note.lines, [r#"hook.failure.1: hook "tell": tell (on the laptop)"#]);
    assert_eq!(plan.sections[0].steps[0].timeout, 2);
    assert!(plan.has_hooks());
    // Other hooks are other work.
    let mut other = environment();
    other.hooks.on_failure.clear();
    assert!(!plan.same_work(&self::plan(&other)));
}

#[test]
fn what_runs_already_runs_no_hook() {
    let env = environment();
    let mut facts = sample::facts();
    let mut staged = Staged { entries: Some(Default::default()), ..sample::staged() };
    let code = staged.code.as_mut().unwrap().as_mut().unwrap();
    code.sha = "1".repeat(40);
    staged.images.clear();
    facts.stack.as_mut().unwrap().git = None;
    let (facts, staged) =
        (BTreeMap::from([("erp-1".to_owned(), facts)]), BTreeMap::from([("erp-1".to_owned(), staged)]));
    let request = Request::default();
    let inputs = Inputs {
        env: &env,
        facts: &facts,
        staged: &staged,
        request: &request,
        run: "r".into(),
        release: "x".into(),
        now: "n".into(),
        operator: "o".into(),
        usual: &BTreeMap::new(),
        rehearsed: None,
    };
    let plan = deploy::plan(&inputs).unwrap();
    assert!(plan.is_empty() && !plan.has_hooks() && plan.title.contains("nothing to do"), "{plan:?}");
}

#[test]
fn what_a_hook_is_told_is_data() {
    let mut env = environment();
    let stack = tempfile::tempdir().unwrap();
    let script = "pwd -P; printf '%s|' \"$@\"; echo; env | grep ^OPS_ | LC_ALL=C sort";
    env.hooks.pre_deploy[1].cmd =
        ["sh", "-c", script, "sh", "$(id)", "-n", "it's"].map(str::to_owned).to_vec();
    env.stack.path = stack.path().to_str().unwrap().into();
    // What only a failure tells comes to both kinds.
    let more = [("OPS_ERROR".to_owned(), "`id`".to_owned())];
    let hooks = plan(&env).sections[..2].to_vec().into_iter().map(|section| section.told(&more));
    let hooks: Vec<_> = hooks.map(|section| section.steps[0].actions[0].clone()).collect();
    let [Action::Hook(call), Action::Run(cmd)] = hooks.as_slice() else { panic!("{hooks:?}") };
    let mut told: Vec<_> = call.told.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    told.sort();
    insta::assert_snapshot!(told.concat(), @r###"
    OPS_ENV=prod
    OPS_ERROR=`id`
    OPS_HOOK=pre_deploy
    OPS_OPERATOR=alice@laptop
    OPS_REASON=it's $(id)
    OPS_REF_SHA=2222222222222222222222222222222222222222
    OPS_RELEASE=20261120t120000z-2222222
    OPS_RUN=prod-20261120T120000Z-0001
    "###);
    let place = stack.path().canonicalize().unwrap();
    assert_eq!(through_sh(cmd), format!("{}\n$(id)|-n|it's|\n{}", place.display(), told.concat()));
    // Before a first deploy the stack has no directory.
    drop(stack);
    assert_eq!(through_sh(cmd), format!("/\n$(id)|-n|it's|\n{}", told.concat()));
}

fn through_sh(cmd: &Cmd) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
    let out = std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(cmd.to_shell())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_hook_of_the_laptop_stands_alone() {
    let good = plan(&environment());
    let hook = good.sections[0].steps[0].clone();
    let faults = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        lint(&plan).into_iter().map(|fault| format!("{}: {}", fault.step, fault.what)).collect::<Vec<_>>()
    };
    let alone = "hook.pre.1: a hook of the laptop stands beside other work";
    assert_eq!(faults(&|plan| plan.sections[0].critical = true), [alone]);
    let twice = |plan: &mut Plan| plan.sections[0].steps[0].actions.push(hook.actions[0].clone());
    assert_eq!(faults(&twice), [alone]);
    let undo = |plan: &mut Plan| plan.sections[2].steps[0].undo = Undo::By(hook.actions.clone());
    assert!(faults(&undo)[0].ends_with("its undo needs the laptop"));
    let failing = |plan: &mut Plan| plan.on_failure[0].steps[0].timeout = 0;
    assert_eq!(faults(&failing), ["hook.failure.1: has no time limit"]);
    let call = HookCall { when: HookWhen::PreDeploy, nth: 0, cmd: vec!["x".into()], told: Vec::new() };
    assert_ne!(good.sections[0].laptop_hook().unwrap().1, &call);
}
