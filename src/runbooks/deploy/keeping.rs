//! What a deploy keeps: the adopted release 0, the record of the new one, and what is pruned.

use std::collections::BTreeMap;

use super::reading::repository;
use super::release::{Place, record};
use super::render::render;
use super::work::{Situation, Work};
use crate::plan::Step;

impl Work<'_> {
    /// Release 0: the code paths, the image and the model of what runs by hand.
    pub(super) fn adopt(&self) -> Option<Step> {
        let stack = &self.inputs.env.stack;
        let container = self.facts.container(&stack.web)?;
        let model = match self.staged.running_model.as_ref()? {
            Ok(model) => model,
            Err(_) => self.model,
        };
        let zero = Place::new(self.inputs.env, &self.place.project, "0");
        let image = zero.kept(&stack.web);
        // Only what the release moves is copied, and only where the running model has it too.
        let moved: Vec<_> = self.moved.iter().filter(|one| self.stands(&one.path)).cloned().collect();
        let text = render(model, &zero.project, &stack.web, &image, &zero.source, stack, &moved);
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
        Some(self.builder().adopt(&zero, text, &paths, json, &container.image_id))
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
        let release = record(self.inputs, &self.place, &self.compose_text(), &kept, code);
        let json = serde_json::to_string_pretty(&release).unwrap_or_default();
        let services: Vec<_> = kept.into_keys().collect();
        let before = match self.situation {
            Situation::Adopt => "0",
            _ => {
                self.facts.state.as_ref().ok().and_then(|state| state.current.as_deref()).unwrap_or_default()
            }
        };
        let mut steps = vec![builder.record(json, &services, before)];
        let surplus = self.surplus();
        if !surplus.is_empty() {
            steps.push(builder.prune(&surplus));
        }
        steps
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
