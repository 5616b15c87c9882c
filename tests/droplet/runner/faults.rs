//! Workers that are killed, power that is lost, and systemd that misbehaves.

use ops::execute::runner::{Act, ActState, LOCKED, Mode};

use super::{DIR, Keeper, MARK, Stack, act, in_each_shell, marked, now, on_each, onward, section, step};
use crate::sandbox::{Sandbox, Shell};
use crate::systemd;

/// Runs a test in each shell, with systemd.
fn with_units(test: impl Fn(&mut Stack)) {
    for shell in Shell::ALL {
        eprintln!("in {shell:?}");
        test(&mut Stack::new(shell, Keeper::Unit));
    }
}

/// A critical section whose second step waits until somebody ends it.
fn begin_and_wait(stack: &mut Stack) {
    let steps = vec![marked("one", ""), marked("two", "exec /usr/bin/sleep 60"), marked("three", "")];
    stack.begin("r", section("a", true, steps));
    stack.start(&now(&act("r", "a", "1")), Mode::Detached);
    stack.await_marks(2);
}

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
        assert!(!stack.sandbox.sh("ls /run/timers/").out.contains("timer"), "the guard is disarmed");
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
fn power_lost_in_a_critical_section_is_put_back_at_boot() {
    with_units(|stack| {
        begin_and_wait(stack);
        stack.sandbox.lose_power();
        let call = act("r", "a", "1");
        assert_eq!(stack.marks().len(), 2);
        // Until the guard looked, the lock is held by what it will put back.
        stack.sandbox.write("/run/systemd/system/.keep", "");
        assert_eq!(stack.poll(&now(&call)).state, ActState::Running);
        systemd::boot(&mut stack.sandbox);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
        // The next boot finds nothing to do.
        systemd::boot(&mut stack.sandbox);
        assert_eq!(stack.marks().len(), 4);
    });
}

#[test]
fn power_lost_again_while_the_section_goes_back_is_put_back_at_the_next_boot() {
    with_units(|stack| {
        let undo = format!(
            "echo back one >>{MARK}; [ -e /root/again ] || {{ : >/root/again; exec /usr/bin/sleep 60; }}"
        );
        let steps = vec![
            marked("zero", ""),
            step("one", &format!("echo one >>{MARK}; exec /usr/bin/sleep 60"), &undo),
        ];
        stack.begin("r", section("a", true, steps));
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(2);
        stack.sandbox.lose_power();
        systemd::boot(&mut stack.sandbox);
        stack.await_marks(3);
        stack.sandbox.lose_power();
        systemd::boot(&mut stack.sandbox);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["zero", "one", "back one", "back one", "back zero"]);
    });
}

#[test]
fn power_lost_past_the_point_of_no_return_is_finished_at_boot() {
    with_units(|stack| {
        let once = "[ -e /root/again ] || { : >/root/again; exec /usr/bin/sleep 60; }";
        let steps = vec![
            marked("one", ""),
            onward("open", &format!("echo open >>{MARK}; {once}")),
            onward("last", &format!("echo last >>{MARK}")),
        ];
        stack.begin("r", section("a", true, steps));
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(2);
        stack.sandbox.lose_power();
        systemd::boot(&mut stack.sandbox);
        assert_eq!(stack.code(&call), 0);
        assert_eq!(stack.marks(), ["one", "open", "open", "last"]);
    });
}

#[test]
fn worker_killed_past_the_point_of_no_return_is_finished_by_the_droplet() {
    with_units(|stack| {
        let once = "[ -e /root/again ] || { : >/root/again; exec /usr/bin/sleep 60; }";
        let open = onward("open", &format!("echo open >>{MARK}; {once}"));
        stack.begin(
            "r",
            section("a", true, vec![marked("one", ""), open, onward("last", &format!("echo last >>{MARK}"))]),
        );
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(2);
        stack.sandbox.sh("until [ -e /root/again ]; do sleep 0.01; done").exits(0);
        // A stop ends nothing that users write into already.
        stack.sandbox.run(&stack.runner.stop(&call)).exits(0);
        assert_eq!(stack.poll(&now(&call)).state, ActState::Running);
        stack.kill_worker(&call);
        assert_eq!(stack.code(&call), 0);
        assert_eq!(stack.marks(), ["one", "open", "open", "last"]);
    });
}

