//! Arguments of commands that change something: what they may do unasked, and why.

use std::time::Duration;

use clap::Args;

use super::names;

#[derive(Debug, Clone, Default, Args)]
pub struct ConsentArgs {
    /// Answer yes; covers neither data loss nor a protected environment
    #[arg(short, long)]
    pub yes: bool,

    /// Confirm data loss or a protected environment by its name
    #[arg(long, value_name = "ENV", value_parser = names::name)]
    pub confirm: Option<String>,
}

/// Of every command that shows a plan and carries it out.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// Show the plan and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,

    /// Why, for colleagues and the journal
    #[arg(long, value_name = "TEXT", value_parser = names::reason)]
    pub reason: Option<String>,

    /// Wait so long for a lock that somebody else holds: 90s, 10m
    #[arg(long, value_name = "TIME", value_parser = names::duration)]
    wait_lock: Option<Duration>,
}

impl RunArgs {
    /// How long a held lock is waited for.
    pub fn patience(&self) -> Duration {
        self.wait_lock.unwrap_or_default()
    }
}
