//! How safe the droplets of an environment are: all at once, each asked once, and none hides another.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;

use super::health::unreached;
use crate::checks::Subject;
use crate::checks::hardening::{self, Audited, Report};
use crate::error::Result;
use crate::event::{Event, Listener};
use crate::facts::{self, Facts, Posture, Probe, ProbeFailure};
use crate::inventory::{Address, Droplet, Environment, Profile};
use crate::transport::means::{knock, means, resolve};
use crate::transport::{Call, ConnectOptions, Connector, TransportError};
use crate::world::World;

/// For the answer of one droplet. Each probe has less, so that only a droplet that hangs takes so long.
const ANSWER: Duration = Duration::from_secs(60);

/// An audit, and what it was judged by.
#[derive(Debug)]
pub struct Seen {
    pub report: Report,
    pub postures: BTreeMap<String, Box<Posture>>,
}

/// # Errors
/// This machine has no randomness. A droplet that cannot be asked is a finding.
pub async fn posture(
    env: &Environment,
    profile: Profile,
    world: &World,
    options: ConnectOptions,
    listener: &dyn Listener,
) -> Result<Seen> {
    let connector = Connector::new(world, options);
    let nonce = crate::crew::nonce()?;
    let title = "auditing".to_owned();
    listener.on(&Event::Activity { title: title.clone(), droplet: None });
    let visits = env.droplets.iter().map(|droplet| async {
        let mut facts = visit(&connector, env, droplet, &nonce).await?;
        if let Some(posture) = &mut facts.posture {
            posture.outside = outside(droplet, posture, world).await;
        }
        Ok(facts)
    });
    let answers = join_all(visits).await;
    listener.on(&Event::ActivityEnded { title, droplet: None, ok: true });
    let now = world.now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut postures = BTreeMap::new();
    let audited = |(droplet, answer): (&Droplet, std::result::Result<Facts, TransportError>)| match answer {
        Ok(mut facts) => {
            let subject = Subject { env, droplet, facts: &facts, staged: None, allow_downgrade: false };
            let findings = hardening::judge(&subject, profile).into_iter();
            let findings = findings.map(|one| hardening::waived(one, &env.harden.waive, today)).collect();
            postures.extend(facts.posture.take().map(|posture| (droplet.name.clone(), posture)));
            Audited { droplet: droplet.name.clone(), reached: true, findings }
        }
        Err(error) => {
            let findings = vec![unreached(&env.name, &droplet.name, error)];
            Audited { droplet: droplet.name.clone(), reached: false, findings }
        }
    };
    let droplets = env.droplets.iter().zip(answers).map(audited).collect();
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let report = Report { env: env.name.clone(), at, profile, droplets, since: None };
    Ok(Seen { report, postures })
}

/// What nobody but the droplet's own programs has to reach, whether or not something seems to listen there.
const INNER: [u16; 6] = [2375, 2376, 5432, 6379, 8069, 8072];
const KNOCK: Duration = Duration::from_secs(3);

/// The ports that open to this laptop: Docker's way past a firewall shows only here.
async fn outside(droplet: &Droplet, posture: &Posture, world: &World) -> Option<Probe<Vec<u16>>> {
    let Address::Ssh(address) = &droplet.address else { return None };
    let means = match means(address, world).await {
        Ok(means) if means.jump.is_none() && !means.hidden => means,
        Ok(_) => return None,
        Err(error) => return Some(Err(ProbeFailure::new(error.to_string()))),
    };
    let at = match resolve(&means.host, means.port, KNOCK).await {
        Ok(at) => at,
        Err(error) => return Some(Err(ProbeFailure::new(error.to_string()))),
    };
    let mut ports = posture.listening();
    ports.extend(INNER);
    ports.remove(&means.port);
    let tries = ports.into_iter().map(|port| {
        let at: Vec<_> = at.iter().map(|one| SocketAddr::new(one.ip(), port)).collect();
        let host = &means.host;
        async move { knock(host, &at, KNOCK).await.is_ok().then_some(port) }
    });
    Some(Ok(join_all(tries).await.into_iter().flatten().collect()))
}

/// One login, one exec.
async fn visit(
    connector: &Connector,
    env: &Environment,
    droplet: &Droplet,
    nonce: &str,
) -> std::result::Result<Facts, TransportError> {
    let link = connector.connect(droplet).await?;
    let cmd = facts::posture_script(env, droplet, nonce);
    let answer = link.run(Call::new(&cmd).timeout(ANSWER)).await;
    link.close().await;
    Ok(facts::parse(env, droplet, nonce, &answer?.stdout))
}
