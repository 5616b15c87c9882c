//! From facts and the stage to the ordered steps of a deploy. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::release::{Place, default_project, record};
use super::render::{Moved, moved, render, service};
use super::staged::{Code, Model, Resolved, Staged};
use super::steps::{Builder, short};
use super::{Inputs, update};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Facts, ProbeFailure};
use crate::inventory::{Droplet, Role};
use crate::plan::{Note, NoteKind, Plan, SCHEMA, Step};
use crate::tools::site;

/// The plan, empty where everything asked for runs already.
///
/// # Errors
/// A refusal with its reason: a module needs an update, code and data cannot be told apart, or a part
/// of the stage failed (which preflight shows with more words).
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let mut works = Vec::new();
    for droplet in &inputs.env.droplets {
        if let Some(work) = Work::new(inputs, droplet)? {
            works.push(work);
        }
    }
    let title = title(inputs, &works);
    let mut plan = Plan {
        schema: SCHEMA,
        env: inputs.env.name.clone(),
        command: "deploy".into(),
        title,
        steps: Vec::new(),
        notes: notes(&works),
        data_loss: None,
    };
    if works.iter().all(Work::is_current) {
        plan.title = format!("nothing to do: {} runs already", works.first().map_or("it".into(), Work::what));
        plan.notes.clear();
        return Ok(plan);
    }
    let mut prepare: Vec<Step> = works.iter().flat_map(Work::prepare).collect();
    // The same step on all droplets at once; the order of the ids is that of the first droplet.
    let order: Vec<String> = prepare.iter().map(|step| step.id.clone()).collect();
    prepare.sort_by_key(|step| order.iter().position(|id| *id == step.id));
    plan.steps = prepare;
    plan.steps.extend(works.iter().flat_map(Work::database));
    for work in &works {
        plan.steps.extend(work.switch());
    }
    for work in &works {
        plan.steps.extend(work.record());
    }
    Ok(plan)
}

fn title(inputs: &Inputs<'_>, works: &[Work<'_>]) -> String {
    let what = works.first().map_or_else(|| "the stack".into(), Work::what);
    let first = works.iter().any(|work| work.situation == Situation::Fresh);
    let database = works.iter().any(|work| work.creates_database);
    let name = &inputs.env.name;
    match (first, database) {
        (true, true) => {
            format!("first deploy of {what} to {name}, creating the database {}", inputs.env.stack.database)
        }
        (true, false) => format!("first deploy of {what} to {name}"),
        (false, true) => {
            format!("deploy {what} to {name}, CREATING the database {}", inputs.env.stack.database)
        }
        (false, false) => format!("deploy {what} to {name}"),
    }
}

/// How a droplet stands before the deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    /// No container of the web service.
    Fresh,
    /// A stack started by hand, no release on record.
    Adopt,
    /// A release of ours runs.
    Redeploy,
    /// The release asked for runs.
    Current,
}

/// The deploy on one droplet.
struct Work<'a> {
    inputs: &'a Inputs<'a>,
    droplet: &'a Droplet,
    facts: &'a Facts,
    staged: &'a Staged,
    model: &'a Model,
    code: Option<&'a Code>,
    moved: Vec<Moved>,
    place: Place,
    situation: Situation,
    creates_database: bool,
}

fn fault(droplet: &Droplet, what: &str, failure: &ProbeFailure) -> Error {
    Error::new(Exit::Checks, what).on(&droplet.name).because(&failure.why)
}

impl<'a> Work<'a> {
    fn new(inputs: &'a Inputs<'a>, droplet: &'a Droplet) -> Result<Option<Self>> {
        let (Some(facts), Some(staged)) = (inputs.facts.get(&droplet.name), inputs.staged.get(&droplet.name))
        else {
            return Ok(None);
        };
        let env = inputs.env;
        let code = match &staged.code {
            Some(Ok(code)) => Some(code),
            Some(Err(failure)) => return Err(fault(droplet, "the ref cannot be fetched", failure)),
            None => None,
        };
        let model = staged
            .model
            .as_ref()
            .map_err(|f| fault(droplet, "the compose file of the ref is not valid", f))?;
        if service(model, &env.stack.web).is_none() {
            let all = names(model).join(", ");
            let what = format!("the compose file has no service {}", env.stack.web);
            return Err(Error::usage(what).on(&droplet.name).because(format!("its services: {all}")));
        }
        let moved = match code {
            Some(code) => moved(&env.stack, model, code, staged).map_err(|f| {
                fault(droplet, "the release's files cannot be told from data", &f).exit(Exit::Failed)
            })?,
            None => Vec::new(),
        };
        let project = facts.project().map_or_else(|| default_project(env), str::to_owned);
        let place = Place::new(env, &project, &inputs.release);
        let mut work = Self {
            inputs,
            droplet,
            facts,
            staged,
            model,
            code,
            moved,
            place,
            situation: Situation::Fresh,
            creates_database: false,
        };
        work.situation = work.situate();
        work.refuse_update()?;
        work.creates_database = work.lacks_database();
        Ok(Some(work))
    }

