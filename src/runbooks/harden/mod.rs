//! What mends rules that failed: changes of three classes, one class after the other and one droplet after the other, each
//! with its way back. Pure.
//!
//! Whoever may log in is changed last, and stays changed only where a new login comes afterwards. Deliberately absent: what
//! only a person decides (which accounts there are, what the compose file says, what restarts the stack).

mod files;
mod keys;
pub mod proposal;
mod ssh;
mod wall;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::deploy::{Inputs, default_project};
use crate::cmd::Cmd;
use crate::facts::{Facts, Posture};
use crate::plan::{Action, HARDEN, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo};
use crate::text::{count, lasting};
use crate::tools::harden::{Kept, Reader};

/// The longest that one change may take.
const LIMIT: u64 = 120;

/// What a change may do to those who work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Nobody notices.
    Quiet,
    /// A service reads its configuration anew, and goes on.
    Reload,
    /// Somebody may be locked out.
    Access,
}

impl Class {
    const ALL: [Class; 3] = [Class::Quiet, Class::Reload, Class::Access];

    fn word(self) -> &'static str {
        match self {
            Class::Quiet => "quiet",
            Class::Reload => "reload",
            Class::Access => "access",
        }
    }
}

/// One change of a droplet, and the rules that it mends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub id: &'static str,
    pub class: Class,
    pub rules: Vec<&'static str>,
    pub title: String,
    pub change: Change,
    /// What a new login finds so: lines of [`Kept::proof`].
    pub so: String,
    /// What somebody might miss afterwards.
    pub warnings: Vec<String>,
    /// Ports that open to the laptop, and have to afterwards.
    pub still: Vec<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A whole file; `says`: what sshd has to say then.
    Write {
        path: &'static str,
        mode: u32,
        reader: Reader,
        before: Option<String>,
        after: String,
        says: String,
    },
    Modes(Vec<(u32, String)>),
    /// Keys, by user and fingerprint, that are not let in any more.
    Keys(Vec<(String, String)>),
    /// Drop-ins of sshd that are read after ours; who logs in, and from where.
    Order {
        user: String,
        from: String,
        names: Vec<String>,
    },
    /// The firewall: who logs in, from where, and the ports that stay open beside ssh's.
    Wall {
        user: String,
        from: String,
        ports: Vec<u16>,
    },
    /// The chain that Docker leaves to the administrator.
    Chain,
}

/// What is to be mended, droplet by droplet.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub droplets: BTreeMap<String, Vec<Fix>>,
    pub reason: Option<String>,
}

impl Wish {
    pub fn is_empty(&self) -> bool {
        self.droplets.values().all(Vec::is_empty)
    }
}

/// What can be done about these rules.
pub fn fixes(posture: &Posture, failed: &[&str]) -> Vec<Fix> {
    let all = [
        files::modes(posture, failed),
        files::journal(posture, failed),
        files::kernel(posture, failed),
        files::upgrades(posture, failed),
        files::live(posture, failed),
        keys::keys(posture, failed),
        ssh::order(posture, failed),
        ssh::logins(posture, failed),
        wall::bans(posture, failed),
        wall::wall(posture, failed),
        wall::chain(posture, failed),
    ];
    all.into_iter().flatten().collect()
}

/// Class by class, and of each class droplet by droplet.
pub fn plan(inputs: &Inputs<'_>, wish: &Wish) -> Plan {
    let env = inputs.env;
    let order: Vec<_> = env.droplets.iter().filter(|one| wish.droplets.contains_key(&one.name)).collect();
    let mut sections = Vec::new();
    for class in Class::ALL {
        for (nth, droplet) in order.iter().enumerate() {
            let dir = directory(inputs, &droplet.name);
            let kept = Kept(&dir);
            let fixes: Vec<_> =
                wish.droplets[&droplet.name].iter().filter(|fix| fix.class == class).collect();
            let mut steps: Vec<_> = fixes.iter().map(|fix| step(&droplet.name, &kept, fix)).collect();
            if steps.is_empty() {
                continue;
            }
            if class == Class::Access {
                steps.push(proven(&droplet.name, &kept, &fixes, env.harden.guard.as_secs()));
            }
            let turn = if order.len() > 1 { format!(".{}", nth + 1) } else { String::new() };
            let id = format!("{HARDEN}{}{turn}", class.word());
            sections.push(Section { id, droplet: droplet.name.clone(), critical: true, steps });
        }
    }
    let rules = wish.droplets.values().flatten().map(|fix| fix.rules.len()).sum();
    Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: "harden".into(),
        title: format!("mend {} of {}", count(rules, "rule"), env.name),
        notes: notes(wish),
        sections,
        on_failure: Vec::new(),
        data_loss: None,
    }
}

