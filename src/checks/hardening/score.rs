//! How safe, as a number and a letter.

use serde::Serialize;

use crate::checks::{Finding, Verdict};
use crate::inventory::Severity;

/// From the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    F,
    E,
    D,
    C,
    B,
    A,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Of what applies, by weight: 0 to 100.
    pub percent: u64,
    pub grade: Grade,
}

fn weight(severity: Severity) -> u64 {
    match severity {
        Severity::Critical => 10,
        Severity::High => 5,
        Severity::Medium => 2,
        Severity::Low => 1,
    }
}

/// What is unknown earns nothing; what does not apply counts nowhere. A critical rule that fails is an F, however good the
/// rest is. None: nothing applies.
pub fn score<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Option<Score> {
    let (mut earned, mut all, mut worst) = (0_u64, 0_u64, false);
    for finding in findings {
        let weight = weight(finding.severity);
        match finding.verdict {
            Verdict::Skip { .. } => continue,
            Verdict::Pass { .. } => earned += weight,
            Verdict::Fail { .. } if finding.severity == Severity::Critical => worst = true,
            _ => {}
        }
        all += weight;
    }
    let percent = (all > 0).then(|| earned * 100 / all)?;
    let grade = match percent {
        _ if worst => Grade::F,
        90.. => Grade::A,
        80.. => Grade::B,
        70.. => Grade::C,
        60.. => Grade::D,
        50.. => Grade::E,
        _ => Grade::F,
    };
    Some(Score { percent, grade })
}
