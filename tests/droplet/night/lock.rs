//! Scheduled runs and the lock: waited for, given up, taken over.

use crate::sandbox::script;

use super::{DIR, KEEPS, STACK, in_each_shell, install, is_free, launch, night, status, step};

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
        let cmd = script(
            "OPS_NIGHT_AGAIN=0.05 /bin/sh \"$1\" work & p=$!; /usr/bin/sleep 0.5; kill -TERM $p; wait $p",
            [format!("{DIR}/schedule/night")],
        );
        stack.sandbox.run(&cmd).exits(130).says(&["ended while it waited for manual-alice"]);
        assert_eq!((status(stack)["exit"].as_i64(), stack.sandbox.exists("/root/mark")), (Some(130), false));
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
