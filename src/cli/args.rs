//! Arguments that several commands share.

use clap::{ArgAction, Args};
use std::path::PathBuf;

use super::names;
use crate::error::{Error, Result};
use crate::runbooks::deploy::Wanted;
use crate::ui::{Colour, Format};

/// Understood by every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// How results are written; markdown: preflight and health; prometheus, nagios: health only
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "human")]
    pub output: Format,

    /// Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,

    /// Say more: the exact commands, the steps' output; twice: whole scripts
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say less: only warnings, questions, failures and what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Never ask; what would be asked ends with exit code 3
    #[arg(long, global = true)]
    pub no_input: bool,

    /// New SSH connections at once
    #[arg(long, global = true, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub connections: u16,
}

#[derive(Debug, Clone, Args)]
pub struct EnvArg {
    /// The environment, as the inventory names it
    #[arg(value_name = "ENV", value_parser = names::name)]
    pub env: String,

    #[command(flatten)]
    pub droplets: DropletArgs,
}

/// The same beside verbs of the command's own, which name theirs themselves.
#[derive(Debug, Clone, Args)]
pub struct BareEnvArg {
    /// The environment, as the inventory names it
    #[arg(value_name = "ENV", value_parser = names::name, required = true)]
    env: Option<String>,

    #[command(flatten)]
    droplets: DropletArgs,
}

impl BareEnvArg {
    /// # Errors
    /// Exit 2: there is neither a verb nor an environment.
    pub fn target(self, command: &str) -> Result<EnvArg> {
        let missing = || Error::usage("which environment?").next(format!("ops {command} --help"));
        Ok(EnvArg { env: self.env.ok_or_else(missing)?, droplets: self.droplets })
    }
}

#[derive(Debug, Clone, Args)]
pub struct DropletArgs {
    /// Only these droplets of the environment
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = names::name)]
    pub droplet: Vec<String>,

    /// Ask for the password of sudo on the droplets
    #[arg(short = 'K', long)]
    pub ask_become_pass: bool,
}

#[derive(Debug, Clone, Args)]
pub struct WhatArgs {
    /// The branch, tag or commit to deploy; else the inventory's
    #[arg(long = "ref", value_name = "REF", value_parser = names::git_ref)]
    pub git_ref: Option<String>,

    /// The image of the web service; else what the compose file says
    #[arg(long, value_name = "IMAGE", value_parser = names::image)]
    pub image: Option<String>,

    /// Deploy a ref that lacks commits which run now
    #[arg(long)]
    pub allow_downgrade: bool,
}

impl WhatArgs {
    pub fn wanted(&self) -> Wanted {
        Wanted { git_ref: self.git_ref.clone(), image: self.image.clone(), release: None }
    }
}
