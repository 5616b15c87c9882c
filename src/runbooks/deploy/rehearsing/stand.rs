//! The steps of a rehearsal: the builders of a deploy, told the copy.

use super::super::Rehearse;
use super::super::reading::odoo_options;
use super::super::release::Place;
use super::super::render::render;
use super::super::steps::{Builder, run};
use super::super::update::{Change, modules, wanted};
use super::super::work::Work;
use super::model::apart;
use super::of_copy;
use crate::cmd::Cmd;
use crate::facts::own_probe;
use crate::inventory::{Environment, UserCheck, UserProbe, When};
use crate::plan::{Action, Content, Phase, Step, Undo};
use crate::record::Slot;
use crate::text::printable;
use crate::tools::rehearsal::{self, Rehearsal};
use crate::tools::series::NEUTRALIZE;
use crate::tools::{inside, odoo, own};

/// Odoo's files of the copy, inside its own containers; they go with them.
const SCRATCH: &str = "--data-dir=/tmp/ops-rehearsal";
const COPY_LIMIT: u64 = 4 * 3600;
const TEST_LIMIT: u64 = 6 * 3600;

/// A rehearsal as its steps need it.
pub(super) struct Stand<'a> {
    work: &'a Work<'a>,
    /// The environment, with the copy as its database and a service of its own.
    env: Environment,
    place: Place,
    network: String,
    options: Vec<String>,
}

impl<'a> Stand<'a> {
    pub(super) fn new(work: &'a Work<'a>, copy: String) -> Self {
        let mut env = work.inputs.env.clone();
        let mut options = odoo_options(work.model, &env.stack.web);
        options.push(SCRATCH.to_owned());
        (env.stack.database, env.stack.web) = (copy, format!("{}-rehearsal", env.stack.web));
        let place = work.place.clone().in_slot(Slot::A);
        let place = Place { file: format!("{}/rehearsal.json", place.dir), ..place };
        let network = rehearsal::network(&place.project);
        Self { work, env, place, network, options }
    }

