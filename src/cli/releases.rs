//! `ops releases list ENV`.

use clap::{Args, Subcommand};

use super::args::EnvArg;
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::queries;
use crate::ui::lists;

/// What ran and can run again
#[derive(Debug, Subcommand)]
pub enum Releases {
    /// List the releases kept on an environment's droplets, the newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    env: EnvArg,
}

impl Releases {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let Releases::List(List { env: target }) = self;
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &target)?;
        let facts = session.facts(&inventory, &env, &target).await?;
        let (releases, current) = queries::releases(&env, &facts)?;
        session.ui.list(&lists::releases(&env.name, &releases, current, session.world.now()));
        Ok(Exit::Done)
    }
}
