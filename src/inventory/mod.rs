//! The inventory: what the engineer says about their droplets.
//!
//! [`load`] finds, reads and checks the YAML; what comes out is plain data with every default filled
//! in and every reference resolved, so that nothing later has to ask "and if it is missing?".
//! Deliberately absent: connecting, and resolving secrets (that happens where a plan is executed).

mod model;

pub use model::*;
