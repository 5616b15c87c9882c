//! A scheduled run that no laptop begins: the program as ops renders it, with the real runner.

mod ends;
mod lock;
mod told;

use ops::execute::night::{Told, files};
use ops::execute::runner::Runner;
use ops::plan::{Action, Phase, Plan, SCHEMA, Section, Step, Undo};
use serde_json::Value;

use crate::runner::{DIR, Keeper, Stack};
use crate::sandbox::{Ran, Shell, Started, script};

const STACK: &str = r#"{"env":"prod","project":"odoo"}"#;
const CANARY: &str = "canary4711";
/// What a backup leaves behind it.
const KEEPS: &str = "mkdir -p /var/lib/ops/odoo/backup; echo '{\"id\":\"20261130t011700z\",\"bytes\":5000,\"added\":70}' >/var/lib/ops/odoo/backup/20261130t011700z.json; echo one >>/root/mark";

fn step(id: &str, script: &'static str, undo: &'static str) -> Step {
    let run = |text: &'static str| vec![Action::Run(crate::sandbox::script(text, [""; 0]))];
    Step {
        id: id.into(),
        phase: Phase::Backup,
        droplet: "erp-1".into(),
        title: format!("do \"{id}\""),
        actions: run(script),
        undo: if undo.is_empty() { Undo::NotNeeded("it leaves nothing".into()) } else { Undo::By(run(undo)) },
        timeout: 60,
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    let section = Section { id: "backup".into(), droplet: "erp-1".into(), critical: true, steps };
    Plan {
        schema: SCHEMA.into(),
        env: "prod".into(),
        command: "backup create".into(),
        title: "back up prod".into(),
        sections: vec![section],
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    }
}

/// Puts the program there as `ops schedule install` does.
fn install(stack: &mut Stack, steps: Vec<Step>) {
    stack.sandbox.run(&stack.runner.note(STACK, r#"{"event":"installed"}"#)).exits(0);
    let told = Told { textfile: Some("/var/metrics"), rpo: None, rto: None };
    for (name, text) in files(&plan(steps), &Runner::new(DIR), "odoo", told).unwrap() {
        stack.sandbox.write(&format!("{DIR}/schedule/{name}"), text);
    }
    stack.sandbox.write("/var/metrics/.keep", "");
    stack.sandbox.write(
        &format!("{DIR}/schedule/ping"),
        format!("PING_0123abcd='https://hc.example.com/{CANARY}?a=1'\n"),
    );
    stack.sandbox.stub("curl", "cat >>/root/heard");
}

/// Starts the program in an environment, as its unit does.
fn launch(stack: &mut Stack, verb: &str, env: &str) -> Started {
    let cmd = script("exec env $1 /bin/sh \"$2\" \"$3\"", [env, &format!("{DIR}/schedule/night"), verb]);
    stack.sandbox.start(&cmd)
}

fn night(stack: &mut Stack, env: &str) -> Ran {
    let started = launch(stack, "work", &format!("OPS_NIGHT_AGAIN=0.05 {env}"));
    stack.sandbox.wait(started)
}

fn status(stack: &Stack) -> Value {
    serde_json::from_str(&stack.sandbox.read(&format!("{DIR}/backup/status.json"))).unwrap()
}

fn record(stack: &Stack) -> Value {
    let run = status(stack)["run"].as_str().unwrap().to_owned();
    serde_json::from_str(&stack.sandbox.read(&format!("{DIR}/runs/{run}/run.json"))).unwrap()
}

/// Addresses that were asked for, without what their configuration says around them.
fn heard(stack: &Stack) -> Vec<String> {
    let text =
        if stack.sandbox.exists("/root/heard") { stack.sandbox.read("/root/heard") } else { String::new() };
    text.lines().map(|line| line.trim_start_matches("url = ").replace('"', "")).collect()
}

fn outcomes(record: &Value) -> Vec<&str> {
    record["ledger"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

fn is_free(stack: &Stack) -> bool {
    !stack.sandbox.exists(&format!("{DIR}/lock/run"))
}

/// Runs a test in each shell, in all of them at once: a scheduled run looks around every ten seconds only.
fn in_each_shell(test: impl Fn(&mut Stack) + Sync) {
    let shells = Shell::ALL.into_iter().zip([Keeper::Session, Keeper::Unit, Keeper::Session]);
    std::thread::scope(|scope| {
        let test = &test;
        let threads =
            shells.map(|(shell, keeper)| (shell, scope.spawn(move || test(&mut Stack::new(shell, keeper)))));
        let threads: Vec<_> = threads.collect();
        for (shell, thread) in threads {
            assert!(thread.join().is_ok(), "it failed in {shell:?}");
        }
    });
}
