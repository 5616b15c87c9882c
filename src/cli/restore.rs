//! `ops restore ENV [BACKUP]`.

use clap::Args;

use super::args::EnvArg;
use super::consent::RunArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::{self, Order};
use crate::runbooks::restore::Wish;

/// Bring a backup back; what is there now is put aside, and never destroyed
///
/// Database and files are restored beside what serves, and compared with what the backup says of itself, while users go on
/// working. Then the two change places: users are kept away for the seconds that Odoo needs to stop and to start. What
/// fails before they are let in goes back to what was. Afterwards `ops rollback --with-data` brings back what was put aside.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops restore prod\n  ops restore prod 20261121t023012z --dry-run\n  \
    ops restore prod latest --confirm prod --reason 'ticket 4711'")]
pub struct Restore {
    #[command(flatten)]
    env: EnvArg,

    /// A backup, or the beginning of its id; `latest`: the newest that was verified
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,

    /// Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it
    #[arg(long, value_name = "PLACE", value_parser = names::name)]
    from: Option<String>,

    /// Keep the code that runs, whichever modules the backup has
    #[arg(long)]
    keep_code: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl Restore {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        env.deploy.watch = None;
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, false)?);
        let wish = Wish {
            backup: self.backup,
            from: self.from,
            keep_code: self.keep_code,
            reason: self.run.reason.clone(),
        };
        flow::carry(&road, &Order::Restore(wish), self.run.patience()).await
    }
}
