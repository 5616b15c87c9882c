//! `ops doctor [ENV]`.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use clap::Args;
use futures_util::future::join_all;

use super::args::{DropletArgs, EnvArg};
use super::session::Session;
use super::{names, notify};
use crate::checks::doctor::{self, Config, Doctor as Report, Laptop, Proof, Shown};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::inventory::{self, Address, Environment, Inventory, trust};
use crate::queries;
use crate::text::printable;
use crate::transport::ConnectOptions;
use crate::transport::means::{Means, means};

/// Check this laptop, and each hop of the way to each droplet, and say how to put right what is wrong
///
/// ssh client, agent, keys, known hosts, inventory, terminal; then name, port, host key, login, sudo and docker
/// of each droplet, its clock, and what another version of ops may have left there. Asks nothing, changes
/// nothing, and works without an inventory, too. Ends with exit code 9 where something fails, with 4 where no
/// droplet could be reached.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops doctor\n  ops doctor prod\n  ops doctor prod --droplet erp-1 -v")]
pub struct Doctor {
    /// The environment, as the inventory names it; else all of them
    #[arg(value_name = "ENV", value_parser = names::name)]
    env: Option<String>,

    #[command(flatten)]
    droplets: DropletArgs,
}

impl Doctor {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let (config, inventory) = config(session);
        let envs = self.environments(session, inventory.as_ref())?;
        let world = &session.world;
        let pairs: Vec<_> =
            envs.iter().flat_map(|env| env.droplets.iter().map(move |one| (env, one))).collect();
        let asked = join_all(pairs.iter().map(async |(_, droplet)| match &droplet.address {
            Address::Ssh(address) => Some(means(address, world).await),
            Address::Local { .. } => None,
        }))
        .await;
        let known: Vec<&Means> = asked.iter().flatten().filter_map(|means| means.as_ref().ok()).collect();
        let named: BTreeSet<PathBuf> = pairs
            .iter()
            .zip(&asked)
            .filter(
                |((_, droplet), _)| matches!(&droplet.address, Address::Ssh(ssh) if ssh.identity.is_some()),
            )
            .filter_map(|(_, means)| means.as_ref()?.as_ref().ok())
            .flat_map(|means| means.identities.clone())
            .collect();
        let (identities, known_hosts) = queries::laptop::files(&known, &named);
        let laptop = Laptop {
            client: queries::laptop::client(world).await,
            agent: queries::laptop::agent(world).await,
            identities,
            known_hosts,
            config,
            asked: self.env.is_some(),
            shown: shown(session),
            proofs: proofs(session, inventory.as_ref(), &envs),
            now: world.now().as_second(),
        };
        let options = ConnectOptions { interactive: None, ..self.connect(session)? };
        let stops = pairs.into_iter().zip(asked).map(|((env, one), means)| (env, one, means)).collect();
        let droplets = queries::doctor(stops, world, options, &session.ui).await?;
        let now = world.now();
        let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let report = Report { laptop: doctor::judge(&laptop), droplets, at, now: now.as_second() };
        session.ui.doctor(&report);
        Ok(report.exit())
    }

    /// With no inventory, or a wrong one, there is nobody to visit: the laptop is looked at all the same.
    fn environments(&self, session: &Session, inventory: Option<&Inventory>) -> Result<Vec<Environment>> {
        let Some(inventory) = inventory else { return Ok(Vec::new()) };
        let names: Vec<String> = match &self.env {
            Some(env) => vec![env.clone()],
            None if !self.droplets.droplet.is_empty() => {
                return Err(
                    Error::usage("--droplet needs an environment").next("ops doctor ENV --droplet NAME")
                );
            }
            None => inventory.environments.keys().cloned().collect(),
        };
        let target = |env: String| EnvArg { env, droplets: self.droplets.clone() };
        names.into_iter().map(|name| session.environment(inventory, &target(name))).collect()
    }

    /// Each visit logs in anew: a connection that another command left would prove nothing.
    fn connect(&self, session: &Session) -> Result<ConnectOptions> {
        let env = self.env.clone().unwrap_or_default();
        session.connect(&EnvArg { env, droplets: self.droplets.clone() }, false)
    }
}

fn config(session: &Session) -> (Config, Option<Inventory>) {
    let wrong = |error: Error| {
        let (what, why, next) = (error.what, error.why, error.next.into_iter().next());
        (Config::Wrong { what, why, next }, None)
    };
    let world = &session.world;
    let named = session.global.config.is_some() || world.var("OPS_CONFIG").is_some();
    let path = match inventory::find(world, session.global.config.as_deref()) {
        Ok(path) => path,
        // A file of somebody else's was found: that is another matter than none.
        Err(error) if named || error.next.first().is_some_and(|next| next.contains("--config")) => {
            return wrong(error);
        }
        Err(_) => {
            let example = world.config_dir.join("config.yaml").display().to_string();
            return (Config::Missing { example: printable(&example) }, None);
        }
    };
    match inventory::load(&path, world) {
        Err(error) => wrong(error),
        Ok(inventory) => {
            let found = Config::Found {
                path: printable(&path.display().to_string()),
                mode: path.metadata().map_or(0, |meta| meta.permissions().mode()),
                droplets: inventory.environments.values().map(|env| env.droplets.len()).sum(),
                runs_commands: !trust::commands(&inventory).is_empty(),
            };
            (found, Some(inventory))
        }
    }
}

fn proofs(session: &Session, inventory: Option<&Inventory>, envs: &[Environment]) -> Vec<Proof> {
    let Some(inventory) = inventory else { return Vec::new() };
    let telling = envs.iter().filter(|env| !env.notify.is_empty());
    telling.map(|env| notify::proof(&session.world, inventory, env)).collect()
}

fn shown(session: &Session) -> Shown {
    let (world, look) = (&session.world, session.ui.options().data);
    // The first that is set decides, as in POSIX.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| world.var(name)).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    Shown {
        terminal: world.terminal.stdout,
        width: look.width,
        colour: look.colour,
        utf8: locale.contains("utf-8") || locale.contains("utf8"),
    }
}
