//! `ops health --watch`: a view of the whole terminal, or lines where there is none.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::session::Session;
use crate::checks::health::{Change, Looked, Report};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::inventory::{Environment, Inventory};
use crate::queries::{self, Pace, Sight, Vigil};
use crate::transport::ConnectOptions;
use crate::ui::vigil::{Act, View, frame, line};
use crate::ui::{Canvas, Format, Key};

/// What is watched, and how.
pub(super) struct Watch<'a> {
    pub session: &'a Session,
    pub inventory: &'a Inventory,
    pub envs: &'a [Environment],
    /// Empty: all checks.
    pub only: &'a [String],
    pub every: u64,
    pub write: Option<&'a Path>,
}

/// What was seen so far.
struct Seen<'a> {
    watch: &'a Watch<'a>,
    view: View,
    /// Of each environment, by droplet.
    facts: Vec<BTreeMap<String, Facts>>,
}

/// How it is told.
enum Told {
    Full,
    Lines,
}

impl Watch<'_> {
    /// Until the person has enough; what was known last.
    ///
    /// # Errors
    /// Exit 2: in that form nothing can be told again and again.
    pub(super) async fn run(&self, connect: ConnectOptions) -> Result<Report> {
        let session = self.session;
        self.allowed()?;
        let told = if session.ui.options().full && self.write.is_none() { Told::Full } else { Told::Lines };
        // A Ctrl-C is how it ends.
        session.answer_interrupts();
        let vigil =
            Vigil::new(self.envs, self.inventory, &session.world, connect, Duration::from_secs(self.every));
        let (pace, paced) = watch::channel(Pace::default());
        let (tell, mut sights) = mpsc::channel(64);
        let mut seen = Seen::new(self);
        let watched = tokio::select! {
            () = vigil.keep(tell, paced) => Ok(()),
            watched = async {
                match told {
                    Told::Full => seen.show(&mut sights, &pace).await,
                    Told::Lines => seen.tell(&mut sights).await,
                }
            } => watched,
        };
        // A connection that hangs keeps nobody.
        let _ = tokio::time::timeout(Duration::from_secs(3), vigil.end()).await;
        for (env, facts) in self.envs.iter().zip(&seen.facts) {
            session.remember(self.inventory, env, facts);
        }
        watched.map(|()| seen.view.report(seen.now()))
    }

    fn allowed(&self) -> Result<()> {
        let refused = |what: &str, why: &str| Err(Error::usage(what).because(why));
        match (self.session.ui.options().format, self.write) {
            (Format::Nagios | Format::Markdown, _) => refused(
                "--watch has no such --output",
                "it is one answer to one question; with --watch there are table, json, and prometheus with --write",
            ),
            (Format::Prometheus, None) => refused(
                "--watch --output prometheus wants --write PATH",
                "a collector reads a file, not a stream",
            ),
            (Format::Human | Format::Json, Some(_)) => refused(
                "--watch with --write wants --output prometheus",
                "the file is written anew at every look",
            ),
            _ => Ok(()),
        }
    }
}

impl<'a> Seen<'a> {
    fn new(watch: &'a Watch<'a>) -> Self {
        let envs = watch.envs;
        let title = envs.iter().map(|env| env.name.as_str()).collect::<Vec<_>>().join(", ");
        let droplets =
            envs.iter().flat_map(|env| env.droplets.iter().map(|one| (env.name.clone(), one.name.clone())));
        let now = watch.session.world.now().as_second();
        let view = View::new(&title, watch.every, droplets, now);
        Self { watch, view, facts: vec![BTreeMap::new(); envs.len()] }
    }

    fn now(&self) -> i64 {
        self.watch.session.world.now().as_second()
    }

