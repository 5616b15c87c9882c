//! Findings as a checklist for a change ticket.

use super::{Finding, Verdict};
use crate::inventory::{Environment, Severity};
use crate::text::{count, escape};

/// One list for each droplet; what a droplet said is escaped, so that it cannot become markup. `at` is
/// when it was asked, as it should be shown.
pub fn markdown(findings: &[Finding], env: &Environment, at: &str) -> String {
    let mut text = format!("# Preflight of {}\n\n{}, {}\n", escape(&env.name), escape(at), summary(findings));
    for droplet in &env.droplets {
        let mut of = findings.iter().filter(|finding| finding.droplet == droplet.name).peekable();
        if of.peek().is_some() {
            text.push_str(&format!("\n## {}\n\n", escape(&droplet.name)));
        }
        text.extend(of.map(item));
    }
    text
}

fn summary(findings: &[Finding]) -> String {
    let blocking = findings.iter().filter(|finding| finding.blocks()).count();
    let warnings = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Warn { .. })).count();
    match (blocking, warnings) {
        (0, 0) => "all checks passed".into(),
        (0, _) => format!("nothing stops a deploy, {}", count(warnings, "warning")),
        _ => format!("**{} to settle first**, {}", count(blocking, "problem"), count(warnings, "warning")),
    }
}

/// Only what passed is ticked: the rest is for a person to tick.
fn item(finding: &Finding) -> String {
    let (tick, word) = match &finding.verdict {
        Verdict::Pass { .. } => ("x", "ok"),
        Verdict::Warn { .. } => (" ", "warning"),
        Verdict::Fail { .. } => (" ", "**failed**"),
        Verdict::Unknown { .. } => (" ", "**unknown**"),
        Verdict::Skip { .. } => ("x", "does not apply"),
    };
    let fix = finding.verdict.fix().map(|fix| format!("\n  - to do: {}", escape(fix))).unwrap_or_default();
    let id = finding.id.replace('`', "'");
    let (title, evidence) = (escape(&finding.title), escape(finding.verdict.evidence()));
    format!("- [{tick}] {title} (`{id}`, {}): {word}: {evidence}{fix}\n", severity(finding.severity))
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}