/// Where this run keeps what was on the droplet.
fn directory(inputs: &Inputs<'_>, droplet: &str) -> String {
    let project = inputs.facts.get(droplet).and_then(Facts::project).map(str::to_owned);
    let project = project.unwrap_or_else(|| default_project(inputs.env));
    format!("{}/{project}/harden/{}", inputs.env.state_dir, inputs.run)
}

fn step(droplet: &str, kept: &Kept<'_>, fix: &Fix) -> Step {
    let (does, back) = commands(kept, &fix.change);
    Step {
        id: format!("harden.{}", fix.id),
        phase: Phase::Prepare,
        droplet: droplet.to_owned(),
        title: fix.title.clone(),
        actions: vec![Action::Run(does)],
        undo: Undo::By(vec![Action::Run(back)]),
        timeout: LIMIT,
    }
}

fn commands(kept: &Kept<'_>, change: &Change) -> (Cmd, Cmd) {
    match change {
        Change::Write { path, mode, reader, before, after, says } => {
            let sum = before.as_deref().map_or_else(|| "none".to_owned(), sum);
            (kept.write(path, *mode, &sum, *reader, after, says), kept.unwrite(path, *reader))
        }
        Change::Modes(list) => {
            let pairs = || list.iter().map(|(mode, path)| (*mode, path.as_str()));
            (kept.modes(pairs()), kept.unmodes(pairs()))
        }
        Change::Keys(list) => {
            let users: BTreeSet<_> = list.iter().map(|(user, _)| user.as_str()).collect();
            let pairs = list.iter().map(|(user, sum)| (user.as_str(), sum.as_str()));
            (kept.keys(pairs), kept.unkeys(users.into_iter()))
        }
        Change::Order { user, from, names } => {
            (kept.order((user, from), names.iter().map(String::as_str)), kept.unorder())
        }
        Change::Chain => (kept.chain(), kept.unchain()),
        Change::Wall { user, from, ports } => (kept.wall((user, from), ports), kept.unwall()),
    }
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is never shown, kept in a plan or put into a command line: a value that may be a secret, by its name or as a part of
/// an address.
fn may_be_secret(line: &str) -> bool {
    let lower = line.to_lowercase();
    ["pass", "secret", "token", "key"].iter().any(|word| lower.contains(word))
        || lower.contains("://") && lower.contains('@')
}

/// The guard: nobody who was locked out has to be let in again by hand.
fn proven(droplet: &str, kept: &Kept<'_>, fixes: &[&Fix], guard: u64) -> Step {
    let so: Vec<_> = fixes.iter().map(|fix| fix.so.as_str()).filter(|so| !so.is_empty()).collect();
    let ports: BTreeSet<u16> = fixes.iter().flat_map(|fix| fix.still.iter().copied()).collect();
    let ports = ports.into_iter().collect();
    Step {
        id: "harden.prove".into(),
        phase: Phase::Prepare,
        droplet: droplet.to_owned(),
        title: format!("log in anew within {}, or all of this goes back", lasting(guard)),
        actions: vec![Action::Prove { wait: kept.wait(guard), proof: kept.proof(&so.join("\n")), ports }],
        undo: Undo::NotNeeded("it only waits".into()),
        timeout: guard + 30,
    }
}

fn notes(wish: &Wish) -> Vec<Note> {
    let mut notes = Vec::new();
    for (droplet, fixes) in &wish.droplets {
        for fix in fixes {
            if let Change::Write { path, before, after, .. } = &fix.change {
                let lines = difference(before.as_deref().unwrap_or_default(), after);
                let title = format!("{path} on {droplet} ({})", fix.rules.join(", "));
                notes.push(Note { kind: NoteKind::Diff, title, lines });
            }
            let warning = |text: &String| {
                let title = format!("{droplet}: {text}");
                Note { kind: NoteKind::Warning, title, lines: Vec::new() }
            };
            notes.extend(fix.warnings.iter().map(warning));
        }
    }
    notes
}

fn difference(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().context_radius(2).to_string();
    text.lines().filter(|line| !line.starts_with("\\")).map(str::to_owned).collect()
}
