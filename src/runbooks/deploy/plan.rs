//! From facts and the stage to the ordered steps of a deploy. Pure.

use serde_json::Value;

use super::release::{Place, default_project};
use super::staged::Resolved;
use super::steps::{Builder, short};
use super::watching::Stand;
use super::work::{Situation, Work};
use super::{Data, Inputs};
use crate::error::Result;
use crate::facts::Facts;
use crate::inventory::Droplet;
use crate::plan::{BACKUP, FETCH, Note, NoteKind, Plan, SCHEMA, Section, Step, WATCH};
use crate::text::count;

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
    if let Some(wish) = &inputs.request.rehearse {
        return super::rehearsing::plan(inputs, &works, wish);
    }
    let title = title(inputs, &works);
    let mut plan = Plan {
        schema: SCHEMA.into(),
        env: inputs.env.name.clone(),
        command: inputs.request.command().into(),
        title,
        sections: Vec::new(),
        notes: notes(&works),
        on_failure: Vec::new(),
        data_loss: works.iter().find_map(|work| work.lost().or_else(|| work.migration.as_ref()?.unguarded())),
    };
    if matches!(&inputs.request.data, Data::Modules(change) if change.is_empty()) {
        plan.title = "nothing to do: what was asked for is so already".into();
        plan.notes.clear();
        return Ok(plan);
    }
    if works.iter().all(Work::is_current) {
        plan.title = format!("nothing to do: {} runs already", works.first().map_or("it".into(), Work::what));
        plan.title.extend(works.iter().find_map(Work::behind).map(|behind| format!("; {behind}")));
        plan.notes.clear();
        return Ok(plan);
    }
    plan.sections = sections(&works, inputs.request.batch.max(1));
    super::hooks::add(&mut plan, inputs, &works);
    // Nobody waits for it who has something to do after a deploy.
    plan.sections.extend(watches(&works));
    Ok(plan)
}

/// The modules that a rehearsal updates, and the commit that it is of.
///
/// # Errors
/// As [`plan`].
pub fn rehearsed(inputs: &Inputs<'_>) -> Result<(Vec<String>, Option<String>)> {
    for droplet in &inputs.env.droplets {
        if let Some(work) = Work::new(inputs, droplet)? {
            return Ok((
                super::update::modules(&work.rehearsed()?.update),
                work.code.map(|code| code.sha.clone()),
            ));
        }
    }
    Ok((Vec::new(), None))
}

fn watches(works: &[Work<'_>]) -> Vec<Section> {
    let section = |work: &Work<'_>| {
        let steps = work.watch(Stand::Last, switches(works));
        let droplet = work.droplet.name.clone();
        (!steps.is_empty()).then(|| Section { id: WATCH.into(), droplet, critical: false, steps })
    };
    works.iter().filter_map(section).collect()
}

/// How many droplets are switched.
fn switches(works: &[Work<'_>]) -> usize {
    works.iter().filter(|work| work.switches()).count()
}

/// One step that drops databases on a droplet, for good.
pub fn drop_plan(inputs: &Inputs<'_>, droplet: &Droplet, names: &[String], size: &str) -> Plan {
    let env = inputs.env;
    let facts = inputs.facts.get(&droplet.name);
    let project = facts.and_then(Facts::project).map_or_else(|| default_project(env), str::to_owned);
    let place = Place::new(env, &project, &inputs.release);
    let place = place.in_slot(facts.map(Facts::slot).unwrap_or_default());
    let step = Builder { env, droplet: &droplet.name, place: &place }.drop_databases(names, true);
    let section =
        Section { id: "tidy".into(), droplet: droplet.name.clone(), critical: false, steps: vec![step] };
    Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: "snapshots drop".into(),
        title: format!("drop {} of {}", count(names.len(), "database"), env.name),
        sections: vec![section],
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: Some(format!("{} ({size}) and the files of each", names.join(", "))),
    }
}

/// The order of the work: everything that can be prepared on all droplets at once; the database; the
/// first web droplet alone, the others in groups, each in one piece that ends on one release or goes back
/// by itself; what only the laptop or the last droplet can tell.
fn sections(works: &[Work<'_>], batch: usize) -> Vec<Section> {
    let created = works.iter().any(|work| work.creates_database);
    let alone = works.len() == 1;
    let web = switches(works);
    let mut all = Vec::new();
    let mut add = |id: &str, work: &Work<'_>, critical, steps: Vec<Step>| {
        if !steps.is_empty() {
            all.push(Section { id: id.into(), droplet: work.droplet.name.clone(), critical, steps });
        }
    };
    for work in works {
        add("env", work, false, work.place_env());
    }
    for work in works {
        add("prepare", work, false, work.prepare());
    }
    for work in works {
        add("database", work, false, work.database(created));
    }
    for work in works {
        add("secrets", work, false, work.lend());
        add(BACKUP, work, true, work.backup());
    }
    for work in works {
        add(FETCH, work, true, work.fetch());
    }
    for (nth, work) in works.iter().filter(|work| work.switches()).enumerate() {
        // The first is group 1 by itself.
        let group = 1 + nth.div_ceil(batch);
        let id = if alone { "web".to_owned() } else { format!("web.{group}") };
        let settled = if alone { work.settled(created) } else { Vec::new() };
        let steps = match &work.migration {
            Some(migration) => work.migrate(migration),
            None => [
                work.switch(),
                settled,
                work.drain().into_iter().collect(),
                work.record(),
                work.watch(Stand::Switch, web),
            ]
            .concat(),
        };
        add(&id, work, true, steps);
    }
    for work in works.iter().filter(|work| !alone || !work.switches()) {
        let record = if work.switches() { Vec::new() } else { work.record() };
        add("settle", work, false, [work.settled(created), record].concat());
    }
    // Of a migration they are asked before it is opened.
    for work in works.iter().filter(|work| work.migration.is_none()) {
        add("checks", work, false, work.own_checks());
    }
    for work in works {
        add(WATCH, work, false, work.watch(Stand::Together, web));
    }
    for work in works {
        add("tidy", work, false, work.tidy());
    }
    all
}