    /// Takes a look in, and what it says together with those at the other droplets. What changed.
    fn take(&mut self, sight: Sight) -> Vec<Change> {
        let (now, envs, only) = (self.now(), self.watch.envs, self.watch.only);
        let mut first = 0;
        let Some((number, env)) = envs.iter().enumerate().find(|(_, env)| {
            let own = (first..first + env.droplets.len()).contains(&sight.at);
            first += if own { 0 } else { env.droplets.len() };
            own
        }) else {
            return Vec::new();
        };
        let Sight { at, mut looked, facts } = sight;
        match facts {
            Some(facts) => drop(self.facts[number].insert(looked.droplet.clone(), facts)),
            None => drop(self.facts[number].remove(&looked.droplet)),
        }
        let home = first + env.droplets.iter().position(|one| one.name == env.home().name).unwrap_or(0);
        let complete = |looked: &mut Looked, is_home: bool| {
            if is_home {
                queries::compare(env, &self.facts[number], looked);
            }
            if !only.is_empty() {
                looked.only(only);
            }
        };
        complete(&mut looked, at == home);
        let mut changes = self.view.take(at, looked, now);
        if let Some(mut other) = self.view.seen(home).filter(|_| at != home).cloned() {
            complete(&mut other, true);
            changes.extend(self.view.revise(home, other, now));
        }
        changes
    }

    /// The whole terminal.
    async fn show(&mut self, sights: &mut mpsc::Receiver<Sight>, pace: &watch::Sender<Pace>) -> Result<()> {
        let session = self.watch.session;
        let mut signals =
            Signals::listen().map_err(|error| Error::failed("cannot listen for signals").because(error))?;
        let (canvas, mut typed) = Canvas::begin(&session.ui);
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let colour = session.ui.options().data.colour;
        loop {
            let (size, now) = (Canvas::size(), self.now());
            canvas.put(frame(&mut self.view, now, size, colour), size);
            tokio::select! {
                Some(sight) = sights.recv() => {
                    self.take(sight);
                    // Those of many droplets are one picture.
                    while let Ok(sight) = sights.try_recv() {
                        self.take(sight);
                    }
                }
                Some(key) = typed.recv() => {
                    if self.press(key, pace) {
                        return Ok(());
                    }
                }
                _ = tick.tick() => {}
                _ = signals.resized.recv() => canvas.forget(),
                _ = signals.stopped.recv() => {
                    canvas.stop();
                    self.view.awake(self.now());
                }
                _ = signals.quit.recv() => return Ok(()),
                () = session.stop.soft.cancelled() => return Ok(()),
            }
        }
    }

    /// Whether the person has enough.
    fn press(&mut self, key: Key, pace: &watch::Sender<Pace>) -> bool {
        match self.view.press(key, self.now()) {
            Some(Act::Quit) => return true,
            Some(Act::Look) => pace.send_modify(|pace| pace.asked += 1),
            Some(Act::Pause(paused)) => pace.send_modify(|pace| pace.paused = paused),
            None => {}
        }
        false
    }

    /// Without a terminal: the whole report once, then what changes; or each look for programs.
    async fn tell(&mut self, sights: &mut mpsc::Receiver<Sight>) -> Result<()> {
        let session = self.watch.session;
        let several = self.watch.envs.len() > 1;
        let mut whole = false;
        loop {
            let sight = tokio::select! {
                sight = sights.recv() => sight,
                () = session.stop.soft.cancelled() => return Ok(()),
            };
            let Some(sight) = sight else { return Ok(()) };
            let at = sight.at;
            let changes = self.take(sight);
            let first = !std::mem::replace(&mut whole, self.view.is_whole());
            match (session.ui.options().format, self.watch.write) {
                (_, Some(path)) if whole => super::health::write(path, &session.ui.health(&self.report()))?,
                (Format::Json, _) => session.ui.object(&self.one(at).json()),
                (Format::Human, _) if whole && first => session.ui.data(&session.ui.health(&self.report())),
                (Format::Human, _) if whole => {
                    changes
                        .iter()
                        .for_each(|change| session.ui.data(&format!("{}\n", line(change, several))));
                }
                _ => {}
            }
            if session.ui.is_left() {
                return Ok(());
            }
        }
    }

    fn report(&self) -> Report {
        self.view.report(self.now())
    }

    /// Only the droplet that was looked at.
    fn one(&self, at: usize) -> Report {
        let mut report = self.report();
        report.droplets = self.view.seen(at).cloned().into_iter().collect();
        report
    }
}

/// What the terminal tells.
struct Signals {
    resized: Signal,
    stopped: Signal,
    quit: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            stopped: signal(SignalKind::from_raw(nix::libc::SIGTSTP))?,
            quit: signal(SignalKind::quit())?,
        })
    }
}
