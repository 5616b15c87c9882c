//! What changed, as lines: where there is no terminal, and in the view.

use super::{moment, word};
use crate::checks::health::{Change, Status};
use crate::text::printable;

/// `2026-11-22T04:10:01Z prod-1 CRITICAL ct.running: odoo does not run`
pub fn line(change: &Change, several: bool) -> String {
    let place = match several {
        true => format!("{}/{}", change.env, change.droplet),
        false => change.droplet.clone(),
    };
    format!("{} {} {}", moment(change.at), printable(&place), said(change))
}

/// What became of it; a recovery says of what.
pub(super) fn said(change: &Change) -> String {
    let also = if change.others > 0 { format!(" and {} more", change.others) } else { String::new() };
    let was = if change.to == Status::Ok { format!(" (was {})", change.from.word()) } else { String::new() };
    let text = format!("{} {}{also}{was}: {}", word(change.to), change.id, change.evidence);
    printable(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let mut change = Change {
            at: 1_795_320_601,
            env: "prod".into(),
            droplet: "erp-1".into(),
            id: "ct.running".into(),
            others: 0,
            from: Status::Ok,
            to: Status::Critical,
            evidence: "odoo\x1b[2J does\nnot run".into(),
        };
        let text = line(&change, false);
        assert_eq!(text, "2026-11-22T04:10:01Z erp-1 CRITICAL ct.running: odoo does⏎not run");
        (change.from, change.to, change.others) = (Status::Unknown, Status::Ok, 2);
        assert!(
            line(&change, true)
                .ends_with(" prod/erp-1 ok ct.running and 2 more (was unknown): odoo does⏎not run")
        );
    }
}
