//! `ops config check [ENV]`: reads the inventory and shows what it means. Touches no droplet and runs
//! nothing that the inventory names.

use clap::{Args, Subcommand};

use super::names;
use super::session::Session;
use crate::error::Result;
use crate::exit::Exit;
use crate::inventory;
use crate::ui::Format;

/// The inventory
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check the inventory and show it with every default filled in, secrets hidden
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Check {
    /// Only this environment
    #[arg(value_name = "ENV", value_parser = names::name)]
    env: Option<String>,
}

impl Config {
    pub fn run(self, session: &Session) -> Result<Exit> {
        let Config::Check(Check { env }) = self;
        let inventory = session.inventory()?;
        let environments = match &env {
            Some(name) => vec![inventory.environment(name)?],
            None => inventory.environments.values().collect(),
        };
        match session.ui.options().format {
            Format::Json => session.ui.object(&inventory::resolved_json(environments.iter().copied())),
            _ => {
                for environment in &environments {
                    session.ui.data(&inventory::resolved(environment));
                }
            }
        }
        let file = inventory.file.display();
        session.ui.say(&format!("{file}: fine."));
        Ok(Exit::Done)
    }
}
