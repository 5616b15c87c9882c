//! `ops exec ENV -- CMD ARG..`.

use clap::Args;

use super::args::EnvArg;
use super::inside::{self, Begun};
use super::{names, session::Session};
use crate::cmd::Cmd;
use crate::error::Result;
use crate::exit::Exit;
use crate::tools::entry;

/// Run a command on a droplet, or in a container of the stack; its exit code is that of ops
///
/// Input and output are passed through, and a terminal is one over there, too. The words are passed on as they are; for
/// a shell's own signs write: ops exec prod -- sh -c 'ls | wc -l'. The droplet's audit keeps the command line, and
/// never what goes in or comes out.
#[derive(Debug, Args)]
pub struct Exec {
    #[command(flatten)]
    env: EnvArg,

    /// In the container of this service of the stack
    #[arg(long, value_name = "SERVICE", value_parser = names::name)]
    service: Option<String>,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    words: Vec<String>,
}

impl Exec {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        inside::narrow(&mut env, &self.env, inside::only)?;
        let begun = Begun { event: "exec", words: inside::said(self.service.as_ref(), &self.words) };
        inside::sit(session, &env, &self.env, begun, async |visit| match &self.service {
            Some(service) => {
                Ok(entry::exec(&visit.container(service)?.id, inside::tty(session), &self.words))
            }
            None => Ok(Cmd::new(&self.words[0]).args(self.words[1..].iter().cloned())),
        })
        .await
    }
}
