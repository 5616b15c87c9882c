//! Sections past their point of no return: finished, and never taken back.

use ops::execute::runner::{Act, ActState, Mode};

use super::{MARK, act, marked, now, on_each, onward, section, with_units};
use crate::systemd;

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
fn power_lost_past_the_point_of_no_return_is_finished_at_boot() {
    with_units(|stack| {
        // What it remembers is there before the mark, after which the power may be lost at any time.
        let open = format!(
            "again=$(ls /root/again 2>/dev/null); : >/root/again; echo open >>{MARK}; [ -n \"$again\" ] || exec /usr/bin/sleep 60"
        );
        let steps =
            vec![marked("one", ""), onward("open", &open), onward("last", &format!("echo last >>{MARK}"))];
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
