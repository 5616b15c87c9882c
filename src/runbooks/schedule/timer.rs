//! A timer of the droplet: the files that it stands on, what it keeps in secret, and the steps that put all of it there.

use sha2::{Digest, Sha256};

use crate::cmd::Cmd;
use crate::inventory::{Source, Value};
use crate::plan::{Action, Content, EnvValue, Phase, Section, Step, Undo};
use crate::runbooks::backup::Ground;
use crate::text::count;
use crate::tools::schedule::Schedule;

/// A file of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub mode: u32,
    pub text: String,
}

impl File {
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

#[derive(Debug)]
pub(super) struct Timer<'a> {
    pub(super) ground: &'a Ground<'a>,
    /// The name of its units, without what comes after the dot.
    pub(super) unit: String,
    pub(super) files: Vec<File>,
    /// What holds the addresses, and the names that they are kept under.
    pub(super) secrets: String,
    pub(super) addresses: Vec<(String, EnvValue)>,
}

impl Timer<'_> {
    /// In what the droplet's differs: the sums of its files, the names of its addresses, whether it runs.
    pub(super) fn drift(
        &self,
        files: &std::collections::BTreeMap<String, String>,
        addresses: &[String],
        runs: bool,
    ) -> Vec<String> {
        let file = |file: &File| match files.get(file.name()) {
            None => Some(format!("{} is missing", file.path)),
            Some(sum) if *sum != sha256(&file.text) => Some(format!("{} is another", file.path)),
            Some(_) => None,
        };
        let mut all: Vec<_> = self.files.iter().filter_map(file).collect();
        if self.hears_others(addresses) {
            all.push("notify has other addresses than the droplet".to_owned());
        }
        if !runs {
            all.push(format!("{}.timer does not run", self.unit));
        }
        all
    }

    pub(super) fn hears_others(&self, addresses: &[String]) -> bool {
        self.addresses.iter().map(|(name, _)| name).ne(addresses)
    }

    pub(super) fn tool<'b>(&'b self, change: &'b str) -> Schedule<'b> {
        Schedule { dir: self.ground.dir(), unit: &self.unit, change }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// Each file with its text and mode.
    pub(super) fn puts(&self) -> impl Iterator<Item = Action> {
        self.files.iter().map(|file| Action::Put {
            path: file.path.clone(),
            mode: file.mode,
            content: Content::Text(file.text.clone()),
        })
    }

    /// Addresses, over the connection and stored nowhere else.
    pub(super) fn put_addresses(&self, id: &str, change: &str) -> Section {
        let tool = self.tool(change);
        let content = Content::EnvFile(self.addresses.clone());
        let put = Action::Put { path: self.secrets.clone(), mode: 0o600, content };
        let what = count(self.addresses.len(), "address");
        let title = format!("keep {what} that hear of it, readable by root only");
        let paths = [self.secrets.clone()];
        let (aside, back) = (Action::Run(tool.aside(&paths)), Action::Run(tool.back(&paths)));
        let step = step(self.ground, id, title, vec![aside, put], vec![back]);
        section(self.ground, id, false, vec![step])
    }

    /// Back to what there was, whatever came of it.
    pub(super) fn undo(&self, change: &str, paths: &[String]) -> Vec<Action> {
        let tool = self.tool(change);
        [tool.back(paths), tool.settle()].map(Action::Run).into()
    }

    /// Nothing of it is there any more.
    pub(super) fn removal(&self, id: &str, change: &str, title: String, more: &[String]) -> Step {
        let tool = self.tool(change);
        let mut paths = self.paths();
        paths.push(self.secrets.clone());
        paths.extend_from_slice(more);
        let actions = [tool.end(), tool.aside(&paths), removed(&paths), tool.settle()].map(Action::Run);
        step(self.ground, id, title, actions.into(), self.undo(change, &paths))
    }
}

pub(super) fn step(
    ground: &Ground<'_>,
    id: &str,
    title: String,
    actions: Vec<Action>,
    undo: Vec<Action>,
) -> Step {
    Step {
        id: format!("schedule.{id}"),
        phase: Phase::Prepare,
        droplet: ground.droplet.name.clone(),
        title,
        actions,
        undo: Undo::By(undo),
        timeout: 180,
    }
}

pub(super) fn section(ground: &Ground<'_>, id: &str, critical: bool, steps: Vec<Step>) -> Section {
    Section { id: id.into(), droplet: ground.droplet.name.clone(), critical, steps }
}

pub(super) fn removed(paths: &[String]) -> Cmd {
    Cmd::new("rm").args(["-f", "--"]).args(paths)
}

/// What a value is kept under. Its name says which address, or which reference to one, so that another is seen without
/// reading a secret. Of files and programs only their names: each engineer has them at a place of their own.
pub(super) fn kept_as(prefix: &str, value: &Value) -> String {
    let reference = match value {
        Value::Plain(text) => text.clone(),
        Value::Secret(source) => reference(source),
    };
    format!("{prefix}_{:.12}", sha256(&reference))
}

/// This value has this name.
pub fn is_kept_as(name: &str, value: &Value) -> bool {
    name.split_once('_').is_some_and(|(prefix, _)| kept_as(prefix, value) == name)
}

/// No plan has an address: plans are shown, kept on the droplet, and given to colleagues in bundles.
pub(super) fn content(value: &Value) -> EnvValue {
    match value {
        Value::Plain(_) => EnvValue::Address,
        Value::Secret(source) => EnvValue::Secret(source.clone()),
    }
}

fn reference(source: &Source) -> String {
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match source {
        Source::Env(name) => format!("env {name}"),
        Source::File(path) => format!("file {}", name(path)),
        Source::Cmd(words) => {
            let (program, rest) = words
                .split_first()
                .map_or((String::new(), &[][..]), |(first, rest)| (name(std::path::Path::new(first)), rest));
            format!("cmd {program} {}", rest.join(" "))
        }
    }
}

/// As `sha256sum` prints it.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
