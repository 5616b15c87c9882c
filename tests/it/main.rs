//! One integration binary: it links once, and its modules share their fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod beforehand;
mod checks;
mod checksums;
mod cli;
mod deploy;
mod docs;
mod facts;
mod guarantees;
mod hardening;
mod health;
mod hooks;
mod import;
mod inventory;
mod modules;
mod notify;
mod rehearse;
mod rollback;
mod room;
mod sample;
mod schedule;
#[path = "../seed/mod.rs"]
mod seed;
mod snapshots;
mod strategy;
mod tidy;
mod transport;
mod watch;
