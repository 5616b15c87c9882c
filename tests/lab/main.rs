#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start the lab and ops as a user would")]
//! End to end on real droplets. The lab must be up: `make test` does that.
//! Tests of one droplet take turns (`.config/nextest.toml`).

mod adopt;
mod backup_faults;
mod backups;
mod carried;
mod checks;
mod checksums;
mod clones;
mod deploy;
mod disk;
mod doctor;
mod droplet;
mod entrances;
mod failures;
mod faults;
mod gone;
mod harden;
mod health;
mod imported;
mod inside;
mod inventory;
mod laptop;
mod load;
mod mended;
mod migrate;
mod modules;
mod real;
mod rehearse;
mod retention;
mod rollback;
mod several;
mod slots;
mod states;
mod stopped;
mod terminal;

mod crowd;
mod demo;
mod full;
mod hooks;
mod hostile;
mod joined;
mod lockouts;
mod login;
mod lookout;
mod notify;
mod old;
mod pty;
mod recover;
mod runner;
mod schedule;
#[path = "../seed/mod.rs"]
mod seed;
mod verify;
mod vigil;
mod walk;
mod watch;
