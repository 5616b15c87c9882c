//! A person on one droplet, or in one of its containers, with a program of their own.
//!
//! What they do there is theirs; that they were there stands in the droplet's audit before it begins: who, when,
//! and the command line, without what looks like a secret in it. Never what is typed or sent.

use std::time::Duration;

use serde_json::json;

use crate::cmd::Cmd;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::execute::runner::{CANNOT_WRITE, LOCKED, Runner};
use crate::exit::Exit;
use crate::facts::{Container, Facts};
use crate::inventory::{Droplet, hide};
use crate::text::{nearest, printable, shorten};
use crate::tools::entry;
use crate::transport::{Call, Seat, TransportError};
use crate::world::World;

const ASK_LIMIT: Duration = Duration::from_secs(60);
/// Of a command line; more of it helps nobody who reads an audit.
const LONGEST: usize = 2000;

/// One droplet of a crew that has only this one.
pub struct Visit<'a> {
    crew: &'a Crew<'a>,
    droplet: &'a Droplet,
    facts: Facts,
}

impl<'a> Visit<'a> {
    /// # Errors
    /// The droplet cannot be asked.
    pub async fn new(crew: &'a Crew<'a>) -> Result<Self> {
        let droplet = &crew.env.droplets[0];
        let facts = crew.glance(droplet).await?;
        Ok(Self { crew, droplet, facts })
    }

    /// The running container of a service; of the web service that which serves.
    ///
    /// # Errors
    /// Exit 2: there is no such service here; exit 1: it does not run.
    pub fn container(&self, service: &str) -> Result<&Container> {
        let env = &self.crew.env;
        let all = self.facts.containers.as_ref().map_err(|failure| {
            Error::new(Exit::Unreachable, "cannot read the stack's containers")
                .on(&self.droplet.name)
                .because(&failure.why)
                .next(format!("ops preflight {}", env.name))
        })?;
        let found = match service == env.stack.web {
            true => self.facts.web(service),
            false => self.facts.container(service),
        };
        match found {
            Some(one) if one.running() => Ok(one),
            Some(one) => Err(Error::failed(format!("{} does not run", printable(service)))
                .on(&self.droplet.name)
                .because(format!("{} is {}, exit code {}", printable(&one.name), one.state, one.exit_code))
                .next(format!("ops logs {} {}", env.name, printable(&one.service)))),
            None => Err(self.no_service(service, all)),
        }
    }

    fn no_service(&self, service: &str, all: &[Container]) -> Error {
        let mut names: Vec<&str> =
            all.iter().filter(|one| !one.oneoff).map(|one| one.service.as_str()).collect();
        names.dedup();
        let what = format!("{} has no service {}", self.crew.env.name, printable(service));
        let error = Error::usage(what).on(&self.droplet.name);
        let error = match nearest(service, names.iter().copied()) {
            Some(near) => error.because(format!("did you mean {}?", printable(near))),
            None => error,
        };
        match names.is_empty() {
            true => error.because("no container of the stack is there"),
            false => error.because(format!("there are: {}", printable(&names.join(", ")))),
        }
    }

    /// The words that a container was started with.
    ///
    /// # Errors
    /// The droplet cannot be asked.
    pub async fn command_of(&self, container: &Container) -> Result<Vec<String>> {
        let output = self.crew.ask(self.droplet, &entry::command_of(&container.id), ASK_LIMIT).await?;
        // An image's own command may be none at all.
        Ok(serde_json::from_slice::<Option<Vec<String>>>(&output.stdout).ok().flatten().unwrap_or_default())
    }

    /// Writes into the audit what is about to begin; why it could not be written. Somebody whose disk is full
    /// must still be able to look.
    ///
    /// # Errors
    /// The droplet cannot be asked.
    pub async fn note(&self, world: &World, event: &str, words: &[String]) -> Result<Option<String>> {
        let line = json!({
            "event": event, "operator": world.operator, "command": shorten(&hide::words(words), LONGEST),
            "at": world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        let env = self.crew.env;
        let facts = [(self.droplet.name.clone(), self.facts.clone())].into();
        let runner = Runner::new(super::dir(env, &facts, &self.droplet.name));
        let cmd = runner.note(env.stack.path.as_str(), &line.to_string());
        let link = self.crew.link(self.droplet)?;
        let answer = link.run(Call::new(&cmd).timeout(ASK_LIMIT)).await;
        let output = answer.map_err(|error| error.into_error(&self.droplet.name, &env.name))?;
        Ok(match output.code {
            0 => None,
            CANNOT_WRITE => Some(format!("cannot write below {}", runner.dir())),
            LOCKED => Some("somebody else has held it for ten seconds".to_owned()),
            code => Some(format!("code {code}")),
        })
    }

    /// Its exit code.
    ///
    /// # Errors
    /// The link was lost, or it could not be started.
    pub async fn sit(&self, cmd: &Cmd, seat: &Seat<'_>) -> Result<u8> {
        let (droplet, env) = (&self.droplet.name, &self.crew.env.name);
        match self.crew.link(self.droplet)?.sit(cmd, seat).await {
            Ok(code) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
            Err(TransportError::NoStatus { detail }) => {
                Err(Error::new(Exit::Unknown, "the link was lost, and with it the session")
                    .on(droplet)
                    .because(printable(&detail))
                    .because("what was started there may have ended with it or may go on")
                    .next(format!("ops exec {env} --droplet {droplet} -- ps axf")))
            }
            Err(error) => Err(error.into_error(droplet, env)),
        }
    }
}
