//! What a report looks like, for people and for programs.

use std::collections::BTreeSet;

use ops::checks::Verdict;
use ops::checks::health::{self, Floor, Looked, Report, Status, figures, markdown, nagios, prometheus};
use ops::checks::{Finding, Subject};
use ops::inventory::Severity;

use super::{Case, lost};

fn looked(case: &Case, name: &str) -> Looked {
    let Case { env, droplet, facts } = case;
    let subject = Subject { env, droplet, facts, staged: None, allow_downgrade: false };
    let mut findings = case.findings();
    findings.iter_mut().for_each(|finding| finding.droplet = name.into());
    Looked {
        env: "prod".into(),
        droplet: name.into(),
        reached: true,
        millis: 412,
        findings,
        figures: figures(&subject),
    }
}

fn report(droplets: Vec<Looked>) -> Report {
    Report { at: "2026-11-18T11:06:40Z".into(), now: super::sample::NOW, droplets }
}

fn unreached(name: &str) -> Looked {
    let finding = Finding {
        id: health::REACHED.into(),
        title: "droplet".into(),
        severity: Severity::Critical,
        droplet: name.into(),
        verdict: Verdict::unknown("cannot connect | to it"),
    };
    let (env, droplet) = ("prod".to_owned(), name.to_owned());
    Looked { env, droplet, reached: false, millis: 10_004, findings: vec![finding], figures: Vec::new() }
}

/// One droplet that is well, one with a broken site and nothing known of its database, one that is not there.
pub(super) fn mixed() -> Report {
    let mut bad = Case::good();
    bad.vitals().sessions = lost();
    bad.vitals().proxied.as_mut().unwrap().as_mut().unwrap().status = Some(502);
    bad.machine().in_time = Some(false);
    report(vec![looked(&Case::good(), "erp-1"), looked(&bad, "erp-2"), unreached("erp-3")])
}

#[test]
fn a_droplet_that_is_well_has_no_problem() {
    let report = report(vec![looked(&Case::good(), "erp-1")]);
    assert_eq!(report.worst().iter().map(|seen| &seen.finding.id).collect::<Vec<_>>(), [""; 0]);
    assert!(!report.problems(Floor::Warn) && !report.blind());
    assert_eq!(report.status(), Status::Ok);
}

#[test]
fn a_droplet_that_tells_nothing_is_never_well() {
    let mut case = Case::good();
    let facts = &mut case.facts;
    (facts.host, facts.docker, facts.mounts, facts.memory) = (lost(), lost(), lost(), lost());
    (facts.listeners, facts.containers, facts.stack) = (lost(), lost(), lost());
    (facts.database, facts.proxy, facts.state) = (lost(), lost(), lost());
    (facts.schedule, facts.vitals) = (lost(), None);
    let findings = case.findings();
    let passed: Vec<_> = findings.iter().filter(|one| matches!(one.verdict, Verdict::Pass { .. })).collect();
    assert!(passed.is_empty(), "{passed:#?}");
    let report = report(vec![looked(&case, "erp-1")]);
    assert!(report.count(Status::Unknown) > 20 && report.problems(Floor::Crit), "{report:#?}");
}

#[test]
fn unknown_is_worse_than_a_warning_and_always_a_problem() {
    assert!(Status::Unknown > Status::Warning && Status::Critical > Status::Unknown);
    let away = report(vec![unreached("erp-1")]);
    assert!(away.problems(Floor::Warn) && away.problems(Floor::Crit) && away.blind());
    assert_eq!(report(Vec::new()).status(), Status::Unknown, "nothing asked is nothing known");
    let mut warned = Case::good();
    warned.machine().in_time = Some(false);
    let warned = report(vec![looked(&warned, "erp-1")]);
    assert!(warned.problems(Floor::Warn) && !warned.problems(Floor::Crit));
}

#[test]
fn the_worst_comes_first() {
    let report = mixed();
    let worst: Vec<_> = report.worst().iter().map(|seen| seen.status).collect();
    assert!(worst.is_sorted_by(|a, b| a >= b), "{worst:?}");
    assert_eq!(report.worst()[0].finding.id, "web.site");
    let mut only = report;
    only.only(&["pg.up".to_owned()]);
    assert_eq!(only.droplets[0].findings.len(), 1);
    assert_eq!(only.droplets[2].findings[0].id, "droplet", "what was not reached stays");
}

#[test]
fn ids_stand_once_and_have_a_group() {
    let ids: Vec<_> = health::ids().collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(ids.iter().all(|id| id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'.'))), "{ids:?}");
    assert_eq!([health::group("pg.up"), health::group("own.portal")], ["database", "own"]);
    let mut case = Case::good();
    case.env.health.skip = vec!["pg.up".into()];
    assert!(case.findings().iter().all(|finding| finding.id != "pg.up"));
}