#[test]
fn guard_leaves_a_worker_that_works_alone_and_puts_back_one_that_vanished() {
    with_units(|stack| {
        begin_and_wait(stack);
        let guard = format!("/bin/sh {} guard {DIR}", stack.runner.path());
        stack.sandbox.sh(&guard).exits(0);
        assert_eq!(stack.marks(), ["one", "two"]);
        // The unit and what comes after its end are gone at once: systemd itself was killed.
        let vanish = r#"rm -r /run/services/*; cd /proc
kill -KILL $(for p in [0-9]*; do case $(tr '\0' ' ' <$p/cmdline 2>/dev/null) in *" work "*|*systemd-run*|*"sleep 60 ") echo "$p" ;; esac; done | sort -n)"#;
        stack.sandbox.sh(vanish).exits(0);
        assert_eq!(stack.marks(), ["one", "two"]);
        stack.sandbox.sh(&guard).exits(0);
        assert_eq!(stack.code(&act("r", "a", "1")), 6);
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
    });
}

#[test]
fn verdict_is_confirmed_or_reverted_and_never_both() {
    on_each(|stack| {
        stack.take("r").exits(0);
        let ids: Vec<_> = (0..3).map(|n| format!("s{n}")).collect();
        for (n, id) in ids.iter().enumerate() {
            let one = step("one", "/usr/bin/sleep 0.1; echo done >>/root/mark", "echo back >>/root/mark");
            let at = [section(id, true, vec![one])];
            match n {
                0 => stack.open("r", 1, &at).exits(0),
                _ => stack.sandbox.run(&stack.runner.add("r", 1, &at)).exits(0),
            };
            stack.sandbox.sh(&format!("rm -f {MARK}"));
            let call = act("r", id, "1");
            let started = stack.launch(&now(&call), Mode::Detached);
            std::thread::sleep(std::time::Duration::from_millis(50 + 60 * n as u64));
            let stop = stack.sandbox.start(&stack.runner.stop(&call));
            stack.sandbox.sh(&format!("/bin/sh {} guard {DIR}", stack.runner.path())).exits(0);
            stack.sandbox.wait(stop);
            stack.sandbox.wait(started).exits(0);
            let state = stack.poll(&call).state;
            let code = if state == ActState::Absent { continue } else { stack.code(&call) };
            match (code, stack.marks().join(",").as_str()) {
                (0, "done") | (6, "back" | "done,back" | "") => {}
                other => panic!("neither, or both: {other:?}\n{}", stack.tree()),
            }
        }
    });
}

#[test]
fn start_works_without_a_unit_when_systemd_run_fails_or_lies() {
    for shell in Shell::ALL {
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

#[test]
fn guard_is_installed_once_and_named_after_its_directory() {
    with_units(|stack| {
        stack.begin("r", section("a", true, vec![marked("one", "")]));
        stack.start(&act("r", "a", "1"), Mode::Detached);
        stack.sandbox.run(&stack.runner.add("r", 1, &[section("b", true, vec![marked("two", "")])])).exits(0);
        stack.start(&act("r", "b", "1"), Mode::Detached);
        let calls = stack.sandbox.calls("systemctl");
        let count = |word: &str| calls.iter().filter(|call| call.starts_with(word)).count();
        assert_eq!(
            (count("daemon-reload"), count("enable"), count("start ops-guard-")),
            (1, 1, 2),
            "{calls:?}"
        );
        let units = stack.sandbox.sh("cat /etc/systemd/system/ops-guard-*.service").exits(0).out;
        assert!(
            units.contains(&format!("ExecStart=/bin/sh '{}' guard '{DIR}'", stack.runner.path())),
            "{units}"
        );
    });
}
