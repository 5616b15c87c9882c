//! The droplets of one environment, connected, and what is asked of all of them at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::checks::{self, Finding, Subject, Verdict};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::event::{Event, Listener};
use crate::execute::{Complaint, OwnChecks, Weight};
use crate::exit::Exit;
use crate::facts::{self, Facts};
use crate::inventory::{Droplet, Environment, When};
use crate::runbooks::deploy::{Staged, Wanted, default_project, hashing, stage};
use crate::secret::Secret;
use crate::transport::{Call, ConnectOptions, Connector, Transport, TransportError};
use crate::world::World;

const FACTS_LIMIT: Duration = Duration::from_secs(60);
/// A first fetch of a large repository over a slow line.
const STAGE_LIMIT: Duration = Duration::from_secs(900);
/// With an image to be pulled.
const CHECKSUMS_LIMIT: Duration = Duration::from_secs(3600);

/// Connected droplets.
pub struct Crew<'a> {
    pub env: &'a Environment,
    pub links: BTreeMap<String, Arc<dyn Transport>>,
    connector: Connector,
    listener: &'a dyn Listener,
}

impl<'a> Crew<'a> {
    /// Connects to all droplets at once.
    ///
    /// # Errors
    /// The first droplet (in the inventory's order) that cannot be reached, with the others named.
    pub async fn connect(
        env: &'a Environment,
        world: &World,
        options: ConnectOptions,
        listener: &'a dyn Listener,
    ) -> Result<Self> {
        let connector = Connector::new(world, options);
        let activity = Activity::start(listener, format!("connecting to {}", names(env)));
        let answers = connector.connect_all(&env.droplets).await;
        let mut links = BTreeMap::new();
        let mut errors: Vec<(String, TransportError)> = Vec::new();
        for (droplet, answer) in env.droplets.iter().zip(answers) {
            match answer {
                Ok(link) => {
                    links.insert(droplet.name.clone(), link);
                }
                Err(error) => errors.push((droplet.name.clone(), error)),
            }
        }
        activity.end(errors.is_empty());
        if errors.is_empty() {
            return Ok(Self { env, links, connector, listener });
        }
        for link in links.values() {
            link.close().await;
        }
        Err(unreachable(env, errors))
    }

    /// Facts of all droplets, one round trip each; with the user's own checks of a phase.
    pub async fn facts(&self, when: Option<When>) -> Result<BTreeMap<String, Facts>> {
        let activity = Activity::start(self.listener, "reading facts".into());
        let answers = join_all(
            self.env
                .droplets
                .iter()
                .map(async |droplet| Ok((droplet.name.clone(), self.facts_of(droplet, when).await?))),
        )
        .await;
        let all: Result<BTreeMap<_, _>> = answers.into_iter().collect();
        activity.end(all.is_ok());
        all
    }

    async fn facts_of(&self, droplet: &Droplet, when: Option<When>) -> Result<Facts> {
        let nonce = nonce()?;
        let cmd = facts::script(self.env, droplet, &nonce, when);
        let output = self.ask(droplet, &cmd, FACTS_LIMIT).await?;
        Ok(facts::parse(self.env, droplet, &nonce, &output.stdout))
    }

    /// What runs on a droplet and what `ops` remembers there; nothing else is asked.
    pub(crate) async fn glance(&self, droplet: &Droplet) -> Result<Facts> {
        let nonce = nonce()?;
        let output = self.ask(droplet, &facts::glance(self.env, &nonce), FACTS_LIMIT).await?;
        Ok(facts::parse(self.env, droplet, &nonce, &output.stdout))
    }

    pub(crate) fn link(&self, droplet: &Droplet) -> Result<&Arc<dyn Transport>> {
        self.links.get(&droplet.name).ok_or_else(|| Error::failed("not connected").on(&droplet.name))
    }

