//! `ops clone SOURCE TARGET`: a backup of the one, restored to the other.

use clap::Args;

use super::args::{DropletArgs, EnvArg};
use super::carry::carry;
use super::consent::RunArgs;
use super::names;
use super::restore::bring;
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::flow::Order;
use crate::runbooks::restore::Wish;

/// Copy the data of one environment to another, made harmless
///
/// A backup of SOURCE is made and verified while it serves, and restored to TARGET as `ops restore SOURCE --to TARGET` does:
/// with mail, scheduled actions and payments switched off, and masked as TARGET's `mask` says, before anybody starts on it.
/// What TARGET had is put aside. SOURCE is not changed: --yes, or the name of TARGET, covers its backup.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops clone prod staging\n  ops clone prod staging --backup latest --confirm staging"
)]
pub struct Clone {
    /// The environment whose data is copied
    #[arg(value_name = "SOURCE", value_parser = names::name)]
    source: String,

    /// The environment that gets it
    #[arg(value_name = "TARGET", value_parser = names::name)]
    target: String,

    /// This backup, or the beginning of its id, or `latest`, instead of a new one
    #[arg(long, value_name = "BACKUP", value_parser = names::id)]
    backup: Option<String>,

    /// Ask for the password of sudo on the droplets
    #[arg(short = 'K', long)]
    ask_become_pass: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl Clone {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let droplets = DropletArgs { droplet: Vec::new(), ask_become_pass: self.ask_become_pass };
        let source = EnvArg { env: self.source.clone(), droplets };
        // What is refused is refused before a backup is made for it.
        let inventory = session.inventory()?;
        session.environment(&inventory, &EnvArg { env: self.target.clone(), ..source.clone() })?;
        if self.backup.is_none() && self.source != self.target {
            let exit = self.back_up(session, &source).await?;
            if exit != Exit::Done {
                return Ok(exit);
            }
            if self.run.dry_run {
                session.ui.say(&format!("Then it comes to {} as the newest one would:", self.target));
                session
                    .ui
                    .say(&format!("  ops clone {} {} --backup latest --dry-run", self.source, self.target));
                return Ok(exit);
            }
        }
        let wish = Wish {
            backup: self.backup.unwrap_or_else(|| "latest".to_owned()),
            reason: self.run.reason.clone(),
            ..Wish::default()
        };
        bring(session, &source, &self.target, wish, &self.run).await
    }

    async fn back_up(&self, session: &Session, source: &EnvArg) -> Result<Exit> {
        let given = &self.run.consent;
        let agreed = given.yes || given.confirm.as_ref() == Some(&self.target);
        let mut run = self.run.clone();
        run.consent.confirm = if agreed { Some(self.source.clone()) } else { given.confirm.clone() };
        let reason = run.reason.clone().or_else(|| Some(format!("to clone it to {}", self.target)));
        carry(session, source, &run, Order::Backup { reason }).await
    }
}
