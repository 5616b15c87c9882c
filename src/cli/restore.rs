//! `ops restore ENV [BACKUP] [--to OTHER]`.

use clap::Args;

use super::args::{DropletArgs, EnvArg};
use super::carry::{carry, carry_with};
use super::consent::RunArgs;
use super::names;
use super::session::Session;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::Order;
use crate::inventory::Environment;
use crate::queries;
use crate::runbooks::deploy::{Backup, Part};
use crate::runbooks::restore::{Wish, foreign};
use crate::secret::Secret;

/// Bring a backup back; what is there now is put aside, and never destroyed
///
/// Database and files are restored beside what serves, and compared with what the backup says of itself, while users go on
/// working. Then the two change places: users are kept away for the seconds that Odoo needs to stop and to start. What
/// fails before they are let in goes back to what was. Afterwards `ops rollback --with-data` brings back what was put aside.
///
/// With --to the backup of one environment comes to another. Before anybody starts on it there, mail, scheduled actions and
/// payments are switched off, everybody is logged out, and what the other environment's `mask` names is made unreadable.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops restore prod\n  ops restore prod 20261121t023012z --dry-run\n  \
    ops restore prod latest --confirm prod --reason 'ticket 4711'\n  ops restore prod --to staging")]
pub struct Restore {
    #[command(flatten)]
    env: EnvArg,

    /// A backup, or the beginning of its id; `latest`: the newest that was verified
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,

    /// Bring it to this environment instead, made harmless
    #[arg(long, value_name = "OTHER", value_parser = names::name)]
    to: Option<String>,

    /// Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it
    #[arg(long, value_name = "PLACE", value_parser = names::name)]
    from: Option<String>,

    /// Only the database, with the files that are there; or only files that are missing or damaged, while Odoo serves
    #[arg(long, value_name = "PART", value_enum, conflicts_with = "to")]
    part: Option<OnlyPart>,

    /// Keep the code that runs, whichever modules the backup has
    #[arg(long)]
    keep_code: bool,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum OnlyPart {
    Db,
    Filestore,
}

impl OnlyPart {
    fn part(self) -> Part {
        match self {
            OnlyPart::Db => Part::Database,
            OnlyPart::Filestore => Part::Filestore,
        }
    }
}

impl Restore {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let wish = Wish {
            backup: self.backup,
            from: self.from,
            keep_code: self.keep_code,
            part: self.part.map(OnlyPart::part).unwrap_or_default(),
            reason: self.run.reason.clone(),
            foreign: None,
        };
        match self.to {
            Some(to) => bring(session, &self.env, &to, wish, &self.run).await,
            None => carry(session, &self.env, &self.run, Order::Restore(wish)).await,
        }
    }
}

/// Brings a backup of one environment to another.
///
/// # Errors
/// Exit 2: it is the same environment. Everything that keeps the backup from being found, or from serving there.
pub(super) async fn bring(
    session: &Session,
    from: &EnvArg,
    to: &str,
    mut wish: Wish,
    run: &RunArgs,
) -> Result<Exit> {
    if from.env == to {
        return Err(Error::usage(format!("{to} is where the backup is from"))
            .next(format!("ops restore {to}   # brings it back there")));
    }
    let inventory = session.inventory()?;
    let source = session.environment(&inventory, from)?;
    let target =
        EnvArg { env: to.to_owned(), droplets: DropletArgs { droplet: Vec::new(), ..from.droplets.clone() } };
    let env = session.environment(&inventory, &target)?;
    let (backup, key) = fetched(session, &source, from, &env, &wish).await?;
    wish.foreign = Some(Box::new(backup));
    carry_with(session, &target, run, Some(key), Order::Restore(wish)).await
}

/// What is known of it where it is from, and what opens it.
async fn fetched(
    session: &Session,
    source: &Environment,
    from: &EnvArg,
    target: &Environment,
    wish: &Wish,
) -> Result<(Backup, Secret)> {
    let crew = session.crew(source, from).await?;
    let ask = async {
        let facts = crew.facts(None).await?;
        let stock = queries::backups(&crew, &facts).await?;
        let backup = foreign(source, facts.get(&source.home().name), &stock, target, wish)?;
        Ok((backup, queries::backup_key(&crew, &facts).await?))
    };
    let found = ask.await;
    crew.close().await;
    found
}
