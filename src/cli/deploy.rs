//! `ops deploy ENV`.

use clap::{Args, ValueEnum};

use super::args::{EnvArg, WhatArgs};
use super::consent::RunArgs;
use super::desk::Desk;
use super::names::{self, Watching};
use super::session::Session;
use super::trust::InventorySecrets;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::{self, Order};
use crate::inventory::{Before, Environment, Role, Strategy, Watch};
use crate::rejoin::{self, Wish};
use crate::runbooks::deploy::{Data, Request};

/// Put a release on an environment's droplets: check, plan, ask, switch, verify, record
///
/// Nothing is changed before the plan was shown and approved. A release that does not answer is taken
/// back and the old one serves again. Deploying what already runs is nothing to do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops deploy staging\n  ops deploy prod --ref v14.2 --dry-run\n  \
    ops deploy prod --ref v14.2 --confirm prod --reason 'ticket 4711'")]
pub struct Deploy {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    run: RunArgs,

    /// How the web service is brought to the new release; default: as the inventory says
    #[arg(long, value_name = "HOW", value_enum)]
    strategy: Option<How>,

    /// Web droplets that are switched at once, after the first one alone
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    batch: u16,

    /// Leave these web droplets out; they keep the release they have
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = names::name)]
    skip: Vec<String>,

    /// Do the rest of this run, which stopped half-way through its droplets
    #[arg(long, value_name = "RUN", value_parser = names::id, conflicts_with_all = ["git_ref", "image", "skip", "droplet"])]
    retry: Option<String>,

    /// Update these modules in the database, and no others
    #[arg(long, value_name = "MODULE", value_delimiter = ',', value_parser = names::module)]
    update: Vec<String>,

    /// Update every module
    #[arg(long, conflicts_with = "update")]
    update_all: bool,
    /// Compare the release with the one before it for so long after the switch: 10m, or off; default: as the
    /// inventory says
    #[arg(long, value_name = "TIME", value_parser = names::watch, conflicts_with = "retry")]
    watch: Option<Watching>,

    /// I know that no module needs an update of the database; with `deploy.update: hash`, a checksum is stored of those
    /// that have none
    #[arg(long, conflicts_with_all = ["update", "update_all"])]
    no_update: bool,

    /// Make no backup before, whatever deploy.backup.before says
    #[arg(long)]
    no_backup: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum How {
    /// Beside the old one where that works, else in its place; the plan says which and why
    Auto,
    /// Beside the old one, or not at all: nobody is interrupted
    BlueGreen,
    /// In its place: the site is interrupted for seconds
    Recreate,
}

impl How {
    pub(super) fn strategy(self) -> Strategy {
        match self {
            How::Auto => Strategy::Auto,
            How::BlueGreen => Strategy::BlueGreen,
            How::Recreate => Strategy::Recreate,
        }
    }
}

impl Deploy {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        if let Some(run) = self.retry.as_ref().filter(|run| names::env_of_run(run) != Some(&self.env.env)) {
            return Err(Error::usage(format!("{run} is no run of {}", self.env.env))
                .next(format!("ops runs list {}", self.env.env)));
        }
        let mut env = session.environment(&inventory, &self.env)?;
        skip(&mut env, &self.skip)?;
        let data = match (self.update_all, self.no_update) {
            (true, _) => Data::UpdateAll,
            (_, true) => Data::Kept,
            _ if self.update.is_empty() => Data::Needed,
            _ => Data::Update(self.update),
        };
        if self.no_backup {
            env.deploy.backup.before = Before::Never;
        }
        if let Some(Watching(time)) = self.watch {
            let put_back = env.deploy.watch.is_some_and(|watch| watch.put_back);
            env.deploy.watch = time.map(|time| Watch { time, put_back });
        }
        let request = Request {
            wanted: self.what.wanted(),
            data,
            strategy: self.strategy.map(How::strategy),
            allow_downgrade: self.what.allow_downgrade,
            reason: self.run.reason.clone(),
            batch: self.batch.into(),
            rehearse: None,
            verify: None,
            refill: None,
            carried: None,
            recover: None,
        };
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, false)?);
        if !self.skip.is_empty() {
            session.ui.warn(&format!("left out, and keeps the release it has: {}", self.skip.join(", ")));
        }
        match self.retry {
            Some(run) => rejoin::again(&road, &run, Wish::Resume).await,
            None => flow::carry(&road, &Order::Deploy(Box::new(request)), self.run.patience()).await,
        }
    }
}

/// # Errors
/// Exit 2: not a droplet of the environment, or one that cannot be left out.
fn skip(env: &mut Environment, names: &[String]) -> Result<()> {
    for name in names {
        let droplet = env.droplets.iter().find(|droplet| droplet.name == *name);
        let Some(droplet) = droplet else {
            return Err(Error::usage(format!("{} has no droplet {name}", env.name)));
        };
        if droplet.roles.contains(&Role::Db) {
            return Err(Error::usage(format!("{name} cannot be left out: it has the database")));
        }
    }
    env.droplets.retain(|droplet| !names.contains(&droplet.name));
    match env.web().next() {
        Some(_) => Ok(()),
        None => Err(Error::usage("no web droplet is left")),
    }
}
