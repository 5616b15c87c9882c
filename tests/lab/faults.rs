//! Faults that a step of a deploy meets, and which step meets which.

use crate::seed::Seed;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    LaptopKilled,
    WorkerKilled,
    LinkCut,
    /// No packet arrives for a while, and nobody says so.
    LinkSilent,
    PowerLost,
}

/// Each fault, and how the work is finished afterwards where nobody waits for it.
pub const FAULTS: [(Fault, &str); 7] = [
    (Fault::LaptopKilled, "resume"),
    (Fault::LaptopKilled, "undo"),
    (Fault::WorkerKilled, ""),
    (Fault::LinkCut, ""),
    (Fault::LinkSilent, ""),
    (Fault::PowerLost, "resume"),
    (Fault::PowerLost, "undo"),
];

/// Which fault each step meets: one a step, drawn by the seed so that each fault comes once before one comes again.
pub fn drawn(seed: &Seed, steps: &'static [&'static str]) -> Vec<(&'static str, Fault, &'static str)> {
    let faults = seed.draw(&FAULTS, steps.len());
    steps.iter().zip(faults).map(|(step, (fault, finish))| (*step, fault, finish)).collect()
}
