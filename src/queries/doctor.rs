//! The way to each droplet, tried: all at once, each hop within its own time, and none hides another.
//!
//! Nothing is asked of a person and nothing is changed: an unknown host key stays unknown.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::checks::doctor::{Hop, Way, clock, left};
use crate::checks::health::Looked;
use crate::checks::{Finding, Subject, Verdict, preflight, run};
use crate::cmd::{Cmd, quote};
use crate::error::Result;
use crate::event::{Event, Listener};
use crate::execute::runner::Runner;
use crate::facts::{self, Facts};
use crate::inventory::{Address, Droplet, Environment, SshAddress};
use crate::program::Program;
use crate::text::printable;
use crate::transport::means::{Means, knock, resolve};
use crate::transport::{Call, ConnectOptions, Connector, Transport, TransportError};
use crate::world::World;

/// For each question to a droplet that is reached.
const ANSWER: Duration = Duration::from_secs(20);

/// The clock, and the programs that any version of ops left.
pub(super) const LOOK: Program = Program::shell(
    "doctor.look",
    &[r#"
date +%s
for file in "$1"/bin/runner-*; do [ ! -f "$file" ] || printf '%s\n' "${file##*/}"; done
"#],
);

/// A droplet, and what ssh makes of its address.
pub type Stop<'a> = (&'a Environment, &'a Droplet, Option<Result<Means, TransportError>>);

/// The droplets in the order of the question.
///
/// # Errors
/// This machine has no randomness.
pub async fn doctor(
    stops: Vec<Stop<'_>>,
    world: &World,
    options: ConnectOptions,
    listener: &dyn Listener,
) -> Result<Vec<Looked>> {
    if stops.is_empty() {
        return Ok(Vec::new());
    }
    let connector = Connector::new(world, options);
    let drawn = crate::crew::nonce()?;
    let nonce = drawn.as_str();
    let title = "going to the droplets".to_owned();
    listener.on(&Event::Activity { title: title.clone(), droplet: None });
    let all = stops.into_iter().map(|(env, droplet, means)| {
        let connector = &connector;
        async move {
            let begin = Instant::now();
            let (way, more) = walk(connector, world, (env, droplet, means), nonce).await;
            let mut findings = way.findings();
            findings.extend(more);
            Looked {
                env: env.name.clone(),
                droplet: droplet.name.clone(),
                reached: way.reached(),
                millis: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
                findings,
                figures: Vec::new(),
            }
        }
    });
    let all = join_all(all).await;
    listener.on(&Event::ActivityEnded { title, droplet: None, ok: true });
    Ok(all)
}

async fn walk(
    connector: &Connector,
    world: &World,
    (env, droplet, means): Stop<'_>,
    nonce: &str,
) -> (Way, Vec<Finding>) {
    let mut way = Way::new(&droplet.name);
    let (mut time, mut remains) = (None, None);
    match approach(&mut way, connector, droplet, means).await {
        Err((hop, error)) => way.broken = Some((hop, told(env, droplet, error))),
        Ok(link) => {
            match ask(&link, env, droplet, world, nonce).await {
                Err(error) => {
                    let hop = place(&error).max(Hop::Root);
                    way.broken = Some((hop, told(env, droplet, error)));
                }
                Ok((ahead, programs, facts)) => {
                    time = Some(ahead);
                    let unreadable =
                        facts.state.as_ref().map(|state| state.unreadable.clone()).unwrap_or_default();
                    remains = Some((programs, unreadable));
                    arrive(&mut way, env, droplet, &facts);
                }
            }
            link.close().await;
        }
    }
    let own = Runner::new("").path().trim_start_matches("/bin/").to_owned();
    let more = vec![clock(&way, time), left(&way, &own, remains)];
    (way, more)
}

/// Up to the login.
async fn approach(
    way: &mut Way,
    connector: &Connector,
    droplet: &Droplet,
    means: Option<Result<Means, TransportError>>,
) -> Result<Arc<dyn Transport>, (Hop, TransportError)> {
    if let (Address::Ssh(address), Some(means)) = (&droplet.address, means) {
        let means = means.map_err(|error| (place(&error), error))?;
        before_ssh(way, address, &means).await?;
        let link = connector.connect(droplet).await.map_err(|error| {
            let hop = place(&error);
            if hop > Hop::Port && came_through(&error) {
                way.came_to(hop);
            }
            (hop, error)
        })?;
        way.came_to(Hop::Login);
        way.pass(Hop::Login, means.login);
        return Ok(link);
    }
    for hop in [Hop::Name, Hop::Port, Hop::Key, Hop::Login] {
        way.passed.push((hop, Verdict::skip("this machine itself, without ssh")));
    }
    connector.connect(droplet).await.map_err(|error| (Hop::Root, error))
}

/// What can be tried without ssh, so that a dead name and a dead port are told apart from a login.
async fn before_ssh(way: &mut Way, address: &SshAddress, means: &Means) -> Result<(), (Hop, TransportError)> {
    if means.hidden {
        return Ok(());
    }
    let limit = address.connect_timeout;
    let through = means.jump.as_ref().map(|jump| format!(" (jump host {jump})")).unwrap_or_default();
    let found = resolve(&means.host, means.port, limit).await.map_err(|error| (Hop::Name, error))?;
    let first = found.first().map(|address| address.ip().to_string()).unwrap_or_default();
    way.pass(Hop::Name, format!("{} is {first}{through}", means.host));
    let answered = knock(&means.host, &found, limit).await.map_err(|error| (Hop::Port, error))?;
    way.pass(Hop::Port, format!("{answered} answers{through}"));
    Ok(())
}

/// Where on the way an error of the transport belongs.
fn place(error: &TransportError) -> Hop {
    match error {
        TransportError::NameNotFound { .. } => Hop::Name,
        TransportError::Refused { .. }
        | TransportError::NoRoute { .. }
        | TransportError::TimedOut { .. }
        | TransportError::JumpFailed { .. } => Hop::Port,
        TransportError::HostKeyUnknown { .. } | TransportError::HostKeyChanged { .. } => Hop::Key,
        TransportError::SudoRefused { .. } => Hop::Root,
        TransportError::Docker { .. } => Hop::Docker,
        _ => Hop::Login,
    }
}

/// ssh spoke with the droplet before it failed.
fn came_through(error: &TransportError) -> bool {
    matches!(
        error,
        TransportError::HostKeyUnknown { .. }
            | TransportError::HostKeyChanged { .. }
            | TransportError::LoginRefused { .. }
    )
}

fn told(env: &Environment, droplet: &Droplet, error: TransportError) -> Verdict {
    let error = error.into_error(&droplet.name, &env.name);
    let why = error.why.iter().take(2).cloned().collect::<Vec<_>>().join(": ");
    let fix = error.next.join("; ").replace("ops preflight", "ops doctor");
    Verdict::fail(why, if fix.is_empty() { format!("ops doctor {}", quote(&env.name)) } else { fix })
}

type Seen = ((i64, u64), Vec<String>, Facts);

async fn ask(
    link: &Arc<dyn Transport>,
    env: &Environment,
    droplet: &Droplet,
    world: &World,
    nonce: &str,
) -> Result<Seen, TransportError> {
    let cmd = facts::script(env, droplet, nonce, None);
    let answer = link.run(Call::new(&cmd).timeout(ANSWER)).await?;
    let facts = facts::parse(env, droplet, nonce, &answer.stdout);
    let project = facts.project().map_or_else(|| super::default_project(env), str::to_owned);
    let cmd = Cmd::script(LOOK, [format!("{}/{project}", env.state_dir)]);
    let before = world.now().as_millisecond();
    let answer = link.run(Call::new(&cmd).timeout(ANSWER)).await?;
    let after = world.now().as_millisecond();
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let mut lines = text.lines();
    let there: i64 = lines
        .next()
        .and_then(|line| line.trim().parse().ok())
        .ok_or_else(|| TransportError::Other { detail: "`date +%s` there prints no number".to_owned() })?;
    let ahead = there - i64::midpoint(before, after) / 1000;
    let give = u64::try_from((after - before) / 2000).unwrap_or(0) + 1;
    Ok(((ahead, give), lines.map(printable).collect(), facts))
}

/// At its end: who we are there, and whether docker answers us. The same checks as before a deploy.
fn arrive(way: &mut Way, env: &Environment, droplet: &Droplet, facts: &Facts) {
    let subject = Subject { env, droplet, facts, staged: None, allow_downgrade: false };
    let mut verdicts = run(&preflight::WAY, &subject).into_iter().map(|finding| finding.verdict);
    let fails = |verdict: &Verdict| matches!(verdict, Verdict::Fail { .. } | Verdict::Unknown { .. });
    match verdicts.next() {
        Some(rights) if fails(&rights) => return way.broken = Some((Hop::Root, rights)),
        Some(rights) => way.passed.push((Hop::Root, rights)),
        None => {}
    }
    let rest: Vec<Verdict> = verdicts.collect();
    match rest.iter().find(|verdict| fails(verdict)) {
        Some(verdict) => way.broken = Some((Hop::Docker, verdict.clone())),
        None => {
            let said: Vec<&str> = rest.iter().map(Verdict::evidence).collect();
            way.pass(Hop::Docker, format!("engine and Compose: {}", said.join(", ")));
        }
    }
}
