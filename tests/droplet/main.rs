#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start bubblewrap and shells")]
//! The programs that run on droplets, without a droplet: each runs in a temporary root with stub tools on its PATH.

mod catalog;
mod crons;
mod freight;
mod healthy;
mod lint;
mod put;
mod releases;
mod sandbox;
mod stage;
