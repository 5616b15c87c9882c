//! What `ops harden` found, for people: a grade for each droplet, then what is wrong, the worst first.

use super::look::Look;
use crate::checks::hardening::{Audited, Report, Since};
use crate::checks::{Finding, Verdict};
use crate::inventory::Severity;
use crate::plan::{Note, NoteKind};
use crate::record::Proposal;
use crate::text::count;

pub fn render(report: &Report, proposals: &[(String, Proposal)], look: &Look) -> String {
    let mut out = String::new();
    for one in &report.droplets {
        out += &match one.reached {
            true => head(one, look),
            false => {
                look.wrap("", &format!("{}: could not be asked (ops doctor {})", one.droplet, report.env))
            }
        };
        out.extend(one.worst().into_iter().map(|finding| item(finding, look)));
        if look.verbose > 0 {
            out.extend(one.findings.iter().filter_map(|finding| well(finding, look)));
        }
        out.push('\n');
    }
    for (droplet, proposal) in proposals {
        let then = if proposal.tracked { "to be committed and deployed" } else { "to be written" };
        let title = format!("{} of {droplet}, {then} by you", proposal.file);
        out += &super::plan::note(&Note { kind: NoteKind::Diff, title, lines: proposal.diff.clone() }, look);
        out.push('\n');
    }
    out + &look.wrap("", &summary(report))
        + &report.since.as_ref().map(|since| changed(since, look)).unwrap_or_default()
}

fn changed(since: &Since, look: &Look) -> String {
    let told = |word: &str, rules: &[String], paint: fn(&Look, &str) -> String| match rules {
        [] => String::new(),
        rules => look.wrap_with(&format!("{word} since {}: ", since.at), &rules.join(", "), paint),
    };
    told("Worse", &since.worse, Look::bad) + &told("Better", &since.better, Look::dim)
}

fn head(one: &Audited, look: &Look) -> String {
    let Some(score) = one.score() else {
        return look.wrap("", &format!("{}: nothing could be seen", one.droplet));
    };
    let groups = one.groups().into_iter().map(|(name, score)| format!("{name} {} %", score.percent));
    let all = format!("{}: {:?}, {} %", one.droplet, score.grade, score.percent);
    look.wrap("", &all) + &look.wrap_with("  ", &groups.collect::<Vec<_>>().join(", "), Look::dim)
}

const INDENT: &str = "           ";

fn item(finding: &Finding, look: &Look) -> String {
    let (word, paint): (_, fn(&Look, &str) -> String) = match (&finding.verdict, finding.severity) {
        (Verdict::Unknown { .. }, _) => ("UNKNOWN", Look::bad),
        (_, Severity::Critical) => ("CRITICAL", Look::bad),
        (_, Severity::High) => ("high", Look::bad),
        (_, Severity::Medium) => ("medium", Look::warn),
        (_, Severity::Low) => ("low", Look::dim),
    };
    let plain = format!("  {word:<8} ");
    let painted = format!("  {}{} ", paint(look, word), " ".repeat(8 - word.len()));
    let text = format!("{}: {} ({})", finding.title, finding.verdict.evidence(), finding.id);
    let mut out = look.wrap(&plain, &text).replacen(&plain, &painted, 1);
    if let Some(fix) = finding.verdict.fix() {
        out += &look.wrap(&format!("{INDENT}do: "), fix);
    }
    out
}

fn well(finding: &Finding, look: &Look) -> Option<String> {
    let word = match finding.verdict {
        Verdict::Pass { .. } => "ok",
        Verdict::Skip { .. } => "skipped",
        _ => return None,
    };
    let text = format!("{}: {} ({})", finding.title, finding.verdict.evidence(), finding.id);
    Some(look.wrap_with(&format!("  {word:<8} "), &text, Look::dim))
}

fn summary(report: &Report) -> String {
    let of = |severity: Severity| {
        let wrong = report.droplets.iter().flat_map(Audited::worst);
        wrong.filter(|one| one.severity == severity).count()
    };
    let droplets = count(report.droplets.len(), "droplet");
    let [critical, high] = [Severity::Critical, Severity::High].map(of);
    let [medium, low] = [Severity::Medium, Severity::Low].map(of);
    match critical + high + medium + low {
        0 => format!("{droplets}, nothing to mend."),
        _ => format!("{droplets}: {critical} critical, {high} high, {medium} medium, {low} low."),
    }
}
