//! `ops deploy ENV`.

use clap::Args;

use super::args::{ConsentArgs, EnvArg, WhatArgs};
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{self, Road};
use crate::runbooks::deploy::Request;

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
    consent: ConsentArgs,

    /// Show the plan and stop
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Why, for colleagues and the journal
    #[arg(long, value_name = "TEXT", value_parser = names::reason)]
    reason: Option<String>,

    /// I know that no module needs an update of the database
    #[arg(long)]
    no_update: bool,
}

impl Deploy {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let request = Request {
            wanted: self.what.wanted(),
            no_update: self.no_update,
            allow_downgrade: self.what.allow_downgrade,
            reason: self.reason,
        };
        let (consent, dry_run) = (&self.consent, self.dry_run);
        let road = Road {
            world: &session.world,
            env: &env,
            listener: &session.ui,
            desk: &Desk { session, inventory: &inventory, env: &env, consent, dry_run },
            secrets: &InventorySecrets { inventory: &inventory, session },
            connect: session.connect(&self.env, false)?,
            stop: session.stop.clone(),
        };
        flow::deploy(&road, &request).await
    }
}
