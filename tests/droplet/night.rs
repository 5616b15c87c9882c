//! A scheduled run that no laptop begins: the program as ops renders it, with the real runner.

use ops::cmd::Cmd;
use ops::execute::night::{Told, files};
use ops::execute::runner::Runner;
use ops::plan::{Action, Phase, Plan, SCHEMA, Section, Step, Undo};
use serde_json::Value;

use crate::runner::{DIR, Keeper, Stack};
use crate::sandbox::{Ran, Shell, Started};

const STACK: &str = r#"{"env":"prod","project":"odoo"}"#;
const CANARY: &str = "canary4711";
/// What a backup leaves behind it.
const KEEPS: &str = "mkdir -p /var/lib/ops/odoo/backup; echo '{\"id\":\"20261130t011700z\",\"bytes\":5000,\"added\":70}' >/var/lib/ops/odoo/backup/20261130t011700z.json; echo one >>/root/mark";

fn step(id: &str, script: &'static str, undo: &'static str) -> Step {
    let run = |text: &'static str| vec![Action::Run(Cmd::script(text, [""; 0]))];
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
    let cmd = Cmd::script("exec env $1 /bin/sh \"$2\" \"$3\"", [env, &format!("{DIR}/schedule/night"), verb]);
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

#[test]
fn scheduled_run_goes_from_lock_to_close_and_tells_what_it_made() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, ""), step("backup.close", "true", "")]);
        night(stack, "A=1").exits(0).says(&["backup 20261130t011700z of prod is verified"]);
        let said = status(stack);
        assert_eq!(
            (&said["ok"], &said["exit"], &said["why"]),
            (&true.into(), &0.into(), &Value::Null),
            "{said}"
        );
        assert_eq!((&said["bytes"], &said["added"]), (&5000.into(), &70.into()), "{said}");
        assert!(said["run"].as_str().unwrap().ends_with("-night") && said["ended"].is_string(), "{said}");
        let record = record(stack);
        assert_eq!((&record["exit"], &record["operator"]), (&0.into(), &"schedule".into()), "{record}");
        assert_eq!(outcomes(&record), ["done", "done"]);
        assert_eq!(record["ledger"][0]["title"], "do \"backup.store\"");
        let audit = stack.sandbox.read(&format!("{DIR}/audit.jsonl"));
        let events: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["installed", "begin", "end"]);
        assert!(is_free(stack));
        let url = format!("https://hc.example.com/{CANARY}");
        assert_eq!(heard(stack), [format!("{url}/start?a=1"), format!("{url}?a=1")]);
        assert!(!stack.sandbox.calls("curl").join("\n").contains(CANARY), "an address is a secret");
        let metrics = stack.sandbox.read("/var/metrics/ops-backup-odoo.prom");
        for line in [
            "ops_backup_last_ok{env=\"prod\",project=\"odoo\"} 1",
            "ops_backup_verified_bytes{env=\"prod\",project=\"odoo\"} 5000",
        ] {
            assert!(metrics.contains(line), "{metrics}");
        }
    });
}

#[test]
fn scheduled_run_that_fails_says_which_step_and_frees_the_lock() {
    in_each_shell(|stack| {
        let fails = "echo 'no space on the repository' >&2; exit 3";
        let steps = vec![
            step("backup.hold", "echo one >>/root/mark", "echo back one >>/root/mark"),
            step("backup.store", fails, "echo back two >>/root/mark"),
            step("backup.close", "true", ""),
        ];
        install(stack, steps);
        night(stack, "A=1").exits(6).says(&["backup.store failed with code 3", "no space on the repository"]);
        let said = status(stack);
        assert_eq!((&said["ok"], &said["exit"]), (&false.into(), &6.into()), "{said}");
        assert_eq!(
            (&said["why"], &said["backup"]),
            (&"backup.store failed with code 3".into(), &Value::Null)
        );
        assert_eq!(outcomes(&record(stack)), ["undone", "failed", "not-reached"]);
        assert_eq!(stack.sandbox.read("/root/mark"), "one\nback two\nback one\n");
        assert!(is_free(stack));
        // The unit that comes after a failure.
        let started = launch(stack, "failed", "A=1");
        stack
            .sandbox
            .wait(started)
            .exits(0)
            .says(&["the backup of prod failed: backup.store failed with code 3"]);
        assert_eq!(heard(stack).last().unwrap(), &format!("https://hc.example.com/{CANARY}/fail?a=1"));
        assert_eq!(status(stack), said, "a failure that was told stays as it was told");
    });
}

