//! What the containers of a stack say, on all droplets, in the order of their moments.
//!
//! By Docker's API, which keeps lines and streams apart. Deliberately absent: what containers said that are gone (Docker
//! keeps none of it), and a store of our own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{ListContainersOptionsBuilder, LogsOptionsBuilder};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::lines::{AHEAD, Faults, Lines, Source, chunks, next, pass_on, read};
use crate::crew::nonce;
use crate::error::{Error, Result};
use crate::event::LogLine;
use crate::exit::Exit;
use crate::facts;
use crate::inventory::{Droplet, Environment};
use crate::text::{nearest, printable};
use crate::transport::{Call, ConnectOptions, Connector, Transport, TransportError};
use crate::world::World;

const ASK_LIMIT: Duration = Duration::from_secs(60);
/// How often containers that are new are looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Lines of several containers wait so long for each other.
const GATHER: Duration = Duration::from_millis(200);

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Seconds since the epoch.
    pub since: Option<i64>,
    /// Of each container; None: all there are.
    pub tail: Option<u32>,
}

/// The droplets that could be reached, and their containers.
pub struct Listening {
    ears: Vec<Ear>,
    services: Vec<String>,
}

/// One droplet.
struct Ear {
    droplet: String,
    link: Arc<dyn Transport>,
    docker: Docker,
    project: String,
    found: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Container {
    id: String,
    service: String,
    running: bool,
}

impl Listening {
    /// Connects to all droplets at once. With it come those that could not be asked, each with its reason.
    ///
    /// # Errors
    /// Exit 4: no droplet could be asked. Exit 2: there is no such service.
    pub async fn begin(
        env: &Environment,
        world: &World,
        options: ConnectOptions,
        services: Vec<String>,
    ) -> Result<(Self, Vec<Error>)> {
        let connector = Connector::new(world, options);
        let nonce = nonce()?;
        let answers = join_all(env.droplets.iter().map(|one| ear(&connector, env, one, &nonce))).await;
        let (mut ears, mut errors) = (Vec::new(), Vec::new());
        for (droplet, answer) in env.droplets.iter().zip(answers) {
            match answer {
                Ok(ear) => ears.push(ear),
                Err(error) => errors.push(error.into_error(&droplet.name, &env.name)),
            }
        }
        if ears.is_empty() {
            return Err(errors.into_iter().next().unwrap_or_else(|| Error::failed("there is no droplet")));
        }
        let listening = Self { ears, services };
        match listening.unknown(env) {
            Some(error) => {
                listening.end().await;
                Err(error)
            }
            None => Ok((listening, errors)),
        }
    }

    /// A service that no droplet has.
    fn unknown(&self, env: &Environment) -> Option<Error> {
        let all: BTreeSet<&str> =
            self.ears.iter().flat_map(|ear| &ear.found).map(|one| one.service.as_str()).collect();
        let missing = self.services.iter().find(|wanted| !all.iter().any(|one| is(one, wanted)))?;
        let error = Error::usage(format!("{} has no service {}", env.name, printable(missing)));
        let error = match nearest(missing, all.iter().copied()) {
            Some(near) => error.because(format!("did you mean {}?", printable(near))),
            None => error,
        };
        let names: Vec<_> = all.into_iter().map(printable).collect();
        Some(error.because(match names.is_empty() {
            true => "no container of the stack is there".to_owned(),
            false => format!("there are: {}", names.join(", ")),
        }))
    }

    /// Whether several droplets speak.
    pub fn several(&self) -> bool {
        self.ears.len() > 1
    }

    /// The longest name of a service.
    pub fn widest(&self) -> usize {
        self.wanted().map(|(_, one)| one.service.len()).max().unwrap_or(0)
    }

    fn wanted(&self) -> impl Iterator<Item = (&Ear, &Container)> {
        let all = self.ears.iter().flat_map(|ear| ear.found.iter().map(move |one| (ear, one)));
        all.filter(|(_, one)| self.wants(&one.service))
    }

    fn wants(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|wanted| is(service, wanted))
    }

