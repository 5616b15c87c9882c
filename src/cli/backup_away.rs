//! `ops backup export ENV`, `ops backup pull ENV`.

use std::path::PathBuf;

use clap::Args;

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{Order, pull};
use crate::runbooks::export::Wish;

/// Make a zip of one that Odoo's own database manager takes, on the droplet
///
/// It has what Odoo's own backups have: dump.sql, filestore/, manifest.json. It stays on the droplet, for the deploying user
/// alone and not encrypted, until it is pulled; the next export removes it after a day.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops backup export prod\n  ops backup export prod 20261121t023012z --from spaces"
)]
pub struct Export {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct Which {
    /// A backup, or the beginning of its id; `latest`: the newest that was verified
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,

    /// Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it
    #[arg(long, value_name = "PLACE", value_parser = names::name)]
    from: Option<String>,
}

/// Fetch one to this machine, as the zip that `export` makes
///
/// It is exported first where that is not done, and removed from the droplet when all of it is here. Until then it is
/// FILE.part: however it was interrupted, the same command goes on with it. A file that is there is never written over.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops backup pull prod\n  ops backup pull prod latest --file ~/prod.zip --yes"
)]
pub struct Pull {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    which: Which,

    /// Where it goes [default: ENV-BACKUP.zip here]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// Leave the export on the droplet
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl Which {
    fn wish(self, run: &RunArgs) -> Wish {
        Wish { backup: self.backup, from: self.from, reason: run.reason.clone() }
    }
}

impl Export {
    pub(super) async fn run(self, session: &Session) -> Result<Exit> {
        let order = Order::Export(self.which.wish(&self.run));
        carry(session, &self.env, &self.run, order).await
    }
}

impl Pull {
    pub(super) async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, false)?);
        let wish = self.which.wish(&self.run);
        let found = pull::find(&road, &wish, self.file.as_deref()).await?;
        if !found.is_exported() {
            let exit = found.export(&road, &wish, self.run.patience()).await?;
            if exit != Exit::Done {
                return Ok(exit);
            }
        }
        if self.run.dry_run {
            return Ok(Exit::Done);
        }
        // From here on a Ctrl-C is told what is there already.
        session.answer_interrupts();
        let freight = found.fetch(&road, self.keep).await?;
        session.ui.pulled(&found.id, &found.file, freight.bytes, &freight.sha256);
        Ok(Exit::Done)
    }
}
