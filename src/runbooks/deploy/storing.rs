//! The step that stores the checksums of modules (`deploy.update: hash`), once the release is verified and before it is
//! on record.

use super::Data;
use super::steps::{Builder, by, run};
use super::update::modules;
use super::work::Work;
use crate::inventory::Update;
use crate::plan::{Phase, Step, Undo};
use crate::text::few;
use crate::tools::checksums::{At, Settled, restore, store};

impl Work<'_> {
    /// The operator said that nothing needs an update.
    pub(super) fn stored_by_word(&self) -> bool {
        let deploys = self.staged.kept.is_none() && !self.is_fresh() && self.has_odoo();
        self.rule() == Update::Hash
            && self.inputs.request.data == Data::Kept
            && deploys
            && self.inputs.env.droplets.len() == 1
            && self.is_db()
    }

    /// Stores what is up to date once the release is verified.
    pub(super) fn store(&self) -> Option<Step> {
        let alone = self.inputs.env.droplets.len() == 1 && self.is_web() && self.is_db();
        if self.rule() != Update::Hash || !alone {
            return None;
        }
        let named = |names: Vec<String>| {
            let database = self.facts.database.as_ref().ok().and_then(Option::as_ref);
            let before = database.map(|all| all.modules.keys().cloned().collect()).unwrap_or_default();
            Settled::Named { names, before }
        };
        let settled = match &self.inputs.request.data {
            _ if self.creates_database => Settled::All,
            Data::Kept if self.stored_by_word() => Settled::Unknown,
            _ if self.migration.is_none() => return None,
            Data::Needed | Data::UpdateAll => Settled::All,
            Data::Update(names) => named(names.clone()),
            Data::Modules(change) => named([modules(&change.install), modules(&change.update)].concat()),
            Data::Kept | Data::Return(_) | Data::Restored(_) => return None,
        };
        let aside = self.migration.is_some() || self.creates_database;
        Some(self.builder().store(&settled, aside))
    }
}

impl Builder<'_> {
    /// `aside`: what fails puts the whole database back, or away.
    fn store(&self, settled: &Settled, aside: bool) -> Step {
        let stack = &self.env.stack;
        let at = At { project: &self.place.project, db: &stack.db, database: &stack.database };
        let before = format!("{}/checksums.before", self.place.dir);
        let title = match settled {
            Settled::All => "store the checksums of all installed modules".to_owned(),
            Settled::Unknown => "store the checksums of installed modules that have none".to_owned(),
            Settled::Named { names, .. } if names.is_empty() => {
                "store the checksums of installed modules".to_owned()
            }
            Settled::Named { names, .. } => format!("store the checksums of {}", few(names)),
        };
        let (keep, undo) = match aside {
            true => (None, Undo::NotNeeded("a database that is put back has its own".into())),
            false => (Some(before.as_str()), by(restore(at, &before))),
        };
        let work = run(store(at, &self.place.service(&stack.web), keep, settled));
        self.step("checksums", Phase::Record, title, vec![work], undo, 1000)
    }
}
