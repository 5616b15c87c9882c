//! The guard, and who decides between confirmed and reverted.

use ops::execute::runner::{ActState, Mode};

use super::{DIR, MARK, act, begin_and_wait, marked, now, on_each, section, step, with_units};

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
