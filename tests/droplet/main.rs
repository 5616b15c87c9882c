#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start bubblewrap and shells")]
#![expect(clippy::print_stderr, reason = "a test that fails says in which shell")]
//! The programs that run on droplets, without a droplet: each runs in a temporary root with stub tools on its PATH.

mod night;
mod property;
mod runner;
mod sandbox;
#[path = "../seed/mod.rs"]
mod seed;
mod systemd;
