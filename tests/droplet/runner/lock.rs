//! The lock: one holder, a fence that rises, stale holders, and locks that a person gives back.

use ops::cmd::Cmd;
use ops::execute::runner::{ActState, CANNOT_WRITE, LOCK_NOT_OURS, LOCKED, Mode};

use super::{Act, DIR, MEMBERS, STACK, Stack, act, in_each_shell, marked, now, on_each, section, step};

/// Takes the lock where a heart that stopped this long ago counts as stopped.
fn take_after(stack: &mut Stack, run: &str, seconds: &str) -> super::Ran {
    let cmd = stack.runner.take(run, STACK, MEMBERS).env("OPS_STALE_AFTER", seconds);
    stack.sandbox.run(&cmd)
}

#[test]
fn lock_is_refused_while_its_holder_beats_and_names_the_holder() {
    in_each_shell(|stack| {
        stack.take("one").exits(0).says(&["taken 1"]);
        for _ in 0..2 {
            let refused = stack.take("two").exits(LOCKED);
            let holder: serde_json::Value = serde_json::from_str(&refused.out).unwrap();
            assert_eq!(
                (&holder["run"], &holder["operator"], &holder["fence"]),
                (&"one".into(), &"alice".into(), &1.into())
            );
        }
        stack.sandbox.run(&stack.runner.release("one", 1)).exits(0);
        assert!(!stack.has("lock/holder.json"));
        // The fence rises over all holders.
        stack.take("two").exits(0).says(&["taken 2"]);
    });
}

#[test]
fn lock_is_refused_when_another_caller_looks_at_it_for_too_long() {
    in_each_shell(|stack| {
        stack.take("one").exits(0);
        stack.sandbox.stub("flock", "exit 1");
        let refused = stack.take("one").exits(LOCKED);
        assert_eq!(refused.out, "");
        assert_eq!(stack.file("lock/fence"), "1\n");
    });
}

#[test]
fn lock_of_a_holder_whose_heart_stopped_is_taken_over_and_the_audit_says_so() {
    in_each_shell(|stack| {
        stack.take("one").exits(0);
        stack.sandbox.write(&format!("{DIR}/lock/beat"), "1000\n");
        // Two minutes and more ago, which is the rule without a number.
        stack.take("two").exits(0).says(&["taken 2"]);
        let audit = stack.file("audit.jsonl");
        let line: serde_json::Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&line["event"], &line["from"], &line["by"]),
            (&"lock-taken-over".into(), &"one".into(), &"two".into())
        );
        assert_eq!(line["last-heartbeat"], 1000);
        // The holder that lost it is refused.
        for cmd in [stack.runner.beat("one", 1), stack.runner.release("one", 1)] {
            stack.sandbox.run(&cmd).exits(LOCK_NOT_OURS).says(&["lock held by two"]);
        }
        assert_eq!(stack.file("lock/run"), "two\n");
    });
}

#[test]
fn lock_lives_by_its_heartbeat_or_by_an_act_at_work() {
    on_each(|stack| {
        stack.begin(
            "one",
            section("a", false, vec![marked("one", "until [ -e /root/go ]; do sleep 0.02; done")]),
        );
        let call = act("one", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(1);
        stack.sandbox.write(&format!("{DIR}/lock/beat"), "1000\n");
        stack.take("two").exits(LOCKED);
        // A beat makes it fresh again, on record as well.
        stack.sandbox.run(&stack.runner.beat("one", 1)).exits(0);
        let holder: serde_json::Value = serde_json::from_str(&stack.file("lock/holder.json")).unwrap();
        assert!(
            holder["heartbeat"].as_i64() > Some(1000) && holder["since"].as_i64() > Some(1000),
            "{holder}"
        );
        stack.sandbox.write("/root/go", "");
        assert_eq!(stack.code(&call), 0);
        take_after(stack, "two", "100").exits(LOCKED);
        take_after(stack, "two", "0").exits(0).says(&["taken 2"]);
    });
}

#[test]
fn lock_that_a_person_holds_for_maintenance_never_goes_stale() {
    in_each_shell(|stack| {
        stack.take("manual-alice").exits(0);
        stack.sandbox.write(&format!("{DIR}/lock/beat"), "1000\n");
        stack.take("two").exits(LOCKED);
        stack.sandbox.run(&stack.runner.release_by_hand("manual-alice", STACK, false)).exits(0);
        stack.take("two").exits(0).says(&["taken 2"]);
    });
}

#[test]
fn older_fence_is_refused_by_every_verb_that_changes_something() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        stack.take("r").exits(0).says(&["taken 2"]);
        let old = act("r", "a", "1");
        let more = || [section("b", false, vec![marked("two", "")])];
        let runner = &stack.runner;
        let cmds: Vec<Cmd> = vec![
            runner.beat("r", 1),
            runner.release("r", 1),
            runner.open("r", 1, super::TEXTS, &more()),
            runner.add("r", 1, &more()),
            runner.close("r", 1, "{}", "{}"),
            runner.start(&old, Mode::Detached),
            runner.start(&old, Mode::Undo),
            runner.begin(&old),
            runner.stop(&old),
        ];
        let before = stack
            .sandbox
            .sh(&format!("cd {DIR} && ls -R runs/r/sections lock; cat audit.jsonl runs/r/run.json"))
            .out;
        for cmd in &cmds {
            stack.sandbox.run(cmd).exits(LOCK_NOT_OURS).says(&["lock held by r"]);
        }
        // Neither does another run get through with the number of the holder.
        let other = Act { fence: 2, ..act("other", "a", "1") };
        stack.sandbox.run(&stack.runner.release("other", 2)).exits(LOCK_NOT_OURS);
        stack.sandbox.run(&stack.runner.start(&other, Mode::Detached)).exits(71);
        stack.sandbox.sh(&format!("rm -rf {DIR}/runs/r/sections.add"));
        let after = stack
            .sandbox
            .sh(&format!("cd {DIR} && ls -R runs/r/sections lock; cat audit.jsonl runs/r/run.json"))
            .out;
        assert_eq!((before, stack.marks().len()), (after, 0));
        // The new fence gets through.
        let new = Act { fence: 2, ..old };
        assert_eq!(stack.start(&new, Mode::Detached).state, ActState::Done(0));
    });
}

