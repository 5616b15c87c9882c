#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the tests start the lab and ops as a user would")]
//! End to end on real droplets. The lab must be up: `make test` does that.
//!
//! Each test is declared by `lab_test!`, which puts its tier and its droplet into its path:
//! `guarantees::deploy_is_refused_..::guarantee::demo`. `.config/nextest.toml` reads both from there.

/// Declares a function as a test: `lab_test!(TIER, DROPLET, FUNCTION);`.
///
/// Tiers: `guarantee` (`make test`, one test for each row of `tests/guarantees.md`), `lab` (`make test-lab`), `full`
/// (`make test-full`). Droplets: `demo`, `old`, `trio`, `login`, or `machine` where the test needs none. Tests of one
/// droplet take turns, except on `demo`, which is up three times.
macro_rules! lab_test {
    (@tier guarantee) => {};
    (@tier lab) => {};
    (@tier full) => {};
    (@droplet demo) => {};
    (@droplet old) => {};
    (@droplet trio) => {};
    (@droplet login) => {};
    (@droplet machine) => {};
    ($tier:ident, $droplet:ident, $function:ident) => {
        mod $function {
            lab_test!(@tier $tier);
            lab_test!(@droplet $droplet);
            mod $tier {
                #[test]
                fn $droplet() {
                    super::super::$function();
                    crate::checked::at_least_one();
                }
            }
        }
    };
}

mod checked;
mod guarantees;
mod machine_faults;

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
