//! Acts that come to their end: run once, undone in reverse order, halted, stopped, limited, finished.

use ops::execute::Script;
use ops::execute::runner::{ActState, Mode, Seen};

use super::{Act, DIR, MARK, act, in_each_shell, marked, now, on_each, onward, report, section, step};

#[test]
fn act_runs_once_however_many_callers_start_it() {
    on_each(|stack| {
        let steps = vec![marked("one", "echo out"), marked("two", "sleep 0.2; exit 3")];
        stack.begin("r", section("a", false, steps));
        let call = act("r", "a", "1");
        let started: Vec<_> = (0..4).map(|_| stack.launch(&call, Mode::Detached)).collect();
        for one in started {
            let ran = stack.sandbox.wait(one).exits(0);
            assert!(matches!(report(&ran).state, ActState::Done(1) | ActState::Running), "{ran}");
        }
        assert_eq!(stack.code(&call), 1);
        assert_eq!(stack.marks(), ["one", "two"]);
        // Whoever starts it later gets the same report.
        let report = stack.start(&call, Mode::Detached);
        assert_eq!((report.state, report.chapters.len()), (ActState::Done(1), 2));
        assert_eq!(report.chapters[0].log, b"out\n");
        assert_eq!(report.chapters[1].end.map(|(code, millis)| (code, millis >= 200)), Some((3, true)));
        assert_eq!(stack.marks(), ["one", "two"]);
    });
}

#[test]
fn section_that_is_not_critical_is_undone_in_reverse_order_when_the_laptop_asks() {
    on_each(|stack| {
        let steps =
            vec![marked("one", ""), step("quiet", "true", ""), marked("two", "exit 3"), marked("three", "")];
        stack.begin("r", section("a", false, steps));
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).state, ActState::Done(1));
        assert_eq!(stack.marks(), ["one", "two"]);
        for _ in 0..2 {
            let undone = stack.start(&act("r", "a", "undo2"), Mode::Undo);
            assert_eq!(undone.state, ActState::Done(0));
            let told: Vec<_> = undone.chapters.iter().map(|one| (one.index, one.undo)).collect();
            // A step without an undo has nothing to run; the one that never began neither.
            assert_eq!(told, [(2, true), (0, true)]);
        }
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
        let marks = stack.sandbox.sh(&format!("ls {DIR}/runs/r/sections/a | grep -E 'begun|done'; :"));
        assert_eq!(marks.out, "", "what has no undo is let go as well");
    });
}

#[test]
fn critical_section_puts_itself_back_in_reverse_order_when_a_step_fails() {
    on_each(|stack| {
        let steps = vec![marked("one", ""), marked("two", "exit 3"), marked("three", "")];
        stack.begin("r", section("a", true, steps));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["one", "two", "back two", "back one"]);
        assert!(!stack.has("runs/r/sections/a/1/armed"), "the guard is disarmed");
        assert!(!stack.sandbox.sh("ls /run/timers/").out.contains("timer"));
        assert_eq!(
            stack.sandbox.path(&format!("{DIR}/runs/r/sections/a/1/verdict")).read_link().unwrap().to_str(),
            Some("reverted")
        );
    });
}

#[test]
fn critical_section_that_comes_to_its_end_is_confirmed_and_its_guard_disarmed() {
    on_each(|stack| {
        stack.begin("r", section("a", true, vec![marked("one", "")]));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 0);
        assert_eq!(
            stack.sandbox.path(&format!("{DIR}/runs/r/sections/a/1/verdict")).read_link().unwrap().to_str(),
            Some("confirmed")
        );
        assert!(!stack.has("runs/r/sections/a/1/armed"));
        assert!(!stack.sandbox.sh("ls /run/timers/").out.contains("timer"));
        assert_eq!(stack.marks(), ["one"]);
    });
}

#[test]
fn undo_that_fails_is_tried_three_times_and_reported_with_code_7() {
    on_each(|stack| {
        let one = step("one", "true", &format!("echo back one >>{MARK}; exit 5"));
        stack.begin("r", section("a", true, vec![marked("zero", ""), one, marked("two", "exit 3")]));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 7);
        // The others are undone all the same, once.
        let wanted = ["zero", "two", "back two", "back one", "back zero", "back one", "back one"];
        assert_eq!(stack.marks(), wanted);
        assert!(stack.has("runs/r/sections/a/1.begun") && !stack.has("runs/r/sections/a/0.begun"));
    });
}