fn title(inputs: &Inputs<'_>, works: &[Work<'_>]) -> String {
    let what = works.first().map_or_else(|| "the stack".into(), Work::what);
    let first = works.iter().any(|work| work.situation == Situation::Fresh);
    let database = works.iter().any(|work| work.creates_database);
    let name = &inputs.env.name;
    if let Data::Modules(change) = &inputs.request.data {
        return format!("{} in {name}", change.what());
    }
    if let Data::Restored(backup) = &inputs.request.data {
        let of = backup.origin.as_ref().map(|origin| format!(" of {}", origin.env)).unwrap_or_default();
        return format!("restore {name} from backup {}{of}, taken {}, on {what}", backup.id, backup.taken);
    }
    if inputs.request.wanted.release.is_some() {
        let data = match inputs.request.data {
            Data::Return(_) => "code and data",
            _ => "code only",
        };
        return format!("roll {name} back to {what}, {data}");
    }
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

fn notes(works: &[Work<'_>]) -> Vec<Note> {
    let mut notes = Vec::new();
    let web = switches(works);
    for work in works.iter().filter(|work| !work.is_current() && work.is_web()) {
        let note = |kind, title: String, lines: Vec<String>| Note { kind, title, lines };
        notes.extend(work.runs_now());
        notes.extend(work.origin_note());
        notes.extend(work.backup_note());
        if let Some(code) = work.code.filter(|code| !code.incoming.is_empty()) {
            let lines =
                code.incoming.iter().take(10).map(|c| format!("{} {}", short(&c.sha), c.subject)).collect();
            notes.push(note(NoteKind::Info, count(code.incoming.len(), "new commit"), lines));
        }
        if let Some(code) = work.code.filter(|code| !code.dropped.is_empty()) {
            let lines =
                code.dropped.iter().take(10).map(|c| format!("{} {}", short(&c.sha), c.subject)).collect();
            let commits = count(code.dropped.len(), "commit");
            notes.push(match work.staged.kept {
                Some(_) => note(NoteKind::Info, format!("taken back: {commits}"), lines),
                None => note(NoteKind::Warning, format!("dropped: {commits} that run now"), lines),
            });
        }
        if let Some(Ok(running)) = &work.staged.running_model {
            let rendered = serde_json::from_str(&work.compared_text()).unwrap_or_default();
            let lines = difference(&running.json, &rendered, &work.names_of_releases());
            if !lines.is_empty() {
                notes.push(note(NoteKind::Diff, "compose file, what runs and what will".into(), lines));
            }
        }
        notes.extend(work.undeclared());
        notes.extend(work.checksum_notes());
        let stays: Vec<_> = work.untouched();
        if !stays.is_empty() {
            notes.push(note(NoteKind::Info, format!("left as they run: {}", stays.join(", ")), Vec::new()));
        }
        notes.extend(
            work.migration.as_ref().map_or_else(|| work.way_note(), |one| Some(work.migration_note(one))),
        );
        notes.extend(work.watch_note(web));
        if let Some(Ok(Resolved { registry_fault: Some(fault), reference, .. })) =
            work.staged.images.get(&work.inputs.env.stack.web)
        {
            let title = format!("the registry did not answer; the droplet's own copy of {reference} is used");
            notes.push(note(NoteKind::Warning, title, vec![fault.clone()]));
        }
    }
    // What is the same on several droplets is said once.
    let mut once: Vec<Note> = Vec::new();
    for note in notes {
        if !once.contains(&note) {
            once.push(note);
        }
    }
    once
}

/// The two models as a diff, without the ids of releases, which differ always and mean nothing here.
fn difference(before: &Value, after: &Value, ids: &[String]) -> Vec<String> {
    let plain = |model: &Value| ids.iter().fold(format!("{model:#}"), |text, id| text.replace(id, "RELEASE"));
    let (before, after) = (plain(before), plain(after));
    similar::TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(2)
        .to_string()
        .lines()
        .take(80)
        .map(crate::text::printable)
        .collect()
}
