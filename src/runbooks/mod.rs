//! What each command does, as a plan made of facts. Deliberately absent: connections.

pub mod backup;
pub mod deploy;
pub mod export;
pub mod harden;
pub mod import;
pub mod modules;
pub mod promise;
pub mod recover;
pub mod rehearsal;
pub mod restore;
pub mod rollback;
pub mod schedule;
pub mod sheet;
pub mod snapshots;
pub mod verify;
