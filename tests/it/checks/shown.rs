//! What a checklist looks like, and that nothing hostile passes into it.

use ops::checks::{Finding, Preflight, Verdict, markdown, preflight};
use ops::facts::ProbeFailure;
use ops::inventory::Severity;

use super::{Case, lost};
use crate::sample;

#[test]
fn a_droplet_in_good_order_has_nothing_to_settle() {
    let findings = Case::good().findings();
    let bad: Vec<_> = findings.iter().filter(|f| f.verdict.fix().is_some() || f.blocks()).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(findings.len(), preflight::ALL.len());
}

#[test]
fn a_first_deploy_to_an_empty_droplet_has_nothing_to_settle() {
    let mut case = Case::good();
    case.first_deploy();
    let bad: Vec<_> =
        case.findings().into_iter().filter(|f| f.verdict.fix().is_some() || f.blocks()).collect();
    // The sample's port is held by what is no longer ours.
    assert_eq!(bad.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["ports"], "{bad:#?}");
}

#[test]
fn a_droplet_that_tells_nothing_passes_nothing() {
    let mut case = Case::good();
    let facts = &mut case.facts;
    (facts.host, facts.docker, facts.mounts, facts.memory) = (lost(), lost(), lost(), lost());
    (facts.listeners, facts.containers, facts.stack) = (lost(), lost(), lost());
    (facts.database, facts.proxy, facts.state) = (lost(), lost(), lost());
    case.staged = None;
    let findings = case.findings();
    let passed: Vec<_> = findings.iter().filter(|f| matches!(f.verdict, Verdict::Pass { .. })).collect();
    assert!(passed.is_empty(), "{passed:#?}");
    assert!(findings.iter().filter(|f| f.blocks()).count() >= 8);
}

#[test]
fn ids_are_documented_names_and_stand_once() {
    let mut ids: Vec<_> = preflight::ALL.iter().map(|check| check.id).collect();
    assert!(ids.iter().all(|id| id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'.'))), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), preflight::ALL.len());
    assert!(preflight::table().contains("| `disk.docker` | room for images | high |\n"));
}

#[test]
fn no_escape_of_a_droplet_reaches_a_finding() {
    let mut case = Case::good();
    case.facts.proxy = Err(ProbeFailure { why: "\x1b[2Jgone\nnext".into() });
    case.facts.containers.as_mut().unwrap()[1].config_files = vec!["\x1b]0;title\x07x\ny".into()];
    case.code().subject = "\x1b[1mbold\u{202e}".into();
    for finding in case.findings() {
        let text = format!("{}{}", finding.verdict.evidence(), finding.verdict.fix().unwrap_or_default());
        assert!(!text.contains(['\x1b', '\n', '\x07', '\u{202e}']), "{finding:?}");
    }
}

fn finding(verdict: Verdict) -> Finding {
    Finding {
        id: "disk.stack".into(),
        title: "room for the stack".into(),
        severity: Severity::High,
        droplet: "erp-1".into(),
        verdict,
    }
}

#[test]
fn markdown_is_a_checklist() {
    let findings = [
        finding(Verdict::pass("41.2 GB of 80 GB free")),
        finding(Verdict::warn("little *room* <b>", "run `df -h`")),
        finding(Verdict::fail("full", "free some")),
        finding(Verdict::unknown("no answer")),
        finding(Verdict::skip("not here")),
    ];
    let text = markdown(&findings, &sample::environment(), "2026-11-20T21:00:00Z");
    let wanted = "\
# Preflight of prod

2026-11-20T21:00:00Z, **2 problems to settle first**, 1 warning

## erp-1

- [x] room for the stack (`disk.stack`, high): ok: 41.2 GB of 80 GB free
- [ ] room for the stack (`disk.stack`, high): warning: little \\*room\\* &lt;b>
  - to do: run \\`df -h\\`
- [ ] room for the stack (`disk.stack`, high): **failed**: full
  - to do: free some
- [ ] room for the stack (`disk.stack`, high): **unknown**: no answer
- [x] room for the stack (`disk.stack`, high): does not apply: not here
";
    assert_eq!(text, wanted);
}

#[test]
fn json_names_its_schema_and_says_each_verdict_flat() {
    let findings = [finding(Verdict::fail("full", "free some"))];
    let env = sample::environment();
    let json = serde_json::to_value(Preflight::new(&env, "2026-11-20T21:00:00Z", &findings)).unwrap();
    let wanted = serde_json::json!({
        "schema": "ops.preflight/1", "env": "prod", "at": "2026-11-20T21:00:00Z", "blocking": 1,
        "findings": [{
            "id": "disk.stack", "title": "room for the stack", "severity": "high", "droplet": "erp-1",
            "verdict": "fail", "evidence": "full", "fix": "free some",
        }],
    });
    assert_eq!(json, wanted);
}
