//! Backups, as far as they are a matter of safety: `ops health` looks at them more closely.

use super::{Rule, base};
use crate::checks::{Subject, Verdict, health};
use crate::inventory::Severity::{Critical, High};

pub(super) const ALL: &[Rule] = &[
    base("backups.fresh", "newest backup", Critical, |s| as_health(s, "backup.fresh")),
    base("backups.away", "backups off site", High, |s| as_health(s, "backup.offsite")),
    base("backups.drilled", "last drill", High, |s| as_health(s, "backup.drilled")),
    base("backups.night", "scheduled backup", High, |s| as_health(s, "backup.night")),
];

/// The same judgement of the same facts.
fn as_health(subject: &Subject<'_>, id: &str) -> Verdict {
    match health::one(subject, id) {
        Some(Verdict::Warn { evidence, fix }) => Verdict::Fail { evidence, fix },
        Some(verdict) => verdict,
        None => Verdict::skip("ops health does not know it"),
    }
}
