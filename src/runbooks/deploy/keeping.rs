//! What a deploy keeps: the adopted release 0, the record of the new one, and what is pruned.

use std::collections::BTreeMap;

use super::Data;
use super::migrating::Aside;
use super::preparing::source_text;
use super::reading::repository;
use super::release::{Place, record};
use super::render::render;
use super::work::{Situation, Work};
use crate::cmd::quote;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::plan::{Note, NoteKind, Step};
use crate::runbooks::snapshots;

impl Work<'_> {
    /// What a plan to take over a stack needs, or the reason why it cannot be gone back to.
    ///
    /// # Errors
    /// Exit 9: the model of what runs cannot be read.
    pub(super) fn refuse_adoption(&self) -> Result<()> {
        if self.situation != Situation::Adopt || self.runs_from_zero() {
            return Ok(());
        }
        let files = self.facts.web(&self.inputs.env.stack.web).map(|one| one.config_files.join(", "));
        let why = match &self.staged.running_model {
            Some(Ok(_)) => return Ok(()),
            Some(Err(failure)) => failure.why.clone(),
            None => "its container does not say what it was made from".to_owned(),
        };
        Err(Error::new(Exit::Checks, "what runs cannot be kept as release 0, so there would be no way back")
            .on(&self.droplet.name)
            .because(why)
            .because(format!("made from: {}", files.unwrap_or_default()))
            .next(format!(
                "on the droplet: docker compose -p {} config, with these files",
                quote(&self.place.project)
            )))
    }

    /// A first deploy was taken back to release 0, which runs.
    fn runs_from_zero(&self) -> bool {
        let zero = Place::new(self.inputs.env, &self.place.project, "0");
        let container = self.facts.web(&self.inputs.env.stack.web);
        container.is_some_and(|container| container.config_files == [zero.file])
    }

    /// Release 0: the code paths, the image and the model of what runs by hand.
    pub(super) fn adopt(&self) -> Option<Step> {
        if self.runs_from_zero() {
            return None;
        }
        let stack = &self.inputs.env.stack;
        let container = self.facts.web(&stack.web)?;
        let model = self.staged.running_model.as_ref()?.as_ref().ok()?;
        let zero = Place::new(self.inputs.env, &self.place.project, "0");
        // Only what the release moves is copied, and only where the running model has it too.
        let moved: Vec<_> = self.moved.iter().filter(|one| self.stands(&one.path)).cloned().collect();
        let (text, source) = (render(model, &zero, stack, &moved), source_text(model, &moved));
        let kept = BTreeMap::from([(stack.web.clone(), (container.image.clone(), None))]);
        let sha = self
            .facts
            .stack
            .as_ref()
            .ok()?
            .git
            .as_ref()
            .map(|git| (git.branch.clone().unwrap_or_else(|| git.head.clone()), git.head.clone()));
        let release = record(self.inputs, &zero, &text, &kept, sha);
        let json = serde_json::to_string_pretty(&release).unwrap_or_default();
        let paths: Vec<_> = moved.into_iter().map(|one| one.path).collect();
        Some(self.builder().adopt(&zero, (text, source), &paths, json, &container.image_id))
    }

    /// The path is there in the hand-made stack.
    fn stands(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        self.staged.entries.as_ref().is_some_and(|all| all.contains(first))
    }

    pub(super) fn record(&self) -> Vec<Step> {
        if self.is_current() {
            return Vec::new();
        }
        let builder = self.builder();
        let mut kept: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
        for (name, image) in self.kept() {
            let digest =
                image.digest.as_ref().map(|digest| format!("{}@{digest}", repository(&image.reference)));
            kept.insert(name, (image.reference.clone(), digest));
        }
        if self.builds() {
            kept.insert(
                self.inputs.env.stack.web.clone(),
                (self.place.kept(&self.inputs.env.stack.web), None),
            );
        }
        let code = self.code.map(|code| (code.r#ref.clone(), code.sha.clone()));
        let mut release = record(self.inputs, &self.place, &self.compose_text(), &kept, code);
        release.data = self.data();
        if !matches!(self.inputs.request.data, Data::Modules(_) | Data::Restored(_)) {
            release.copy_of = self.staged.kept.as_ref().map(|kept| kept.release.clone());
        }
        if self.migration.is_some() {
            release.restore = self.restore_point();
        }
        // As they are once it was updated, or made.
        let asked = self.migration.is_some() || self.creates_database && self.is_db();
        if asked {
            release.modules = BTreeMap::from([("@modules".to_owned(), "@".to_owned())]);
        }
        let json = serde_json::to_string_pretty(&release).unwrap_or_default();
        let services: Vec<_> = kept.into_keys().collect();
        let before = match self.situation {
            Situation::Adopt => "0",
            _ => {
                self.facts.state.as_ref().ok().and_then(|state| state.current.as_deref()).unwrap_or_default()
            }
        };
        self.store().into_iter().chain([builder.record(json, &services, before, asked)]).collect()
    }

    /// What would be left, where a kept release comes back.
    pub(super) fn runs_now(&self) -> Option<Note> {
        let runs = self.staged.kept.as_ref().and(self.facts.current_release())?;
        let by = runs.operator.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        let what = runs.git_ref.as_ref().map(|what| format!(" ({what})")).unwrap_or_default();
        let title = format!("runs now: release {}{what}, since {}{by}", runs.id, runs.created);
        Some(Note { kind: NoteKind::Info, title, lines: Vec::new() })
    }

    /// What no kept release needs goes, once the new one is on record.
    pub(super) fn tidy(&self) -> Vec<Step> {
        if self.is_current() {
            return Vec::new();
        }
        let (surplus, mut old) = (self.surplus(), self.expired());
        // Its files were kept for the way back alone, which ends when users are let in.
        if self.migration.as_ref().is_some_and(|migration| migration.aside == Aside::Dumped) {
            old.push(self.builder().kept_database());
        }
        let prune = (!surplus.is_empty()).then(|| self.builder().prune(&surplus));
        let drop = (!old.is_empty()).then(|| self.builder().drop_databases(&old, false));
        prune.into_iter().chain(drop).collect()
    }

    /// Databases that were put aside and whose days are over; on the droplet with both the server and the files.
    fn expired(&self) -> Vec<String> {
        let days = self.inputs.env.deploy.snapshot_days;
        let all = snapshots::of(self.inputs.env, self.facts);
        let held = self.inputs.request.data.held();
        all.into_iter()
            .filter(|one| self.is_web() && !one.needed && one.is_older(&self.inputs.now, days))
            .map(|one| one.name)
            .filter(|name| Some(name.as_str()) != held)
            .collect()
    }

    /// Releases beyond the kept ones, oldest first; never the current one.
    fn surplus(&self) -> Vec<String> {
        let Ok(state) = &self.facts.state else { return Vec::new() };
        // The new release and the one it replaces are always kept.
        let keep = (self.inputs.env.deploy.keep_releases as usize).max(1);
        let old: Vec<_> =
            state.releases.iter().filter(|release| Some(&release.id) != state.current.as_ref()).collect();
        let surplus = old.len().saturating_sub(keep.saturating_sub(1));
        old.into_iter().take(surplus).map(|release| release.id.clone()).collect()
    }
}
