//! What this machine takes the site's name for, and where ssh finds the droplets.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;

use crate::facts::{Here, Lookup, sought};
use crate::inventory::{Address, Droplet, Environment, SshAddress};
use crate::transport::TransportError;
use crate::transport::means::{means, resolve};
use crate::world::World;

/// For one name. Droplets answer meanwhile.
const PATIENCE: Duration = Duration::from_secs(4);

/// Each name once.
pub(super) async fn here(env: &Environment) -> Here {
    let names = env.droplets.iter().map(|droplet| sought(env, droplet)).find(|names| !names.is_empty());
    let found = names.unwrap_or_default().into_iter().map(async |name| (name.to_owned(), lookup(name).await));
    let reached = env.web().filter_map(ssh).filter_map(|ssh| ssh.host.parse().ok());
    Here { found: join_all(found).await.into_iter().collect(), reached: reached.collect() }
}

/// The addresses of the droplets that the inventory has by name, or by one that only ssh knows.
pub(super) async fn reached(env: &Environment, world: &World) -> Vec<IpAddr> {
    let named =
        env.web().filter_map(ssh).filter(|ssh| ssh.host.parse::<IpAddr>().is_err() && ssh.jump.is_none());
    let all = named.map(async |ssh| match means(ssh, world).await {
        Ok(means) if !means.hidden => addresses(&means.host).await.unwrap_or_default(),
        _ => Vec::new(),
    });
    join_all(all).await.into_iter().flatten().collect()
}

fn ssh(droplet: &Droplet) -> Option<&SshAddress> {
    match &droplet.address {
        Address::Ssh(ssh) => Some(ssh),
        Address::Local { .. } => None,
    }
}

async fn lookup(name: &str) -> Lookup {
    match addresses(name).await {
        Ok(all) if !all.is_empty() => Lookup::At(all),
        Err(TransportError::TimedOut { .. }) => Lookup::Silent,
        _ => Lookup::Nowhere,
    }
}

async fn addresses(name: &str) -> Result<Vec<IpAddr>, TransportError> {
    let mut all: Vec<_> =
        resolve(name, 443, PATIENCE).await?.into_iter().map(|at| at.ip().to_canonical()).collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
