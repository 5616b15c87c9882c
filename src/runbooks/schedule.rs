//! Backups every night that need no laptop: the files and units of a schedule, put there, compared and taken away.
//!
//! What begins at night is the run of `ops backup`, rendered once (`execute/night.rs`). Deliberately absent: that.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::backup::Ground;
use super::deploy::Inputs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Facts, Schedule as Found};
use crate::inventory::{NotifyKind, Source, Value};
use crate::plan::{Action, Content, EnvValue, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo};
use crate::text::count;
use crate::tools::schedule::{Schedule, UNITS};

/// A file of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub mode: u32,
    pub text: String,
}

impl File {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What this ops would install.
#[derive(Debug)]
pub struct Wanted<'a> {
    ground: &'a Ground<'a>,
    unit: String,
    pub files: Vec<File>,
    /// Addresses that hear of it, by the names that they are kept under.
    pings: Vec<(String, EnvValue)>,
}

impl<'a> Wanted<'a> {
    /// `files`: the program and what it reads, by their names.
    pub fn new(ground: &'a Ground<'a>, files: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let unit = format!("ops-backup-{}", ground.project());
        let own =
            |(name, text)| File { path: format!("{}/schedule/{name}", ground.dir()), mode: 0o600, text };
        let mut files: Vec<_> = files.into_iter().map(own).collect();
        files.extend(units(ground, &unit));
        let addresses = ground.env.notify.iter().filter(|one| one.kind == NotifyKind::Healthchecks);
        Self { ground, unit, files, pings: addresses.map(|one| ping(&one.url)).collect() }
    }

    /// In what the droplet's differs.
    pub fn drift(&self, found: &Found) -> Vec<String> {
        let file = |file: &File| match found.files.get(file.name()) {
            None => Some(format!("{} is missing", file.path)),
            Some(sum) if *sum != sha256(&file.text) => Some(format!("{} is another", file.path)),
            Some(_) => None,
        };
        let mut all: Vec<_> = self.files.iter().filter_map(file).collect();
        if self.pings.iter().map(|(name, _)| name).ne(&found.pings) {
            all.push("notify has other addresses than the droplet".to_owned());
        }
        if !found.enabled || !found.active {
            all.push(format!("{}.timer does not run", self.unit));
        }
        all
    }

    fn tool<'b>(&'b self, change: &'b str) -> Schedule<'b> {
        Schedule { dir: self.ground.dir(), unit: &self.unit, change }
    }

    fn ping_file(&self) -> String {
        format!("{}/schedule/ping", self.ground.dir())
    }

    fn step(&self, id: &str, title: String, actions: Vec<Action>, undo: Vec<Action>) -> Step {
        Step {
            id: format!("schedule.{id}"),
            phase: Phase::Prepare,
            droplet: self.ground.droplet.name.clone(),
            title,
            actions,
            undo: Undo::By(undo),
            timeout: 180,
        }
    }

    fn section(&self, id: &str, critical: bool, steps: Vec<Step>) -> Section {
        Section { id: id.into(), droplet: self.ground.droplet.name.clone(), critical, steps }
    }

    fn plan(&self, command: &str, title: String, sections: Vec<Section>) -> Plan {
        Plan {
            schema: SCHEMA.into(),
            env: self.ground.env.name.clone(),
            command: format!("schedule {command}"),
            title,
            sections,
            notes: Vec::new(),
            on_failure: Vec::new(),
            data_loss: None,
        }
    }

    /// Addresses, over the connection and stored nowhere else.
    fn put_pings(&self, change: &str) -> Section {
        let (tool, path) = (self.tool(change), self.ping_file());
        let put =
            Action::Put { path: path.clone(), mode: 0o600, content: Content::EnvFile(self.pings.clone()) };
        let title =
            format!("keep {} that hear of it, readable by root only", count(self.pings.len(), "address"));
        let paths = [path];
        let (aside, back) = (Action::Run(tool.aside(&paths)), Action::Run(tool.back(&paths)));
        self.section("ping", false, vec![self.step("ping", title, vec![aside, put], vec![back])])
    }

