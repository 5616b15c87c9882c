//! What a deploy prepares on one droplet. Nothing the running stack sees changes here.

use serde_json::Value;

use super::hashing::built;
use super::kept::Source;
use super::reading::repository;
use super::render::Moved;
use super::render::service;
use super::staged::Model;
use super::work::{Situation, Work};
use crate::plan::Step;

impl Work<'_> {
    /// The stack's directory and its `.env`, whose secrets come over the connection.
    pub(super) fn place_env(&self) -> Vec<Step> {
        let has_env = self.facts.stack.as_ref().is_ok_and(|dir| dir.env_file);
        if self.is_current() || self.inputs.env.stack.env.is_empty() || has_env {
            return Vec::new();
        }
        self.directory().into_iter().chain([self.builder().env_file()]).collect()
    }

    fn directory(&self) -> Option<Step> {
        self.staged.entries.is_none().then(|| self.builder().directory())
    }

    pub(super) fn prepare(&self) -> Vec<Step> {
        if self.is_current() {
            return Vec::new();
        }
        let (builder, stack) = (self.builder(), &self.inputs.env.stack);
        let mut steps = Vec::new();
        if self.place_env().is_empty() {
            steps.extend(self.directory());
        }
        let deploys = self.inputs.request.rehearse.is_none();
        if self.situation == Situation::Adopt && deploys {
            steps.extend(self.adopt());
        }
        match (&self.staged.kept, self.code) {
            (Some(kept), _) if kept.code => steps.push(builder.bring(&kept.release)),
            (None, Some(code)) => steps.push(builder.check_out(&code.sha)),
            _ => {}
        }
        for (name, image) in self.kept() {
            let by_digest =
                image.digest.as_ref().map(|digest| format!("{}@{digest}", repository(&image.reference)));
            let here = image.local_id.clone().filter(|_| image.present);
            let reference = here.or(by_digest).unwrap_or_else(|| image.reference.clone());
            steps.push(builder.pull(&name, &reference, &image.reference, &image.layers, !image.present));
        }
        if self.builds() {
            steps.push(builder.build(
                &stack.web,
                &format!("{}/build.json", self.place.dir),
                self.build_text(),
            ));
        }
        steps.push(builder.render(self.compose_text(), self.source_text(), self.has_source()));
        steps.extend(self.baseline().filter(|_| deploys));
        steps
    }

    /// The release has code of its own, which a step before copied.
    fn has_source(&self) -> bool {
        self.staged.kept.as_ref().map_or(self.code.is_some(), |kept| kept.code)
    }

    /// What the release is rendered from, once more when it is brought back.
    fn source_text(&self) -> String {
        source_text(self.model, &self.moved)
    }

    /// The web service is built from the checkout.
    pub(super) fn builds(&self) -> bool {
        let web = &self.inputs.env.stack.web;
        self.is_web()
            && self.staged.kept.is_none()
            && service(self.model, web).is_some_and(|web| built(web, &self.inputs.request.wanted))
    }

    /// The model for `docker compose build`: the same, with the context in the release's checkout.
    fn build_text(&self) -> String {
        let stack = &self.inputs.env.stack;
        let mut json = self.model.json.clone();
        let image = self.place.kept(&stack.web);
        if let Some(web) = json.get_mut("services").and_then(|all| all.get_mut(&stack.web)) {
            web["image"] = Value::from(image);
            let context = web.pointer("/build/context").and_then(Value::as_str).map(str::to_owned);
            let inside = context.and_then(|path| path.strip_prefix(stack.path.as_str()).map(str::to_owned));
            if let (Some(inside), Some(_)) = (inside, self.code) {
                web["build"]["context"] = Value::from(format!("{}{inside}", self.place.source));
            }
        }
        format!("{json:#}\n")
    }
}

/// `source.json`.
pub(super) fn source_text(model: &Model, moved: &[Moved]) -> String {
    let source = Source { model: model.json.clone(), moved: moved.to_vec() };
    serde_json::to_string_pretty(&source).unwrap_or_default()
}
