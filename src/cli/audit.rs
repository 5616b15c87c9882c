//! `ops audit ENV`.

use clap::Args;

use super::args::EnvArg;
use super::session::Session;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::queries;
use crate::ui::lists;

/// Who did what on an environment, and how it ended; --verify proves that no line was changed
#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    env: EnvArg,

    /// Check that every line still names the one before it
    #[arg(long)]
    verify: bool,

    /// At most so many of the newest lines
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

impl Audit {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let crew = session.crew(&env, &self.env).await?;
        let audits = async {
            let facts = crew.facts(None).await?;
            queries::audits(&crew, &facts).await
        };
        let audits = audits.await;
        crew.close().await;
        let mut audits = audits?;
        for audit in &mut audits {
            let surplus = audit.entries.len().saturating_sub(self.limit.into());
            audit.entries.drain(..surplus);
        }
        let shown: Vec<lists::Audit> = audits
            .iter()
            .map(|audit| (audit.droplet.clone(), audit.entries.clone(), audit.broken.clone()))
            .collect();
        session.ui.list(&lists::audits(&env.name, &shown, self.verify));
        if !self.verify {
            return Ok(Exit::Done);
        }
        let broken = audits.iter().find_map(|audit| Some((&audit.droplet, audit.broken.as_ref()?)));
        match broken {
            Some((droplet, broken)) => Err(Error::new(
                Exit::Checks,
                format!("the audit was changed: line {} of it is broken", broken.line),
            )
            .on(droplet)
            .because(&broken.why)),
            None => {
                session.ui.say("The audit is whole: every line names the one before it.");
                Ok(Exit::Done)
            }
        }
    }
}