    fn put_files(&self, change: &str, drop_pings: bool) -> Section {
        let (tool, backup) = (self.tool(change), &self.ground.env.backup);
        let mut paths: Vec<_> = self.files.iter().map(|file| file.path.clone()).collect();
        let check = tool.check(&backup.calendar(), backup.textfile.as_ref().map(|path| path.as_str()));
        let mut actions = vec![Action::Run(check)];
        if drop_pings {
            paths.push(self.ping_file());
        }
        actions.push(Action::Run(tool.aside(&paths)));
        actions.extend(self.files.iter().map(|file| Action::Put {
            path: file.path.clone(),
            mode: file.mode,
            content: Content::Text(file.text.clone()),
        }));
        actions.extend(drop_pings.then(|| Action::Run(removed(&[self.ping_file()]))));
        let title = format!("write the nightly program and its units ({}.timer)", self.unit);
        let undo = [tool.back(&paths), tool.settle()].map(Action::Run);
        let put = self.step("put", title, actions, undo.to_vec());
        let title = format!("start the timer: {} ({})", backup.schedule, backup.calendar());
        let start = self.step("start", title, vec![Action::Run(tool.settle())], undo.to_vec());
        self.section("schedule", true, vec![put, start])
    }
}

/// The plan that puts a schedule there, empty where it is there already.
///
/// # Errors
/// The droplet has no systemd, its user is not root, or nothing is known of its stack.
pub fn install(inputs: &Inputs<'_>, wanted: &Wanted<'_>) -> Result<Plan> {
    let found = found(inputs, wanted)?;
    let env = wanted.ground.env;
    let what = format!("{} is backed up by itself ({})", env.name, env.backup.schedule);
    if wanted.drift(found).is_empty() {
        return Ok(wanted.plan("install", format!("nothing to do: {what} already"), Vec::new()));
    }
    let other = wanted.pings.iter().map(|(name, _)| name).ne(&found.pings);
    let mut sections = Vec::new();
    if other && !wanted.pings.is_empty() {
        sections.push(wanted.put_pings(&inputs.run));
    }
    sections.push(wanted.put_files(&inputs.run, other && wanted.pings.is_empty()));
    let mut plan = wanted.plan("install", what, sections);
    let heard = match wanted.pings.len() {
        0 => "nobody hears of a night without a backup: notify has no address of the kind healthchecks"
            .to_owned(),
        some => format!(
            "{} in notify: told when it begins, when it was well and when not",
            count(some, "address")
        ),
    };
    let lines = vec![
        heard,
        "up to 15 minutes later, drawn each night; one that was missed is made up for".to_owned(),
    ];
    plan.notes.push(Note { kind: NoteKind::Info, title: "every night".into(), lines });
    Ok(plan)
}

/// The plan that takes it away; backups stay.
///
/// # Errors
/// As [`install`].
pub fn remove(inputs: &Inputs<'_>, wanted: &Wanted<'_>) -> Result<Plan> {
    let found = found(inputs, wanted)?;
    let env = &wanted.ground.env.name;
    if found.files.is_empty() && found.pings.is_empty() {
        return Ok(wanted.plan("remove", format!("nothing to do: {env} has no schedule"), Vec::new()));
    }
    let tool = wanted.tool(&inputs.run);
    let mut paths: Vec<_> = wanted.files.iter().map(|file| file.path.clone()).collect();
    paths.push(wanted.ping_file());
    let actions = [tool.end(), tool.aside(&paths), removed(&paths), tool.settle()].map(Action::Run);
    let undo = [tool.back(&paths), tool.settle()].map(Action::Run);
    let title = format!("stop {}.timer and remove the nightly program", wanted.unit);
    let step = wanted.step("remove", title, actions.into(), undo.into());
    let title = format!("no backups of {env} by themselves any more; those that there are stay");
    Ok(wanted.plan("remove", title, vec![wanted.section("schedule", true, vec![step])]))
}

