//! Names at TAB time: environments and droplets from the inventory, runs, releases and modules from
//! what the laptop saw last. Touches no network; what cannot be read offers nothing and says nothing.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use serde::{Deserialize, Serialize};

use super::Cli;
use super::kept::Place;
use crate::facts::Facts;
use crate::inventory::{self, Environment, Inventory};
use crate::world::World;

/// What was seen on an environment's droplets, for the next TAB.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    runs: Vec<String>,
    releases: Vec<String>,
    modules: Vec<String>,
}

/// The command tree, with the names of this laptop; `words` is the command line as it stands.
pub fn command(world: &World, words: &[OsString]) -> Command {
    let names = Names::read(world, words).unwrap_or_default();
    offer(Cli::command(), &names)
}

/// Every argument that is called after a thing offers the names of such things.
fn offer(command: Command, names: &Names) -> Command {
    let subcommands: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| match names.of(arg.get_id().as_str()) {
        Some(list) => {
            let list = list.to_vec();
            arg.add(ArgValueCandidates::new(move || list.iter().map(CompletionCandidate::new).collect()))
        }
        None => arg,
    });
    subcommands
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, |sub| offer(sub, names)))
}

/// Names by the kind of thing.
#[derive(Debug, Default)]
struct Names(BTreeMap<&'static str, Vec<String>>);

impl Names {
    fn of(&self, kind: &str) -> Option<&[String]> {
        self.0.get(kind).map(Vec::as_slice)
    }

    fn read(world: &World, words: &[OsString]) -> Option<Self> {
        let path = inventory::find(world, chosen(words).as_deref()).ok()?;
        let inventory = inventory::load(&path, world).ok()?;
        let named: Vec<&Environment> = inventory
            .environments
            .values()
            .filter(|env| words.iter().any(|word| *word == *env.name))
            .collect();
        let of = if named.is_empty() { inventory.environments.values().collect() } else { named };
        let mut names: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        names.insert("env", inventory.environments.keys().cloned().collect());
        for env in of {
            let mut add = |kind, new: Vec<String>| names.entry(kind).or_default().extend(new);
            add("droplet", env.droplets.iter().map(|droplet| droplet.name.clone()).collect());
            add("git_ref", refs(env));
            let seen = load(world, &inventory, env).unwrap_or_default();
            add("run", seen.runs);
            add("release", seen.releases);
            let mut modules = env.modules.clone();
            modules.extend(seen.modules);
            modules.sort_unstable();
            modules.dedup();
            add("module", modules);
        }
        Some(Self(names))
    }
}

/// Refs that are written out in the inventory.
fn refs(env: &Environment) -> Vec<String> {
    let Some(git) = &env.stack.git else { return Vec::new() };
    let mut refs: Vec<String> =
        git.allow.iter().filter(|glob| !glob.contains(['*', '?', '['])).cloned().collect();
    if !refs.contains(&git.r#ref) {
        refs.push(git.r#ref.clone());
    }
    refs
}

/// The value of `--config` on the line.
fn chosen(words: &[OsString]) -> Option<PathBuf> {
    let mut words = words.iter().map(OsString::as_os_str);
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// Keeps what was seen. Names that the command line would refuse are left out.
///
/// # Errors
/// The laptop's cache cannot be written.
pub fn remember(
    world: &World,
    inventory: &Inventory,
    env: &Environment,
    facts: &BTreeMap<String, Facts>,
) -> std::io::Result<()> {
    let mut seen = Seen::default();
    for facts in facts.values() {
        if let Ok(state) = &facts.state {
            seen.runs.extend(state.runs.iter().map(|run| run.id.clone()));
            seen.releases.extend(state.releases.iter().map(|release| release.id.clone()));
        }
        if let Ok(Some(database)) = &facts.database {
            seen.modules.extend(database.modules.keys().cloned());
        }
    }
    for names in [&mut seen.runs, &mut seen.releases, &mut seen.modules] {
        names.retain(|name| super::names::id(name).is_ok());
        names.sort_unstable();
        names.dedup();
    }
    place(world, inventory, env).save(&seen)
}

fn load(world: &World, inventory: &Inventory, env: &Environment) -> Option<Seen> {
    place(world, inventory, env).load()
}

fn place(world: &World, inventory: &Inventory, env: &Environment) -> Place {
    Place::new(world, "names", inventory, env)
}

/// Answers a shell that asks for completions; true when it did.
pub fn answer(world: &World, args: &[OsString], cwd: Option<&Path>) -> bool {
    let make = || command(world, args);
    let completed = clap_complete::CompleteEnv::with_factory(make)
        .shells(clap_complete::env::Shells(SHELLS))
        .try_complete(args.iter().cloned(), cwd);
    completed.unwrap_or(true)
}

const SHELLS: &[&dyn clap_complete::env::EnvCompleter] =
    &[&clap_complete::env::Bash, &clap_complete::env::Zsh, &clap_complete::env::Fish];

/// Asked by a shell, not by a person.
pub fn wanted(world: &World) -> bool {
    world.var("COMPLETE").is_some_and(|shell| !OsStr::new(shell).is_empty())
}
