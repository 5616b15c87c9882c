//! The failure card: everything a person needs at 3 a.m., in the order in which they need it.

use super::look::Look;
use super::words;
use crate::error::Error;
use crate::event::Outcome;
use crate::exit::Exit;
use crate::record::LedgerRow;
use crate::text::printable;

/// The one rendering of an [`Error`].
pub fn render(error: &Error, look: &Look) -> String {
    let mut out = look.wrap_with("Error: ", &sentence(error), Look::bad);
    for why in &error.why {
        out += &look.wrap("  because ", why);
    }
    for evidence in error.evidence.iter().filter(|evidence| !evidence.lines.is_empty()) {
        out += "\n";
        out += &look.wrap("", &format!("{}:", evidence.title));
        for line in &evidence.lines {
            out += &format!("  | {}\n", printable(line));
        }
    }
    if !error.ledger.is_empty() {
        out += "\n";
        out += &ledger(&error.ledger, look);
    }
    if let Some(state) = state(error.exit) {
        out += "\n";
        out += &look.wrap("State: ", state);
    }
    if !error.next.is_empty() {
        out += "\nNext:\n";
        out.extend(error.next.iter().map(|next| look.wrap("  ", next)));
    }
    out + &look.wrap_with("", &format!("(exit code {})", error.exit.code()), Look::dim)
}

fn sentence(error: &Error) -> String {
    let place = match (&error.droplet, &error.step) {
        (Some(droplet), Some(step)) => format!(" (step {step}, droplet {droplet})"),
        (Some(droplet), None) => format!(" (droplet {droplet})"),
        (None, Some(step)) => format!(" (step {step})"),
        (None, None) => String::new(),
    };
    format!("{}{place}", error.what)
}

/// How the droplets were left. Nothing is said where the kind of the error already says it.
fn state(exit: Exit) -> Option<&'static str> {
    match exit {
        Exit::Done | Exit::Usage | Exit::Locked | Exit::Unreachable | Exit::Theirs(_) => None,
        Exit::Failed | Exit::NotApproved | Exit::Checks | Exit::Changed | Exit::Interrupted => {
            Some("nothing that runs was changed.")
        }
        Exit::PutBack => Some("everything was put back as it was before."),
        Exit::Mixed => Some("MIXED. Not everything was put back: a human has to look."),
        Exit::Unknown => Some("UNKNOWN. The droplet may still be at work; do not start again, look first."),
    }
}

/// Every (droplet, step) and how it ended, one line each.
pub fn ledger(rows: &[LedgerRow], look: &Look) -> String {
    let widest = |text: fn(&LedgerRow) -> &str| {
        rows.iter().map(|row| console::measure_text_width(&printable(text(row)))).max().unwrap_or(0)
    };
    let (steps, droplets) = (widest(|row| &row.step), widest(|row| &row.droplet));
    rows.iter()
        .map(|row| {
            let word = word(row.outcome);
            let time = if row.millis > 0 { words::millis(row.millis) } else { String::new() };
            let (step, droplet) = (printable(&row.step), printable(&row.droplet));
            let line = format!("  {word:<11}  {step:<steps$}  {droplet:<droplets$}  {time}");
            match row.outcome {
                Outcome::Failed | Outcome::Unknown => look.bad(line.trim_end()) + "\n",
                Outcome::NotReached => look.dim(line.trim_end()) + "\n",
                Outcome::Done | Outcome::Undone => line.trim_end().to_owned() + "\n",
            }
        })
        .collect()
}

pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Undone => "put back",
        Outcome::Failed => "FAILED",
        Outcome::NotReached => "not reached",
        Outcome::Unknown => "UNKNOWN",
    }
}
