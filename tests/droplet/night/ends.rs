//! Scheduled runs that fail, are asked to end, or are killed.

use crate::sandbox::script;
use serde_json::Value;

use super::{
    CANARY, DIR, KEEPS, heard, in_each_shell, install, is_free, launch, night, outcomes, record, status, step,
};

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
fn scheduled_run_asks_its_section_to_end_when_systemd_asks_it_to() {
    in_each_shell(|stack| {
        let waits = "echo one >>/root/mark; until [ -e \"$OPS_HALT\" ]; do /usr/bin/sleep 0.02; done; exit 9";
        install(stack, vec![step("backup.store", waits, "echo back >>/root/mark")]);
        let cmd = script(
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
        let cmd = script(
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
