//! How a section goes back: in reverse order, by the droplet or by the laptop, and undos that fail.

use ops::execute::runner::{ActState, Mode};

use super::{DIR, MARK, act, in_each_shell, marked, on_each, section, step};

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
        stack.await_disarmed(&call);
        assert_eq!(
            stack.sandbox.path(&format!("{DIR}/runs/r/sections/a/1/verdict")).read_link().unwrap().to_str(),
            Some("reverted")
        );
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
