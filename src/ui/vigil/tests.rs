//! Pictures of a view: of every size, with nothing, with garbage, with many droplets.

use super::*;
use crate::checks::health::{Figure, Unit};
use crate::ui::Size;

const NOW: i64 = 1_795_320_601;
const SMALL: Size = Size { columns: 80, lines: 24 };
const LARGE: Size = Size { columns: 200, lines: 60 };
const TINY: Size = Size { columns: 20, lines: 5 };

fn looked(name: &str, verdicts: &[(&str, Verdict)]) -> Looked {
    let finding = |(id, verdict): &(&str, Verdict)| Finding {
        id: (*id).to_owned(),
        title: format!("title of {id}"),
        severity: Severity::High,
        droplet: name.to_owned(),
        verdict: verdict.clone(),
    };
    let figure = |name, value| Figure { name, label: None, value, unit: Unit::Number };
    Looked {
        env: "prod".to_owned(),
        droplet: name.to_owned(),
        reached: true,
        millis: 400,
        findings: verdicts.iter().map(finding).collect(),
        figures: vec![
            figure("web_answer_seconds", 0.04),
            figure("load5", 0.42),
            figure("memory_available_ratio", 0.25),
        ],
    }
}

fn good() -> Verdict {
    Verdict::pass("runs")
}

fn bad() -> Verdict {
    Verdict::fail(
        "odoo does not run, and this is why, told at such a length that it needs several lines of a window",
        "docker start it",
    )
}

fn view(droplets: usize) -> View {
    let names = (1..=droplets).map(|n| ("prod".to_owned(), format!("erp-{n}")));
    View::new("prod", 10, names, NOW)
}

fn well(droplets: usize) -> View {
    let mut view = view(droplets);
    for at in 0..droplets {
        view.take(at, looked(&format!("erp-{}", at + 1), &[("ct.running", good())]), NOW);
    }
    view
}

fn press(view: &mut View, key: Key, times: usize) {
    for _ in 0..times {
        assert_eq!(view.press(key, NOW), None);
    }
}

/// No line is wider, and there are as many as the window has.
#[track_caller]
fn shown(view: &mut View, now: i64, size: Size) -> Vec<String> {
    let lines = frame(view, now, size, false);
    assert_eq!(lines.len(), size.lines, "{lines:#?}");
    for line in &lines {
        assert!(console::measure_text_width(line) <= size.columns, "{line:?}");
        assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    }
    lines
}

#[test]
fn a_droplet_that_is_well_has_one_line_with_its_figures() {
    let lines = shown(&mut well(1), NOW + 3, SMALL);
    assert_eq!(lines[0], "all fine  every 10 s  04:10:04Z  prod");
    assert_eq!(lines[1], "  status   droplet seen     login             load              memory");
    assert_eq!(lines[2], "> ok       erp-1   3 s             ▁ 40 ms           ▄ 0.42            ▇ 75%");
    assert!(lines[3..23].iter().all(String::is_empty), "{lines:#?}");
    assert!(lines[23].contains("q quit"));
}

