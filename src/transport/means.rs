//! The way to a droplet before any login: what ssh itself makes of an address, and whether names and ports answer.
//!
//! The user's configuration decides much of it, so it is ssh that is asked (`ssh -G`) and not read here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::{Target, local};
use super::laptop::{Program, run_program};
use super::{TransportError, http};
use crate::inventory::SshAddress;
use crate::text;
use crate::world::World;

/// Programs of this machine that only look.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 << 10;

/// What ssh would do to reach a droplet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// What is connected to first: the droplet, or the jump host of the inventory.
    pub host: String,
    pub port: u16,
    pub jump: Option<String>,
    /// A command or a jump host of the user's own configuration leads there: nothing can be tried from here.
    pub hidden: bool,
    /// Private keys that ssh tries; whether they are there is another matter.
    pub identities: Vec<PathBuf>,
    pub known_hosts: Vec<PathBuf>,
    pub login: String,
}

/// # Errors
/// There is no ssh, or it refuses the address.
pub async fn means(address: &SshAddress, world: &World) -> Result<Means, TransportError> {
    // A key that is missing is told of where keys are; the way leads as far without it.
    let target = Target::new(&SshAddress { identity: None, ..address.clone() }, world)?;
    let own = ask(target.asked(), world).await?;
    let first = match target.first_jump()? {
        Some(words) => ask(words, world).await?,
        None => own.clone(),
    };
    let one = |answer: &Answer, key: &str| answer.get(key).and_then(|all| all.first().cloned());
    let set = |key: &str| one(&first, key).is_some_and(|value| value != "none");
    let files = |key: &str| {
        let all = own.get(key).into_iter().flatten();
        let names = all.flat_map(|line| line.split(' ')).filter(|name| *name != "none");
        names.filter_map(|name| local(Path::new(name), world).ok()).collect::<Vec<_>>()
    };
    let identities = match &address.identity {
        Some(path) => vec![local(path, world)?],
        None => own
            .get("identityfile")
            .into_iter()
            .flatten()
            .map(|path| local(Path::new(path), world))
            .collect::<Result<_, _>>()?,
    };
    Ok(Means {
        host: one(&first, "hostname").unwrap_or_else(|| address.host.clone()),
        port: one(&first, "port").and_then(|port| port.parse().ok()).unwrap_or(22),
        jump: address.jump.clone(),
        hidden: set("proxyjump") || set("proxycommand"),
        identities,
        known_hosts: match &address.known_hosts {
            Some(path) => vec![local(path, world)?],
            None => files("userknownhostsfile"),
        },
        login: target.login(),
    })
}

type Answer = BTreeMap<String, Vec<String>>;

async fn ask(words: Vec<String>, world: &World) -> Result<Answer, TransportError> {
    let argv: Vec<String> = std::iter::once("ssh".to_owned()).chain(words).collect();
    let (code, said) = look(&argv, world).await.map_err(|_| TransportError::NoSshClient)?;
    if code != 0 {
        let detail = text::tail(said.as_bytes(), 2).join("; ");
        return Err(TransportError::Other { detail });
    }
    let mut answer = Answer::new();
    for (key, value) in said.lines().filter_map(|line| line.split_once(' ')) {
        answer.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    Ok(answer)
}

/// Runs a program of this machine that only looks: its exit code, and what it printed on either stream.
///
/// # Errors
/// It is not there.
pub async fn look(argv: &[String], world: &World) -> std::io::Result<(i32, String)> {
    let path = world.var("PATH").unwrap_or("/usr/bin:/bin");
    let missing = |_| std::io::Error::from(std::io::ErrorKind::NotFound);
    let program = which::which_in(&argv[0], Some(path), &world.cwd).map_err(missing)?;
    let argv: Vec<String> =
        std::iter::once(program.display().to_string()).chain(argv[1..].iter().cloned()).collect();
    let localised = |name: &str| name.starts_with("LC_") || name == "LANG" || name == "LANGUAGE";
    let mut vars: BTreeMap<String, String> = world.env.clone();
    vars.retain(|name, _| !localised(name));
    vars.insert("LC_ALL".to_owned(), "C".to_owned());
    let program = Program { argv: &argv, dir: &world.cwd, vars: &vars, limit: PATIENCE };
    let mut said = Vec::new();
    let mut hear = |chunk: &[u8]| {
        let room = LARGEST.saturating_sub(said.len());
        said.extend_from_slice(&chunk[..chunk.len().min(room)]);
    };
    let code = run_program(&program, &mut hear).await?;
    Ok((code, String::from_utf8_lossy(&said).into_owned()))
}

/// The addresses behind a name.
///
/// # Errors
/// The name is not found, or nobody says so in time.
pub async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, TransportError> {
    let late = || TransportError::TimedOut { host: host.to_owned(), seconds: limit.as_secs() };
    match timeout(limit, lookup_host((host, port))).await {
        Err(_) => Err(late()),
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(_)) => Err(TransportError::NameNotFound { host: host.to_owned() }),
    }
}

