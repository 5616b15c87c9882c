//! The switch on one droplet: which steps, in which order.

use super::reading::{enabled, host_of, names, odoo_options};
use super::release::Place;
use super::render::service;
use super::serving::announced;
use super::slot;
use super::strategy::{Way, slot_of};
use super::work::{Situation, Work};
use crate::error::{Error, Result};
use crate::inventory::Environment;
use crate::plan::{Note, NoteKind, Phase, Step};
use crate::record::Slot;
use crate::tools::site;

/// The Host header users send.
pub fn host(env: &Environment) -> String {
    match &env.proxy {
        Some(proxy) if !proxy.server_name.contains(['*', '_', '~']) => proxy.server_name.clone(),
        _ => env.url.as_deref().and_then(host_of).unwrap_or("localhost").to_owned(),
    }
}

impl Work<'_> {
    /// The slot that the new release gets: the other one, or the one that serves.
    pub(super) fn target(&self) -> Slot {
        match &self.way {
            Way::BlueGreen(handover) => handover.to,
            Way::Recreate(_) => self.serving(),
        }
    }

    /// The slot that serves. Where nothing runs, our own records know which one nginx sends to.
    pub(super) fn serving(&self) -> Slot {
        let env = self.inputs.env;
        let live = self.facts.web(&env.stack.web).filter(|live| live.running());
        live.map_or_else(|| self.facts.slot(), |live| slot_of(env, live))
    }

    /// Blue-green was asked for, and cannot be.
    pub(super) fn refused(&self, why: &str) -> Error {
        let env = &self.inputs.env.name;
        Error::usage("the new release cannot be started beside the old one")
            .on(&self.droplet.name)
            .because(why)
            .next(format!("ops deploy {env} --strategy recreate   # interrupts the site for seconds"))
    }

    pub(super) fn switch(&self) -> Vec<Step> {
        let (builder, env) = (self.builder(), self.inputs.env);
        let (host, missing) = (self.host(), self.missing_services());
        let mut steps = Vec::new();
        if let Way::BlueGreen(handover) = &self.way {
            steps.push(builder.beside(&handover.from.service(&env.stack.web), &missing));
            steps.extend(builder.verify(&host, Phase::Switch));
            steps.push(builder.hand_over(handover));
            steps.push(builder.link());
        } else {
            if self.creates_database {
                steps.push(builder.create_database(
                    &env.modules,
                    self.is_db(),
                    &odoo_options(self.model, &env.stack.web),
                ));
            }
            steps.push(builder.web(self.before().as_deref(), &missing));
            steps.extend(self.site());
            steps.push(builder.link());
            steps.extend(builder.verify(&host, Phase::Verify));
        }
        steps.extend(builder.verify_proxy(&host));
        steps
    }

    /// The old slot's end, once the new one is verified.
    pub(super) fn drain(&self) -> Option<Step> {
        let Way::BlueGreen(handover) = &self.way else { return None };
        Some(self.builder().drain(&handover.from.service(&self.inputs.env.stack.web)))
    }

    /// What the switch means for those who use the site.
    pub(super) fn way_note(&self) -> Option<Note> {
        let env = self.inputs.env;
        match &self.way {
            Way::BlueGreen(handover) => {
                let (title, lines) = announced(handover, &env.stack.web, env.deploy.drain.as_secs());
                Some(Note { kind: NoteKind::Info, title, lines })
            }
            Way::Recreate(_) if self.is_fresh() => None,
            Way::Recreate(why) => {
                let title = "the site is interrupted for the seconds the new container needs to start";
                let lines = why.iter().map(|why| format!("recreated in its place: {why}")).collect();
                Some(Note { kind: NoteKind::Warning, title: title.into(), lines })
            }
        }
    }

    /// The compose file to go back to.
    pub(super) fn before(&self) -> Option<String> {
        let id = self.release_before()?;
        Some(Place::new(self.inputs.env, &self.place.project, &id).file)
    }

    /// The release that serves now.
    pub(super) fn release_before(&self) -> Option<String> {
        let web = &self.inputs.env.stack.web;
        match self.situation {
            Situation::Adopt => Some("0".to_owned()),
            _ => Some(self.facts.web(web).and(self.facts.current_release())?.id.clone()),
        }
    }

    /// Services that this release brings: of the model, without a profile or with a wanted one, that have
    /// no container. One that what runs has as well was stopped by somebody, and stays so.
    pub(super) fn missing_services(&self) -> Vec<String> {
        let stack = &self.inputs.env.stack;
        let known = match &self.staged.running_model {
            Some(Ok(model)) if !self.is_fresh() => names(model),
            _ => Vec::new(),
        };
        names(self.model)
            .into_iter()
            .filter(|name| *name != stack.web && *name != stack.db && self.facts.container(name).is_none())
            .filter(|name| !known.contains(name))
            .filter(|name| service(self.model, name).is_some_and(|one| enabled(one, &stack.profiles)))
            .collect()
    }

    fn site(&self) -> Option<Step> {
        let env = self.inputs.env;
        let proxy = env.proxy.as_ref().filter(|proxy| proxy.container.is_none())?;
        let state = self.facts.proxy.as_ref().ok()?.as_ref()?;
        if state.site_exists || !state.present {
            return None;
        }
        let mut model = self.model.json.clone();
        slot::place(&mut model, &env.stack.web, self.place.slot);
        let (ports, _) = slot::ports(&model, &self.place.service(&env.stack.web));
        let published = |container| ports.iter().find(|one| one.container == container).map(|one| one.host);
        let port = published(8069)?;
        let websocket = published(8072).unwrap_or(port);
        let upstream =
            proxy.websocket_upstream.clone().unwrap_or_else(|| format!("{}-websocket", proxy.upstream));
        let content = site::render(&proxy.server_name, &proxy.upstream, &upstream, port, websocket);
        Some(self.builder().site(proxy, content))
    }

    pub(super) fn host(&self) -> String {
        host(self.inputs.env)
    }

    /// For a deploy that will do something.
    ///
    /// # Errors
    /// Exit 2: blue-green was asked for, and cannot be.
    pub(super) fn choose(&self) -> Result<Way> {
        let asked = self.inputs.request.strategy.unwrap_or(self.inputs.env.deploy.strategy);
        let ground = super::strategy::Ground {
            env: self.inputs.env,
            facts: self.facts,
            model: self.model,
            moved: &self.moved,
        };
        super::strategy::decide(ground, asked).map_err(|why| self.refused(&why))
    }
}
