//! How environments are: all droplets at once, each asked once, and none hides another.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::names;
use crate::checks::health::{self, Looked, REACHED, Report};
use crate::checks::{Finding, Subject, Verdict};
use crate::error::{Error, Result};
use crate::event::{Event, Listener};
use crate::facts::{self, Facts, Here};
use crate::inventory::{Droplet, Environment, Inventory, Severity, When};
use crate::transport::{Call, ConnectOptions, Connector, Transport, TransportError};
use crate::world::World;

/// For the answer of one droplet. Each probe has less, so that only a droplet that hangs takes so long.
const ANSWER: Duration = Duration::from_secs(45);

/// What one look found, and the facts of the droplets that were reached, by environment.
///
/// # Errors
/// This machine has no randomness. A droplet that cannot be asked is a finding.
pub async fn health(
    envs: &[Environment],
    inventory: &Inventory,
    world: &World,
    options: ConnectOptions,
    listener: &dyn Listener,
) -> Result<(Report, Vec<BTreeMap<String, Facts>>)> {
    let connector = Connector::new(world, options);
    let nonce = crate::crew::nonce()?;
    // Asked once for all droplets of an environment, and first by one that answers.
    let wholes: Vec<_> = envs.iter().map(|env| whole(inventory, env)).collect();
    let views: Vec<_> = wholes.iter().map(|whole| names::here(whole).boxed().shared()).collect();
    let all = envs.iter().zip(wholes).zip(&views).flat_map(|((env, whole), here)| {
        env.droplets.iter().map(move |droplet| (Asked { world, env, whole, droplet }, here.clone()))
    });
    let title = "looking".to_owned();
    listener.on(&Event::Activity { title: title.clone(), droplet: None });
    let looks = join_all(all.map(|(asked, here)| look(&connector, asked, &nonce, here))).await;
    listener.on(&Event::ActivityEnded { title, droplet: None, ok: true });
    let mut looks = looks.into_iter();
    let mut droplets: Vec<Looked> = Vec::new();
    let mut kept = Vec::new();
    for env in envs {
        let mut known = BTreeMap::new();
        let first = droplets.len();
        for (looked, facts) in looks.by_ref().take(env.droplets.len()) {
            known.extend(facts.map(|facts| (looked.droplet.clone(), facts)));
            droplets.push(looked);
        }
        let home = droplets[first..].iter_mut().find(|looked| looked.droplet == env.home().name);
        if let (Some(home), Some(finding)) = (home, health::mixed(env, &known)) {
            home.findings.push(finding);
        }
        kept.push(known);
    }
    let now = world.now();
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok((Report { at, now: now.as_second(), droplets }, kept))
}

/// Who is asked, and by whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) world: &'a World,
    pub(super) env: &'a Environment,
    /// With the droplets that are not asked: the site's name may lead to them.
    pub(super) whole: &'a Environment,
    pub(super) droplet: &'a Droplet,
}

/// The environment as the inventory has it.
pub(super) fn whole<'a>(inventory: &'a Inventory, env: &'a Environment) -> &'a Environment {
    inventory.environments.get(&env.name).unwrap_or(env)
}

async fn look(
    connector: &Connector,
    asked: Asked<'_>,
    nonce: &str,
    here: impl Future<Output = Here>,
) -> (Looked, Option<Facts>) {
    let begin = Instant::now();
    let answer = visit(connector, asked, nonce, here).await;
    judged(asked.env, asked.droplet, begin, answer)
}

/// What an answer, or none, says about a droplet.
pub(super) fn judged(
    env: &Environment,
    droplet: &Droplet,
    begin: Instant,
    answer: std::result::Result<Facts, TransportError>,
) -> (Looked, Option<Facts>) {
    let millis = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (env_name, name) = (env.name.clone(), droplet.name.clone());
    let facts = match answer {
        Ok(facts) => facts,
        Err(error) => {
            let findings = vec![unreached(&env.name, &name, error)];
            let figures = Vec::new();
            return (
                Looked { env: env_name, droplet: name, reached: false, millis, findings, figures },
                None,
            );
        }
    };
    let subject = Subject { env, droplet, facts: &facts, staged: None, allow_downgrade: false };
    let (findings, figures) = (health::judge(&subject), health::figures(&subject));
    (Looked { env: env_name, droplet: name, reached: true, millis, findings, figures }, Some(facts))
}

/// One login, one exec.
async fn visit(
    connector: &Connector,
    asked: Asked<'_>,
    nonce: &str,
    here: impl Future<Output = Here>,
) -> std::result::Result<Facts, TransportError> {
    let link = connector.connect(asked.droplet).await?;
    let answer = ask(&*link, asked, nonce, here).await;
    link.close().await;
    answer
}

/// Asked once: whoever looks again asks again. Meanwhile this machine asks for the site's name.
pub(super) async fn ask(
    link: &dyn Transport,
    asked: Asked<'_>,
    nonce: &str,
    here: impl Future<Output = Here>,
) -> std::result::Result<Facts, TransportError> {
    let Asked { world, env, whole, droplet } = asked;
    let cmd = facts::script(env, droplet, nonce, When::Health);
    let (answer, here) = tokio::join!(link.run(Call::new(&cmd).timeout(ANSWER)), here);
    let mut facts = facts::parse(env, droplet, nonce, &answer?.stdout);
    if let Some(vitals) = &mut facts.vitals {
        vitals.here = Some(here);
    }
    let subject = Subject { env, droplet, facts: &facts, staged: None, allow_downgrade: false };
    if health::strange(&subject) {
        let more = names::reached(whole, world).await;
        let here = facts.vitals.as_mut().and_then(|vitals| vitals.here.as_mut());
        here.into_iter().for_each(|here| here.reached.extend(&more));
    }
    Ok(facts)
}

/// A droplet that could not be asked is not known to be down.
pub(super) fn unreached(env: &str, droplet: &str, error: TransportError) -> Finding {
    let said = match error {
        TransportError::NoStatus { detail } => {
            Error::failed("the droplet did not answer to the end").because(detail)
        }
        error => error.into_error(droplet, env),
    };
    let why = [said.what].into_iter().chain(said.why.into_iter().take(1)).collect::<Vec<_>>().join(": ");
    let next = said.next.first().map(|next| format!("; {next}")).unwrap_or_default();
    Finding {
        id: REACHED.to_owned(),
        title: "droplet".to_owned(),
        severity: Severity::Critical,
        droplet: droplet.to_owned(),
        verdict: Verdict::unknown(format!("{why}{next}")),
    }
}
