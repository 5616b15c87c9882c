//! Whether this laptop is fit to operate droplets, and how far its way to each of them leads.
//!
//! What is looked at is collected elsewhere (`queries::doctor`); here it is only judged, with the verdicts of every
//! other check. Deliberately absent: how the stack on a droplet is, which `health` tells.

mod files;
mod hops;
mod laptop;
mod proofs;
mod report;

use crate::inventory::Severity;

use super::{Finding, Verdict};

pub use files::{Identity, KnownHosts};
pub use hops::{Hop, Way, clock, left};
pub use laptop::{Agent, Config, Laptop, Shown};
pub use proofs::Proof;
pub use report::{DOCTOR_SCHEMA, Doctor};

/// Under which name the laptop stands beside the droplets.
pub const LAPTOP: &str = "this laptop";

/// A rule about the laptop, with a stable, documented id.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub id: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    pub judge: fn(&Laptop) -> Verdict,
}

/// The reasons before what follows from them.
pub const ALL: &[Check] = &[
    laptop::VERSION,
    laptop::CONFIG,
    laptop::CLIENT,
    laptop::AGENT,
    files::IDENTITIES,
    files::KNOWN,
    laptop::TERMINAL,
    proofs::NOTIFY,
];

/// The clock and what an ops left, of each droplet.
pub const CLOCK: (&str, &str) = ("doctor.clock", "clock");
pub const LEFT: (&str, &str) = ("doctor.left", "what ops left there");

pub fn judge(laptop: &Laptop) -> Vec<Finding> {
    ALL.iter()
        .map(|check| Finding {
            id: check.id.to_owned(),
            title: check.title.to_owned(),
            severity: check.severity,
            droplet: LAPTOP.to_owned(),
            verdict: (check.judge)(laptop),
        })
        .collect()
}

/// Ids and titles as a Markdown table, for the documentation.
pub fn table() -> String {
    let laptop = ALL.iter().map(|check| ("laptop", check.id, check.title));
    let hops = Hop::ALL.iter().map(|hop| ("each droplet", hop.id(), hop.title()));
    let rest = [CLOCK, LEFT].map(|(id, title)| ("each droplet", id, title));
    let rows = laptop.chain(hops).chain(rest).map(|(of, id, what)| format!("| {of} | `{id}` | {what} |\n"));
    format!("| of | id | what |\n|---|---|---|\n{}", rows.collect::<String>())
}
