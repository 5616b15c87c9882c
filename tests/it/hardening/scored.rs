//! Grades, waivers, and what programs and tickets are told.

use jiff::civil::date;
use ops::checks::hardening::{Audited, Grade, Last, Report, markdown, sarif, score, strangers, waived};
use ops::checks::{Finding, Verdict};
use ops::inventory::{Profile, Severity, Waiver};

use super::Case;

fn finding(id: &str, severity: Severity, verdict: Verdict) -> Finding {
    Finding { id: id.into(), title: "t".into(), severity, droplet: "erp-1".into(), verdict }
}

fn pass(severity: Severity) -> Finding {
    finding("a.pass", severity, Verdict::pass("fine"))
}

fn fail(severity: Severity) -> Finding {
    finding("ssh.root", severity, Verdict::fail("bad <b>\x1b[2J", "mend | it"))
}

#[test]
fn the_weight_of_what_fails_decides_and_a_critical_one_is_an_f() {
    use Severity::{Critical, High, Low, Medium};
    let of = |all: &[Finding]| score(all).map(|score| (score.percent, score.grade));
    assert_eq!(of(&[pass(Critical), pass(High)]), Some((100, Grade::A)));
    assert_eq!(of(&[pass(Critical), pass(High), fail(Low)]), Some((93, Grade::A)));
    assert_eq!(of(&[pass(Critical), fail(Medium)]), Some((83, Grade::B)));
    assert_eq!(of(&[pass(Critical), pass(Critical), fail(Critical)]), Some((66, Grade::F)));
    // What is unknown earns nothing; what does not apply counts nowhere.
    let unknown = finding("x", High, Verdict::unknown("?"));
    assert_eq!(of(&[pass(High), unknown]), Some((50, Grade::E)));
    let skipped = finding("x", Critical, Verdict::skip("not here"));
    assert_eq!(of(&[skipped.clone(), pass(Low)]), Some((100, Grade::A)));
    assert_eq!(of(&[skipped]), None);
}

#[test]
fn a_waiver_counts_until_its_last_day() {
    let waiver =
        Waiver { id: "ssh.root".into(), reason: "the old backup logs in".into(), until: date(2026, 12, 31) };
    let waivers = [waiver];
    let on = |day| waived(fail(Severity::Critical), &waivers, day).verdict;
    assert!(
        matches!(on(date(2026, 12, 31)), Verdict::Skip { why } if why.contains("the old backup") && why.contains("2026-12-31"))
    );
    assert!(
        matches!(on(date(2027, 1, 1)), Verdict::Fail { evidence, .. } if evidence.contains("ended on 2026-12-31"))
    );
    let fine = waived(pass(Severity::Low), &waivers, date(2026, 1, 1));
    assert!(matches!(fine.verdict, Verdict::Pass { .. }));
    assert_eq!(strangers(&waivers).count(), 0);
    let strange = Waiver { id: "ssh.rot".into(), ..waivers[0].clone() };
    assert_eq!(strangers(&[strange]).count(), 1);
}

fn report(findings: Vec<Finding>) -> Report {
    let droplets = vec![Audited { droplet: "erp-1".into(), reached: true, findings }];
    Report {
        env: "prod".into(),
        at: "2026-11-18T11:00:00Z".into(),
        profile: Profile::Base,
        droplets,
        since: None,
    }
}

#[test]
fn programs_and_tickets_get_what_was_found() {
    let report = report(vec![
        pass(Severity::High),
        fail(Severity::High),
        finding("x", Severity::Low, Verdict::unknown("?")),
    ]);
    let json = report.json();
    assert_eq!(
        (json["schema"].as_str(), json["droplets"][0]["score"]["percent"].as_u64()),
        (Some("ops.harden/1"), Some(45))
    );
    assert_eq!(json["droplets"][0]["findings"][1]["group"], "ssh");
    let sarif = sarif(&report);
    let run = &sarif["runs"][0];
    assert_eq!((sarif["version"].as_str(), run["results"].as_array().unwrap().len()), (Some("2.1.0"), 2));
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"ssh.root") && rules.len() > 60, "{}", rules.len());
    assert_eq!(run["results"][0]["level"], "error");
    let text = markdown(&report);
    assert!(
        text.contains("- [ ] **high** t (`ssh.root`): bad")
            && !text.contains("<b>")
            && !text.contains('\x1b'),
        "{text}"
    );
}

#[test]
fn the_exit_code_is_of_the_worst_that_is_asked_for() {
    let bad = report(vec![fail(Severity::Medium)]);
    assert!(bad.fails(Severity::Low) && bad.fails(Severity::Medium) && !bad.fails(Severity::High));
    let unknown = report(vec![finding("x", Severity::High, Verdict::unknown("?"))]);
    assert!(unknown.fails(Severity::High) && !unknown.fails(Severity::Critical));
    assert!(!report(Case::good().findings()).fails(Severity::Low));
    let mut few = report(vec![fail(Severity::High), pass(Severity::Low)]);
    few.keep(|id| id == "a.pass");
    assert!(!few.fails(Severity::Low));
}

#[test]
fn what_got_better_and_what_got_worse_is_said() {
    let well = |id| finding(id, Severity::High, Verdict::pass("fine"));
    let ill = |id| finding(id, Severity::High, Verdict::fail("bad", "mend it"));
    let then = Last::default().with(&report(vec![well("a"), ill("b"), ill("c"), well("d")]));
    // An audit of a few rules says nothing of the others, and what it did not ask it does not forget.
    let then = then.with(&report(vec![ill("a")]));
    let mut now = report(vec![well("a"), well("b"), ill("c"), ill("d"), ill("new")]);
    let since = then.compared(&now);
    assert_eq!(since.better, ["a of erp-1", "b of erp-1"]);
    assert_eq!(since.worse, ["d of erp-1"]);
    now.droplets[0].reached = false;
    assert_eq!(then.clone().with(&now).wrong, then.wrong);
    now.since = Some(since);
    assert_eq!(now.json()["since"]["worse"][0], "d of erp-1");
    assert!(markdown(&now).contains("worse since 2026-11-18T11:00:00Z: d of erp-1"));
}
