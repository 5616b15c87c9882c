//! What the inventory lets pass, for a reason and for a while.

use jiff::civil::Date;

use super::ids;
use crate::checks::{Finding, Verdict};
use crate::inventory::Waiver;

/// A finding of a waiver that ended fails as the rule does; one that stands is no finding any more, and says why.
pub fn waived(mut finding: Finding, waivers: &[Waiver], today: Date) -> Finding {
    let Some(waiver) = waivers.iter().find(|waiver| waiver.id == finding.id) else { return finding };
    if let Verdict::Fail { evidence, fix } = &finding.verdict {
        finding.verdict = match today <= waiver.until {
            true => Verdict::skip(format!("waived until {}: {} ({evidence})", waiver.until, waiver.reason)),
            false => Verdict::fail(
                format!("{evidence}; the waiver ended on {} ({})", waiver.until, waiver.reason),
                fix,
            ),
        };
    }
    finding
}

/// Waivers of rules that there are not.
pub fn strangers(waivers: &[Waiver]) -> impl Iterator<Item = &Waiver> {
    waivers.iter().filter(|waiver| ids().all(|id| id != waiver.id))
}
