//! `ops odoo-shell ENV`.

use clap::Args;

use super::args::EnvArg;
use super::consent::ConsentArgs;
use super::desk::Desk;
use super::inside::{self, Begun};
use super::session::Session;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow;
use crate::runbooks::deploy::options_of;
use crate::tools::entry;

/// Odoo's own shell on the environment's database, in a container like the one that serves
///
/// It can change everything, so that a protected environment wants its name. Only what `env.cr.commit()` is called for is
/// kept. Without a terminal it reads Python from its input.
#[derive(Debug, Args)]
pub struct OdooShell {
    #[command(flatten)]
    env: EnvArg,

    /// Confirm a protected environment by its name
    #[arg(long, value_name = "ENV", value_parser = super::names::name)]
    confirm: Option<String>,
}

impl OdooShell {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        inside::narrow(&mut env, &self.env, |env| env.web().next())?;
        if env.protected {
            let consent = ConsentArgs { yes: false, confirm: self.confirm.clone() };
            let desk = Desk { session, inventory: &inventory, env: &env, consent: &consent, dry_run: false };
            desk.settle(true, &format!("{} is protected, and this can write. Open Odoo's shell", env.name))?;
        }
        let begun = Begun { event: "odoo-shell", words: Vec::new() };
        let drawn = flow::drawn()?;
        inside::sit(session, &env, &self.env, begun, async |visit| {
            let web = visit.container(&env.stack.web)?;
            if web.config_files.is_empty() {
                return Err(Error::failed("nothing says how the web container was made")
                    .on(&env.droplets[0].name)
                    .because("its label of Compose names no file"));
            }
            let options = options_of(&visit.command_of(web).await?);
            let shell = entry::Shell {
                project: &web.project,
                dir: &web.working_dir,
                files: &web.config_files,
                profiles: &env.stack.profiles,
                service: &web.service,
                name: &format!("{}-ops-shell-{drawn}", web.project),
                database: &env.stack.database,
                options: &options,
            };
            Ok(shell.cmd(inside::tty(session)))
        })
        .await
    }
}
