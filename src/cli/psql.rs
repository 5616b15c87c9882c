//! `ops psql ENV [-- ARG..]`.

use clap::Args;

use super::args::EnvArg;
use super::consent::ConsentArgs;
use super::desk::Desk;
use super::inside::{self, Begun};
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::inventory::Environment;
use crate::tools::entry;

/// psql on the stack's database, in its own container; on a protected environment it only reads
///
/// Reading only is a guard against slips, no wall: PostgreSQL lets every session take it away. --write wants the
/// environment's name. What stands behind `--` is for psql: ops psql prod -- -c 'select 1'.
#[derive(Debug, Args)]
pub struct Psql {
    #[command(flatten)]
    env: EnvArg,

    /// Let it write on a protected environment
    #[arg(long)]
    write: bool,

    /// Confirm a protected environment by its name
    #[arg(long, value_name = "ENV", value_parser = super::names::name)]
    confirm: Option<String>,

    /// Arguments of psql
    #[arg(last = true, value_name = "ARG")]
    words: Vec<String>,
}

impl Psql {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        inside::narrow(&mut env, &self.env, |env| Some(env.home()))?;
        let writes = self.write || !env.protected;
        if env.protected && self.write {
            let consent = ConsentArgs { yes: false, confirm: self.confirm.clone() };
            let desk = Desk { session, inventory: &inventory, env: &env, consent: &consent, dry_run: false };
            desk.settle(true, &format!("{} is protected. Open its database to write", env.name))?;
        } else if env.protected {
            session.ui.say(&format!(
                "{} is protected: this session only reads. That guards against slips, and is no wall. To write: --write",
                env.name
            ));
        }
        let begun = Begun { event: if writes { "psql-write" } else { "psql" }, words: self.words.clone() };
        let stack = stack(&env);
        inside::sit(session, &env, &self.env, begun, async |visit| {
            let container = visit.container(stack.0)?;
            Ok(entry::psql(&container.id, inside::tty(session), stack.1, writes, &self.words))
        })
        .await
    }
}

/// The database's service, and its name.
fn stack(env: &Environment) -> (&str, &str) {
    (&env.stack.db, &env.stack.database)
}
