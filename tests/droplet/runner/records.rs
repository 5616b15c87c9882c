//! Records: what a run is going to do, its journal, its audit, and how it is closed.

use ops::cmd::Cmd;
use ops::execute::runner::{ActState, LOCKED, Mode};
use sha2::{Digest, Sha256};

use super::{DIR, STACK, Stack, TEXTS, act, in_each_shell, marked, on_each, section};

/// The command with an input that ends early.
fn cut(cmd: &Cmd, bytes: usize) -> Cmd {
    let text = cmd.stdin_text().unwrap()[..bytes].to_owned();
    cmd.clone().stdin(text)
}

#[test]
fn open_refuses_an_input_that_is_cut_anywhere_and_leaves_nothing_to_run() {
    in_each_shell(|stack| {
        stack.take("r").exits(0);
        let sections =
            [section("a", false, vec![marked("one", "")]), section("b", true, vec![marked("two", "exit 3")])];
        let whole = stack.runner.open("r", 1, TEXTS, &sections);
        let text = whole.stdin_text().unwrap().to_owned();
        let at = |part: &str| text.find(part).unwrap();
        let (second, last) = (at("section b"), text.len());
        let places = [0, 1, 5, at("section a"), at("section a") + 4, at("step one"), at("echo one") + 3];
        let ends = [second, second + 1, second + 9, at("echo two"), at("back two"), last - 4, last - 2];
        for place in places.into_iter().chain(ends) {
            stack.sandbox.run(&cut(&whole, place)).exits(71);
            assert!(!stack.has("runs/r/sections"), "cut at {place}: {:?}", &text[..place]);
        }
        assert!(!stack.has("audit.jsonl"), "a run that did not begin is in no audit");
        stack.sandbox.run(&whole).exits(0);
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).state, ActState::Done(0));
    });
}

#[test]
fn second_open_keeps_the_sections_and_what_ran_of_them() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).state, ActState::Done(0));
        stack.open("r", 1, &[section("a", false, vec![marked("other", "")])]).exits(0);
        assert_eq!(stack.start(&act("r", "a", "1"), Mode::Detached).chapters.len(), 1);
        assert_eq!(stack.start(&act("r", "a", "2"), Mode::Detached).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["one"]);
    });
}

#[test]
fn add_puts_a_section_there_once_and_refuses_a_cut_input() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let add = stack.runner.add("r", 1, &[section("b", false, vec![marked("two", "")])]);
        let length = add.stdin_text().unwrap().len();
        for place in [3, length / 2, length - 4] {
            stack.sandbox.run(&cut(&add, place)).exits(71);
            assert!(!stack.has("runs/r/sections/b"));
        }
        for _ in 0..2 {
            stack.sandbox.run(&add).exits(0);
        }
        assert_eq!(stack.file("runs/r/sections/order"), "a\nb\n");
        assert_eq!(stack.start(&act("r", "b", "1"), Mode::Detached).state, ActState::Done(0));
        // Added once more, it keeps what ran.
        stack.sandbox.run(&add).exits(0);
        assert_eq!(stack.start(&act("r", "b", "1"), Mode::Detached).state, ActState::Done(0));
        assert_eq!(stack.marks(), ["two"]);
        stack.sandbox.run(&stack.runner.add("other", 1, &[])).exits(71).says(&["no such run"]);
        let status = stack.sandbox.run(&stack.runner.status("r", STACK)).exits(0).out;
        assert!(
            status.contains(
                "section a - - -\nstep one 0 0\nsection b done 0 1\nstep two 1 1\nplan 12\n{\"order\":[]}"
            ),
            "{status}"
        );
    });
}