    fn is_web(&self) -> bool {
        self.droplet.roles.contains(&Role::Web)
    }

    fn situate(&self) -> Situation {
        let web = &self.inputs.env.stack.web;
        if !self.is_web() {
            let database = self.facts.container(&self.inputs.env.stack.db);
            return if database.is_some() { Situation::Current } else { Situation::Fresh };
        }
        let Some(container) = self.facts.container(web) else { return Situation::Fresh };
        let Some(release) = self.facts.current_release() else { return Situation::Adopt };
        let same_code = self.code.map(|code| code.sha.as_str()) == release.sha.as_deref();
        let image = release.images.get(web);
        let same_image = match self.staged.images.get(web) {
            Some(Ok(wanted)) => image.is_some_and(|image| same_image(image, wanted)),
            // Built from the checkout: the code decides.
            None => true,
            Some(Err(_)) => false,
        };
        let runs = container.running() && image.is_some_and(|image| image.id == container.image_id);
        if same_code && same_image && runs { Situation::Current } else { Situation::Redeploy }
    }

    fn is_current(&self) -> bool {
        self.situation == Situation::Current
    }

    /// "main (abc1234, fix the report)".
    fn what(&self) -> String {
        match self.code {
            Some(code) => format!("{} ({}, {})", code.r#ref, short(&code.sha), code.subject),
            None => "the stack's own files".into(),
        }
    }

    fn refuse_update(&self) -> Result<()> {
        let (Some(code), Some(installed)) = (self.code, self.installed()) else { return Ok(()) };
        if self.inputs.request.no_update || self.is_current() {
            return Ok(());
        }
        let needed = update::needed(&self.inputs.env.stack, code, installed);
        if needed.is_empty() {
            return Ok(());
        }
        let list: Vec<_> = needed.iter().map(|one| one.module.as_str()).collect();
        let mut error =
            Error::failed(format!("this ref needs an update of the database for: {}", list.join(", ")))
                .on(&self.droplet.name);
        for one in &needed {
            let shown = one.because.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let more = one.because.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            error = error.because(format!("{}: {shown}{more}", one.module));
        }
        Err(error.because("ops cannot update modules during a deploy yet; nothing was changed").next(
            format!(
                "ops deploy {} --no-update   # only if you know that the old schema fits",
                self.inputs.env.name
            ),
        ))
    }

    fn installed(&self) -> Option<&'a BTreeMap<String, crate::facts::Module>> {
        let here = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        let anywhere = || {
            self.inputs.facts.values().find_map(|facts| facts.database.as_ref().ok().and_then(Option::as_ref))
        };
        here.or_else(anywhere).map(|database| &database.modules)
    }

    /// The first web droplet creates a database that no droplet has.
    fn lacks_database(&self) -> bool {
        let first_web = self.inputs.env.web().next().map(|droplet| &droplet.name);
        let known = self
            .inputs
            .facts
            .values()
            .filter_map(|facts| facts.database.as_ref().ok().and_then(Option::as_ref));
        let exists = known.clone().any(|database| database.exists && database.odoo);
        first_web == Some(&self.droplet.name) && !exists
    }

