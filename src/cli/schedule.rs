//! `ops schedule install|status|remove ENV`: what a droplet does by itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{Order, parcel};
use crate::queries;
use crate::record::Fresh;
use crate::runbooks::promise;
use crate::runbooks::schedule::Program;
use crate::ui::Stand;

/// Backups every night, and looks at health, by timers of the droplet, which need no laptop
#[derive(Debug, Subcommand)]
pub enum Schedule {
    Install(Install),
    /// Say whether they are installed as the inventory wants them, how the last went, when the next begins, and what was
    /// promised
    Status(Status),
    Remove(Remove),
}

/// Put the nightly program and the timers on the droplet, or bring them up to date
///
/// What begins at `backup.schedule` is `ops backup create`: the same steps, the same lock, a run on record. Where
/// somebody works on the stack it waits, at most four hours. The droplet keeps the steps as they were when this was
/// installed: after a change of the inventory or of ops, `ops schedule status` says that they differ.
///
/// With `health.every` an ops is sent to the droplet as well, with an inventory of this one environment and the addresses
/// of the channels that hear of health, readable by root only. It looks every so often, as `ops health ENV --notify`.
#[derive(Debug, Args)]
pub struct Install {
    #[command(flatten)]
    env: EnvArg,

    /// The ops that looks at health there, made for the droplet's Linux; this one, where it is not named
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    program: Option<PathBuf>,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    env: EnvArg,
}

/// Take them away; the backups that there are stay
#[derive(Debug, Args)]
pub struct Remove {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    run: RunArgs,
}

impl Schedule {
    pub fn streams(&self) -> bool {
        !matches!(self, Schedule::Status(_))
    }

    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Schedule::Install(install) => install.run(session).await,
            Schedule::Status(status) => status.run(session).await,
            Schedule::Remove(remove) => {
                let Remove { env, run } = remove;
                let order = Order::Schedule { remove: true, program: None, reason: run.reason.clone() };
                carry(session, &env, &run, order).await
            }
        }
    }
}

impl Install {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let looks = session.environment(&inventory, &self.env)?.health.every.is_some();
        let program = if looks { self.program(session)? } else { None };
        let order = Order::Schedule { remove: false, program, reason: self.run.reason.clone() };
        carry(session, &self.env, &self.run, order).await
    }

    /// What was named, or this program where it could run on a droplet.
    fn program(&self, session: &Session) -> Result<Option<Program>> {
        let own = session.world.program.clone().filter(|_| cfg!(target_os = "linux"));
        let named = self.program.as_ref().map(|file| session.world.cwd.join(file));
        match named.or(own) {
            Some(file) => parcel::program(&file, self.program.is_some()).map(Some),
            None => Ok(None),
        }
    }
}

impl Status {
    /// What differs is exit code 9, and so is an RPO that is lost.
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let facts = session.facts(&inventory, &env, &self.env).await?;
        let state = queries::schedule(&env, &facts)?;
        let (kept, now) = queries::remembered(&env, &facts)?;
        session.ui.schedule(&env.name, &Stand { state: &state, kept: &kept }, session.world.now());
        for line in promise::broken(&kept, env.targets.rpo, now) {
            session.ui.warn(&line);
        }
        let lost = kept.iter().any(|one| one.rpo == Some(Fresh::Lost));
        Ok(if state.drift.is_empty() && !lost { Exit::Done } else { Exit::Checks })
    }
}
