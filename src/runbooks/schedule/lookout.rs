//! The timer that looks at health: an `ops` of the droplet's own, its inventory, its units, and what puts them there.
//!
//! It is the same program with the same checks as on a laptop, so that nothing is judged twice in two ways. Deliberately
//! absent: sending it (`flow/send.rs`), and what it tells (`ops health --notify`).

use super::program::{Program, VERSION};
use super::timer::{File, Timer, content, kept_as, removed, section, step};
use crate::error::{Error, Result};
use crate::facts::Lookout as Found;
use crate::inventory::local;
use crate::plan::{Action, Section};
use crate::runbooks::backup::Ground;
use crate::text::{lasting, printable, size};
use crate::tools::schedule::UNITS;

#[derive(Debug)]
pub(super) struct Lookout<'a> {
    pub(super) timer: Timer<'a>,
    every: Option<std::time::Duration>,
    told: bool,
}

impl<'a> Lookout<'a> {
    pub(super) fn new(ground: &'a Ground<'a>) -> Self {
        let (env, dir) = (ground.env, format!("{}/schedule", ground.dir()));
        let unit = format!("ops-health-{}", ground.project());
        let own = local(env, |value| kept_as("NOTIFY", value));
        let told = !own.values.is_empty();
        let inventory = File { path: format!("{dir}/inventory.yaml"), mode: 0o600, text: own.yaml };
        let mut files = vec![inventory];
        files.extend(units(ground, &unit, told));
        let addresses = own.values.iter().map(|(name, value)| (name.clone(), content(value))).collect();
        let timer = Timer { ground, unit, files, secrets: format!("{dir}/notify"), addresses };
        Self { timer, every: env.health.every, told }
    }

    /// In what the droplet's differs, where one is wanted; else that one is there.
    pub(super) fn drift(&self, found: &Found) -> Vec<String> {
        if self.every.is_none() {
            let there = found.is_there();
            return there
                .then(|| format!("{}.timer is there, and health.every is not", self.timer.unit))
                .into_iter()
                .collect();
        }
        let mut all = self.timer.drift(&found.files, &found.addresses, found.enabled && found.active);
        match &found.program {
            None => all.push("there is no ops for it".to_owned()),
            Some(program) if program != VERSION => {
                all.push(format!("the ops there is {program}, this one is {VERSION}"))
            }
            Some(_) => {}
        }
        all
    }

    fn own(&self) -> [String; 2] {
        ["ops", "program"].map(|name| format!("{}/schedule/{name}", self.timer.ground.dir()))
    }

    /// The sections that make it what is wanted; none where it is that.
    ///
    /// # Errors
    /// Exit 2: nobody would hear of it, or there is no program to send.
    pub(super) fn put(&self, change: &str, found: &Found, program: Option<&Program>) -> Result<Vec<Section>> {
        let (timer, ground) = (&self.timer, self.timer.ground);
        let Some(every) = self.every else {
            return Ok(match found.is_there() {
                true => vec![section(ground, "lookout", true, vec![self.removal(change)])],
                false => Vec::new(),
            });
        };
        self.heard()?;
        let send = match program {
            Some(program) => program.differs(found).then_some(program),
            None if found.program.as_deref() == Some(VERSION) => None,
            None => return Err(no_program(&ground.env.name)),
        };
        if send.is_none() && self.drift(found).is_empty() {
            return Ok(Vec::new());
        }
        let tool = timer.tool(change);
        let mut steps = Vec::new();
        if let Some(program) = send {
            let own = self.own();
            let actions = [tool.aside(&own), tool.program(&program.place(ground), &program.sha256)];
            let title = "try the ops that was sent, and keep it for the timer".to_owned();
            let undo = vec![Action::Run(tool.back(&own))];
            steps.push(step(ground, "program", title, actions.map(Action::Run).into(), undo));
        }
        let other = timer.hears_others(&found.addresses);
        let drop_addresses = other && timer.addresses.is_empty();
        let mut paths = timer.paths();
        paths.extend(drop_addresses.then(|| timer.secrets.clone()));
        let mut actions = vec![Action::Run(tool.aside(&paths))];
        actions.extend(timer.puts());
        actions.extend(drop_addresses.then(|| Action::Run(removed(std::slice::from_ref(&timer.secrets)))));
        actions.push(Action::Run(tool.understood()));
        let undo = timer.undo(change, &paths);
        let title = format!("write its inventory and its units ({}.timer)", timer.unit);
        steps.push(step(ground, "lookout", title, actions, undo.clone()));
        let title = format!("start the timer: a look every {}", lasting(every.as_secs()));
        steps.push(step(ground, "look", title, vec![Action::Run(tool.settle())], undo));
        let mut sections = Vec::new();
        if other && !drop_addresses {
            sections.push(timer.put_addresses("notify", change));
        }
        sections.push(section(ground, "lookout", true, steps));
        Ok(sections)
    }

