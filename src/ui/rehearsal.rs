//! What a rehearsal found, as a person reads it before a deploy.

use super::look::Look;
use super::{table, words};
use crate::record::{Rehearsal, Verdict};
use crate::text::count;

pub fn render(found: &Rehearsal, look: &Look) -> String {
    let verdict = match found.verdict {
        Verdict::Passes => look.good("it would pass"),
        Verdict::PassesWithFindings => look.warn("it would pass; read the findings first"),
        Verdict::Fails => look.bad("IT WOULD FAIL"),
        Verdict::Unfinished => look.warn("none: the rehearsal did not come to its end"),
    };
    let users = found
        .interruption
        .map(|seconds| format!("away for about {seconds} s in a deploy (copy, update and 5 s)"));
    let phases: Vec<_> =
        found.phases.iter().map(|one| format!("{} {}", one.phase, words::millis(one.millis))).collect();
    let many = |number: u64, word| count(number.try_into().unwrap_or(usize::MAX), word);
    let said = format!("{}, {}", many(found.errors, "error"), many(found.warnings, "warning"));
    let fields = [
        ("verdict", verdict),
        ("modules", found.modules.join(", ")),
        ("users", users.unwrap_or_default()),
        ("took", phases.join(", ")),
        ("database", found.bytes.map(words::bytes).unwrap_or_default()),
        ("Odoo's log", said),
        ("locks", format!("waited for {} s", found.waited)),
        ("tests", found.tests.clone().unwrap_or_default()),
    ];
    let mut out = look.bold("Rehearsal") + "\n" + &table::fields(&fields, look);
    for (title, lines) in
        [("Findings", &found.findings), ("First lines of Odoo's log that are no information", &found.lines)]
    {
        if !lines.is_empty() {
            out += &format!("{title}:\n");
            out.extend(lines.iter().map(|line| look.wrap("  ", line)));
        }
    }
    out
}