#[test]
fn undo_that_succeeds_at_the_second_try_puts_the_section_back() {
    on_each(|stack| {
        let undo = format!("echo back one >>{MARK}; [ -e /root/again ] || {{ : >/root/again; exit 5; }}");
        stack.begin("r", section("a", true, vec![step("one", "exit 3", &undo)]));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 6);
        let report = stack.poll(&call);
        let codes: Vec<_> = report.chapters.iter().map(|one| (one.undo, one.end.unwrap().0)).collect();
        assert_eq!(codes, [(false, 3), (true, 5), (true, 0)]);
        assert_eq!(stack.marks().len(), 2);
    });
}

#[test]
fn undo_act_reports_code_7_when_an_undo_fails_and_another_act_tries_it_again() {
    in_each_shell(|stack| {
        let undo = "[ -e /root/now ]";
        stack.begin("r", section("a", false, vec![step("one", "true", undo), marked("two", "exit 3")]));
        stack.start(&act("r", "a", "1"), Mode::Detached);
        assert_eq!(stack.start(&act("r", "a", "undo2"), Mode::Undo).state, ActState::Done(7));
        stack.sandbox.write("/root/now", "");
        assert_eq!(stack.start(&act("r", "a", "undo3"), Mode::Undo).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["two", "back two"]);
    });
}

#[test]
fn halt_ends_a_section_between_two_steps_and_the_next_act_does_the_rest() {
    on_each(|stack| {
        let first = marked("one", "until [ -e \"$OPS_HALT\" ]; do sleep 0.02; done");
        stack.begin("r", section("a", false, vec![first, marked("two", "")]));
        let call = act("r", "a", "1");
        let started = stack.launch(&call, Mode::Detached);
        stack.await_marks(1);
        stack.sandbox.run(&stack.runner.halt(&call)).exits(0);
        stack.sandbox.wait(started).exits(0);
        assert_eq!(stack.code(&call), 3);
        assert_eq!(stack.marks(), ["one"]);
        assert_eq!(stack.start(&act("r", "a", "2"), Mode::Detached).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["one", "two"]);
    });
}

#[test]
fn halt_does_not_end_a_critical_section_half_way() {
    in_each_shell(|stack| {
        let first = marked("one", "until [ -e \"$OPS_HALT\" ]; do sleep 0.02; done");
        stack.begin("r", section("a", true, vec![first, marked("two", "")]));
        let call = act("r", "a", "1");
        let started = stack.launch(&call, Mode::Detached);
        stack.await_marks(1);
        stack.sandbox.run(&stack.runner.halt(&call)).exits(0);
        stack.sandbox.wait(started).exits(0);
        assert_eq!(stack.code(&call), 0);
        assert_eq!(stack.marks(), ["one", "two"]);
    });
}

#[test]
fn stop_ends_an_act_at_once_and_puts_a_critical_one_back() {
    on_each(|stack| {
        let steps = || vec![marked("one", ""), marked("two", "exec /usr/bin/sleep 60")];
        stack.take("r").exits(0);
        stack.open("r", 1, &[section("a", false, steps()), section("b", true, steps())]).exits(0);
        let (plain, critical) = (act("r", "a", "1"), act("r", "b", "1"));
        stack.start(&now(&plain), Mode::Detached);
        stack.await_marks(2);
        stack.sandbox.run(&stack.runner.stop(&plain)).exits(0);
        assert_eq!((stack.code(&plain), stack.marks()), (1, vec!["one".to_owned(), "two".to_owned()]));
        stack.start(&now(&critical), Mode::Detached);
        stack.await_marks(4);
        stack.sandbox.run(&stack.runner.stop(&critical)).exits(0);
        assert_eq!(stack.code(&critical), 6);
        assert_eq!(stack.marks()[4..], ["back two", "back one"]);
        // Once more it has nothing to end.
        stack.sandbox.run(&stack.runner.stop(&critical)).exits(0);
        assert_eq!(stack.marks().len(), 6);
    });
}

#[test]
fn stop_lets_an_undo_that_is_under_way_come_to_its_end() {
    on_each(|stack| {
        let undo = format!("echo begins >>{MARK}; sleep 0.5; echo ends >>{MARK}");
        stack.begin("r", section("a", true, vec![step("one", "exit 1", &undo)]));
        let call = act("r", "a", "1");
        stack.start(&now(&call), Mode::Detached);
        stack.await_marks(1);
        stack.sandbox.run(&stack.runner.stop(&call)).exits(0);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["begins", "ends"]);
    });
}

