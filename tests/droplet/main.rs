#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start bubblewrap and shells")]
//! The programs that run on droplets, without a droplet: each runs in a temporary root with stub tools on its PATH.

mod bundle;
mod checksums;
mod container_stubs;
mod facts;
mod firewall_stubs;
mod harden;
mod harden_logins;
mod harden_state;
mod harden_stubs;
mod nginx_stub;
mod retire;
#[allow(dead_code, reason = "the integration tests use the rest of it")]
#[path = "../it/sample.rs"]
mod sample;
mod sandbox;
mod schedule;
mod schedule_program;
mod site_stubs;
mod slots;
mod stage;
mod watch;
mod web;
