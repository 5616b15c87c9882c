//! A disk that is full: the ballast is given up, and what matters is still written.

use ops::execute::runner::{CANNOT_WRITE, Mode};

use super::{Keeper, STACK, Stack, act, section, step};
use crate::sandbox::{Sandbox, Shell};

const DISK: &str = "/var/lib/ops";

/// The disk below the runner's directory holds this many bytes.
fn on_disks_of(bytes: u64, test: impl Fn(&mut Stack)) {
    for (shell, keeper) in Shell::ALL.into_iter().zip([Keeper::Unit, Keeper::Session, Keeper::Unit]) {
        eprintln!("in {shell:?} with {keeper:?}");
        test(&mut Stack::on(Sandbox::with_disks(shell, &[(DISK, bytes)]), keeper));
    }
}

#[test]
fn disk_that_a_step_fills_keeps_no_undo_from_the_journal_and_the_ballast_is_given_up() {
    on_disks_of(6 << 20, |stack| {
        let fill = "head -c 100000000 /dev/zero >/var/lib/ops/fill";
        let undo = "echo undone >>/root/mark; rm -f /var/lib/ops/fill";
        stack.begin("r", section("a", true, vec![step("fills", fill, undo)]));
        stack.sandbox.sh(&format!("[ -s {DISK}/odoo/ballast ]")).exits(0);
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 6);
        assert_eq!(stack.marks(), ["undone"]);
        let report = stack.poll(&call);
        let log = String::from_utf8_lossy(&report.chapters[0].log).into_owned();
        assert!(log.contains("the disk of /var/lib/ops/odoo is full: 0 kB are free"), "{log}");
        let kept = stack.sandbox.sh(&format!("cd {DISK}/odoo && [ ! -e ballast ] && grep -c '' runs/r/journal.jsonl && cat runs/r/journal.jsonl")).exits(0).out;
        assert!(kept.starts_with("4\n") && kept.contains("\"kind\":\"undo\",\"code\":0}"), "{kept}");
        stack.sandbox.run(&stack.runner.close("r", 1, "{}", "{}")).exits(0);
        // The next run has a ballast again.
        stack.take("s").exits(0);
        stack.sandbox.sh(&format!("[ \"$(wc -c <{DISK}/odoo/ballast)\" = 2097152 ]")).exits(0);
    });
}

#[test]
fn disk_that_others_fill_lets_a_holder_go_on_by_the_ballast() {
    on_disks_of(6 << 20, |stack| {
        stack.begin("r", section("a", false, vec![step("one", "echo ran >>/root/mark", "")]));
        stack.sandbox.sh(&format!("head -c 100000000 /dev/zero >{DISK}/fill")).exits(1);
        stack.sandbox.run(&stack.runner.beat("r", 1)).exits(0);
        stack.sandbox.sh(&format!("[ ! -e {DISK}/odoo/ballast ]")).exits(0);
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!((stack.code(&call), stack.marks().len()), (0, 1));
        stack.sandbox.run(&stack.runner.close("r", 1, "{}", "{}")).exits(0);
    });
}

#[test]
fn lock_and_records_are_refused_with_73_when_not_a_byte_is_free() {
    on_disks_of(256 << 10, |stack| {
        // Too small for a ballast, which is no reason to refuse.
        stack.take("r").exits(0);
        stack
            .sandbox
            .sh(&format!("[ ! -e {DISK}/odoo/ballast ] && head -c 100000000 /dev/zero >{DISK}/fill"))
            .exits(1);
        let open =
            stack.runner.open("r", 1, super::TEXTS, &[section("a", false, vec![step("one", "true", "")])]);
        stack.sandbox.run(&open).exits(CANNOT_WRITE);
        stack.sandbox.run(&stack.runner.note(STACK, "{}")).exits(CANNOT_WRITE);
        stack.take("r").exits(CANNOT_WRITE);
        // What could not be taken is held by nobody, so that a person who makes room can go on.
        stack.sandbox.sh(&format!("[ ! -e {DISK}/odoo/lock/run ] && rm {DISK}/fill")).exits(0);
        stack.take("s").exits(0);
        stack.open("s", 2, &[section("a", false, vec![step("one", "true", "")])]).exits(0);
    });
}
