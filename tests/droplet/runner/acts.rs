//! Acts that come to their end: they run once and report all of it.

use ops::execute::runner::{ActState, Mode, Seen};

use super::{DIR, act, in_each_shell, marked, on_each, report, section, step};

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
        stack.await_disarmed(&call);
        assert_eq!(stack.marks(), ["one"]);
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
