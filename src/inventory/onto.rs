//! A droplet that an environment comes back onto, which the inventory need not know.

use super::addresses::split_port;
use super::model::{Address, Droplet, Environment, Inventory, Role, SshAddress};
use super::names;
use crate::error::{Error, Result};
use crate::text::printable;

impl Inventory {
    /// A droplet of the inventory by its name, or `[user@]host[:port]`, reached as the environment's own droplets are. It
    /// has both roles.
    ///
    /// # Errors
    /// Exit 2: neither.
    pub fn onto(&self, env: &Environment, text: &str) -> Result<Droplet> {
        let own = env.droplets.iter();
        let all = own.chain(self.environments.values().flat_map(|one| &one.droplets));
        let (name, address) = match all.clone().find(|droplet| droplet.name == text) {
            Some(droplet) => (droplet.name.clone(), droplet.address.clone()),
            None => by_address(env, text)?,
        };
        Ok(Droplet { name, address, roles: vec![Role::Web, Role::Db], compose: env.stack.compose.clone() })
    }
}

fn by_address(env: &Environment, text: &str) -> Result<(String, Address)> {
    let refused = || {
        Error::usage(format!("--onto {} is no droplet of the inventory and no address", printable(text)))
            .next("--onto root@203.0.113.7   # [user@]host[:port]")
    };
    let (user, place) = text.rsplit_once('@').map_or((None, text), |(user, place)| (Some(user), place));
    let user = user.map(names::user).transpose().map_err(|_| refused())?;
    let (host, port) = split_port(place).filter(|_| place != "local").ok_or_else(refused)?;
    // A name alone that the inventory does not have is a slip of the hand rather than a host.
    if user.is_none() && port.is_none() && !host.contains(['.', ':']) {
        return Err(refused());
    }
    let like = env.droplets.iter().find_map(|droplet| match &droplet.address {
        Address::Ssh(ssh) => Some(ssh.clone()),
        Address::Local { .. } => None,
    });
    let like = like.ok_or_else(|| {
        refused().because(format!("{} is this machine: nothing says how ssh reaches another", env.name))
    })?;
    let name = names::name(host).unwrap_or_else(|_| "recovered".to_owned());
    Ok((
        name,
        Address::Ssh(SshAddress { host: host.to_owned(), port, user: user.or(like.user.clone()), ..like }),
    ))
}