#[test]
fn verbs_of_a_holder_are_refused_when_nobody_took_the_lock() {
    in_each_shell(|stack| {
        stack.sandbox.run(&stack.runner.note(STACK, "{\"event\":\"x\"}")).exits(0);
        stack.sandbox.sh(&format!("rm -r {DIR}/lock")).exits(0);
        for cmd in [stack.runner.beat("r", 1), stack.runner.release("r", 1)] {
            stack.sandbox.run(&cmd).exits(LOCK_NOT_OURS).says(&["lock held by nobody"]);
        }
        assert!(!stack.has("lock"));
    });
}

#[test]
fn lock_is_kept_under_work_until_a_person_forces_it() {
    on_each(|stack| {
        stack.begin(
            "r",
            section("a", false, vec![marked("one", "until [ -e /root/go ]; do sleep 0.02; done")]),
        );
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(1);
        let at_work = "a step of r is at work";
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(LOCKED).says(&[at_work]);
        stack
            .sandbox
            .run(&stack.runner.close("r", 1, "{\"exit\":0}", "{\"event\":\"end\"}"))
            .exits(LOCKED)
            .says(&[at_work]);
        // The record is written all the same.
        assert_eq!(stack.file("runs/r/run.json"), "{\"exit\":0}");
        stack.sandbox.run(&stack.runner.release_by_hand("r", STACK, false)).exits(LOCKED).says(&[at_work]);
        assert!(stack.has("lock/run"));
        stack.sandbox.run(&stack.runner.release_by_hand("other", STACK, true)).exits(LOCK_NOT_OURS);
        assert!(stack.has("lock/run"));
        stack.sandbox.run(&stack.runner.release_by_hand("r", STACK, true)).exits(0);
        assert!(!stack.has("lock/run"));
        assert!(
            stack
                .file("audit.jsonl")
                .lines()
                .last()
                .unwrap()
                .contains("\"event\":\"lock-released-by-hand\",\"run\":\"r\"")
        );
        stack.sandbox.write("/root/go", "");
        assert_eq!(stack.code(&call), 0);
    });
}

#[test]
fn lock_cannot_be_taken_where_the_disk_is_read_only_and_nobody_is_said_to_hold_it() {
    in_each_shell(|stack| {
        stack.sandbox.write("/var/lib/.keep", "");
        stack.take("r").exits(0);
        stack.open("r", 1, &[section("a", false, vec![step("one", "true", "")])]).exits(0);
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(0);
        stack.sandbox.lose_power_and_mount_read_only(DIR);
        stack.take("r").exits(CANNOT_WRITE).says(&["cannot write below /var/lib/ops/odoo"]);
        stack.sandbox.run(&stack.runner.note(STACK, "{}")).exits(CANNOT_WRITE);
        // What is there can still be read.
        stack.sandbox.run(&stack.runner.status("r", STACK)).exits(0).says(&["section a - - -"]);
        assert!(!stack.has("lock/run"));
    });
}

#[test]
fn act_does_not_start_where_the_disk_turned_read_only() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        stack.sandbox.lose_power_and_mount_read_only(DIR);
        let start = stack.runner.start(&act("r", "a", "1"), Mode::Detached);
        stack.sandbox.run(&start).exits(CANNOT_WRITE);
        stack.sandbox.run(&stack.runner.beat("r", 1)).exits(CANNOT_WRITE);
        assert!(stack.marks().is_empty());
    });
}