    /// What was said, each line in its place. The last moment of each container, and what could not be read.
    pub async fn past(
        &self,
        wish: &Wish,
        mut each: impl FnMut(&LogLine) -> bool,
    ) -> (BTreeMap<String, String>, Vec<String>) {
        let faults = Faults::default();
        let mut sources: Vec<Source> = Vec::new();
        for (ear, one) in self.wanted() {
            sources.push(Source::new(&one.id, said(ear, one, wish, false, faults.clone())));
        }
        let mut last = BTreeMap::new();
        while let Some((id, line)) = next(&mut sources).await {
            if !each(&line) {
                break;
            }
            last.insert(id, line.at);
        }
        let faults = std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner));
        (last, faults)
    }

    /// What is said from now on, until `each` has enough of it or no droplet can be asked any more. Containers that come
    /// are heard as well. `last`: what [`Self::past`] told already.
    ///
    /// # Errors
    /// Exit 4: the last droplet was lost.
    pub async fn future(
        &mut self,
        begun: i64,
        mut last: BTreeMap<String, String>,
        mut each: impl FnMut(&LogLine) -> bool,
    ) -> Result<()> {
        let (send, mut heard) = mpsc::channel(AHEAD);
        let (mut known, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut look = tokio::time::interval(LOOK_AGAIN);
        let mut tell = tokio::time::interval(GATHER);
        let mut waiting: Vec<LogLine> = Vec::new();
        loop {
            tokio::select! {
                Some((id, line)) = heard.recv() => match line {
                    Some(line) => {
                        let line: LogLine = line;
                        last.insert(id, line.at.clone());
                        waiting.push(line);
                    }
                    None => drop(ended.insert(id)),
                },
                _ = tell.tick() => {
                    waiting.sort_by(|a, b| a.at.cmp(&b.at));
                    if waiting.drain(..).any(|line| !each(&line)) {
                        return Ok(());
                    }
                }
                _ = look.tick() => {
                    self.look_again().await?;
                    for (ear, one) in self.wanted() {
                        // Docker ends the log of a container that stops, also where it starts again.
                        if known.insert(one.id.clone()) || one.running && ended.remove(&one.id) {
                            let told = last.get(&one.id).cloned();
                            let since = told.as_ref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
                            let wish = Wish { since: Some(since.map_or(begun, jiff::Timestamp::as_second)), tail: None };
                            let lines = said(ear, one, &wish, true, Faults::default());
                            tokio::spawn(pass_on(one.id.clone(), told, lines, send.clone()));
                        }
                    }
                }
            }
        }
    }

    /// Containers come and go. A droplet that does not answer is left out from then on.
    async fn look_again(&mut self) -> Result<()> {
        let answers = join_all(self.ears.iter().map(|ear| containers(&ear.docker, &ear.project))).await;
        let mut lost = None;
        let ears = std::mem::take(&mut self.ears);
        for (mut ear, answer) in ears.into_iter().zip(answers) {
            match answer {
                Ok(found) => {
                    ear.found = found;
                    self.ears.push(ear);
                }
                Err(error) => {
                    let error = Error::new(Exit::Unreachable, "the link was lost")
                        .on(&ear.droplet)
                        .because(printable(&error.to_string()));
                    lost = Some(error);
                }
            }
        }
        match lost {
            Some(error) if self.ears.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    pub async fn end(&self) {
        join_all(self.ears.iter().map(|ear| ear.link.close())).await;
    }
}

/// The second slot of a service is that service.
fn is(service: &str, wanted: &str) -> bool {
    service == wanted || service.strip_suffix("-b") == Some(wanted)
}

async fn ear(
    connector: &Connector,
    env: &Environment,
    droplet: &Droplet,
    nonce: &str,
) -> std::result::Result<Ear, TransportError> {
    let link = connector.connect(droplet).await?;
    let listened = async {
        let cmd = facts::glance(env, nonce);
        let answer = link.run(Call::new(&cmd).timeout(ASK_LIMIT)).await?;
        let facts = facts::parse(env, droplet, nonce, &answer.stdout);
        let project = facts.project().map_or_else(|| super::default_project(env), str::to_owned);
        let docker = link.docker().await?;
        let found = containers(&docker, &project)
            .await
            .map_err(|error| TransportError::Docker { detail: error.to_string() })?;
        Ok((docker, project, found))
    };
    match listened.await {
        Ok((docker, project, found)) => {
            Ok(Ear { droplet: droplet.name.clone(), link, docker, project, found })
        }
        Err(error) => {
            link.close().await;
            Err(error)
        }
    }
}

async fn containers(
    docker: &Docker,
    project: &str,
) -> std::result::Result<Vec<Container>, bollard::errors::Error> {
    let label = format!("com.docker.compose.project={project}");
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let all = docker.list_containers(Some(options)).await?;
    let found = all.into_iter().filter_map(|one| {
        let service = one.labels?.remove("com.docker.compose.service")?;
        let running = one.state.is_some_and(|state| state.to_string() == "running");
        Some(Container { id: one.id?, service: printable(&service), running })
    });
    Ok(found.collect())
}

/// What one container said, or says.
fn said(ear: &Ear, one: &Container, wish: &Wish, follow: bool, faults: Faults) -> Lines {
    let tail = wish.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string());
    let since = wish.since.and_then(|since| i32::try_from(since).ok()).unwrap_or(0);
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).follow(follow);
    let options = options.tail(&tail).since(since).build();
    let (droplet, service) = (ear.droplet.clone(), one.service.clone());
    let docker = ear.docker.clone();
    let id = one.id.clone();
    let who = format!("{service} on {droplet}");
    Box::pin(chunks(docker, id, who, faults, options).filter_map(move |chunk| {
        let line = read(&chunk, &droplet, &service);
        async move { line }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_slots_of_a_service_are_that_service() {
        assert!(is("odoo-b", "odoo") && is("odoo", "odoo") && !is("odoo-b", "db"));
    }
}
