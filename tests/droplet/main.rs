#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start bubblewrap and shells")]
#![expect(clippy::print_stderr, reason = "a test that fails says in which shell")]
//! The programs that run on droplets, without a droplet: each runs in a temporary root with stub tools on its PATH.

mod bundle;
mod catalog;
mod checksums;
mod container_stubs;
mod crons;
mod data;
mod facts;
mod firewall_stubs;
mod freight;
mod harden;
mod harden_logins;
mod harden_state;
mod harden_stubs;
mod healthy;
mod json;
mod json_guard;
mod kept_json;
mod lint;
mod nginx_stub;
mod night;
mod property;
mod put;
mod registry;
mod releases;
mod retire;
mod runner;
#[allow(dead_code, reason = "the integration tests use the rest of it")]
#[path = "../it/sample.rs"]
mod sample;
mod sandbox;
mod schedule;
mod schedule_program;
#[path = "../seed/mod.rs"]
mod seed;
mod site_stubs;
mod slots;
mod stage;
mod systemd;
mod watch;
mod web;
