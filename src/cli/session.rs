//! One command as it is carried out: the world, the terminal, what was said globally, and the wish to
//! stop.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{EnvArg, Global};
use super::complete;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::execute::Stop;
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{self, Environment, Inventory};
use crate::text::nearest;
use crate::transport::{ConnectOptions, Lender};
use crate::ui::Ui;
use crate::world::World;

pub struct Session {
    pub world: World,
    pub ui: Ui,
    pub global: Global,
    /// The command line as it was typed, to be named with what is missing.
    pub typed: Vec<String>,
    pub stop: Stop,
    /// Something may have been changed, so that a Ctrl-C must be answered by the run itself.
    changing: AtomicBool,
}

impl Session {
    pub fn new(world: World, ui: Ui, global: Global, args: &[OsString]) -> Self {
        let typed = std::iter::once("ops".to_owned())
            .chain(args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()))
            .collect();
        Self { world, ui, global, typed, stop: Stop::default(), changing: AtomicBool::new(false) }
    }

    /// # Errors
    /// Exit 2: there is none, or it is wrong.
    pub fn inventory(&self) -> Result<Inventory> {
        let path = inventory::find(&self.world, self.global.config.as_deref())?;
        inventory::load(&path, &self.world)
    }

    /// The environment, with only the droplets that were asked for.
    ///
    /// # Errors
    /// Exit 2: the inventory does not have it.
    pub fn environment(&self, inventory: &Inventory, target: &EnvArg) -> Result<Environment> {
        let mut env = inventory.environment(&target.env)?.clone();
        let wanted = &target.droplets.droplet;
        if wanted.is_empty() {
            return Ok(env);
        }
        for name in wanted {
            if !env.droplets.iter().any(|droplet| droplet.name == *name) {
                let names: Vec<_> = env.droplets.iter().map(|droplet| droplet.name.as_str()).collect();
                let error = Error::usage(format!("{} has no droplet {name}", env.name));
                let error = match nearest(name, names.iter().copied()) {
                    Some(near) => error.because(format!("did you mean {near}?")),
                    None => error,
                };
                return Err(error.because(format!("it has: {}", names.join(", "))));
            }
        }
        env.droplets.retain(|droplet| wanted.contains(&droplet.name));
        Ok(env)
    }

    /// How droplets are connected to. `warm`: the command only reads. Asks for sudo's password where
    /// that was asked for.
    ///
    /// # Errors
    /// Nobody is there to give the password.
    pub fn connect(&self, target: &EnvArg, warm: bool) -> Result<ConnectOptions> {
        let password = match target.droplets.ask_become_pass {
            true => {
                let question = format!("sudo's password on the droplets of {}", target.env);
                Some(tokio::task::block_in_place(|| self.ui.password(&question))?)
            }
            false => None,
        };
        let ui = self.ui.clone();
        Ok(ConnectOptions {
            interactive: self.ui.asks().then(|| Lender::new(move |lent| ui.lending(lent))),
            warm,
            become_password: password,
            at_once: self.global.connections.into(),
        })
    }

    /// Connects to read.
    ///
    /// # Errors
    /// A droplet that cannot be reached.
    pub async fn crew<'a>(&'a self, env: &'a Environment, target: &EnvArg) -> Result<Crew<'a>> {
        Crew::connect(env, &self.world, self.connect(target, true)?, &self.ui).await
    }

    /// Connects, reads the facts, and leaves.
    ///
    /// # Errors
    /// A droplet that cannot be reached.
    pub async fn facts(
        &self,
        inventory: &Inventory,
        env: &Environment,
        target: &EnvArg,
    ) -> Result<BTreeMap<String, Facts>> {
        let crew = self.crew(env, target).await?;
        let facts = crew.facts(None).await;
        crew.close().await;
        let facts = facts?;
        self.remember(inventory, env, &facts);
        Ok(facts)
    }

    /// Keeps the names that completion offers. A laptop that cannot keep them loses only that.
    pub fn remember(&self, inventory: &Inventory, env: &Environment, facts: &BTreeMap<String, Facts>) {
        let _ = complete::remember(&self.world, inventory, env, facts);
    }

    /// The last words, and the exit code.
    pub fn end(&self, result: Result<Exit>) -> u8 {
        let (exit, error) = match result {
            Ok(exit) => (exit, None),
            Err(error) => (error.exit, Some(error)),
        };
        self.ui.finish(exit, error.as_ref());
        match self.ui.lost() {
            Some(why) if exit == Exit::Done => {
                self.ui.warn(&format!("the output could not be written: {why}"));
                Exit::Failed.code()
            }
            _ => exit.code(),
        }
    }

    /// From here on a Ctrl-C is answered by the command itself: a run finishes its step, and asks.
    pub fn answer_interrupts(&self) {
        self.changing.store(true, Ordering::SeqCst);
    }

    /// Ends when a Ctrl-C shall end the whole command: nothing has been changed yet.
    pub async fn interrupted_early(&self) -> Error {
        self.stop.soft.cancelled().await;
        if self.changing.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Error::new(Exit::Interrupted, "interrupted before anything changed")
    }

    /// Hears Ctrl-C, termination and the end of the terminal from now on. A first Ctrl-C asks to stop
    /// after the current step; a second one, or the other two, leave at once: the droplet goes on.
    ///
    /// # Errors
    /// The system does not let us listen.
    pub fn listen(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let stop = self.stop.clone();
        tokio::spawn(async move {
            loop {
                let softly = tokio::select! {
                    heard = interrupt.recv() => heard.is_some() && !stop.soft.is_cancelled(),
                    _ = terminate.recv() => false,
                    _ = hangup.recv() => false,
                };
                stop.soft.cancel();
                if !softly {
                    stop.hard.cancel();
                    return;
                }
            }
        });
        Ok(())
    }
}
