//! Garbage in the place of names, numbers, modes and verbs.

use ops::cmd::Cmd;
use ops::execute::runner::{Mode, Runner};

use super::{DIR, STACK, act, in_each_shell, marked, section, step};

#[test]
fn names_that_are_no_names_are_refused_and_nothing_is_written() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let before = stack
            .sandbox
            .sh("find / -xdev -newer /var/lib/ops/odoo/stack -path '/[veort]*' -not -path '/proc/*' | sort")
            .out;
        let long = "x".repeat(151);
        let names = [
            "",
            "..",
            ".",
            ".hidden",
            "-x",
            "a/b",
            "../../etc",
            "a b",
            "a\nb",
            "a;id",
            "$(id)",
            "'",
            "é",
            &long,
        ];
        for name in names {
            let (one, two, three) = (act(name, "a", "1"), act("r", name, "1"), act("r", "a", name));
            for call in [one, two, three] {
                let start = stack.runner.start(&call, Mode::Detached);
                stack.sandbox.run(&start).exits(71).says(&["bad call: name"]);
            }
            stack.take(name).exits(71);
            stack.sandbox.run(&stack.runner.release(name, 1)).exits(71);
        }
        let after = stack
            .sandbox
            .sh("find / -xdev -newer /var/lib/ops/odoo/stack -path '/[veort]*' -not -path '/proc/*' | sort")
            .out;
        assert_eq!(before, after);
        assert_eq!(stack.file("lock/run"), "r\n");
        // A name of the longest kind is one.
        stack.sandbox.run(&stack.runner.release_by_hand("r", STACK, false)).exits(0);
        stack.take(&long[1..]).exits(0);
    });
}

#[test]
fn sections_with_hostile_names_or_numbers_are_refused() {
    in_each_shell(|stack| {
        stack.take("r").exits(0);
        let hostile = [
            "section ../x 0 1\nstep s 60 back\n4\ntrue0\n",
            "section a 0 x\n",
            "section a 0 -1\n",
            "section a 0 1\nstep ../s 60 back\n4\ntrue0\n",
            "section a 0 1\nstep s 6x back\n4\ntrue0\n",
            "section a 0 1\nstep s 60 back\n-4\ntrue0\n",
            "section a 0 1\nstep s 60 ..\n4\ntrue0\n",
            "other a 0 1\nstep s 60 back\n4\ntrue0\n",
        ];
        for sections in hostile {
            let text = stack.runner.open("r", 1, super::TEXTS, &[]).stdin_text().unwrap().to_owned();
            let head = text.strip_suffix("end\n").unwrap();
            let open = stack.runner.open("r", 1, super::TEXTS, &[]).stdin(format!("{head}{sections}end\n"));
            stack.sandbox.run(&open).exits(71);
            assert!(
                !stack.has("runs/r/sections") && !stack.sandbox.exists("/var/lib/ops/odoo/runs/r/x"),
                "{sections}"
            );
        }
        stack.open("r", 1, &[section("a", false, vec![step("s", "true", "")])]).exits(0);
    });
}

#[test]
fn directories_that_would_mean_something_in_a_unit_are_refused() {
    in_each_shell(|stack| {
        for dir in [
            "relative/odoo",
            "",
            "/var/lib/ops/a'b",
            "/var/lib/ops/a\"b",
            "/var/lib/ops/$HOME",
            "/var/lib/ops/%i",
            "/var/lib/ops/a\nb",
        ] {
            let cmd = Runner::new(dir).take("r", STACK, super::MEMBERS);
            let ran = stack.sandbox.run(&cmd);
            assert!(matches!(ran.code, Some(71 | 73)), "{dir}: {ran}");
        }
        let spaced = Runner::new("/var/lib/ops/a b-c_d.e");
        stack.sandbox.run(&spaced.take("r", STACK, super::MEMBERS)).exits(0);
    });
}

#[test]
fn calls_with_unknown_verbs_counts_modes_or_numbers_are_refused() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let path = stack.runner.path().to_owned();
        let calls: [&[&str]; 12] = [
            &[],
            &["take"],
            &["explode", DIR],
            &["take", DIR],
            &["take", DIR, "r", "s"],
            &["beat", DIR, "r", "x"],
            &["beat", DIR, "r", "-1"],
            &["start", DIR, "r", "1", "a", "1", "ten", "detached"],
            &["poll", DIR, "r", "a", "1", "1", "0", ""],
            &["poll", DIR, "r", "a", "1", "1x", "0", "0"],
            &["end", DIR, "r", "1", "a", "1", "zero", "5"],
            &["guard", DIR, "r"],
        ];
        for words in calls {
            stack
                .sandbox
                .run(&Cmd::new("/bin/sh").arg(&path).args(words.iter().copied()))
                .exits(71)
                .says(&["bad call"]);
        }
        let mode = Cmd::new("/bin/sh").arg(&path).args(["start", DIR, "r", "1", "a", "1", "0", "sideways"]);
        stack.sandbox.run(&mode).exits(71);
        assert!(stack.marks().is_empty());
    });
}
