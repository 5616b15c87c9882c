//! A report for a ticket.

use super::{Report, Seen, Status};
use crate::text::{count, escape};

/// What is not well, the worst first, and one line for each droplet. What a droplet said cannot become markup.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# Health\n\n{}: {}\n\n", escape(&report.at), summary(report));
    for looked in &report.droplets {
        let took = if looked.reached { format!(", asked in {} ms", looked.millis) } else { String::new() };
        let (env, droplet) = (escape(&looked.env), escape(&looked.droplet));
        text.push_str(&format!("- {env}, {droplet}: {}{took}\n", looked.status().word()));
    }
    let worst = report.worst();
    if !worst.is_empty() {
        text.push_str("\n## To do\n\n");
    }
    text.extend(worst.iter().map(item));
    text
}

pub(super) fn summary(report: &Report) -> String {
    let (bad, unknown) = (report.count(Status::Critical), report.count(Status::Unknown));
    let warnings = report.count(Status::Warning);
    match (bad, unknown, warnings) {
        (0, 0, 0) => format!("{}, all fine", count(report.count(Status::Ok), "check")),
        _ => format!("{bad} critical, {unknown} unknown, {}", count(warnings, "warning")),
    }
}

fn item(seen: &Seen<'_>) -> String {
    let finding = seen.finding;
    let fix = finding.verdict.fix().map(|fix| format!("\n  - to do: {}", escape(fix))).unwrap_or_default();
    let (env, droplet, title) = (escape(seen.env), escape(&finding.droplet), escape(&finding.title));
    let (id, evidence) = (finding.id.replace('`', "'"), escape(finding.verdict.evidence()));
    format!("- [ ] **{}** {title} (`{id}`, {env}, {droplet}): {evidence}{fix}\n", seen.status.word())
}
