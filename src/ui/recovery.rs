//! What a recovery came to, and what is left to do.

use super::look::Look;
use super::{table, words};
use crate::record::Recovered;
use crate::text::printable;

pub fn render(done: &Recovered, look: &Look) -> String {
    let span = |seconds: u64| words::millis(seconds.saturating_mul(1000));
    let backup = format!("{}, of {}, from {}", done.backup, done.taken, done.place);
    let fields = [
        ("backup", printable(&backup)),
        (
            "RPO reached",
            format!("{}: what was written in that time before the recovery is lost", span(done.rpo_seconds)),
        ),
        ("RTO reached", format!("{} from the command to the login page", span(done.rto_seconds))),
    ];
    let title = format!("{} serves on {}", done.env, done.droplet);
    let mut out =
        look.bold(&printable(&title)) + "\n" + &table::fields(&fields, look) + "What is left to do:\n";
    out.extend(done.next.iter().map(|line| look.wrap("  ", line)));
    out
}
