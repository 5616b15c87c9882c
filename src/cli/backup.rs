//! `ops backup [create|list|show|verify] ENV`.

use clap::{Args, Subcommand};

use super::args::{BareEnvArg, EnvArg};
use super::carry::{carry, carry_with};
use super::consent::RunArgs;
use super::{names, session::Session};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::Order;
use crate::inventory::Environment;
use crate::queries;
use crate::runbooks::backup::Setup;
use crate::runbooks::promise;
use crate::runbooks::restore::Stock;
use crate::secret::Secret;
use crate::text::printable;
use crate::ui::lists;

/// Backups that were verified before they count: `ops backup ENV` makes one
///
/// One backup is the database, Odoo's files and the configuration, taken at one moment while Odoo serves, encrypted and
/// deduplicated by restic. It counts once the whole dump was read, every file that the database names was compared with
/// its name, and the repository has all of it. What did not get so far is never kept as a backup.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Backup {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    bare: BareEnvArg,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Create(Create),
    /// List what the repositories have, the newest first, and what is missing of what was promised
    List(List),
    Show(Show),
    Verify(super::backup_verify::Verify),
    Export(super::backup_away::Export),
    Pull(super::backup_away::Pull),
    Import(super::backup_import::Import),
    Init(Init),
    Prune(Prune),
    Key(Key),
}

/// Make the repositories, and keep the secrets of those off site on the droplet
///
/// The repository on the droplet is made by the first backup as well. Those off site want their secrets, which the nights
/// need when no laptop is there: they are sent over the connection, and kept in files that only root reads.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    run: RunArgs,
}

/// Forget what is older than `backup.keep` in all repositories; every backup ends with this as well
///
/// Only verified backups count, and the newest three always stay.
#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    run: RunArgs,
}

/// Add a key for people to all repositories, and print it, once
///
/// The droplet's own key stays on the droplet, and goes with it. Who keeps this one in a safe can read every backup
/// without the droplet: RESTIC_PASSWORD of restic.
#[derive(Debug, Args)]
pub struct Key {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    run: RunArgs,
}

/// Make one
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    env: EnvArg,
}

/// Show one: what it holds, by its own record
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    env: EnvArg,

    /// As `list` shows it, or `latest`
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,
}

impl Backup {
    pub fn streams(&self) -> bool {
        !matches!(self.verb, Some(Verb::List(_) | Verb::Show(_)))
    }

    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Some(Verb::Create(create)) => create.run(session).await,
            Some(Verb::List(list)) => list.run(session).await,
            Some(Verb::Show(show)) => show.run(session).await,
            Some(Verb::Init(init)) => setup(session, &init.env, &init.run, Setup::Init, None).await,
            Some(Verb::Prune(prune)) => setup(session, &prune.env, &prune.run, Setup::Prune, None).await,
            Some(Verb::Key(key)) => key.run(session).await,
            Some(Verb::Verify(verify)) => verify.run(session).await,
            Some(Verb::Export(export)) => export.run(session).await,
            Some(Verb::Pull(pull)) => pull.run(session).await,
            Some(Verb::Import(import)) => import.run(session).await,
            None => Create { env: self.bare.target("backup")?, run: self.run }.run(session).await,
        }
    }
}

impl Create {
    async fn run(self, session: &Session) -> Result<Exit> {
        let order = Order::Backup { reason: self.run.reason.clone() };
        carry(session, &self.env, &self.run, order).await
    }
}

async fn setup(
    session: &Session,
    target: &EnvArg,
    run: &RunArgs,
    what: Setup,
    drawn: Option<Secret>,
) -> Result<Exit> {
    carry_with(session, target, run, drawn, Order::Setup { what, reason: run.reason.clone() }).await
}

impl Key {
    async fn run(self, session: &Session) -> Result<Exit> {
        let key = drawn_key()?;
        let exit = setup(session, &self.env, &self.run, Setup::Key, Some(key.clone())).await?;
        if exit == Exit::Done && !self.run.dry_run {
            session.ui.key(&key);
        }
        Ok(exit)
    }
}

/// 160 bits in groups that can be read aloud and typed.
fn drawn_key() -> Result<Secret> {
    // Without what looks alike.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed("this machine has no randomness").because(error))?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

/// What the repository of an environment has.
async fn ask(session: &Session, target: &EnvArg) -> Result<(Environment, Stock)> {
    let inventory = session.inventory()?;
    let env = session.environment(&inventory, target)?;
    let crew = session.crew(&env, target).await?;
    let found = match crew.facts(None).await {
        Ok(facts) => queries::backups(&crew, &facts).await,
        Err(error) => Err(error),
    };
    crew.close().await;
    Ok((env, found?))
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit> {
        let (env, found) = ask(session, &self.env).await?;
        let (now, unread) = (session.world.now(), found.unreadable.iter().map(|(place, _)| place.as_str()));
        let kept = promise::kept(&env, &found.rows, &unread.collect::<Vec<_>>(), now);
        session.ui.list(&lists::backups(&env.name, &found.rows, &kept, now));
        // They are no reason to fail: a list that cannot be had would be none.
        for line in promise::broken(&kept, env.targets.rpo, now) {
            session.ui.warn(&line);
        }
        // What cannot be read is no "nothing there".
        match found.unreadable.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(Exit::Done),
        }
    }
}

impl Show {
    async fn run(self, session: &Session) -> Result<Exit> {
        let (env, found) = ask(session, &self.env).await?;
        let newest = found.rows.iter().find(|row| row.verified).map(|row| row.id.as_str());
        let wanted = if self.backup == "latest" { newest } else { Some(self.backup.as_str()) };
        let record = wanted.and_then(|id| found.records.get(id)).ok_or_else(|| {
            Error::usage(format!("{} has no verified backup {}", env.name, printable(&self.backup)))
                .next(format!("ops backup list {}", env.name))
        })?;
        session.ui.list(&lists::backup(record));
        Ok(Exit::Done)
    }
}