fn removed(paths: &[String]) -> crate::cmd::Cmd {
    crate::cmd::Cmd::new("rm").args(["-f", "--"]).args(paths)
}

/// # Errors
/// This droplet can have none.
fn found<'a>(inputs: &'a Inputs<'_>, wanted: &Wanted<'_>) -> Result<&'a Found> {
    let ground = wanted.ground;
    let droplet = &ground.droplet.name;
    let refused = |why: &str| {
        Error::new(Exit::Checks, "backups cannot begin by themselves on this droplet")
            .on(droplet)
            .because(why)
    };
    let facts = inputs.facts.get(droplet).ok_or_else(|| Error::failed("this droplet was not asked"))?;
    let host = facts.host.as_ref().map_err(|failure| refused(&failure.why))?;
    if !host.systemd {
        return Err(refused("a timer of systemd begins them, and systemd does not run there"));
    }
    if host.uid != 0 {
        let why =
            format!("units belong to root, and {} is not: log in as root, or set become: sudo", host.user);
        return Err(refused(&crate::text::printable(&why)));
    }
    if Facts::project(facts).is_none() {
        return Err(refused("nothing was ever deployed there, as far as it knows")
            .next(format!("ops deploy {}", ground.env.name)));
    }
    // The runner refuses others as well; here they would become text of a unit.
    if !ground.dir().chars().all(|c| c.is_ascii_alphanumeric() || "._-/ ".contains(c)) {
        return Err(refused("state_dir has signs that a unit of systemd reads in its own way"));
    }
    facts.schedule.as_ref().map_err(|failure| refused(&failure.why))
}

/// Its name says which address, or which reference to one, so that another is seen without reading a secret. Of files
/// and programs only their names: each engineer has them at a place of their own.
fn ping(url: &Value) -> (String, EnvValue) {
    let (value, reference) = match url {
        Value::Plain(text) => (EnvValue::Plain(text.clone()), text.clone()),
        Value::Secret(source) => (EnvValue::Secret(source.clone()), reference(source)),
    };
    (format!("PING_{:.12}", sha256(&reference)), value)
}

fn reference(source: &Source) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match source {
        Source::Env(name) => format!("env {name}"),
        Source::File(path) => format!("file {}", name(path)),
        Source::Cmd(words) => {
            let (program, rest) = words
                .split_first()
                .map_or((String::new(), &[][..]), |(first, rest)| (name(Path::new(first)), rest));
            format!("cmd {program} {}", rest.join(" "))
        }
    }
}

/// As `sha256sum` prints it.
fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The service, what comes after its failure, and the timer. All names in them are dull, and the directory was looked at.
fn units(ground: &Ground<'_>, unit: &str) -> [File; 3] {
    let (env, dir, calendar) = (&ground.env.name, ground.dir(), ground.env.backup.calendar());
    let night = format!("/bin/sh '{dir}/schedule/night'");
    let file = |name: String, text: String| File { path: format!("{UNITS}/{name}"), mode: 0o644, text };
    let service = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env}, by schedule\n\
         Wants=network-online.target\nAfter=network-online.target docker.service\nOnFailure={unit}-failed.service\n\n\
         [Service]\nType=oneshot\nExecStart={night} work\n# It ends by itself when its steps did, which have limits.\n\
         TimeoutStartSec=infinity\nTimeoutStopSec=10min\nKillMode=mixed\n\
         # Of the steps as well: the runner hands it on.\nNice=10\n"
    );
    let failed = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env} failed: tells those who are to hear of it\n\n\
         [Service]\nType=oneshot\nExecStart={night} failed\nSyslogLevel=err\nTimeoutStartSec=10min\n"
    );
    let timer = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops backup {env}, by schedule\n\n[Timer]\n\
         OnCalendar={calendar}\nPersistent=true\nRandomizedDelaySec=15m\nAccuracySec=1m\n\n[Install]\nWantedBy=timers.target\n"
    );
    [
        file(format!("{unit}.service"), service),
        file(format!("{unit}-failed.service"), failed),
        file(format!("{unit}.timer"), timer),
    ]
}
