//! `ops rollback ENV`.

use clap::Args;

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::deploy::How;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::Order;
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
    run: RunArgs,

    /// How the web service is brought back; default: as the inventory says
    #[arg(long, value_name = "HOW", value_enum)]
    strategy: Option<How>,
}

impl Rollback {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let extent = match (self.code_only, self.with_data, self.force_code_only) {
            (true, _, _) => Extent::Code,
            (_, true, _) => Extent::Data,
            (_, _, true) => Extent::CodeByForce,
            _ => Extent::AsNeeded,
        };
        let strategy = self.strategy.map(How::strategy);
        let wish = Wish { to: self.to, extent, strategy, reason: self.run.reason.clone() };
        carry(session, &self.env, &self.run, Order::Rollback(wish)).await
    }
}
