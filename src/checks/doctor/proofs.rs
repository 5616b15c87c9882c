//! Whether those who are to hear of runs were ever reached from here.

use super::laptop::Laptop;
use super::{Check, Verdict};
use crate::checks::health::age;
use crate::checks::some_of;
use crate::inventory::Severity;

pub(super) const NOTIFY: Check =
    Check { id: "laptop.notify", title: "telling others", severity: Severity::Medium, judge: notify };

/// Addresses move and tokens end; so often somebody should look.
const OLDEST: u64 = 30 * 24 * 60 * 60;

/// The last `ops notify test` of an environment that tells somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub env: String,
    /// Seconds since the epoch; None: there was none from this laptop.
    pub at: Option<i64>,
    /// Kinds of channels that could not be told then.
    pub failed: Vec<String>,
}

fn notify(laptop: &Laptop) -> Verdict {
    let proofs = &laptop.proofs;
    let fix = |one: &Proof| format!("ops notify test {}", one.env);
    if let Some(one) = proofs.iter().find(|one| !one.failed.is_empty()) {
        let channels = some_of(one.failed.clone(), 3);
        return Verdict::warn(
            format!("{channels} of {} could not be told at the last test", one.env),
            fix(one),
        );
    }
    if let Some(one) = proofs.iter().find(|one| one.at.is_none()) {
        return Verdict::warn(format!("the channels of {} were never tried from here", one.env), fix(one));
    }
    let since = |one: &Proof| one.at.and_then(|at| u64::try_from(laptop.now - at).ok()).unwrap_or(0);
    match proofs.iter().max_by_key(|one| since(one)) {
        None => Verdict::skip("nobody is to be told"),
        Some(one) if since(one) > OLDEST => {
            let evidence = format!("the channels of {} were tried {} ago", one.env, age(since(one)));
            Verdict::warn(evidence, fix(one))
        }
        Some(one) => Verdict::pass(format!("tried {} ago", age(since(one)))),
    }
}
