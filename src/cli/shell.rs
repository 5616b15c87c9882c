//! `ops shell ENV [SERVICE]`.

use clap::Args;

use super::args::EnvArg;
use super::inside::{self, Begun};
use super::{names, session::Session};
use crate::error::Result;
use crate::exit::Exit;
use crate::tools::entry;

/// A shell on a droplet, or in a container of the stack
///
/// As the user that ops works as there: root with `become: sudo`. Without a terminal it reads commands from its input.
#[derive(Debug, Args)]
pub struct Shell {
    #[command(flatten)]
    env: EnvArg,

    /// In the container of this service of the stack
    #[arg(value_name = "SERVICE", value_parser = names::name)]
    service: Option<String>,
}

impl Shell {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        inside::narrow(&mut env, &self.env, inside::only)?;
        let begun = Begun { event: "shell", words: inside::said(self.service.as_ref(), &[]) };
        inside::sit(session, &env, &self.env, begun, async |visit| match &self.service {
            Some(service) => Ok(entry::shell_in(&visit.container(service)?.id, inside::tty(session))),
            None => Ok(entry::shell()),
        })
        .await
    }
}