/// Read by a parser of its own: families in one piece, no time stamps, every value a number.
#[test]
fn prometheus_can_read_it() {
    let text = prometheus(&mixed());
    let mut seen = BTreeSet::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            family = typed.strip_suffix(" gauge").unwrap();
            assert!(seen.insert(family), "{family} stands twice");
        } else if !line.starts_with("# HELP ") {
            let (name, rest) = line.split_once('{').unwrap();
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            assert_eq!(name, family, "{line}");
            assert!(labels.starts_with("env=\"prod\",droplet=\"erp-"), "{line}");
            assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
        }
    }
    for line in [
        "ops_check_status{env=\"prod\",droplet=\"erp-2\",check=\"web.site\",group=\"web\"} 2\n",
        "ops_check_status{env=\"prod\",droplet=\"erp-3\",check=\"droplet\",group=\"host\"} 3\n",
        "ops_up{env=\"prod\",droplet=\"erp-3\"} 0\n",
        "ops_tls_cert_not_after_timestamp_seconds{env=\"prod\",droplet=\"erp-1\"} 1800184000\n",
        "ops_backup_last_success_timestamp_seconds{env=\"prod\",droplet=\"erp-1\"} 1794964000\n",
        "ops_health_last_run_timestamp_seconds{env=\"prod\",droplet=\"erp-3\"} 1795000000\n",
    ] {
        assert!(text.contains(line), "no {line}{text}");
    }
}

/// As the guidelines have it: one line, one bar, labels in quotes, a unit that is known.
#[test]
fn nagios_can_read_it() {
    let line = nagios(&mixed());
    assert!(line.starts_with("OPS CRITICAL - prod/erp-2 web.site critical: answers 502"), "{line}");
    assert!(!line.contains('\n'));
    let (text, data) = line.split_once(" | ").unwrap();
    assert!(!data.contains('|') && text.contains("cannot connect / to it"), "{line}");
    let mut rest = data;
    while !rest.is_empty() {
        let (label, after) = rest.strip_prefix('\'').unwrap().split_once("'=").unwrap();
        let (value, next) = after.split_once(' ').unwrap_or((after, ""));
        let number = value.split(';').next().unwrap().trim_end_matches(['%', 'B', 's']);
        assert!(!label.contains('=') && number.parse::<f64>().is_ok(), "{label} {value}");
        assert_eq!(value.split(';').count(), 4, "{value}");
        rest = next;
    }
    assert!(nagios(&report(vec![looked(&Case::good(), "erp-1")])).starts_with("OPS OK - "));
    assert_eq!(
        nagios(&report(vec![unreached("a")])),
        "OPS UNKNOWN - droplet unknown: cannot connect / to it"
    );
}

#[test]
fn json_says_all_of_it() {
    let json = mixed().json();
    assert_eq!((json["schema"].as_str(), json["status"].as_str()), (Some("ops.health/1"), Some("critical")));
    let checks = json["droplets"][1]["checks"].as_array().unwrap();
    let site = checks.iter().find(|check| check["id"] == "web.site").unwrap();
    assert_eq!((site["status"].as_str(), site["group"].as_str()), (Some("critical"), Some("web")));
    assert!(site["hint"].as_str().unwrap().contains("curl"));
    let night = checks.iter().find(|check| check["id"] == "backup.night").unwrap();
    assert_eq!(night["status"], "skipped");
    assert_eq!(json["droplets"][2]["reached"], false);
}

#[test]
fn a_ticket_holds_no_markup_of_a_droplet() {
    let mut case = Case::good();
    case.web().state = "<b>`rm`</b> [x](y)".into();
    let text = markdown(&report(vec![looked(&case, "erp-1")]));
    assert!(text.contains("- [ ] **critical** containers (`ct.running`, prod, erp-1): "), "{text}");
    assert!(text.contains("&lt;b>\\`rm\\`&lt;/b> \\[x\\](y)"), "{text}");
}

#[test]
fn no_escape_of_a_droplet_reaches_a_report() {
    let mut case = Case::good();
    case.web().state = "\x1b[2Jgone\nnext\u{202e}".into();
    case.vitals().inside.as_mut().unwrap().as_mut().unwrap().why = "\x1b]0;t\x07".into();
    case.vitals().inside.as_mut().unwrap().as_mut().unwrap().status = None;
    let report = report(vec![looked(&case, "erp-1")]);
    for text in [nagios(&report), prometheus(&report), markdown(&report), report.json().to_string()] {
        assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text}");
    }
}