#[test]
fn scheduled_run_whose_undo_fails_needs_a_person() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.hold", "exit 3", "exit 4")]);
        night(stack, "A=1").exits(7);
        assert_eq!((status(stack)["exit"].as_i64(), record(stack)["exit"].as_i64()), (Some(7), Some(7)));
    });
}

#[test]
fn scheduled_run_gives_up_when_the_lock_is_held_for_too_long_and_changes_nothing() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let take = stack.runner.take(
            "manual-alice",
            STACK,
            r#""command":"lock take","operator":"alice","reason":null"#,
        );
        stack.sandbox.run(&take).exits(0);
        night(stack, "OPS_NIGHT_WAIT=0").exits(5).says(&["manual-alice held the lock for"]);
        let said = status(stack);
        assert_eq!((&said["ok"], &said["exit"]), (&false.into(), &5.into()), "{said}");
        assert!(!stack.sandbox.exists("/root/mark"));
        assert_eq!(stack.sandbox.read(&format!("{DIR}/lock/run")), "manual-alice\n");
    });
}

#[test]
fn scheduled_run_waits_for_the_holder_and_begins_when_the_lock_is_free() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let take = stack.runner.take("manual-alice", STACK, r#""command":"lock take""#);
        stack.sandbox.run(&take).exits(0);
        let started = launch(stack, "work", "OPS_NIGHT_AGAIN=0.05");
        stack.sandbox.sh(&format!("until grep -q '\"ended\":null' {DIR}/backup/status.json; do /usr/bin/sleep 0.02; done 2>/dev/null; /usr/bin/sleep 0.3")).exits(0);
        assert!(!stack.sandbox.exists("/root/mark"));
        stack.sandbox.run(&stack.runner.release("manual-alice", 1)).exits(0);
        stack.sandbox.wait(started).exits(0).says(&["manual-alice holds the lock: waiting"]);
        assert_eq!(status(stack)["ok"], true);
    });
}

#[test]
fn scheduled_run_that_waits_for_the_lock_ends_when_systemd_asks_it_to() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let take = stack.runner.take("manual-alice", STACK, r#""command":"lock take""#);
        stack.sandbox.run(&take).exits(0);
        let cmd = Cmd::script(
            "OPS_NIGHT_AGAIN=0.05 /bin/sh \"$1\" work & p=$!; /usr/bin/sleep 0.5; kill -TERM $p; wait $p",
            [format!("{DIR}/schedule/night")],
        );
        stack.sandbox.run(&cmd).exits(130).says(&["ended while it waited for manual-alice"]);
        assert_eq!((status(stack)["exit"].as_i64(), stack.sandbox.exists("/root/mark")), (Some(130), false));
    });
}

#[test]
fn scheduled_run_asks_its_section_to_end_when_systemd_asks_it_to() {
    in_each_shell(|stack| {
        let waits = "echo one >>/root/mark; until [ -e \"$OPS_HALT\" ]; do /usr/bin/sleep 0.02; done; exit 9";
        install(stack, vec![step("backup.store", waits, "echo back >>/root/mark")]);
        let cmd = Cmd::script(
            "/bin/sh \"$1\" work & p=$!; until [ -s /root/mark ]; do /usr/bin/sleep 0.02; done; kill -TERM $p; wait $p",
            [format!("{DIR}/schedule/night")],
        );
        stack.sandbox.run(&cmd).exits(6);
        assert_eq!(
            (status(stack)["exit"].as_i64(), stack.sandbox.read("/root/mark").as_str()),
            (Some(6), "one\nback\n")
        );
        assert!(is_free(stack));
    });
}