    fn builder(&self) -> Builder<'_> {
        Builder { env: self.inputs.env, droplet: &self.droplet.name, place: &self.place }
    }

    /// Services whose image this release keeps: name, reference to pull, what people call it.
    fn kept(&self) -> BTreeMap<String, &'a Resolved> {
        let stack = &self.inputs.env.stack;
        self.staged
            .images
            .iter()
            .filter(|(name, _)| {
                (**name == stack.web && self.is_web()) || self.starts_database() && **name == stack.db
            })
            .filter_map(|(name, image)| Some((name.clone(), image.as_ref().ok()?)))
            .collect()
    }

    /// This droplet has the database's role and no container of it yet.
    fn starts_database(&self) -> bool {
        let db = &self.inputs.env.stack.db;
        self.droplet.roles.contains(&Role::Db)
            && self.facts.container(db).is_none()
            && service(self.model, db).is_some()
    }

    fn compose_text(&self) -> String {
        let stack = &self.inputs.env.stack;
        let image = self.place.kept(&stack.web);
        render(self.model, &self.place.project, &stack.web, &image, &self.place.source, stack, &self.moved)
    }

    fn prepare(&self) -> Vec<Step> {
        if self.is_current() {
            return Vec::new();
        }
        let (builder, stack) = (self.builder(), &self.inputs.env.stack);
        let mut steps = Vec::new();
        if self.staged.entries.is_none() {
            steps.push(builder.directory());
        }
        let has_env = self.facts.stack.as_ref().is_ok_and(|dir| dir.env_file);
        if !stack.env.is_empty() && !has_env {
            steps.push(builder.env_file());
        }
        if self.situation == Situation::Adopt {
            steps.extend(self.adopt());
        }
        if let Some(code) = self.code {
            steps.push(builder.check_out(&code.sha));
        }
        for (name, image) in self.kept() {
            let by_digest =
                image.digest.as_ref().map(|digest| format!("{}@{digest}", repository(&image.reference)));
            let reference = by_digest.unwrap_or_else(|| image.reference.clone());
            steps.push(builder.pull(&name, &reference, &image.reference, &image.layers, !image.present));
        }
        if self.builds() {
            steps.push(builder.build(
                &stack.web,
                &format!("{}/build.json", self.place.dir),
                self.build_text(),
            ));
        }
        steps.push(builder.render(self.compose_text()));
        steps
    }

    /// The web service is built from the checkout.
    fn builds(&self) -> bool {
        let web = &self.inputs.env.stack.web;
        self.is_web()
            && self.inputs.request.wanted.image.is_none()
            && service(self.model, web).is_some_and(|web| web.get("build").is_some())
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

    /// Release 0: the code paths, the image and the model of what runs by hand.
    fn adopt(&self) -> Option<Step> {
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
        let release = record(self.inputs, self.droplet, &zero, &text, &kept, sha);
        let json = serde_json::to_string_pretty(&release).unwrap_or_default();
        let paths: Vec<_> = moved.into_iter().map(|one| one.path).collect();
        Some(self.builder().adopt(&zero, text, &paths, json, &container.image_id))
    }

    /// The path is there in the hand-made stack.
    fn stands(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        self.staged.entries.as_ref().is_some_and(|all| all.contains(first))
    }

    fn database(&self) -> Vec<Step> {
        if self.starts_database() { vec![self.builder().database_service()] } else { Vec::new() }
    }

    fn switch(&self) -> Vec<Step> {
        if self.is_current() || !self.is_web() {
            return Vec::new();
        }
        let (builder, env) = (self.builder(), self.inputs.env);
        let mut steps = Vec::new();
        if self.creates_database {
            steps.push(builder.create_database(&env.modules));
        }
        steps.push(builder.web(self.before().as_deref(), &self.missing_services()));
        if let Some(site) = self.site() {
            steps.push(site);
        }
        steps.push(builder.link());
        let has_database = self.facts.container(&env.stack.db).is_some() || self.starts_database();
        steps.extend(builder.verify(&self.host(), has_database));
        steps
    }

    /// The compose file to go back to.
    fn before(&self) -> Option<String> {
        let id = match self.situation {
            Situation::Adopt => "0",
            _ => self
                .facts
                .container(&self.inputs.env.stack.web)
                .and(self.facts.current_release())?
                .id
                .as_str(),
        };
        Some(Place::new(self.inputs.env, &self.place.project, id).file)
    }

    /// Services of the model, without a profile or with a wanted one, that have no container yet.
    fn missing_services(&self) -> Vec<String> {
        let stack = &self.inputs.env.stack;
        names(self.model)
            .into_iter()
            .filter(|name| *name != stack.web && *name != stack.db && self.facts.container(name).is_none())
            .collect()
    }

    fn site(&self) -> Option<Step> {
        let proxy = self.inputs.env.proxy.as_ref().filter(|proxy| proxy.container.is_none())?;
        let state = self.facts.proxy.as_ref().ok()?.as_ref()?;
        if state.site_exists || !state.present {
            return None;
        }
        let port = published(self.model, &self.inputs.env.stack.web, 8069)?;
        let websocket = published(self.model, &self.inputs.env.stack.web, 8072).unwrap_or(port);
        let upstream =
            proxy.websocket_upstream.clone().unwrap_or_else(|| format!("{}-websocket", proxy.upstream));
        let content = site::render(&proxy.server_name, &proxy.upstream, &upstream, port, websocket);
        Some(self.builder().site(proxy, content))
    }

    /// The Host header users send.
    fn host(&self) -> String {
        match &self.inputs.env.proxy {
            Some(proxy) if !proxy.server_name.contains(['*', '_', '~']) => proxy.server_name.clone(),
            _ => self.inputs.env.url.as_deref().and_then(host_of).unwrap_or("localhost").to_owned(),
        }
    }

    fn record(&self) -> Vec<Step> {
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
        let release = record(self.inputs, self.droplet, &self.place, &self.compose_text(), &kept, code);
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

fn same_image(kept: &crate::record::Image, wanted: &Resolved) -> bool {
    match (&kept.digest, &wanted.digest) {
        (Some(kept), Some(wanted)) => kept.ends_with(wanted.as_str()),
        _ => wanted.local_id.as_ref() == Some(&kept.id),
    }
}

fn names(model: &Model) -> Vec<String> {
    model
        .json
        .get("services")
        .and_then(Value::as_object)
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// `registry/name` of `registry/name:tag@digest`.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':']).next()
}

/// The droplet's port of a container port, from the model: long form, or the short one with its
/// variables' defaults.
fn published(model: &Model, name: &str, port: u16) -> Option<u16> {
    let ports = service(model, name)?.get("ports")?.as_array()?;
    ports.iter().find_map(|entry| match entry {
        Value::Object(long) => {
            let target = long.get("target")?.as_u64()?;
            (target == u64::from(port)).then(|| long.get("published")?.as_str()?.parse().ok()).flatten()
        }
        Value::String(short) => {
            let (front, target) = short.rsplit_once(':')?;
            (target.trim_end_matches("/tcp") == port.to_string()).then_some(())?;
            let digits: String =
                front.chars().rev().skip_while(|c| *c == '}').take_while(char::is_ascii_digit).collect();
            digits.chars().rev().collect::<String>().parse().ok()
        }
        _ => None,
    })
}

fn notes(works: &[Work<'_>]) -> Vec<Note> {
    let mut notes = Vec::new();
    for work in works.iter().filter(|work| !work.is_current() && work.is_web()) {
        let note = |kind, title: String, lines: Vec<String>| Note { kind, title, lines };
        if let Some(code) = work.code.filter(|code| !code.incoming.is_empty()) {
            let lines =
                code.incoming.iter().take(10).map(|c| format!("{} {}", short(&c.sha), c.subject)).collect();
            notes.push(note(NoteKind::Info, format!("{} new commits", code.incoming.len()), lines));
        }
        if let Some(code) = work.code.filter(|code| !code.dropped.is_empty()) {
            let lines =
                code.dropped.iter().take(10).map(|c| format!("{} {}", short(&c.sha), c.subject)).collect();
            notes.push(note(
                NoteKind::Warning,
                format!("{} commits that run now are dropped", code.dropped.len()),
                lines,
            ));
        }
        if let Some(Ok(running)) = &work.staged.running_model {
            let lines = difference(&running.json, &work.model.json);
            if !lines.is_empty() {
                notes.push(note(NoteKind::Diff, "compose file, what runs and what will".into(), lines));
            }
        }
        let stays: Vec<_> = work.untouched();
        if !stays.is_empty() {
            notes.push(note(NoteKind::Info, format!("left as they run: {}", stays.join(", ")), Vec::new()));
        }
        if work.situation != Situation::Fresh {
            let text = "the site is interrupted for the seconds the new container needs to start";
            notes.push(note(NoteKind::Warning, text.into(), Vec::new()));
        }
        if let Some(Ok(Resolved { registry_fault: Some(fault), reference, .. })) =
            work.staged.images.get(&work.inputs.env.stack.web)
        {
            let title = format!("the registry did not answer; the droplet's own copy of {reference} is used");
            notes.push(note(NoteKind::Warning, title, vec![fault.clone()]));
        }
    }
    notes.dedup();
    notes
}

impl Work<'_> {
    /// Services that run and that a deploy does not touch.
    fn untouched(&self) -> Vec<String> {
        let web = &self.inputs.env.stack.web;
        names(self.model)
            .into_iter()
            .filter(|name| name != web && self.facts.container(name).is_some())
            .collect()
    }
}

fn difference(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (format!("{before:#}"), format!("{after:#}"));
    similar::TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(2)
        .to_string()
        .lines()
        .take(80)
        .map(crate::text::printable)
        .collect()
}
