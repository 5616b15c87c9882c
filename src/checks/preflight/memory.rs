//! Memory for one more Odoo while the old one still runs.

use crate::checks::{Check, Subject, Verdict, known};
use crate::inventory::Severity;
use crate::text::size;

pub(super) const CHECK: Check = Check { id: "memory", title: "memory", severity: Severity::Medium, judge };

/// Below it the kernel begins to kill: an Odoo worker alone takes some 150 MB.
const FAIL: u64 = 200_000_000;
const WARN: u64 = 600_000_000;

fn judge(subject: &Subject<'_>) -> Verdict {
    let memory = match known(&subject.facts.memory) {
        Ok(memory) => memory,
        Err(verdict) => return verdict,
    };
    let evidence = format!(
        "{} of {} available, {} of {} swap free",
        size(memory.available),
        size(memory.total),
        size(memory.swap_free),
        size(memory.swap_total)
    );
    let fix = "see who takes it: docker stats --no-stream; ps aux --sort -rss | head; or give the droplet swap or memory";
    match memory.available.saturating_add(memory.swap_free) {
        ..FAIL => Verdict::fail(evidence, fix),
        _ if memory.available < WARN => Verdict::warn(evidence, fix),
        _ => Verdict::pass(evidence),
    }
}
