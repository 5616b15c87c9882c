//! The user's own checks, with the rules they wrote in the inventory.

use super::{Finding, Subject, Verdict};
use crate::facts::Observed;
use crate::inventory::{Expect, Op, Severity, UserCheck, UserProbe, When};
use crate::text::{printable, shorten};

/// The user's own checks of a phase that concern this droplet.
pub fn own(subject: &Subject<'_>, when: When) -> Vec<Finding> {
    subject
        .env
        .checks_of(subject.droplet, when)
        .map(|(_, check)| Finding {
            id: format!("own.{}", printable(&check.name)),
            title: printable(&check.name),
            severity: check.severity,
            droplet: subject.droplet.name.clone(),
            verdict: judge(subject, check),
        })
        .collect()
}

fn judge(subject: &Subject<'_>, check: &UserCheck) -> Verdict {
    let needs_stack = !matches!(check.probe, UserProbe::Tcp { .. });
    let observed = match subject.facts.own.get(&check.name) {
        Some(Ok(observed)) => observed,
        _ if needs_stack && subject.is_first() => return Verdict::skip("nothing runs yet"),
        Some(Err(failure)) => return wrong(check, failure.why.clone()),
        None => return Verdict::unknown("it was not asked"),
    };
    let (good, evidence) = match (&check.probe, observed) {
        (
            UserProbe::Http { path, status, contains, max_time },
            Observed::Http { status: got, millis, contains: found },
        ) => {
            let late = max_time.is_some_and(|limit| u128::from(*millis) > limit.as_millis());
            let text = match contains {
                Some(text) if !found => format!(", without “{}”", shorten(text, 40)),
                _ => String::new(),
            };
            let limit = max_time.filter(|_| late).map(|limit| format!(", at most {} ms", limit.as_millis()));
            let wanted = if got == status { String::new() } else { format!(", {status} wanted") };
            let good = got == status && !late && (contains.is_none() || *found);
            (good, format!("{path} gave {got} in {millis} ms{wanted}{}{text}", limit.unwrap_or_default()))
        }
        (UserProbe::Sql { expect, .. }, Observed::Sql { value }) => {
            let good = holds(value, expect);
            (
                good,
                format!(
                    "{} (wanted {} {})",
                    shorten(value, 80),
                    expect.op.sign(),
                    shorten(&expect.value, 80)
                ),
            )
        }
        (UserProbe::Tcp { address }, Observed::Tcp { open }) => {
            (*open, format!("{address} is {}", if *open { "open" } else { "closed" }))
        }
        _ => return Verdict::unknown("the answer is not one to this question"),
    };
    if good { Verdict::pass(evidence) } else { wrong(check, evidence) }
}

/// The severity decides whether it stops a run.
fn wrong(check: &UserCheck, evidence: String) -> Verdict {
    if check.severity >= Severity::High {
        let fix =
            "settle it first, or give the check the severity medium in the inventory: then it only warns";
        return Verdict::fail(evidence, fix);
    }
    Verdict::warn(evidence, "look into it; with the severity high in the inventory it would stop a deploy")
}

/// Numbers are compared as numbers where both sides are; else only equality means anything.
fn holds(value: &str, expect: &Expect) -> bool {
    let (value, wanted) = (value.trim(), expect.value.trim());
    let numbers = value.parse::<f64>().ok().zip(wanted.parse::<f64>().ok());
    match (expect.op, numbers) {
        (Op::Eq, Some((a, b))) => a == b,
        (Op::Ne, Some((a, b))) => a != b,
        (Op::Lt, Some((a, b))) => a < b,
        (Op::Le, Some((a, b))) => a <= b,
        (Op::Gt, Some((a, b))) => a > b,
        (Op::Ge, Some((a, b))) => a >= b,
        (Op::Eq, None) => value == wanted,
        (Op::Ne, None) => value != wanted,
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, None) => false,
    }
}
