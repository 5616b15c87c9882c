//! A verified backup before a deploy changes anything that runs, where the inventory wants one and none is young enough.
//!
//! It is that of `ops backup`, without the copies far away and without forgetting: what is not reached at three in the
//! morning keeps nobody from deploying, and the next backup does both. Deliberately absent: a rollback and a restore, which
//! nothing may keep.

use jiff::Timestamp;

use super::work::{Situation, Work};
use crate::inventory::Before;
use crate::plan::{Note, NoteKind, Step};
use crate::runbooks::backup::Ground;
use crate::runbooks::promise;
use crate::text::lasting;

impl Work<'_> {
    /// This deploy wants one.
    fn wants_backup(&self) -> bool {
        let request = self.inputs.request;
        let there = matches!(&self.facts.database, Ok(Some(database)) if database.odoo);
        let deploys = matches!(request.command(), "deploy" | "install-modules");
        there
            && deploys
            && self.switches()
            && match self.inputs.env.deploy.backup.before {
                Before::Never => false,
                Before::Always => true,
                Before::Migrating => self.migration.is_some() || self.situation == Situation::Adopt,
            }
    }

    /// The newest that counts, where it is young enough, and how old it is.
    fn young(&self) -> Option<(&str, u64)> {
        // Of this laptop's clock when the run was asked for: the plan that is made once more is the same.
        let now: Timestamp = self.inputs.now.parse().ok()?;
        let newest = self.facts.backups.as_ref().ok()?.rows.iter().find(|row| row.verified)?;
        let age = promise::age(newest, now)?;
        (age <= self.inputs.env.deploy.backup.max_age).then_some((newest.id.as_str(), age.as_secs()))
    }

    pub(super) fn backup(&self) -> Vec<Step> {
        if !self.wants_backup() || self.young().is_some() {
            return Vec::new();
        }
        Ground::new(self.inputs.env, Some(self.facts)).map(|ground| ground.verified()).unwrap_or_default()
    }

    pub(super) fn backup_note(&self) -> Option<Note> {
        let wish = self.inputs.env.deploy.backup;
        let line = match self.young() {
            _ if !self.wants_backup() => return None,
            Some((id, age)) => format!("{id} is verified and {} old: none is made", lasting(age)),
            None => format!(
                "none of the last {} is verified: one is made while Odoo serves, before anything changes",
                lasting(wish.max_age.as_secs())
            ),
        };
        Some(Note { kind: NoteKind::Info, title: "backup".into(), lines: vec![line] })
    }
}
