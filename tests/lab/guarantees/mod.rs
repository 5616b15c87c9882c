//! One test for each guarantee that the README makes: `make test` runs these. `tests/guarantees.md` is their list.

mod backups;
mod deploys;
mod people;
mod state;
