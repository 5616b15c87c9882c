//! `ops rehearse ENV`.

use clap::Args;

use super::args::{EnvArg, WhatArgs};
use super::consent::RunArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{self, Order};
use crate::runbooks::deploy::{Data, Rehearse as Wish, Request};

/// Try the update of a deploy on a copy of the database, while production serves
///
/// The release is prepared as a deploy would, the database is dumped and restored beside itself, and Odoo updates the
/// copy in a network without a way out. It is told how long that takes, what Odoo logs, whether the new code starts,
/// and whether it would pass. The copy is dropped at the end, whatever happens; nothing that runs is changed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops rehearse prod --ref v14.3\n  ops rehearse prod --ref v14.3 --rollback --yes --output json\n  \
    ops rehearse prod --update ipai_docs --test-tags /ipai_docs"
)]
pub struct Rehearse {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    run: RunArgs,

    /// Update these modules, and no others; default: those that a deploy would update
    #[arg(long, value_name = "MODULE", value_delimiter = ',', value_parser = names::module)]
    update: Vec<String>,

    /// Update every module
    #[arg(long, conflicts_with = "update")]
    update_all: bool,

    /// Run Odoo's own tests of these tags afterwards, as Odoo's option of the same name
    #[arg(long, value_name = "TAGS", value_parser = names::tags, allow_hyphen_values = true)]
    test_tags: Option<String>,

    /// Try the way back, too
    #[arg(long)]
    rollback: bool,
}

impl Rehearse {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        env.deploy.watch = None;
        let data = match self.update_all {
            true => Data::UpdateAll,
            false if self.update.is_empty() => Data::Needed,
            false => Data::Update(self.update),
        };
        let request = Request {
            wanted: self.what.wanted(),
            data,
            allow_downgrade: self.what.allow_downgrade,
            reason: self.run.reason.clone(),
            batch: 1,
            rehearse: Some(Wish { tags: self.test_tags, back: self.rollback }),
            ..Request::default()
        };
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, false)?);
        flow::carry(&road, &Order::Deploy(Box::new(request)), self.run.patience()).await
    }
}
