//! `ops runs list ENV`, `ops runs show RUN`, `ops runs logs RUN`.

use clap::{Args, Subcommand};

use super::args::{DropletArgs, EnvArg};
use super::{names, session::Session};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::queries;
use crate::ui::lists;

/// What was done on an environment: list runs, show one, read its logs
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List the runs of an environment, the newest first
    List(List),
    /// Show one run: who, when, why, and how every step ended
    Show(Show),
    /// Print what the steps of a run printed on the droplets
    Logs(Logs),
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    env: EnvArg,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    run: RunArg,
}

#[derive(Debug, Args)]
pub struct Logs {
    #[command(flatten)]
    run: RunArg,

    /// Only this step
    #[arg(long, value_name = "STEP", value_parser = names::name)]
    step: Option<String>,
}

#[derive(Debug, Args)]
struct RunArg {
    /// The run's id, as `ops runs list` shows it
    #[arg(value_name = "RUN", value_parser = names::id)]
    run: String,

    #[command(flatten)]
    droplets: DropletArgs,
}

impl Runs {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Runs::List(list) => list.run(session).await,
            Runs::Show(Show { run }) => run.show(session).await,
            Runs::Logs(Logs { run, step }) => run.logs(step.as_deref(), session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let facts = session.facts(&inventory, &env, &self.env).await?;
        let mut runs = queries::runs(&env, &facts)?;
        runs.truncate(self.limit.into());
        session.ui.list(&lists::runs(&env.name, &runs, session.world.now()));
        Ok(Exit::Done)
    }
}

impl RunArg {
    async fn show(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.target()?;
        let env = session.environment(&inventory, &target)?;
        let facts = session.facts(&inventory, &env, &target).await?;
        session.ui.run(&queries::run(&env, &facts, &self.run)?, session.world.now());
        Ok(Exit::Done)
    }

    async fn logs(self, step: Option<&str>, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.target()?;
        let env = session.environment(&inventory, &target)?;
        let crew = session.crew(&env, &target).await?;
        let logs = async {
            let facts = crew.facts(None).await?;
            queries::run(&env, &facts, &self.run)?;
            queries::logs(&crew, &facts, &self.run).await
        };
        let logs = logs.await;
        crew.close().await;
        let mut logs = logs?;
        if let Some(step) = step {
            logs.retain(|log| log.step == step);
            if logs.is_empty() {
                return Err(Error::usage(format!("{} has no step {step}", self.run))
                    .next(format!("ops runs logs {}", self.run)));
            }
        }
        session.ui.logs(&self.run, &logs);
        Ok(Exit::Done)
    }

    /// The environment is the one that the run's id begins with.
    fn target(&self) -> Result<EnvArg> {
        let Some(env) = names::env_of_run(&self.run) else {
            return Err(Error::usage(format!("{} is not the id of a run", self.run))
                .because("a run is called <environment>-<time>-<letters>")
                .next("ops runs list ENV"));
        };
        Ok(EnvArg { env: env.to_owned(), droplets: self.droplets.clone() })
    }
}
