//! A plan as a person reads it before saying yes.

use std::fmt::Write;

use super::look::Look;
use crate::plan::{Action, Content, EnvValue, Note, NoteKind, Plan, Step, Undo};
use crate::text::{count, printable};

/// The whole plan: title, steps by phase, notes, summary. With `-v` also the exact commands.
pub fn render(plan: &Plan, look: &Look) -> String {
    let mut out = String::new();
    out += &look.wrap_with("", &format!("Plan for {}: {}", plan.env, plan.title), Look::bold);
    let mut phase = None;
    for (number, group) in groups(plan).iter().enumerate() {
        let Some(step) = group.first() else { continue };
        if phase != Some(step.phase) {
            let _ = write!(out, "\n{}\n", look.bold(&step.phase.to_string()));
            phase = Some(step.phase);
        }
        out += &steps(number + 1, group, look);
    }
    for note in &plan.notes {
        out.push('\n');
        out += &self::note(note, look);
    }
    out.push('\n');
    out + &summary(plan, look)
}

/// Consecutive steps that say the same about several droplets are one entry.
fn groups(plan: &Plan) -> Vec<Vec<&Step>> {
    let mut groups: Vec<Vec<&Step>> = Vec::new();
    for step in plan.steps() {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| says_the_same(last, step)) => group.push(step),
            _ => groups.push(vec![step]),
        }
    }
    groups
}

fn says_the_same(a: &Step, b: &Step) -> bool {
    a.id == b.id
        && a.title == b.title
        && a.droplet != b.droplet
        && a.actions == b.actions
        && std::mem::discriminant(&a.undo) == std::mem::discriminant(&b.undo)
}

fn steps(number: usize, group: &[&Step], look: &Look) -> String {
    let Some(step) = group.first() else { return String::new() };
    let droplets = group.iter().map(|step| step.droplet.as_str()).collect::<Vec<_>>().join(", ");
    let mut out = look.wrap(&format!("{number:>4}  "), &step.title);
    out += &look.wrap_with(
        "      ",
        &format!("{}, {} {droplets}; {}", step.id, place(step), undo_hint(step)),
        |look, line| match step.undo {
            Undo::Impossible(_) => look.bad(line),
            _ => look.dim(line),
        },
    );
    if look.verbose > 0 {
        out += &actions("do", &step.actions, look);
        if let Undo::By(undo) = &step.undo {
            out += &actions("undo", undo, look);
        }
    }
    out
}

/// The droplet of a hook of the laptop only keeps its record.
fn place(step: &Step) -> &'static str {
    match step.actions.as_slice() {
        [Action::Hook(_)] => "on record on",
        _ => "on",
    }
}

fn undo_hint(step: &Step) -> String {
    match &step.undo {
        Undo::By(_) => "can be undone".to_owned(),
        Undo::NotNeeded(why) => format!("nothing to undo ({why})"),
        Undo::Onward(why) => format!("from here on it is finished, and not undone: {why}"),
        Undo::Impossible(why) => format!("CANNOT BE UNDONE: {why}"),
    }
}

fn actions(label: &str, actions: &[Action], look: &Look) -> String {
    let mut out = String::new();
    for action in actions {
        let mut first = format!("      {label:<4} ");
        for line in describe(action, look).lines() {
            out += &look.wrap_with(&first, line, Look::dim);
            first = " ".repeat(first.len());
        }
    }
    out
}

/// One action as exactly as a line allows; `-vv` gives scripts and files in full.
fn describe(action: &Action, look: &Look) -> String {
    match action {
        Action::Run(cmd) if look.verbose > 1 => cmd.to_shell(),
        Action::Run(cmd) => cmd.to_string(),
        Action::Put { path, mode, content } => {
            format!("write {path} (mode {mode:04o}, {})", contents(content, look))
        }
        Action::Pull { image, layers } => {
            let bytes = layers.iter().map(|layer| layer.bytes).sum();
            let layers = count(layers.len(), "layer");
            format!("pull {image} ({layers}, {})", super::words::bytes(bytes))
        }
        Action::OwnChecks => "ask the checks of the inventory".to_owned(),
        Action::Hook(call) => format!("on the laptop: {}", crate::plan::words(&call.cmd)),
        Action::Prove { .. } => "log in anew; without that it goes back by itself".to_owned(),
        Action::AwaitHealthy { project, service, .. } => {
            format!("wait until {service} of {project} is healthy")
        }
    }
}

fn contents(content: &Content, look: &Look) -> String {
    match content {
        Content::Text(text) if look.verbose > 1 => text.clone(),
        Content::Text(text) => count(text.lines().count(), "line"),
        Content::EnvFile(values) => {
            let secrets = values.iter().filter(|(_, value)| !matches!(value, EnvValue::Plain(_))).count();
            format!("{}, {secrets} secret", count(values.len(), "variable"))
        }
    }
}

pub(super) fn note(note: &Note, look: &Look) -> String {
    match note.kind {
        NoteKind::Info => {
            let mut out = look.wrap("", &note.title);
            out.extend(note.lines.iter().map(|line| look.wrap("  ", line)));
            out
        }
        NoteKind::Warning => {
            let mut out = look.wrap_with("Warning: ", &note.title, Look::warn);
            out.extend(note.lines.iter().map(|line| look.wrap("  ", line)));
            out
        }
        // A line of a diff is not wrapped: its first column has a meaning.
        NoteKind::Diff => {
            let lines = note.lines.iter().map(|line| {
                let line = printable(line);
                match line.chars().next() {
                    Some('+') => format!("  {}\n", look.good(&line)),
                    Some('-') => format!("  {}\n", look.bad(&line)),
                    _ => format!("  {line}\n").trim_end_matches(' ').to_owned(),
                }
            });
            look.wrap("", &note.title) + &lines.collect::<String>()
        }
    }
}

fn summary(plan: &Plan, look: &Look) -> String {
    let mut droplets: Vec<_> = plan.steps().map(|step| step.droplet.as_str()).collect();
    droplets.sort_unstable();
    droplets.dedup();
    let forever = plan.steps().filter(|step| matches!(step.undo, Undo::Impossible(_))).count();
    let undo = match forever {
        0 => "a failure puts everything back".to_owned(),
        1 => "one of them cannot be undone".to_owned(),
        number => format!("{number} of them cannot be undone"),
    };
    let what =
        format!("{} on {}; {undo}.", count(plan.steps().count(), "step"), count(droplets.len(), "droplet"));
    let mut out = look.wrap("", &what);
    if let Some(why) = &plan.data_loss {
        out += &look.wrap_with("Data is lost: ", why, Look::bad);
    }
    out
}
