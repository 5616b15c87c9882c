//! Sections that the laptop carries out itself and tells the droplet of.

use ops::execute::runner::{Act, ActState, LOCK_NOT_OURS, LOCKED, Mode, Seen};

use super::records::journal;
use super::{DIR, STACK, act, in_each_shell, marked, now, report, section};

#[test]
fn section_of_the_laptop_is_on_record_once_however_often_it_is_told() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("never", "")]));
        let call = act("r", "a", "1");
        let end = stack.runner.end(&call, 3, 17, "it says");
        stack.sandbox.run(&end).exits(71).says(&["it did not begin"]);
        for _ in 0..2 {
            stack.sandbox.run(&stack.runner.begin(&call)).exits(0);
        }
        assert_eq!(stack.poll(&now(&call)).state, ActState::Running);
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(LOCKED);
        for _ in 0..2 {
            stack.sandbox.run(&end).exits(0);
        }
        let report = stack.poll(&call);
        assert_eq!((report.state, report.chapters.len()), (ActState::Done(1), 1));
        assert_eq!(
            (report.chapters[0].end, report.chapters[0].log.as_slice()),
            (Some((3, 17)), b"it says".as_slice())
        );
        // A second act, which ends well.
        let again = act("r", "a", "2");
        stack.sandbox.run(&stack.runner.begin(&again)).exits(0);
        stack.sandbox.run(&stack.runner.end(&again, 0, 9, "")).exits(0);
        assert_eq!(stack.poll(&again).state, ActState::Done(0));
        assert_eq!(stack.file("runs/r/sections/a/acts"), "1\n2\n");
        let status = stack.sandbox.run(&stack.runner.status("r", STACK)).out;
        assert!(status.contains("section a done 0 1,2\nstep never 1 1\n"), "{status}");
        assert_eq!((journal(stack, "r").len(), stack.marks().len()), (4, 0));
    });
}

#[test]
fn section_of_the_laptop_ends_with_the_fence_that_began_it() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("never", "")]));
        let call = act("r", "a", "1");
        stack.sandbox.run(&stack.runner.begin(&call)).exits(0);
        stack.take("r").exits(0).says(&["taken 2"]);
        assert_eq!(stack.poll(&Act { wait: 2, ..call }).state, ActState::Lost);
        stack.sandbox.run(&stack.runner.end(&call, 0, 9, "")).exits(LOCK_NOT_OURS);
        assert_eq!(stack.poll(&Act { wait: 2, ..call }).state, ActState::Lost);
    });
}

#[test]
fn laptop_that_gives_no_sign_of_life_is_gone() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("never", "")]));
        let call = act("r", "a", "1");
        stack.sandbox.run(&stack.runner.begin(&call)).exits(0);
        assert_eq!(stack.poll(&Act { wait: 2, ..call }).state, ActState::Running);
        stack.sandbox.sh(&format!("echo $(($(date +%s) - 17)) >{DIR}/lock/beat")).exits(0);
        assert_eq!(stack.poll(&Act { wait: 2, ..call }).state, ActState::Lost);
        // A stop ends nothing: the laptop ends its own.
        stack.sandbox.run(&stack.runner.stop(&call)).exits(0);
        stack.sandbox.run(&stack.runner.beat("r", 1)).exits(0);
        stack.sandbox.run(&stack.runner.end(&call, 0, 9, "")).exits(0);
        assert_eq!(stack.poll(&call).state, ActState::Done(0));
    });
}

#[test]
fn poll_of_an_act_that_nobody_started_is_absent() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let call = act("r", "a", "1");
        let ran = stack.sandbox.run(&stack.runner.poll(&call, Seen::default())).exits(0);
        assert_eq!((ran.out.as_str(), report(&ran).state), ("absent - 0\n", ActState::Absent));
        stack.sandbox.run(&stack.runner.halt(&call)).exits(0);
        stack.sandbox.run(&stack.runner.stop(&call)).exits(0);
        assert!(!stack.has("runs/r/sections/a/1"));
        assert_eq!(stack.start(&call, Mode::Detached).state, ActState::Done(0));
    });
}
