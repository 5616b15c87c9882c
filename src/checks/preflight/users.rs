//! Who works in Odoo right now.

use crate::checks::{Check, Subject, Verdict};
use crate::inventory::Severity;
use crate::text::count;

pub(super) const CHECK: Check =
    Check { id: "odoo.users", title: "active users", severity: Severity::Low, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let database = match &subject.facts.database {
        Ok(Some(database)) => database,
        _ => return Verdict::skip("no database to ask"),
    };
    match database.active_users {
        None => Verdict::skip("Odoo keeps no presence of users here"),
        Some(0) => Verdict::pass("none in the last five minutes"),
        Some(users) => Verdict::warn(
            format!("{} active in the last five minutes", count(users as usize, "user")),
            "a switch that recreates the container interrupts them for some seconds: tell them, or deploy later",
        ),
    }
}
