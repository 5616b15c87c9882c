//! The programs that make, keep, try and bring back backups, each as Rust composes it, against a real PostgreSQL server, a
//! Docker of the sandbox and a restic of the sandbox.

mod archives;
mod backup;
mod cluster;
mod recovery;
mod rehearsal;
mod restore;
mod schedule;
mod snapshot;
mod stack;
mod store;
mod verify;
