//! The inventory: what the engineer says about their droplets.
//!
//! [`find`] says where it is, [`load`] reads and checks it; what comes out is plain data with every
//! default filled in and every reference resolved, so that nothing later has to ask "and if it is
//! missing?". config.example.yaml is the documented schema. Deliberately absent: connecting, and
//! resolving secrets while reading ([`resolve`] does that where a plan is executed).

mod addresses;
mod backup;
mod build;
mod droplets;
mod edge;
mod fault;
mod find;
mod git;
mod harden;
mod health;
pub mod hide;
mod hooks;
mod local;
mod mask;
mod model;
mod names;
mod node;
mod notify;
mod onto;
mod parse;
mod paths;
mod probes;
mod promise;
mod raw;
mod resolved;
mod secrets;
pub mod trust;
mod watch;
mod words;

pub use backup::{Backup, Offsite, Retention};
pub use edge::Edge;
pub use find::{find, load};
pub use harden::{Harden, Profile, Waiver};
pub use health::{Health, Limits};
pub use hooks::{Hook, HookPlace, HookWhen, Hooks};
pub use local::{Local, local};
pub use mask::Mask;
pub use model::*;
pub use names::module;
pub use notify::{Notify, NotifyKind, NotifyOn, Security, Smtp, recipients};
pub use parse::{LARGEST, parse, parse_bytes};
pub use promise::{Before, Beforehand, Targets};
pub use resolved::{SCHEMA, resolved, resolved_json};
pub use secrets::resolve;
pub use watch::watch;
pub use words::duration;
