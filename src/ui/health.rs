//! What `ops health` found, for people: the worst first, and a line for each droplet that is well.

use super::look::Look;
use crate::checks::Verdict;
use crate::checks::health::{Looked, Report, Seen, Status};
use crate::text::count;

pub fn render(report: &Report, look: &Look) -> String {
    let mut out = body(report, look);
    out.push('\n');
    out + &look.wrap("", &summary(report))
}

/// All but the last line.
pub fn body(report: &Report, look: &Look) -> String {
    let mut out = problems(report, look);
    for looked in &report.droplets {
        if looked.status() == Status::Ok {
            let took = if looked.millis > 0 { format!(" in {} ms", looked.millis) } else { String::new() };
            let text = format!("{}: {}{took}", place(report, &looked.env, &looked.droplet), checked(looked));
            out += &line(Status::Ok, &text, look);
        }
        if look.verbose > 0 {
            out += &all(looked, look);
        }
    }
    out
}

/// What is not well, the worst first.
pub fn problems(report: &Report, look: &Look) -> String {
    report.gathered().iter().map(|(seen, others)| problem(report, seen, others, look)).collect()
}

fn problem(report: &Report, seen: &Seen<'_>, others: &[&str], look: &Look) -> String {
    let finding = seen.finding;
    let also = match others {
        [] => String::new(),
        ids => format!(" ({}: {}, {})", count(ids.len() + 1, "check"), finding.id, ids.join(", ")),
    };
    let title = if others.is_empty() { format!("{}: ", finding.title) } else { String::new() };
    let place = place(report, seen.env, &finding.droplet);
    let mut out = line(seen.status, &format!("{place}: {title}{}{also}", finding.verdict.evidence()), look);
    if look.verbose > 0 && others.is_empty() {
        out += &look.wrap_with(INDENT, &format!("id: {}", finding.id), Look::dim);
    }
    if let Some(fix) = finding.verdict.fix() {
        out += &look.wrap(&format!("{INDENT}do: "), fix);
    }
    out
}

const INDENT: &str = "           ";

fn line(status: Status, text: &str, look: &Look) -> String {
    let (word, paint): (_, fn(&Look, &str) -> String) = match status {
        Status::Ok => ("ok", Look::good),
        Status::Warning => ("warning", Look::warn),
        Status::Unknown => ("UNKNOWN", Look::bad),
        Status::Critical => ("CRITICAL", Look::bad),
    };
    // The word is painted after wrapping, where its width no longer counts.
    let plain = format!("  {word:<8} ");
    let painted = format!("  {}{} ", paint(look, word), " ".repeat(8 - word.len()));
    look.wrap(&plain, text).replacen(&plain, &painted, 1)
}

/// What else was looked at.
pub fn all(looked: &Looked, look: &Look) -> String {
    let mut out = String::new();
    for finding in &looked.findings {
        let word = match finding.verdict {
            Verdict::Pass { .. } => "ok",
            Verdict::Skip { .. } => "skipped",
            _ => continue,
        };
        let text = format!("{}: {}", finding.title, finding.verdict.evidence());
        out += &look.wrap_with(&format!("{INDENT}{word:<8} "), &text, Look::dim);
    }
    out
}

/// The environment is named where there are several.
fn place(report: &Report, env: &str, droplet: &str) -> String {
    // A laptop belongs to none.
    let other = |looked: &Looked| !looked.env.is_empty() && looked.env != env;
    match !env.is_empty() && report.droplets.iter().any(other) {
        true => format!("{env}/{droplet}"),
        false => droplet.to_owned(),
    }
}

fn checked(looked: &Looked) -> String {
    let asked = |verdict: &Verdict| !matches!(verdict, Verdict::Skip { .. });
    count(looked.findings.iter().filter(|finding| asked(&finding.verdict)).count(), "check")
}

fn summary(report: &Report) -> String {
    let droplets = count(report.droplets.len(), "droplet");
    let number = |status| report.count(status);
    match report.status() {
        Status::Ok => format!("{droplets}, all fine."),
        _ => format!(
            "{droplets}: {} critical, {} unknown, {}.",
            number(Status::Critical),
            number(Status::Unknown),
            count(number(Status::Warning), "warning")
        ),
    }
}
