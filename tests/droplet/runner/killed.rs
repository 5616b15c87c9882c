//! Workers that are killed, and a systemd that misbehaves.

use ops::execute::runner::{Act, ActState, LOCKED, Mode};

use super::{DIR, Keeper, Stack, act, begin_and_wait, in_each_shell, marked, now, section, with_units};
use crate::sandbox::{Sandbox, Shell};

#[test]
fn worker_of_a_unit_that_is_killed_in_a_critical_section_is_put_back_by_the_droplet() {
    with_units(|stack| {
        begin_and_wait(stack);
        let call = act("r", "a", "1");
        assert!(stack.has("runs/r/sections/a/1/armed"));
        stack.kill_worker(&call);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
        let report = stack.poll(&call);
        assert_eq!(report.chapters[1].end, Some((137, 0)));
        assert!(report.chapters[1].log.starts_with(b"killed from outside"));
        stack.await_disarmed(&call);
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(0);
    });
}

#[test]
fn worker_that_is_killed_in_another_section_is_over_and_keeps_no_lock() {
    with_units(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "exec /usr/bin/sleep 60")]));
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(1);
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(LOCKED);
        stack.kill_worker(&call);
        assert_eq!((stack.code(&call), stack.marks().len()), (1, 1));
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(0);
    });
}

#[test]
fn worker_without_a_unit_that_is_killed_is_lost_and_the_laptop_puts_it_back() {
    in_each_shell(|stack| {
        begin_and_wait(stack);
        let call = act("r", "a", "1");
        stack.kill_worker(&call);
        assert_eq!(stack.poll(&call).state, ActState::Lost);
        assert_eq!(stack.start(&act("r", "a", "undo2"), Mode::Undo).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
    });
}

#[test]
fn children_of_a_killed_worker_count_as_the_worker() {
    in_each_shell(|stack| {
        let child = "(until [ -e /root/go ]; do /usr/bin/sleep 0.02; done; echo late >>/root/mark) & wait";
        stack.begin("r", section("a", false, vec![marked("one", child)]));
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(1);
        stack
            .sandbox
            .sh(&format!("read -r kind pid start <{DIR}/runs/r/sections/a/1/who; kill -KILL \"$pid\""))
            .exits(0);
        assert_eq!(stack.poll(&Act { wait: 1, ..call }).state, ActState::Running);
        stack.sandbox.write("/root/go", "");
        stack.await_marks(2);
        let mut state = stack.poll(&call).state;
        for _ in 0..20 {
            if state == ActState::Running {
                state = stack.poll(&call).state;
            }
        }
        assert_eq!(state, ActState::Lost);
    });
}

#[test]
fn start_works_without_a_unit_when_systemd_run_fails_or_lies() {
    for shell in Shell::each() {
        let sandbox = Sandbox::new(shell);
        let mut stack = Stack::on(sandbox, Keeper::Unit);
        // It failed: the worker starts in a session.
        stack.sandbox.stub("systemd-run", "exit 1");
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).state, ActState::Done(0));
        assert!(stack.file("runs/r/sections/a/1/who").starts_with("session "));
        // It says that it failed, and did not: one of two workers runs the steps.
        stack
            .sandbox
            .stub("systemd-run", "while [ \"$1\" != /bin/sh ]; do shift; done; setsid \"$@\" 9>&- & exit 1");
        let two = stack.runner.add("r", 1, &[section("b", false, vec![marked("two", "sleep 0.2")])]);
        stack.sandbox.run(&two).exits(0);
        let call = act("r", "b", "1");
        stack.start(&call, Mode::Detached);
        assert!(matches!(stack.poll(&call).state, ActState::Done(0) | ActState::Running | ActState::Lost));
        stack.await_marks(2);
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert_eq!(stack.marks(), ["one", "two"]);
    }
}
