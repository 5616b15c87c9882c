//! `ops preflight ENV`.

use clap::Args;

use super::args::{EnvArg, WhatArgs};
use super::session::Session;
use crate::checks::Finding;
use crate::error::Result;
use crate::exit::Exit;
use crate::flow;
use crate::runbooks::deploy::{self, Request};

/// Check whether a deploy could begin, and say what to do where it could not
///
/// Reads the droplets and fetches the ref into ops' own cache; nothing that runs is touched. Ends with
/// exit code 9 when something has to be settled first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops preflight prod\n  \
    ops preflight prod --ref v14.2 --output markdown > ticket.md")]
pub struct Preflight {
    #[command(flatten)]
    env: EnvArg,

    #[command(flatten)]
    what: WhatArgs,
}

impl Preflight {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let allow_downgrade = self.what.allow_downgrade;
        let request = Request { wanted: self.what.wanted(), allow_downgrade, ..Request::default() };
        deploy::allowed(&env, &request.wanted)?;
        let crew = session.crew(&env, &self.env).await?;
        let looked = flow::look(&crew, &flow::Order::Deploy(Box::new(request))).await;
        crew.close().await;
        let looked = looked?;
        session.remember(&inventory, &env, &looked.facts);
        let at = session.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        session.ui.checklist(&env, &looked.findings, &at);
        Ok(if looked.findings.iter().any(Finding::blocks) { Exit::Checks } else { Exit::Done })
    }
}
