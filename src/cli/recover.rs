//! `ops recover ENV --onto DROPLET`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::args::{DropletArgs, EnvArg};
use super::consent::RunArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::error::Result;
use crate::execute::Secrets;
use crate::exit::Exit;
use crate::flow::{self, Order};
use crate::inventory::{Environment, Source, Value};
use crate::plan::env_quote;
use crate::runbooks::recover::Wish;
use crate::secret::Secret;

/// The droplet is gone: bring the whole stack back onto a bare one, from a backup off site
///
/// A droplet with Docker and nginx, the repository off site and its key are enough: images, code, configuration, database
/// and files come from the backup, and neither git nor a registry is asked. Nothing on the droplet is ever written over:
/// one that has anything of the stack already is refused. What fails leaves the droplet as bare as it was. At its end the
/// login page answers through nginx, and it is said how old the data is (RPO) and how long it took (RTO).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops recover prod --onto root@203.0.113.7\n  \
    ops recover prod 20261121t023012z --onto erp-2 --from spaces --key-file prod.key --dry-run")]
pub struct Recover {
    /// The environment, as the inventory names it; its droplet there is not asked
    #[arg(value_name = "ENV", value_parser = names::name)]
    env: String,

    /// A backup, or the beginning of its id; `latest`: the newest that was verified
    #[arg(value_name = "BACKUP", default_value = "latest", value_parser = names::id)]
    backup: String,

    /// The bare droplet: its name in the inventory, or `[user@]host[:port]`
    #[arg(long, value_name = "DROPLET")]
    onto: String,

    /// The place of backup.offsite to fetch it from; else the first that answers
    #[arg(long, value_name = "PLACE", value_parser = names::name)]
    from: Option<String>,

    /// A file with the key of the backups; else it is asked for
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key_file: Option<PathBuf>,

    /// Ask for the password of sudo on the droplet
    #[arg(short = 'K', long)]
    ask_become_pass: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl Recover {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let began = session.world.now();
        let inventory = session.inventory()?;
        let mut env = inventory.environment(&self.env)?.clone();
        env.droplets = vec![inventory.onto(&env, &self.onto)?];
        let resolver = InventorySecrets { inventory: &inventory, session };
        super::trust::before_reading(secrets(&env), &inventory, session)?;
        let key = self.key(session, &resolver)?;
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let wish = Wish {
            backup: self.backup,
            from: self.from,
            variables: variables(&env, &resolver)?,
            key: key.clone(),
            began,
            reason: self.run.reason.clone(),
        };
        let secrets = Given { inventory: resolver, key };
        let droplets = DropletArgs { droplet: Vec::new(), ask_become_pass: self.ask_become_pass };
        let target = EnvArg { env: self.env, droplets };
        let road = desk.road(&secrets, session.connect(&target, false)?);
        flow::carry(&road, &Order::Recover(wish), self.run.patience()).await
    }

    fn key(&self, session: &Session, resolver: &InventorySecrets<'_>) -> Result<Secret> {
        let key = match &self.key_file {
            Some(file) => resolver.resolve(&Source::File(file.clone()))?,
            None => {
                let question = format!("the key of the backups of {}", self.env);
                let asked = tokio::task::block_in_place(|| session.ui.password(&question));
                asked.map_err(|error| error.next("--key-file FILE   # from the safe"))?
            }
        };
        Ok(Secret::new(key.expose().trim().to_owned()))
    }
}

/// What the places off site want.
fn secrets(env: &Environment) -> impl Iterator<Item = &Source> {
    let values = env.backup.offsite.iter().flat_map(|place| place.env.values());
    values.filter_map(|value| match value {
        Value::Secret(source) => Some(source),
        Value::Plain(_) => None,
    })
}

/// As lines of shell, place by place.
fn variables(env: &Environment, resolver: &InventorySecrets<'_>) -> Result<BTreeMap<String, Secret>> {
    let mut all = BTreeMap::new();
    for place in &env.backup.offsite {
        let mut text = String::new();
        for (name, value) in &place.env {
            let value = match value {
                Value::Plain(text) => Secret::new(text.clone()),
                Value::Secret(source) => resolver.resolve(source)?,
            };
            text += &format!("{name}={}\n", env_quote(value.expose()));
        }
        all.insert(place.name.clone(), Secret::new(text));
    }
    Ok(all)
}

/// The inventory's secrets, and the key.
struct Given<'a> {
    inventory: InventorySecrets<'a>,
    key: Secret,
}

impl Secrets for Given<'_> {
    fn resolve(&self, source: &Source) -> Result<Secret> {
        self.inventory.resolve(source)
    }

    fn drawn(&self) -> Result<Secret> {
        Ok(self.key.clone())
    }
}
