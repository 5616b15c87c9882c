//! The result sheet of a drill or a restore: what a way back took, against what was promised. `ops.sheet/1`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timed;

pub const SHEET_SCHEMA: &str = "ops.sheet/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub schema: Cow<'static, str>,
    /// `drill` or `restore`.
    pub what: String,
    pub env: String,
    pub run: String,
    pub operator: String,
    /// RFC 3339, UTC: when the run began.
    pub started: String,
    pub backup: String,
    /// RFC 3339, UTC: the moment that the backup is of.
    pub taken: String,
    /// `droplet`, or the place off site that it was fetched from.
    pub from: String,
    /// In their order, of the steps that began.
    pub parts: Vec<Timed>,
    /// What was compared, and how many of it: `files`, `rows`, `sums`, `tables`.
    pub compared: BTreeMap<String, u64>,
    /// Seconds of work that are not in the backup: the RPO reached.
    pub lost: u64,
    /// Seconds from the first byte of the repository to an Odoo that answers: the RTO reached; None where it did not
    /// come so far.
    pub took: Option<u64>,
    /// Seconds, where they were promised.
    pub rpo: Option<u64>,
    pub rto: Option<u64>,
    /// As the run ended.
    pub exit: u8,
    pub why: Option<String>,
}

impl Sheet {
    /// None: nothing was promised.
    pub fn rpo_kept(&self) -> Option<bool> {
        self.rpo.map(|rpo| self.lost <= rpo)
    }

    /// None: nothing was promised, or nothing came back that could be measured.
    pub fn rto_kept(&self) -> Option<bool> {
        Some(self.took? <= self.rto?)
    }
}