/// Connects to one of the addresses and lets go of it.
///
/// # Errors
/// Nobody listens there, or nobody answers in time.
pub async fn knock(
    host: &str,
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<SocketAddr, TransportError> {
    let mut last = TransportError::NameNotFound { host: host.to_owned() };
    for address in addresses {
        let host = host.to_owned();
        last = match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Err(_) => TransportError::TimedOut { host, seconds: limit.as_secs() },
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                TransportError::Refused { host, port: address.port() }
            }
            Ok(Err(error)) => TransportError::NoRoute { host, detail: text::printable(&error.to_string()) },
        };
    }
    Err(last)
}

/// None: this machine reaches it only through another.
async fn direct(address: &SshAddress, world: &World) -> Result<Option<Means>, TransportError> {
    Ok(Some(means(address, world).await?).filter(|means| means.jump.is_none() && !means.hidden))
}

/// Which of these ports open to this machine; None: it reaches the droplet only through another. ssh's own is not tried.
///
/// # Errors
/// Nobody knows the way, or the name.
pub async fn reached(
    address: &SshAddress,
    world: &World,
    mut ports: BTreeSet<u16>,
    limit: Duration,
) -> Result<Option<Vec<u16>>, TransportError> {
    let Some(means) = direct(address, world).await? else { return Ok(None) };
    let at = resolve(&means.host, means.port, limit).await?;
    ports.remove(&means.port);
    let tries = ports.into_iter().map(|port| {
        let at: Vec<_> = at.iter().map(|one| SocketAddr::new(one.ip(), port)).collect();
        let host = &means.host;
        async move { knock(host, &at, limit).await.is_ok().then_some(port) }
    });
    Ok(Some(join_all(tries).await.into_iter().flatten().collect()))
}

/// The statuses of these pages, asked by the site's name of the machine that ssh would reach.
///
/// # Errors
/// Nobody knows the way, nobody answers in time, or nobody vouches for the certificate.
pub async fn pages(
    address: &SshAddress,
    world: &World,
    (name, port): (&str, u16),
    paths: &[&str],
    limit: Duration,
) -> Result<Option<Vec<u16>>, String> {
    let said = |error: TransportError| error.to_string();
    let Some(means) = direct(address, world).await.map_err(said)? else { return Ok(None) };
    let all = resolve(&means.host, port, limit).await.map_err(said)?;
    let at = knock(&means.host, &all, limit).await.map_err(said)?;
    let asked = paths.iter().map(|path| async {
        let answer = timeout(limit, http::status(at, name, path)).await;
        answer.unwrap_or_else(|_| Err("nobody answers in time".to_owned()))
    });
    join_all(asked).await.into_iter().collect::<Result<_, _>>().map(Some)
}
