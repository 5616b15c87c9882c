//! What a recovery came to: `ops.recovery/1`.

use std::borrow::Cow;

use serde::Serialize;

pub const RECOVERY_SCHEMA: &str = "ops.recovery/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovered {
    pub schema: Cow<'static, str>,
    pub env: String,
    pub droplet: String,
    pub run: String,
    pub backup: String,
    /// The place off site that it came from.
    pub place: String,
    /// RFC 3339, UTC: the moment that all of it is of.
    pub taken: String,
    /// From that moment to the begin of the recovery: what was written in it is lost.
    pub rpo_seconds: u64,
    /// From the begin of the command to the login page.
    pub rto_seconds: u64,
    /// What a person does now.
    pub next: Vec<String>,
}