#[test]
fn scheduled_run_that_is_killed_is_said_to_be_and_the_next_takes_its_lock_over() {
    in_each_shell(|stack| {
        let waits = "echo one >>/root/mark; until [ -e /root/go ]; do /usr/bin/sleep 0.02; done";
        install(stack, vec![step("backup.store", waits, ""), step("backup.close", KEEPS, "")]);
        let cmd = Cmd::script(
            "/bin/sh \"$1\" work & p=$!; until [ -s /root/mark ]; do /usr/bin/sleep 0.02; done; kill -KILL $p",
            [format!("{DIR}/schedule/night")],
        );
        stack.sandbox.run(&cmd).exits(0);
        let started = launch(stack, "failed", "A=1");
        stack.sandbox.wait(started).exits(0).says(&["it was killed from outside"]);
        let said = status(stack);
        assert_eq!(
            (&said["ok"], &said["exit"], &said["why"]),
            (&false.into(), &8.into(), &"it was killed from outside".into())
        );
        assert!(said["ended"].is_string());
        // The name of a run has its second in it.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        // Its section goes on, and keeps the lock whatever its heart does.
        let run = said["run"].as_str().unwrap().to_owned();
        night(stack, "OPS_STALE_AFTER=0 OPS_NIGHT_WAIT=0").exits(5).says(&[&run]);
        stack.sandbox.write("/root/go", "");
        night(stack, "OPS_STALE_AFTER=0").exits(0);
        assert!(is_free(stack));
        assert_eq!(status(stack)["ok"], true);
        let audit = stack.sandbox.read(&format!("{DIR}/audit.jsonl"));
        assert!(
            audit.contains("lock-taken-over") && audit.contains(&format!("\"from\":\"{run}\"")),
            "{audit}"
        );
    });
}

#[test]
fn scheduled_run_that_cannot_be_opened_gives_the_lock_back() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let sections = stack.sandbox.read(&format!("{DIR}/schedule/sections"));
        stack.sandbox.write(&format!("{DIR}/schedule/sections"), &sections[..sections.len() / 2]);
        night(stack, "A=1").exits(1).says(&["the run cannot be opened (code 71)"]);
        assert!(is_free(stack) && !stack.sandbox.exists("/root/mark"));
        assert_eq!(status(stack)["exit"], 1);
        // And where the lock cannot be taken at all.
        stack.sandbox.write(&format!("{DIR}/schedule/sections"), &sections);
        stack.sandbox.lose_power_and_mount_read_only(&format!("{DIR}/lock"));
        night(stack, "A=1").exits(1).says(&["the lock cannot be taken (code 73)"]);
    });
}

#[test]
fn scheduled_run_that_a_person_takes_over_reports_its_end_and_leaves_the_lock_alone() {
    in_each_shell(|stack| {
        let waits = "echo one >>/root/mark; until [ -e /root/go ]; do /usr/bin/sleep 0.02; done";
        install(stack, vec![step("backup.store", waits, ""), step("backup.close", KEEPS, "")]);
        let started = launch(stack, "work", "A=1");
        stack.sandbox.sh("until [ -s /root/mark ]; do /usr/bin/sleep 0.02; done").exits(0);
        let run = stack.sandbox.read(&format!("{DIR}/lock/run")).trim().to_owned();
        let take = stack.runner.take(&run, STACK, r#""command":"runs attach""#);
        stack.sandbox.run(&take).exits(0).says(&["taken 2"]);
        stack.sandbox.write("/root/go", "");
        stack.sandbox.wait(started).exits(0);
        assert_eq!(stack.sandbox.read(&format!("{DIR}/lock/run")).trim(), run);
        assert_eq!(status(stack)["ok"], true);
    });
}

#[test]
fn scheduled_run_refuses_verbs_and_addresses_that_it_does_not_know() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let started = launch(stack, "explode", "A=1");
        stack.sandbox.wait(started).exits(71);
        for address in
            ["ftp://hc.example.com/x", "https://hc.example.com/$(id)", "https://hc.example.com/a b"]
        {
            stack.sandbox.write(&format!("{DIR}/schedule/ping"), format!("PING_0123abcd='{address}'\n"));
            night(stack, "A=1").exits(0).says(&["an address of notify cannot be used"]);
        }
        assert!(heard(stack).is_empty());
        // One that is not heard fails nothing.
        stack.sandbox.write(&format!("{DIR}/schedule/ping"), "PING_0123abcd='https://hc.example.com/x'\n");
        stack.sandbox.stub("curl", "exit 22");
        night(stack, "A=1").exits(0).says(&["a notification was not heard (code 22)"]);
    });
}
