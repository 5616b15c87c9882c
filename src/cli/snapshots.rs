//! `ops snapshots list|drop ENV`.

use clap::{Args, Subcommand};

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::Order;
use crate::runbooks::snapshots;
use crate::ui::lists;

/// Databases that deploys, installations and rollbacks put aside
#[derive(Debug, Subcommand)]
pub enum Snapshots {
    /// List them, the oldest first
    List(List),
    Drop(Drop),
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    env: EnvArg,
}

/// Drop some of them for good; never the one that a rollback of what runs needs
#[derive(Debug, Args)]
pub struct Drop {
    #[command(flatten)]
    env: EnvArg,

    /// Databases, as `list` shows them
    #[arg(value_name = "DATABASE", required = true, value_parser = names::id)]
    names: Vec<String>,

    #[command(flatten)]
    run: RunArgs,
}

impl Snapshots {
    pub fn streams(&self) -> bool {
        matches!(self, Snapshots::Drop(_))
    }

    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Snapshots::List(list) => list.run(session).await,
            Snapshots::Drop(drop) => drop.run(session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let facts = session.facts(&inventory, &env, &self.env).await?;
        let rows: Vec<_> = facts.values().flat_map(|facts| snapshots::of(&env, facts)).collect();
        let days = env.deploy.snapshot_days;
        session.ui.list(&lists::snapshots(&env.name, &rows, days, session.world.now()));
        Ok(Exit::Done)
    }
}

impl Drop {
    async fn run(self, session: &Session) -> Result<Exit> {
        let order = Order::Drop { names: self.names, reason: self.run.reason.clone() };
        carry(session, &self.env, &self.run, order).await
    }
}
