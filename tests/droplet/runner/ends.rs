//! Acts that end early: halted, stopped, or past the limit of a step.

use ops::execute::Script;
use ops::execute::runner::{ActState, Mode};

use super::{MARK, act, in_each_shell, marked, now, on_each, section, step};

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
