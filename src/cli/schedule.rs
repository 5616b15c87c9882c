//! `ops schedule install|status|remove ENV`.

use clap::{Args, Subcommand};

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::Order;
use crate::queries;
use crate::record::Fresh;
use crate::runbooks::promise;
use crate::ui::Stand;

/// Backups every night by a timer of the droplet, which needs no laptop
#[derive(Debug, Subcommand)]
pub enum Schedule {
    Install(Install),
    /// Say whether they are installed as the inventory wants them, how the last went, when the next begins, and what was
    /// promised
    Status(Status),
    Remove(Remove),
}

/// Put the nightly program and its timer on the droplet, or bring them up to date
///
/// What begins at `backup.schedule` is `ops backup create`: the same steps, the same lock, a run on record. Where
/// somebody works on the stack it waits, at most four hours. The droplet keeps the steps as they were when this was
/// installed: after a change of the inventory or of ops, `ops schedule status` says that they differ.
#[derive(Debug, Args)]
pub struct Install {
    #[command(flatten)]
    env: EnvArg,

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
            Schedule::Install(install) => change(session, &install.env, &install.run, false).await,
            Schedule::Status(status) => status.run(session).await,
            Schedule::Remove(remove) => change(session, &remove.env, &remove.run, true).await,
        }
    }
}

async fn change(session: &Session, target: &EnvArg, run: &RunArgs, remove: bool) -> Result<Exit> {
    let order = Order::Schedule { remove, reason: run.reason.clone() };
    carry(session, target, run, order).await
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