    /// Fetches the new ref into ops' own cache on every droplet and reads it.
    pub async fn stage(
        &self,
        facts: &BTreeMap<String, Facts>,
        wanted: &Wanted,
    ) -> Result<BTreeMap<String, Staged>> {
        let git_ref = wanted.git_ref.as_deref().or(self.env.stack.git.as_ref().map(|git| git.r#ref.as_str()));
        let what = wanted.release.as_ref().map(|held| format!("release {}", held.id));
        let what = what.unwrap_or_else(|| git_ref.unwrap_or("the stack's files").to_owned());
        let activity = Activity::start(self.listener, format!("staging {what}"));
        let answers = join_all(self.env.droplets.iter().filter_map(|droplet| {
            let facts = facts.get(&droplet.name)?;
            Some(async move {
                let nonce = nonce()?;
                let project = facts.project().map_or_else(|| default_project(self.env), str::to_owned);
                let cmd = stage::script(self.env, droplet, facts, wanted, &project, &nonce);
                let output = self.ask(droplet, &cmd, STAGE_LIMIT).await?;
                if output.code != 0 {
                    return Err(stage_failed(&self.env.name, droplet, &output));
                }
                Ok((
                    droplet.name.clone(),
                    stage::parse(
                        &nonce,
                        &output.stdout,
                        wanted,
                        git_ref.unwrap_or_default(),
                        (facts, droplet),
                    ),
                ))
            })
        }))
        .await;
        let all: Result<BTreeMap<_, _>> = answers.into_iter().collect();
        activity.end(all.is_ok());
        all
    }

    /// Asks for the checksums of the modules that the staged release will have, where that can be asked.
    pub async fn checksums(
        &self,
        facts: &BTreeMap<String, Facts>,
        wanted: &Wanted,
        staged: &mut BTreeMap<String, Staged>,
    ) -> Result<()> {
        for droplet in &self.env.droplets {
            let (Some(facts), Some(staged)) = (facts.get(&droplet.name), staged.get_mut(&droplet.name))
            else {
                continue;
            };
            let nonce = nonce()?;
            let project = facts.project().map_or_else(|| default_project(self.env), str::to_owned);
            let Some(cmd) = hashing::script(self.env, facts, staged, wanted, (&project, &nonce)) else {
                continue;
            };
            let activity = Activity::start(self.listener, "comparing modules with their checksums".into());
            let output = self.ask(droplet, &cmd, CHECKSUMS_LIMIT).await;
            activity.end(output.is_ok());
            hashing::tell(self.env, staged, &nonce, &output?.stdout);
        }
        Ok(())
    }

    /// One read-only question to one droplet.
    pub(crate) async fn ask(
        &self,
        droplet: &Droplet,
        cmd: &Cmd,
        limit: Duration,
    ) -> Result<crate::transport::Output> {
        self.ask_call(droplet, Call::new(cmd).timeout(limit)).await
    }

    /// The same with something on stdin that must not be seen.
    pub(crate) async fn ask_with(
        &self,
        droplet: &Droplet,
        cmd: &Cmd,
        input: &Secret,
        limit: Duration,
    ) -> Result<crate::transport::Output> {
        self.ask_call(droplet, Call::new(cmd).timeout(limit).input(input)).await
    }

    async fn ask_call(&self, droplet: &Droplet, call: Call<'_>) -> Result<crate::transport::Output> {
        let link = self.link(droplet)?;
        let mut answer = link.run(call.clone()).await;
        if matches!(answer, Err(TransportError::NoStatus { .. })) {
            // Nothing changes here, so a question whose answer was lost may be asked again.
            answer = link.run(call).await;
        }
        answer.map_err(|error| match error {
            TransportError::NoStatus { detail } => {
                Error::new(Exit::Unreachable, "the droplet was asked twice, and no whole answer came back")
                    .on(&droplet.name)
                    .because(detail)
                    .next(format!("ops preflight {}", self.env.name))
            }
            error => error.into_error(&droplet.name, &self.env.name),
        })
    }

    /// Something the operator must know before the plan.
    pub(crate) fn warn(&self, text: String) {
        self.listener.on(&Event::Warning { text });
    }

    pub async fn close(&self) {
        join_all(self.links.values().map(|link| link.close())).await;
    }

    /// Connections opened and commands run, for `-v` and the bench.
    pub fn stats(&self) -> Event {
        let stats = self.connector.stats();
        Event::Links {
            opened: stats.connections_opened(),
            reused: stats.connections_reused(),
            commands: stats.commands_run(),
        }
    }
}

/// A port that was open opens at once.
const KNOCK: Duration = Duration::from_secs(5);

#[async_trait]
impl OwnChecks for Crew<'_> {
    async fn ask(&self, droplet: &str) -> Result<Vec<Complaint>> {
        let unknown = || Error::failed("not a droplet of this environment").on(droplet);
        let droplet = self.env.droplets.iter().find(|one| one.name == droplet).ok_or_else(unknown)?;
        let facts = self.facts_of(droplet, Some(When::Verify)).await?;
        let subject = Subject { env: self.env, droplet, facts: &facts, staged: None, allow_downgrade: false };
        let complaint = |finding: &Finding| {
            let weight = match finding.verdict {
                _ if finding.blocks() => Weight::TakesBack,
                Verdict::Pass { .. } | Verdict::Skip { .. } => return None,
                _ => Weight::Warns,
            };
            let (check, evidence) = (finding.title.clone(), finding.verdict.evidence().to_owned());
            Some(Complaint { check, evidence, weight })
        };
        Ok(checks::own(&subject, When::Verify).iter().filter_map(complaint).collect())
    }

    async fn knock(&self, droplet: &str, ports: &[u16]) -> Result<()> {
        let Some(droplet) = self.env.droplets.iter().find(|one| one.name == droplet) else { return Ok(()) };
        let found = self.connector.reached(droplet, ports.iter().copied().collect(), KNOCK).await;
        match found.map_err(|error| error.into_error(&droplet.name, ""))? {
            Some(open) => match ports.iter().find(|port| !open.contains(port)) {
                Some(shut) => Err(Error::failed(format!("port {shut} does not open any more"))),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }
}

fn names(env: &Environment) -> String {
    env.droplets.iter().map(|droplet| droplet.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn unreachable(env: &Environment, mut errors: Vec<(String, TransportError)>) -> Error {
    let exit = match errors.iter().position(|(_, error)| *error == TransportError::Interrupted) {
        // A Ctrl-C at a question of ssh is no fault of the droplet.
        Some(at) => {
            errors.swap(0, at);
            Exit::Interrupted
        }
        None => Exit::Unreachable,
    };
    let others: Vec<String> = errors.iter().skip(1).map(|(name, error)| format!("{name}: {error}")).collect();
    let mut errors = errors.into_iter();
    let Some((name, first)) = errors.next() else { return Error::new(Exit::Unreachable, "not reachable") };
    let error = first.into_error(&name, &env.name).exit(exit);
    others.into_iter().fold(error, |error, other| error.because(format!("and {other}")))
}

fn stage_failed(env: &str, droplet: &Droplet, output: &crate::transport::Output) -> Error {
    let why = match output.code {
        73 => "the disk is full, read-only, or the state directory belongs to another user",
        75 => "another fetch has held ops' cache for two minutes: another deploy's, or a lost one's of this",
        _ => "the script ended early",
    };
    Error::failed("cannot stage the new ref")
        .on(&droplet.name)
        .because(why)
        .evidence("droplet", crate::text::tail(&output.stderr, 5))
        .next(format!("ops preflight {env}"))
}

/// 128 bits that nobody can guess, for delimiters.
pub(crate) fn nonce() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed("this machine has no randomness").because(error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Something before the plan, shown while it lasts.
struct Activity<'a> {
    listener: &'a dyn Listener,
    title: String,
}

impl<'a> Activity<'a> {
    fn start(listener: &'a dyn Listener, title: String) -> Self {
        listener.on(&Event::Activity { title: title.clone(), droplet: None });
        Self { listener, title }
    }

    fn end(self, ok: bool) {
        self.listener.on(&Event::ActivityEnded { title: self.title, droplet: None, ok });
    }
}
