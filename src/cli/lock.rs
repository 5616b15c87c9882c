//! `ops lock status|take|release ENV`.

use clap::{Args, Subcommand};

use super::args::EnvArg;
use super::consent::ConsentArgs;
use super::desk::Desk;
use super::{names, session::Session};
use crate::crew::Crew;
use crate::error::Result;
use crate::exit::Exit;
use crate::flow;
use crate::inventory::Inventory;
use crate::queries;
use crate::record::LockState;
use crate::ui::lists;

/// Who may change an environment: one run at a time
#[derive(Debug, Subcommand)]
pub enum Lock {
    /// Say who holds the lock, since when, and whether they are alive
    Status(Status),
    /// Take the lock by hand, so that nobody deploys while you work
    Take(Take),
    /// Give a lock back that was taken by hand, or take one away from a run that is dead
    Release(Release),
}

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    env: EnvArg,
}

#[derive(Debug, Args)]
pub struct Take {
    #[command(flatten)]
    env: EnvArg,

    /// Why, for those who meet the lock
    #[arg(long, value_name = "TEXT", value_parser = names::reason)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Release {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    consent: ConsentArgs,
}

impl Lock {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Lock::Status(status) => status.run(session).await,
            Lock::Take(take) => take.run(session).await,
            Lock::Release(release) => release.run(session).await,
        }
    }
}

impl Status {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let facts = session.facts(&inventory, &env, &self.env).await?;
        session.ui.list(&lists::locks(&env.name, &queries::locks(&env, &facts)?));
        Ok(Exit::Done)
    }
}

impl Take {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let crew = session.crew(&env, &self.env).await?;
        let stamp = session.world.now().strftime("%Y%m%dT%H%M%SZ");
        let name = format!("{}{stamp}-{}", queries::BY_HAND, flow::drawn()?);
        let taken = async {
            let facts = crew.facts(None).await?;
            session.answer_interrupts();
            queries::take_lock(&crew, &facts, &name, &session.world.operator, self.reason.as_deref()).await
        };
        let taken = taken.await;
        crew.close().await;
        taken?;
        session.ui.say(&format!("{0} is locked until `ops lock release {0}`.", env.name));
        Ok(Exit::Done)
    }
}

impl Release {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let crew = session.crew(&env, &self.env).await?;
        let released = self.release(session, &inventory, &crew).await;
        crew.close().await;
        match released? {
            0 => session.ui.say(&format!("{} is not locked; nothing to do.", env.name)),
            _ => session.ui.say(&format!("{} is free.", env.name)),
        }
        Ok(Exit::Done)
    }

    /// A lock of one's own is given back at once; another's is asked for; that of a live run wants the
    /// environment's name.
    async fn release(&self, session: &Session, inventory: &Inventory, crew: &Crew<'_>) -> Result<usize> {
        let facts = crew.facts(None).await?;
        let locks = queries::locks(crew.env, &facts)?;
        let held: Vec<_> = locks.iter().filter(|lock| lock.holder.is_some()).collect();
        let mine = |lock: &&LockState| {
            lock.by_hand()
                && lock.holder.as_ref().is_some_and(|holder| holder.operator == session.world.operator)
        };
        let alive = held.iter().any(|lock| lock.alive());
        if !held.iter().all(mine) {
            session.ui.list(&lists::locks(&crew.env.name, &locks));
            let desk = Desk { session, inventory, env: crew.env, consent: &self.consent, dry_run: false };
            desk.settle(alive, "Take this lock away")?;
        }
        session.answer_interrupts();
        queries::release_lock(crew, &facts, &held, alive).await?;
        Ok(held.len())
    }
}