#[test]
fn problems_and_changes_stand_below() {
    let mut view = well(2);
    let changes = view.take(1, looked("erp-2", &[("ct.running", bad())]), NOW + 5);
    assert_eq!(changes.len(), 1);
    for size in [SMALL, LARGE] {
        let text = shown(&mut view, NOW + 6, size).join("\n");
        for wanted in [
            "1 critical, 0 unknown, 0 warnings",
            "> CRITICAL erp-2   1 s",
            "  ok       erp-1   6 s",
            "Problems\n  CRITICAL erp-2: title of ct.running: odoo does not run",
            "do: docker start it",
            "Changes\n  04:10:06Z erp-2 CRITICAL ct.running: odoo does not run",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
    }
    view.take(1, looked("erp-2", &[("ct.running", good())]), NOW + 9);
    let text = shown(&mut view, NOW + 9, SMALL).join("\n");
    assert!(text.contains("  04:10:10Z erp-2 ok ct.running (was critical): runs\n  04:10:06Z"), "{text}");
    assert!(!text.contains("Problems"), "{text}");
}

#[test]
fn a_tiny_window_shows_the_worst() {
    let mut view = well(9);
    view.take(8, looked("erp-9", &[("ct.running", bad())]), NOW);
    let lines = shown(&mut view, NOW, TINY);
    assert_eq!(lines[0], "1 critical, 0 unkno…");
    assert_eq!(lines[1], "> CRITICAL erp-9   …");
    for (columns, lines) in [(1, 1), (2, 2), (3, 3), (7, 4), (500, 2), (1, 100)] {
        shown(&mut view, NOW, Size { columns, lines });
        view.press(Key::Enter, NOW);
        shown(&mut view, NOW, Size { columns, lines });
        view.press(Key::Back, NOW);
    }
}

#[test]
fn nothing_seen_is_nothing_known() {
    let mut view = view(2);
    let lines = shown(&mut view, NOW, SMALL);
    assert!(lines[0].starts_with("looking  every 10 s") && lines[2].contains("looking  erp-1"), "{lines:#?}");
    assert!(view.report(NOW).blind() && !view.is_whole());
    assert_eq!(view.report(NOW).status(), Status::Unknown);
    shown(&mut super::View::new("", 2, std::iter::empty(), NOW), NOW, SMALL);
}

#[test]
fn what_is_too_old_is_not_known_any_more_but_a_pause_is_no_fault() {
    let mut view = well(1);
    assert_eq!(view.report(NOW + 30).status(), Status::Ok);
    assert_eq!(view.report(NOW + 31).status(), Status::Unknown);
    let text = shown(&mut view, NOW + 31, SMALL).join("\n");
    assert!(
        text.contains("> UNKNOWN  erp-1   31 s") && text.contains("no answer; it was last seen 31 s ago"),
        "{text}"
    );
    assert_eq!(view.press(Key::Pause, NOW + 5), Some(Act::Pause(true)));
    assert_eq!(view.report(NOW + 500).status(), Status::Ok);
    assert!(shown(&mut view, NOW + 500, SMALL)[0].starts_with("PAUSED  all fine"));
    assert_eq!(view.press(Key::Pause, NOW + 500), Some(Act::Pause(false)));
    assert_eq!(view.report(NOW + 510).status(), Status::Ok);
    assert_eq!(view.report(NOW + 531).status(), Status::Unknown);
    view.awake(NOW + 900);
    assert_eq!(view.report(NOW + 901).status(), Status::Ok);
}

#[test]
fn keys_choose_a_droplet_of_many_and_show_its_checks() {
    let mut view = well(100);
    let first = |view: &mut View| {
        let lines = shown(view, NOW, SMALL);
        lines.iter().find(|line| line.starts_with("> ")).unwrap()[11..].split(' ').next().unwrap().to_owned()
    };
    assert_eq!(first(&mut view), "erp-1");
    press(&mut view, Key::Down, 40);
    assert_eq!(first(&mut view), "erp-41");
    view.press(Key::PageDown, NOW);
    press(&mut view, Key::Up, 2);
    assert_eq!(first(&mut view), "erp-49");
    press(&mut view, Key::PageDown, 9);
    assert_eq!(first(&mut view), "erp-100");
    // It stays chosen when another becomes worse.
    view.take(0, looked("erp-1", &[("ct.running", bad())]), NOW);
    assert_eq!(first(&mut view), "erp-100");
    view.press(Key::Enter, NOW);
    let text = shown(&mut view, NOW, SMALL).join("\n");
    assert!(text.contains("erp-100") && text.contains("ok       title of ct.running: runs"), "{text}");
    assert!(!text.contains("erp-1 "), "{text}");
    view.press(Key::Back, NOW);
    assert!(shown(&mut view, NOW, SMALL)[1].contains("status"));
    assert_eq!((view.press(Key::Look, NOW), view.press(Key::Quit, NOW)), (Some(Act::Look), Some(Act::Quit)));
}

#[test]
fn checks_are_scrolled_no_further_than_they_go() {
    let many: Vec<String> = (0..50).map(|n| format!("own.{n}")).collect();
    let many: Vec<(&str, Verdict)> = many.iter().map(|id| (id.as_str(), good())).collect();
    let mut view = view(1);
    view.take(0, looked("erp-1", &many), NOW);
    view.press(Key::Enter, NOW);
    press(&mut view, Key::PageDown, 20);
    assert!(shown(&mut view, NOW, SMALL)[22].contains("title of own.49"));
    view.press(Key::Up, NOW);
    assert!(shown(&mut view, NOW, SMALL)[22].contains("title of own.48"));
    press(&mut view, Key::PageUp, 20);
    assert!(shown(&mut view, NOW, SMALL)[4].contains("title of own.0"));
}

#[test]
fn what_droplets_say_is_shown_and_not_obeyed() {
    let hostile = "\x1b[2J\x1b]0;x\x07a\nb\r\u{202e}漢字漢字漢字漢字漢字".repeat(20);
    let mut view = View::new(&hostile, 10, std::iter::once((hostile.clone(), hostile.clone())), NOW);
    view.take(0, looked(&hostile, &[("ct.running", good())]), NOW);
    view.take(0, looked(&hostile, &[("ct.running", Verdict::fail(&hostile, &hostile))]), NOW);
    for size in [SMALL, LARGE, TINY, Size { columns: 33, lines: 9 }] {
        shown(&mut view, NOW, size);
        view.press(Key::Enter, NOW);
        shown(&mut view, NOW, size);
        view.press(Key::Back, NOW);
    }
}

#[test]
fn colour_only_repeats_what_words_say() {
    let mut view = well(2);
    view.take(1, looked("erp-2", &[("ct.running", bad())]), NOW);
    for size in [SMALL, LARGE, TINY] {
        let colour = frame(&mut view, NOW, size, true);
        assert!(colour.iter().any(|line| line.contains("\x1b[31m")), "{colour:?}");
        let plain: Vec<_> = colour.iter().map(|line| console::strip_ansi_codes(line).into_owned()).collect();
        assert_eq!(plain, shown(&mut view, NOW, size));
    }
}
