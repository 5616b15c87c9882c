//! Counts what a test asserted about `ops` and its droplets, so that a test that asserts nothing fails.

use std::sync::atomic::{AtomicUsize, Ordering};

static CHECKS: AtomicUsize = AtomicUsize::new(0);

/// Notes that something was compared with what it should be.
pub fn once() {
    CHECKS.fetch_add(1, Ordering::Relaxed);
}

/// Fails when nothing was compared. nextest runs each test in a process of its own.
#[track_caller]
pub fn at_least_one() {
    assert!(CHECKS.load(Ordering::Relaxed) > 0, "the test ended without one look at ops or at its droplet");
}
