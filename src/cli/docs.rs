//! `ops completions SHELL` and `ops man DIR`: generated from the command tree, committed, and compared
//! by a test.

use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::env::EnvCompleter;
use clap_complete::{Shell, env};

use super::Cli;
use super::session::Session;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Print the completion script of a shell
///
/// Where `ops` is installed, the script asks it at TAB time, so that names of environments, droplets
/// and runs are offered; elsewhere it knows commands and options.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  source <(ops completions bash)\n  \
    ops completions zsh > ~/.zfunc/_ops\n  ops completions fish > ~/.config/fish/completions/ops.fish")]
pub struct Completions {
    #[arg(value_enum)]
    shell: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    Bash,
    Zsh,
    Fish,
}

/// Write the manual pages into a directory
#[derive(Debug, Args)]
pub struct Man {
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: PathBuf,
}

impl Completions {
    pub fn run(self, session: &Session) -> Result<Exit> {
        session.ui.data(&script(self.shell)?);
        Ok(Exit::Done)
    }
}

impl Man {
    pub fn run(self, session: &Session) -> Result<Exit> {
        let dir = session.world.cwd.join(&self.dir);
        let refused = |error: std::io::Error| {
            Error::failed(format!("cannot write manual pages to {}", dir.display())).because(error)
        };
        std::fs::create_dir_all(&dir).map_err(refused)?;
        clap_mangen::generate_to(Cli::command(), &dir).map_err(refused)?;
        Ok(Exit::Done)
    }
}

/// The script of a shell: names at TAB time where the program is there, the plain tree elsewhere.
///
/// # Errors
/// A generator that fails is a fault of this program.
pub fn script(shell: Which) -> Result<String> {
    let (asking, plain): (&dyn EnvCompleter, _) = match shell {
        Which::Bash => (&env::Bash, Shell::Bash),
        Which::Zsh => (&env::Zsh, Shell::Zsh),
        Which::Fish => (&env::Fish, Shell::Fish),
    };
    let mut dynamic = Vec::new();
    asking
        .write_registration("COMPLETE", "ops", "ops", "ops", &mut dynamic)
        .map_err(|error| Error::failed("the completion script cannot be made").because(error))?;
    let mut fixed = Vec::new();
    clap_complete::generate(plain, &mut Cli::command(), "ops", &mut fixed);
    let (dynamic, fixed) = (String::from_utf8_lossy(&dynamic), String::from_utf8_lossy(&fixed));
    let fixed = fixed.strip_prefix("#compdef ops\n").unwrap_or(&fixed);
    let dynamic = dynamic.strip_prefix("#compdef ops\n").unwrap_or(&dynamic);
    Ok(match shell {
        Which::Bash => format!("if command -v ops >/dev/null 2>&1; then\n{dynamic}\nelse\n{fixed}\nfi\n"),
        Which::Zsh => format!("#compdef ops\nif (( $+commands[ops] )); then\n{dynamic}\nelse\n{fixed}\nfi\n"),
        Which::Fish => format!("if command -q ops\n{dynamic}\nelse\n{fixed}\nend\n"),
    })
}
