//! The findings of checks, for people. (Their forms for tickets and programs are in `checks`.)

use super::look::Look;
use crate::checks::{Finding, Verdict};
use crate::text::count;

/// The findings of one environment, droplet by droplet.
pub fn render(findings: &[Finding], look: &Look) -> String {
    list(findings, look) + &look.wrap("", &summary(findings))
}

fn list(findings: &[Finding], look: &Look) -> String {
    let mut out = String::new();
    for (i, droplet) in droplets(findings).into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out += &look.wrap_with("", droplet, Look::bold);
        for finding in findings.iter().filter(|finding| finding.droplet == droplet) {
            out += &line(finding, look);
        }
    }
    if !findings.is_empty() {
        out.push('\n');
    }
    out
}

/// Only what a person has to read before a plan: warnings and failures.
pub fn problems(findings: &[Finding], look: &Look) -> String {
    let telling =
        |finding: &&Finding| !matches!(finding.verdict, Verdict::Pass { .. } | Verdict::Skip { .. });
    let telling: Vec<Finding> = findings.iter().filter(telling).cloned().collect();
    let mut out = list(&telling, look);
    out += &look.wrap("", &format!("Preflight: {}", summary(findings)));
    out
}

fn line(finding: &Finding, look: &Look) -> String {
    let (word, paint): (_, fn(&Look, &str) -> String) = match finding.verdict {
        Verdict::Pass { .. } => ("ok", Look::good),
        Verdict::Warn { .. } => ("warning", Look::warn),
        Verdict::Fail { .. } => ("FAILED", Look::bad),
        Verdict::Unknown { .. } => ("UNKNOWN", Look::bad),
        Verdict::Skip { .. } => ("skipped", Look::dim),
    };
    let text = match finding.verdict.evidence() {
        "" => finding.title.clone(),
        evidence => format!("{}: {evidence}", finding.title),
    };
    // The word is painted after wrapping, where its width no longer counts.
    let plain = format!("  {word:<8} ");
    let wrapped = look.wrap(&plain, &text);
    let painted = format!("  {}{} ", paint(look, word), " ".repeat(8 - word.len()));
    let mut out = wrapped.replacen(&plain, &painted, 1);
    if look.verbose > 0 {
        out += &look.wrap_with("           ", &format!("id: {}", finding.id), Look::dim);
    }
    if let Some(fix) = finding.verdict.fix() {
        out += &look.wrap("           do: ", fix);
    }
    out
}

fn summary(findings: &[Finding]) -> String {
    let number = |wanted: fn(&Verdict) -> bool| findings.iter().filter(|f| wanted(&f.verdict)).count();
    let warnings = number(|verdict| matches!(verdict, Verdict::Warn { .. }));
    let blocking = findings.iter().filter(|finding| finding.blocks()).count();
    let checks = count(findings.len(), "check");
    match (blocking, warnings) {
        (0, 0) => format!("{checks}, all fine."),
        (0, _) => format!("{checks}, {}, nothing that stops a deploy.", count(warnings, "warning")),
        (_, 0) => format!("{checks}, {} to settle first.", count(blocking, "problem")),
        _ => format!(
            "{checks}, {} to settle first, {}.",
            count(blocking, "problem"),
            count(warnings, "warning")
        ),
    }
}

fn droplets(findings: &[Finding]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for finding in findings {
        if !names.contains(&finding.droplet.as_str()) {
            names.push(&finding.droplet);
        }
    }
    names
}
