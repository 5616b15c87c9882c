//! What each command does, as a plan made of facts. Deliberately absent: connections.

pub mod deploy;
pub mod modules;
pub mod rehearsal;
pub mod rollback;
pub mod snapshots;