#[test]
fn step_that_exceeds_its_limit_is_ended_with_code_124() {
    on_each(|stack| {
        let slow = Script { limit: 1, ..step("slow", "sleep 30", "") };
        stack.begin("r", section("a", false, vec![slow]));
        let report = stack.start(&act("r", "a", "1"), Mode::Detached);
        assert_eq!(report.state, ActState::Done(1));
        assert_eq!(report.chapters[0].end.unwrap().0, 124);
    });
}

#[test]
fn step_that_ignores_sigterm_is_killed_and_counts_as_too_slow() {
    in_each_shell(|stack| {
        // It waits 10 s before it kills; half a second is enough here.
        stack.sandbox.stub("timeout", "shift 2; exec /usr/bin/timeout -k 0.5 \"$@\"");
        let slow =
            Script { limit: 1, ..step("slow", "trap '' TERM; while :; do /usr/bin/sleep 0.1; done", "") };
        stack.begin("r", section("a", false, vec![slow, marked("never", "")]));
        let report = stack.start(&act("r", "a", "1"), Mode::Detached);
        assert_eq!((report.state, report.chapters[0].end.unwrap().0), (ActState::Done(1), 124));
        assert_eq!(report.chapters.len(), 1);
    });
}

#[test]
fn report_is_bounded_and_the_whole_log_comes_in_pieces() {
    in_each_shell(|stack| {
        let loud = "head -c 3145728 /dev/zero | tr '\\0' x; echo end";
        stack.begin("r", section("a", false, vec![step("loud", loud, ""), step("next", "echo next", "")]));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        stack.code(&call);
        let (mut seen, mut log, mut calls) = (Seen::default(), Vec::new(), 0);
        loop {
            let ran = stack.sandbox.run(&stack.runner.poll(&call, seen)).exits(0);
            let report = report(&ran);
            assert!(ran.out.len() < 1_050_000, "a report of {} bytes", ran.out.len());
            let chapter = &report.chapters[0];
            (calls, log) = (calls + 1, [log, chapter.log.clone()].concat());
            seen.offset += chapter.log.len() as u64;
            if seen.offset >= chapter.size {
                assert_eq!(report.chapters[1].log, b"next\n");
                break;
            }
        }
        assert_eq!((log.len(), calls), (3_145_732, 4));
        assert!(log.ends_with(b"xend\n"));
    });
}

#[test]
fn attached_section_reads_the_connection_and_its_secret_is_stored_nowhere() {
    on_each(|stack| {
        let reads = "read -r secret; echo \"got ${#secret}\"";
        stack.begin("r", section("a", false, vec![step("one", reads, ""), step("two", reads, "")]));
        let call = stack.runner.start(&act("r", "a", "1"), Mode::Attached).stdin("canary-one\ncanary-four\n");
        let ran = stack.sandbox.run(&call).exits(0);
        let logs: Vec<_> = report(&ran).chapters.into_iter().map(|one| one.log).collect();
        assert_eq!(logs, [b"got 10\n", b"got 11\n"]);
        stack.sandbox.sh("grep -r canary /var /etc /run /root /tmp").exits(1);
    });
}

#[test]
fn section_past_its_point_of_no_return_is_tried_again_and_never_taken_back() {
    on_each(|stack| {
        let steps = || {
            vec![
                marked("one", ""),
                onward("open", "echo open >>/root/mark; [ -e /root/now ]"),
                onward("last", "echo last >>/root/mark"),
            ]
        };
        stack.begin("r", section("a", true, steps()));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 8);
        assert_eq!(stack.marks(), ["one", "open", "open", "open", "open", "open"]);
        stack.sandbox.write("/root/now", "");
        stack.sandbox.write(MARK, "");
        let again = Act { act: "2", ..call };
        stack.start(&again, Mode::Detached);
        assert_eq!(
            (stack.code(&again), stack.marks()),
            (0, vec!["last".into(), "open".into()].into_iter().rev().collect::<Vec<String>>())
        );
    });
}

#[test]
fn step_that_an_earlier_act_left_half_way_is_undone_before_it_runs_again() {
    in_each_shell(|stack| {
        let one = marked("one", "[ -e /root/now ]");
        stack.begin("r", section("a", false, vec![marked("zero", ""), one]));
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).state, ActState::Done(1));
        stack.sandbox.write("/root/now", "");
        assert_eq!(stack.start(&act("r", "a", "2"), Mode::Detached).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["zero", "one", "back one", "one"]);
    });
}
