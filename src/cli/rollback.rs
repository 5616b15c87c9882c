//! `ops rollback ENV`.

use clap::Args;

use super::args::{ConsentArgs, EnvArg};
use super::deploy::How;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::execute::Laptop;
use crate::exit::Exit;
use crate::flow::{self, Order, Road};
use crate::runbooks::rollback::{Extent, Wish};

/// Go back to a release that the droplets kept: code, and where it has to be, data
///
/// Shows what runs, what it would go back to and what that loses, and asks once. Needs neither git nor a
/// registry nor a site that answers. Without --to it is the release before what runs. Where the database
/// fits the old code, nobody is interrupted; where it does not, the database that was put aside comes back.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops rollback prod\n  ops rollback prod --to 20261120t215000z-4f2a9c1 --dry-run\n  \
    ops rollback prod --with-data --confirm prod --reason 'ticket 4711'"
)]
pub struct Rollback {
    #[command(flatten)]
    env: EnvArg,

    /// A kept release, or the beginning of its id or commit; else the one before what runs
    #[arg(long, value_name = "RELEASE", value_parser = names::id)]
    to: Option<String>,

    /// The code alone, and only where the database fits it
    #[arg(long)]
    code_only: bool,

    /// The code and the database that was put aside; what was written since is lost
    #[arg(long, conflicts_with = "code_only")]
    with_data: bool,

    /// The code alone, although the database does not fit it
    #[arg(long, conflicts_with_all = ["code_only", "with_data"])]
    force_code_only: bool,

    #[command(flatten)]
    consent: ConsentArgs,

    /// Show the plan and stop
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// How the web service is brought back; default: as the inventory says
    #[arg(long, value_name = "HOW", value_enum)]
    strategy: Option<How>,

    /// Why, for colleagues and the journal
    #[arg(long, value_name = "TEXT", value_parser = names::reason)]
    reason: Option<String>,

    /// Wait so long for a lock that somebody else holds: 90s, 10m
    #[arg(long, value_name = "TIME", value_parser = names::duration)]
    wait_lock: Option<std::time::Duration>,
}

impl Rollback {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let extent = match (self.code_only, self.with_data, self.force_code_only) {
            (true, _, _) => Extent::Code,
            (_, true, _) => Extent::Data,
            (_, _, true) => Extent::CodeByForce,
            _ => Extent::AsNeeded,
        };
        let strategy = self.strategy.map(How::strategy);
        let wish = Wish { to: self.to, extent, strategy, reason: self.reason };
        let (consent, dry_run) = (&self.consent, self.dry_run);
        let road = Road {
            world: &session.world,
            env: &env,
            listener: &session.ui,
            desk: &Desk { session, inventory: &inventory, env: &env, consent, dry_run },
            secrets: &InventorySecrets { inventory: &inventory, session },
            connect: session.connect(&self.env, false)?,
            stop: session.stop.clone(),
            laptop: Laptop { hooks: &env.hooks, vars: &session.world.env },
        };
        flow::carry(&road, &Order::Rollback(wish), self.wait_lock.unwrap_or_default()).await
    }
}