    fn builder(&self) -> Builder<'_> {
        Builder { env: &self.env, droplet: &self.work.droplet.name, place: &self.place }
    }

    fn tool(&self) -> Rehearsal<'_> {
        let stack = &self.env.stack;
        Rehearsal {
            project: &self.place.project,
            service: &stack.db,
            web: &stack.web,
            database: &self.work.inputs.env.stack.database,
            copy: &stack.database,
            network: &self.network,
        }
    }

    fn step(&self, id: &str, title: String, actions: Vec<Action>, limit: u64) -> Step {
        let undo = Undo::NotNeeded("it is of the copy, which is dropped".into());
        self.builder().step(id, Phase::Rehearse, title, actions, undo, limit)
    }

    /// The work of a deploy's step, in the copy.
    fn like(&self, id: &str, step: Step, log: &str) -> Step {
        let guarded = |action| match action {
            Action::Run(cmd) => run(self.tool().guard(log, &cmd)),
            other => other,
        };
        let actions = step.actions.into_iter().map(guarded).collect();
        self.step(id, step.title, actions, step.timeout)
    }

    pub(super) fn steps(&self, change: &Change, wish: &Rehearse) -> Vec<Step> {
        let (tool, database) = (self.tool(), &self.work.inputs.env.stack.database);
        let copy = &self.env.stack.database;
        let mut steps = self.work.prepare();
        steps.push(self.open());
        let title = format!("dump {database}, which serves meanwhile");
        steps.push(self.step("rehearse.dump", title, vec![run(tool.dump())], COPY_LIMIT));
        let title = format!("restore it as {copy}");
        steps.push(self.step("rehearse.restore", title, vec![run(tool.restore())], COPY_LIMIT));
        steps.push(self.neutralize());
        let snapshot = wish.back.then(|| self.builder().snapshot());
        steps.extend(snapshot.clone().map(|one| self.like("rehearse.copy", one, "")));
        for step in self.builder().change(change, &self.options) {
            steps.push(self.like("rehearse.update", step, &self.log("update")));
        }
        let settled = self.builder().settled(&wanted(change));
        steps.push(self.step("rehearse.modules", settled.title, settled.actions, settled.timeout));
        steps.extend(self.serve());
        steps.extend(wish.tags.as_ref().map(|tags| self.tests(change, tags)));
        if let Some(Undo::By(back)) = snapshot.map(|one| one.undo) {
            let title = format!("go back to {copy} as it was before the update");
            steps.push(self.step("rehearse.back", title, back, 600));
        }
        steps.push(self.drop(&steps));
        steps
    }

    fn log(&self, what: &str) -> String {
        format!("{}/{what}.log", self.place.dir)
    }

    /// An empty copy, a network without a way out, and a compose file in which there is nothing else.
    fn open(&self) -> Step {
        let env = self.work.inputs.env;
        let place = self.place.clone().in_slot(Slot::A);
        let release = render(self.work.model, &place, &env.stack, &self.work.moved);
        let serve = odoo::serve(&self.env.stack.database, &self.options);
        let text = apart(&release, (&env.stack.web, &self.env.stack.web), &self.network, &serve);
        let put = Action::Put { path: self.place.file.clone(), mode: 0o600, content: Content::Text(text) };
        let title = format!("make room for {} and a network without a way out", self.env.stack.database);
        let undo = Undo::By(vec![run(self.tool().close())]);
        Step { undo, ..self.step("rehearse.open", title, vec![put, run(self.tool().open())], 300) }
    }

    fn neutralize(&self) -> Step {
        let facts = self.work.facts.database.as_ref().ok().and_then(Option::as_ref);
        let base = facts.and_then(|database| database.modules.get("base")?.version.as_deref());
        let own = NEUTRALIZE.holds(base);
        let at = self.builder().odoo("switch.neutralize", String::new(), &self.options, odoo::neutralize);
        let own = at.actions.first().filter(|_| own).and_then(|action| match action {
            Action::Run(cmd) => Some(cmd),
            _ => None,
        });
        let title = match own {
            Some(_) => "switch off jobs, mail and payments in it (odoo neutralize)",
            None => "switch off jobs, mail and payments in it",
        };
        self.step("rehearse.neutralize", title.into(), vec![run(self.tool().neutralize(own))], 1800)
    }

    /// The new code serves the copy, to nobody but its own checks.
    fn serve(&self) -> Vec<Step> {
        let (builder, service) = (self.builder(), &self.env.stack.web);
        let (project, wait) = (builder.project(&self.place.file), builder.health_timeout());
        let up = project.up(service).env("COMPOSE_IGNORE_ORPHANS", "true");
        let login = inside::login(&self.place.project, service, &self.work.host(), wait);
        let actions = vec![run(up), run(self.tool().guard("", &login))];
        let title = "start the new code on it: the login page answers".to_owned();
        let mut steps = vec![self.step("rehearse.web", title, actions, wait + 120)];
        let checks = self.env.checks_of(self.work.droplet, When::Verify).map(|(_, check)| check);
        let checks: Vec<_> = checks.filter(|check| of_copy(check)).collect();
        if !checks.is_empty() {
            let ask = |check: &&UserCheck| {
                let probe = self.probe(&check.probe);
                run(own::ask(&self.place.project, service, &self.env.stack.db, check, &probe))
            };
            let names: Vec<_> = checks.iter().map(|check| printable(&check.name)).collect();
            let title = format!("your own checks, of the copy: {}", names.join(", "));
            let actions = checks.iter().map(ask).collect();
            steps.push(self.step("rehearse.checks", title, actions, 100 * checks.len() as u64));
        }
        if let Some(last) = steps.last_mut() {
            last.actions.push(run(project.remove(service)));
        }
        steps
    }

    /// A page is asked for inside: the droplet has no address in the copy's network.
    fn probe(&self, probe: &UserProbe) -> Cmd {
        match probe {
            UserProbe::Http { path, contains, max_time, .. } => {
                let seconds = max_time.map_or(10, |time| time.as_secs().saturating_add(2).min(18));
                inside::page(&self.work.host(), path, contains.as_deref().unwrap_or_default(), seconds)
            }
            _ => own_probe(&self.env, probe),
        }
    }

    fn tests(&self, change: &Change, tags: &str) -> Step {
        let (update, title) = (modules(&change.update), format!("run Odoo's own tests: {tags}"));
        let step =
            self.builder().odoo("switch.tests", title, &self.options, |at| odoo::test(at, &update, tags));
        Step { timeout: TEST_LIMIT, ..self.like("rehearse.tests", step, &self.log("tests")) }
    }

    /// What undoes the steps, done once more at the end.
    fn drop(&self, steps: &[Step]) -> Step {
        let undo = |step: &Step| match &step.undo {
            Undo::By(actions) => actions.clone(),
            _ => Vec::new(),
        };
        let actions = steps.iter().rev().flat_map(undo).collect();
        let title = format!("drop {} and all that was made for it", self.env.stack.database);
        self.step("rehearse.drop", title, actions, 900)
    }
}
