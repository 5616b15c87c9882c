//! The directories that a deploy writes to.

use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::Severity;

pub(super) const STATE: Check =
    Check { id: "write.state", title: "state directory", severity: Severity::High, judge: state };

pub(super) const STACK: Check =
    Check { id: "write.stack", title: "stack directory", severity: Severity::High, judge: stack };

fn state(subject: &Subject<'_>) -> Verdict {
    let dir = subject.env.state_dir.as_str();
    match known(&subject.facts.state) {
        Ok(state) if state.writable => Verdict::pass(format!("{dir} can be written")),
        Ok(_) => Verdict::fail(format!("{dir} cannot be written"), own(subject, dir)),
        Err(verdict) => verdict,
    }
}

fn stack(subject: &Subject<'_>) -> Verdict {
    let dir = subject.env.stack.path.as_str();
    match known(&subject.facts.stack) {
        Ok(stack) if stack.writable && stack.exists => {
            Verdict::pass(format!("{dir}, owned by {}", stack.owner))
        }
        Ok(stack) if stack.writable => Verdict::pass(format!("{dir} does not exist yet and can be made")),
        Ok(_) => Verdict::fail(format!("{dir} cannot be written"), own(subject, dir)),
        Err(verdict) => verdict,
    }
}

fn own(subject: &Subject<'_>, dir: &str) -> String {
    let user = subject.facts.host.as_ref().map_or("USER", |host| host.user.as_str());
    format!(
        "write `become: sudo` for this droplet in the inventory, or on the droplet: sudo install -d -o {} {}",
        quote(user),
        quote(dir)
    )
}
