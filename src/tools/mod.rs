//! Commands of the remote tools, as data: one file a tool, every function returns a [`crate::cmd::Cmd`].
//! Deliberately absent: running them, and judging what they print.

pub mod backup;
pub mod checksums;
pub mod compose;
pub mod crons;
pub mod entry;
pub mod export;
pub mod freight;
pub mod harden;
pub mod healthy;
pub mod images;
pub mod import;
pub mod inside;
pub mod odoo;
pub mod own;
pub mod page;
pub mod recovery;
pub mod rehearsal;
pub mod releases;
pub mod schedule;
pub mod series;
pub mod site;
pub mod slots;
pub mod snapshot;
pub mod verify;
pub mod watch;
pub mod web;
