//! `ops backup import ENV FILE`.

use std::path::PathBuf;

use clap::Args;

use super::args::EnvArg;
use super::consent::RunArgs;
use super::desk::Desk;
use super::session::Session;
use super::trust::InventorySecrets;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::{self, Order, parcel};

/// Make a backup out of a file of this machine: Odoo's own zip, a dump, a folder of click-odoo-backupdb
///
/// It is sent to the droplet and judged there as somebody's who means harm: what is packed in it, then what it does in a
/// database server that no network reaches. What does not belong into a backup of Odoo is refused (exit 9). What is left is
/// dumped again and stored as a backup with an id of its own, which `ops restore ENV ID` brings back. It counts for nothing
/// else: `latest` never means it, and it takes no other's place; the newest three such stay.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops backup import staging prod-20261121t023012z.zip\n  ops backup import staging odoo.dump --missing-files 812"
)]
pub struct Import {
    #[command(flatten)]
    env: EnvArg,

    /// A zip of Odoo's, a dump of `pg_dump -Fc`, or a folder of click-odoo-backupdb
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    file: PathBuf,

    /// So many files that its database names may be missing; else `backup.missing_files`
    #[arg(long, value_name = "NUMBER")]
    missing_files: Option<u32>,

    #[command(flatten)]
    run: RunArgs,
}

impl Import {
    pub(super) async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let (file, missing, reason) =
            (session.world.cwd.join(&self.file), self.missing_files, self.run.reason.clone());
        let read = tokio::task::spawn_blocking(move || parcel::parcel(&file, missing, reason));
        let parcel =
            read.await.map_err(|error| Error::failed("the file cannot be read").because(error))??;
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, false)?);
        let exit = flow::carry(&road, &Order::Import(parcel), self.run.patience()).await?;
        if exit == Exit::Done && !self.run.dry_run {
            session.ui.say(&format!("Its id: ops backup list {}", env.name));
        }
        Ok(exit)
    }
}