    pub(super) fn removal(&self, change: &str) -> crate::plan::Step {
        let title = format!("stop {}.timer and remove its ops", self.timer.unit);
        let mut step = self.timer.removal("unlook", change, title, &self.own());
        step.actions.push(Action::Run(self.timer.tool(change).forget()));
        step
    }

    /// # Errors
    /// Neither a channel nor a file of metrics.
    fn heard(&self) -> Result<()> {
        let env = self.timer.ground.env;
        if self.told || env.backup.textfile.is_some() {
            return Ok(());
        }
        Err(Error::usage(format!("{} would look at its health, and nobody would hear of it", env.name))
            .because("health.every is there, no channel of `notify:` has `health` among its `on`, and there is no backup.textfile")
            .next("describe a channel below `notify:`; config.example.yaml shows each kind"))
    }

    /// What the plan says of it.
    pub(super) fn note(&self, sent: Option<&Program>) -> Option<Vec<String>> {
        let every = lasting(self.every?.as_secs());
        let first = sent.map(|program| {
            let (file, bytes) = (printable(program.file.as_str()), size(program.bytes));
            format!("first {file} ({bytes}) is sent to {}", self.timer.ground.dir())
        });
        let heard = match self.timer.addresses.len() {
            0 => "nobody is told, the metrics are written".to_owned(),
            _ => "the channels of notify are told what changes, and the way back".to_owned(),
        };
        let how = format!("health is looked at every {every} by an ops on the droplet itself: {heard}");
        Some(first.into_iter().chain([how]).collect())
    }
}

fn no_program(env: &str) -> Error {
    Error::usage("there is no ops for the droplet")
        .because("health is looked at there by ops itself, and the one of this machine is not made for Linux")
        .next(format!("ops schedule install {env} --program FILE   # an ops for the droplet's Linux"))
}

/// A look that finds problems is one that went well.
fn units(ground: &Ground<'_>, unit: &str, told: bool) -> [File; 2] {
    let (env, dir) = (&ground.env.name, format!("{}/schedule", ground.dir()));
    let every = ground.env.health.every.unwrap_or_default().as_secs();
    let file = |name: String, text: String| File { path: format!("{UNITS}/{name}"), mode: 0o644, text };
    let mut words = format!("'{dir}/ops' --config '{dir}/inventory.yaml' health {env}");
    if told {
        words.push_str(" --notify");
    }
    if let Some(textfile) = &ground.env.backup.textfile {
        // The inventory takes no path with a sign that a unit would read in its own way.
        words.push_str(&format!(" --output prometheus --write '{textfile}/{unit}.prom'"));
    }
    let secrets = if told { format!("EnvironmentFile={dir}/notify\n") } else { String::new() };
    let service = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops health {env}, by schedule\n\
         Wants=network-online.target\nAfter=network-online.target docker.service\n\n\
         [Service]\nType=oneshot\nExecStart={words}\nSuccessExitStatus=4 9\nTimeoutStartSec=5min\n\
         # What it remembers is below it.\nEnvironment=\"HOME={dir}/home\" USER=schedule NO_COLOR=1\n{secrets}Nice=5\n"
    );
    let timer = format!(
        "# Written by ops schedule install.\n[Unit]\nDescription=ops health {env}, by schedule\n\n[Timer]\n\
         OnActiveSec=5s\nOnBootSec=2min\nOnUnitInactiveSec={every}s\nAccuracySec=5s\n\n[Install]\nWantedBy=timers.target\n"
    );
    [file(format!("{unit}.service"), service), file(format!("{unit}.timer"), timer)]
}
