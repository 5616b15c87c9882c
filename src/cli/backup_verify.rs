//! `ops backup verify ENV`.

use clap::Args;

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::Order;
use crate::runbooks::verify::Wish;

/// Try whether one can come back; production is not touched
///
/// The whole repository is read, and the backup is fetched from it and compared with what it says of itself, to the last
/// file. `--drill` restores it, too, into a database server that no network reaches, and starts Odoo on it once: the time
/// of that is how long a way back takes. Nothing of it stays. One that cannot come back counts there no longer (exit 9).
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops backup verify prod\n  ops backup verify prod 20261121t023012z --drill --yes\n  \
    ops backup verify prod --from spaces --one-of 30 --drill"
)]
pub struct Verify {
    #[command(flatten)]
    env: EnvArg,

    /// A backup, or the beginning of its id; `latest`: the newest that was verified
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,

    /// Try the copy in this place of backup.offsite; default: the one on the droplet
    #[arg(long, value_name = "PLACE", value_parser = names::name)]
    from: Option<String>,

    /// Of so many parts of the repository read one, another each day: for large ones far away. The backup itself is read
    /// wholly
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    one_of: u32,

    /// Restore it as well, into a server of its own
    #[arg(long)]
    drill: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl Verify {
    pub(super) async fn run(self, session: &Session) -> Result<Exit> {
        let wish = Wish {
            backup: self.backup,
            from: self.from,
            parts: self.one_of,
            drill: self.drill,
            reason: self.run.reason.clone(),
        };
        carry(session, &self.env, &self.run, Order::Verify(wish)).await
    }
}