#[test]
fn close_writes_the_record_and_gives_the_lock_back() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let close = stack.runner.close("r", 1, r#"{"exit":0}"#, r#"{"event":"end"}"#);
        stack.sandbox.run(&cut(&close, 5)).exits(71);
        assert!(stack.has("lock/run") && stack.file("runs/r/run.json") == TEXTS[0]);
        stack.sandbox.run(&close).exits(0);
        assert!(!stack.has("lock/run") && !stack.has("lock/holder.json"));
        assert_eq!(stack.file("runs/r/run.json"), r#"{"exit":0}"#);
        stack.take("next").exits(0).says(&["taken 2"]);
        stack.sandbox.run(&close).exits(72);
        assert_eq!(stack.file("lock/run"), "next\n");
    });
}

#[test]
fn audit_is_a_chain_of_hashes_whose_head_is_kept_beside_it() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        stack.sandbox.run(&stack.runner.note(STACK, r#"{"event":"note","text":"a \"b\" {c}"}"#)).exits(0);
        stack.sandbox.run(&stack.runner.close("r", 1, "{}", r#"{"event":"end","text":"}"}"#)).exits(0);
        stack.take("r2").exits(0);
        stack.sandbox.run(&stack.runner.release_by_hand("r2", STACK, false)).exits(0);
        let audit = stack.file("audit.jsonl");
        let mut head = "0".repeat(64);
        for line in audit.lines() {
            let json: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_eq!(json["prev"], head.as_str(), "{line}");
            head = Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect();
        }
        assert_eq!(audit.lines().count(), 4);
        assert_eq!(stack.file("audit.head").trim(), head);
    });
}

/// Every line of a run's journal.
pub fn journal(stack: &Stack, run: &str) -> Vec<serde_json::Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    stack.file(&format!("runs/{run}/journal.jsonl")).lines().map(read).collect()
}

#[test]
fn journal_has_the_begin_and_the_end_of_every_step_in_order() {
    on_each(|stack| {
        let steps = vec![marked("one", ""), marked("two", "echo 'a \"quote\"'; exit 3")];
        stack.begin("r", section("a", true, steps));
        let call = act("r", "a", "1");
        stack.start(&call, Mode::Detached);
        assert_eq!(stack.code(&call), 6);
        let lines = journal(stack, "r");
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                format!("{} {} {} {}", line["event"], line["step"], line["kind"], line["code"])
                    .replace('"', "")
            })
            .collect();
        let wanted = [
            "begin one carry null",
            "end one carry 0",
            "begin two carry null",
            "end two carry 3",
            "begin two undo null",
            "end two undo 0",
            "begin one undo null",
            "end one undo 0",
        ];
        assert_eq!(told, wanted);
        assert!(lines.iter().all(|line| line["at"].as_i64() > Some(1_700_000_000)
            && line["act"] == "1"
            && line["section"] == "a"));
        assert_eq!(stack.file("runs/r/steps/two.1/log"), "a \"quote\"\n");
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(0);
    });
}

#[test]
fn lock_is_released_only_once_and_the_run_stays_readable() {
    in_each_shell(|stack| {
        stack.begin("r", section("a", false, vec![marked("one", "")]));
        let status = stack.sandbox.run(&stack.runner.status("r", STACK)).exits(0).out;
        assert!(status.starts_with("1 "), "{status}");
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(0);
        stack.sandbox.run(&stack.runner.release("r", 1)).exits(72);
        let status = stack.sandbox.run(&stack.runner.status("r", STACK)).exits(0).out;
        assert!(status.starts_with("0 ") && status.contains("record 10\n{\"id\":\"r\"}"), "{status}");
        stack.sandbox.run(&stack.runner.status("other", STACK)).exits(71);
        // Without a droplet that knows the runner, the question installs it.
        stack.sandbox.sh(&format!("rm -rf {DIR}")).exits(0);
        stack.sandbox.run(&stack.runner.status("r", STACK)).exits(71);
        assert_eq!(stack.file("stack"), format!("{STACK}\n"));
        stack.take("r").exits(0);
        stack.take("s").exits(LOCKED);
    });
}
