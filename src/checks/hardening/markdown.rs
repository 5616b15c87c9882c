//! An audit for a ticket.

use super::Since;
use super::report::{Audited, Report};
use crate::checks::Finding;
use crate::text::escape;

/// What is wrong, the worst first, by droplet. What a droplet said cannot become markup.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# Audit of {}\n\n{}\n", escape(&report.env), escape(&report.at));
    for one in &report.droplets {
        text.push_str(&format!("\n## {}{}\n\n", escape(&one.droplet), grade(one)));
        text.extend(one.worst().into_iter().map(item));
    }
    let since = report.since.iter();
    text.extend(
        since
            .flat_map(|since| [("worse", since, &since.worse), ("better", since, &since.better)])
            .map(changed),
    );
    text
}

fn changed((word, since, rules): (&str, &Since, &Vec<String>)) -> String {
    match rules.is_empty() {
        true => String::new(),
        false => format!("\n{word} since {}: {}\n", escape(&since.at), escape(&rules.join(", "))),
    }
}

fn grade(one: &Audited) -> String {
    one.score().map(|score| format!(": {:?}, {} %", score.grade, score.percent)).unwrap_or_default()
}

fn item(finding: &Finding) -> String {
    let fix = finding.verdict.fix().map(|fix| format!("\n  - to do: {}", escape(fix))).unwrap_or_default();
    let (title, evidence) = (escape(&finding.title), escape(finding.verdict.evidence()));
    format!(
        "- [ ] **{}** {title} (`{}`): {evidence}{fix}\n",
        finding.severity.word(),
        finding.id.replace('`', "'")
    )
}
