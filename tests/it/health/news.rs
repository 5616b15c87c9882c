//! What of a look is told: each change once, the way back, no flood, nothing that was not seen.

use ops::checks::health::{Change, Floor, Looked, MOST, Memory, REACHED, Report, Status, WINDOW, confirmed};
use ops::checks::{Finding, Verdict};
use ops::inventory::Severity;

const NOW: i64 = 1_790_000_000;

fn finding(id: &str, status: Status) -> Finding {
    let verdict = match status {
        Status::Ok => Verdict::pass("fine"),
        Status::Warning => Verdict::warn("so so", "do it"),
        Status::Unknown => Verdict::unknown("not seen"),
        Status::Critical => Verdict::fail("broken", "do it"),
    };
    let (id, droplet) = (id.to_owned(), "erp-1".to_owned());
    Finding { title: id.clone(), id, severity: Severity::High, droplet, verdict }
}

fn report(findings: &[(&str, Status)]) -> Report {
    let reached = findings.iter().all(|(id, _)| *id != REACHED);
    let findings = findings.iter().map(|(id, status)| finding(id, *status)).collect();
    let looked = Looked {
        env: "prod".into(),
        droplet: "erp-1".into(),
        reached,
        millis: 1,
        findings,
        figures: Vec::new(),
    };
    Report { at: "2026-11-22T04:00:00Z".into(), now: NOW, droplets: vec![looked] }
}

/// What would be told; and it is.
fn told(memory: &mut Memory, floor: Floor, findings: &[(&str, Status)]) -> Vec<(String, Status, Status)> {
    let report = report(findings);
    let changes = memory.changes(&report, "prod", floor);
    if !changes.is_empty() {
        memory.tell(&changes, report.now);
    }
    memory.forget(&report, "prod", &["erp-1"]);
    changes.into_iter().map(|change| (change.id, change.from, change.to)).collect()
}

fn change(check: &str, was: Status, now: Status) -> (String, Status, Status) {
    (check.to_owned(), was, now)
}

#[test]
fn a_change_is_told_once_and_so_is_the_way_back() {
    use Status::{Critical, Ok, Unknown, Warning};
    let mut memory = Memory::default();
    assert_eq!(told(&mut memory, Floor::Warn, &[("web", Ok), ("disk", Ok)]), []);
    let bad = [("web", Critical), ("disk", Warning)];
    // The worst first.
    assert_eq!(
        told(&mut memory, Floor::Warn, &bad),
        [change("web", Ok, Critical), change("disk", Ok, Warning)]
    );
    assert_eq!(told(&mut memory, Floor::Warn, &bad), []);
    assert_eq!(
        told(&mut memory, Floor::Warn, &[("web", Unknown), ("disk", Warning)]),
        [change("web", Critical, Unknown)]
    );
    let well = [("web", Ok), ("disk", Ok)];
    assert_eq!(
        told(&mut memory, Floor::Warn, &well),
        [change("web", Unknown, Ok), change("disk", Warning, Ok)]
    );
    assert_eq!(told(&mut memory, Floor::Warn, &well), []);
}

#[test]
fn what_is_below_the_floor_is_well() {
    use Status::{Critical, Ok, Warning};
    let mut memory = Memory::default();
    assert_eq!(told(&mut memory, Floor::Crit, &[("disk", Warning)]), []);
    assert_eq!(told(&mut memory, Floor::Crit, &[("disk", Critical)]), [change("disk", Ok, Critical)]);
    assert_eq!(told(&mut memory, Floor::Crit, &[("disk", Warning)]), [change("disk", Critical, Ok)]);
}

#[test]
fn of_a_droplet_that_is_not_reached_nothing_else_has_become_well() {
    use Status::{Critical, Ok};
    let mut memory = Memory::default();
    told(&mut memory, Floor::Warn, &[("web", Critical)]);
    assert_eq!(told(&mut memory, Floor::Warn, &[(REACHED, Critical)]), [change(REACHED, Ok, Critical)]);
    assert_eq!(told(&mut memory, Floor::Warn, &[(REACHED, Critical)]), []);
    // It answers again, and the old problem is still there and still told.
    assert_eq!(told(&mut memory, Floor::Warn, &[("web", Critical)]), [change(REACHED, Critical, Ok)]);
    assert_eq!(told(&mut memory, Floor::Warn, &[("web", Ok)]), [change("web", Critical, Ok)]);
}

#[test]
fn a_check_that_is_no_more_is_forgotten_and_did_not_become_well() {
    use Status::{Critical, Ok};
    let mut memory = Memory::default();
    told(&mut memory, Floor::Warn, &[("own.stock", Critical), ("web", Ok)]);
    assert_eq!(told(&mut memory, Floor::Warn, &[("web", Ok)]), []);
    assert_eq!(
        told(&mut memory, Floor::Warn, &[("own.stock", Critical)]),
        [change("own.stock", Ok, Critical)]
    );
    memory.forget(&report(&[]), "prod", &["erp-2"]);
    assert_eq!(
        told(&mut memory, Floor::Warn, &[("own.stock", Critical)]),
        [change("own.stock", Ok, Critical)]
    );
}

#[test]
fn what_came_and_went_within_two_looks_is_not_told() {
    let change = |id: &str, to| Change {
        at: NOW,
        env: "prod".into(),
        droplet: "erp-1".into(),
        id: id.into(),
        others: 0,
        from: Status::Ok,
        to,
        evidence: String::new(),
    };
    let first = [change("web", Status::Critical), change("disk", Status::Warning)];
    let second = vec![change("disk", Status::Warning), change("memory", Status::Warning)];
    let both: Vec<_> = confirmed(&first, second).into_iter().map(|change| change.id).collect();
    assert_eq!(both, ["disk"]);
    // Another status has to be confirmed as well.
    assert_eq!(confirmed(&first[..1], vec![change("web", Status::Unknown)]), []);
}

#[test]
fn nobody_is_flooded_and_nothing_is_lost() {
    let mut memory = Memory::default();
    for i in 0..MOST {
        assert_eq!(memory.quiet_until(NOW + i as i64), None, "{i}");
        memory.tell(&[], NOW + i as i64);
    }
    let last = NOW + MOST as i64;
    assert_eq!(memory.quiet_until(last), Some(NOW + WINDOW));
    // The oldest is out of the hour.
    assert_eq!(memory.quiet_until(NOW + WINDOW + 1), None);
    // What was not told meanwhile is still news then.
    let broken = report(&[("web", Status::Critical)]);
    assert_eq!(memory.changes(&broken, "prod", Floor::Warn).len(), 1);
    // A clock that was put back by a day keeps nobody quiet.
    assert_eq!(memory.quiet_until(NOW - 86_400), None);
}
