//! An audit for tools that read findings of analysers: SARIF 2.1.0 (OASIS).

use serde_json::{Value, json};

use super::report::{Report, is_wrong};
use super::{ALL, Rule};
use crate::checks::{Finding, Verdict};
use crate::inventory::Severity;

/// Each rule once, each finding with its droplet as place. Security scores are CVSS-like, as GitHub reads them.
pub fn sarif(report: &Report) -> Value {
    let rules: Vec<_> = ALL.iter().flat_map(|group| group.rules).map(rule).collect();
    let found = report.droplets.iter().flat_map(|one| &one.findings).filter(|one| is_wrong(one));
    let results: Vec<_> = found.map(|one| result(&report.env, one)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "ops", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{ "executionSuccessful": !report.blind(), "endTimeUtc": report.at }],
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    let check = &rule.check;
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": { "security-severity": points(check.severity), "tags": ["security"] },
    })
}

fn result(env: &str, finding: &Finding) -> Value {
    let fix = finding.verdict.fix().map(|fix| format!(" - {fix}")).unwrap_or_default();
    let kind = if matches!(finding.verdict, Verdict::Unknown { .. }) { "open" } else { "fail" };
    json!({
        "ruleId": finding.id,
        "kind": kind,
        "level": if kind == "open" { "none" } else { level(finding.severity) },
        "message": { "text": format!("{}: {}{fix}", finding.title, finding.verdict.evidence()) },
        "locations": [{ "logicalLocations": [{ "fullyQualifiedName": format!("{env}/{}", finding.droplet), "kind": "resource" }] }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn points(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
    }
}
