//! Power that is lost in a critical section.

use ops::execute::runner::{ActState, Mode};

use super::{MARK, act, begin_and_wait, marked, now, section, step, with_units};
use crate::systemd;

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
        // What it remembers is there before the mark, after which the power may be lost at any time.
        let undo = format!(
            "again=$(ls /root/again 2>/dev/null); : >/root/again; echo back one >>{MARK}; [ -n \"$again\" ] || exec /usr/bin/sleep 60"
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
