//! Deploying a release.
//!
//! `stage` asks the droplet what only a fetch can tell (it writes to ops' own cache and nowhere
//! else); `plan` turns facts and that into steps.

mod staged;

pub use staged::*;
