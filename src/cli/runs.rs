//! `ops runs list ENV`, and `ops runs show|logs|attach|resume|undo RUN`.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::{DropletArgs, EnvArg};
use super::consent::ConsentArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::bundle;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::inventory;
use crate::queries;
use crate::rejoin::{self, Wish};
use crate::text::{count, printable};
use crate::ui::lists;

/// What was done on an environment: list runs, show one, read its logs
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List the runs of an environment, the newest first
    List(List),
    /// Show one run: who, when, why, and how every step ended
    Show(Show),
    /// Print what the steps of a run printed on the droplets
    Logs(Logs),
    /// Watch a run from any laptop, from its begin to its end
    Attach(Attach),
    /// Finish a run whose laptop is gone: does what was not done yet
    Resume(Again),
    /// Put back what a run did
    Undo(Again),
    /// Write everything about a run into one archive for a colleague, without secrets
    Bundle(Bundle),
}

#[derive(Debug, Args)]
pub struct Bundle {
    #[command(flatten)]
    run: RunArg,

    /// The archive to write; must not be there yet
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Attach {
    #[command(flatten)]
    run: RunArg,
}

#[derive(Debug, Args)]
pub struct Again {
    #[command(flatten)]
    run: RunArg,

    #[command(flatten)]
    consent: ConsentArgs,

    /// Show the plan and stop
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    env: EnvArg,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    run: RunArg,
}

#[derive(Debug, Args)]
pub struct Logs {
    #[command(flatten)]
    run: RunArg,

    /// Only this step
    #[arg(long, value_name = "STEP", value_parser = names::name)]
    step: Option<String>,
}

#[derive(Debug, Args)]
struct RunArg {
    /// The run's id, as `ops runs list` shows it
    #[arg(value_name = "RUN", value_parser = names::id)]
    run: String,

    #[command(flatten)]
    droplets: DropletArgs,
}

impl Runs {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Runs::List(list) => list.run(session).await,
            Runs::Show(Show { run }) => run.show(session).await,
            Runs::Logs(Logs { run, step }) => run.logs(step.as_deref(), session).await,
            Runs::Attach(Attach { run }) => {
                let look = Again { run, consent: ConsentArgs::default(), dry_run: false };
                look.join(None, session).await
            }
            Runs::Resume(again) => again.join(Some(Wish::Resume), session).await,
            Runs::Undo(again) => again.join(Some(Wish::Undo), session).await,
            Runs::Bundle(bundle) => bundle.run(session).await,
        }
    }

    /// Whether `--output json` means one event a line rather than one object.
    pub fn streams(&self) -> bool {
        matches!(self, Runs::Attach(_) | Runs::Resume(_) | Runs::Undo(_))
    }
}

impl Bundle {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.run.target()?;
        let env = session.environment(&inventory, &target)?;
        let crew = session.crew(&env, &target).await?;
        let run = self.run.run;
        let files = async {
            let facts = crew.facts(None).await?;
            queries::bundle(&crew, &facts, &run).await
        };
        let files = files.await;
        crew.close().await;
        let mut files = files?;
        let resolved = format!("{:#}\n", inventory::resolved_json([&env]));
        files.push(bundle::File { name: "inventory.json".into(), text: bundle::redacted(&resolved) });
        let to = self.to.unwrap_or_else(|| PathBuf::from(format!("{run}.tar.gz")));
        let at = u64::try_from(session.world.now().as_second()).unwrap_or_default();
        let shown = printable(&to.display().to_string());
        let failed =
            |error: std::io::Error| Error::new(Exit::Failed, format!("cannot write {shown}")).because(error);
        let bytes = bundle::archive(&run, &files, at).map_err(failed)?;
        write_new(&to, &bytes).map_err(failed)?;
        session.ui.say(&format!(
            "{shown}: {}, without secrets as far as they can be told; read it before you send it.",
            count(files.len(), "file")
        ));
        Ok(Exit::Done)
    }
}

/// Readable by its owner only, and never over something that is there.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Again {
    async fn join(self, wish: Option<Wish>, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.run.target()?;
        let env = session.environment(&inventory, &target)?;
        let (consent, dry_run) = (&self.consent, self.dry_run);
        if wish.is_none() {
            // Nothing is changed by looking on; a Ctrl-C ends the looking.
            session.answer_interrupts();
        }
        let desk = Desk { session, inventory: &inventory, env: &env, consent, dry_run };
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&target, wish.is_none())?);
        match wish {
            None => rejoin::attach(&road, &self.run.run).await,
            Some(wish) => rejoin::again(&road, &self.run.run, wish).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let facts = session.facts(&inventory, &env, &self.env).await?;
        let mut runs = queries::runs(&env, &facts)?;
        runs.truncate(self.limit.into());
        session.ui.list(&lists::runs(&env.name, &runs, session.world.now()));
        Ok(Exit::Done)
    }
}

impl RunArg {
    async fn show(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.target()?;
        let env = session.environment(&inventory, &target)?;
        let facts = session.facts(&inventory, &env, &target).await?;
        session.ui.run(&queries::run(&env, &facts, &self.run)?, session.world.now());
        Ok(Exit::Done)
    }

    async fn logs(self, step: Option<&str>, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let target = self.target()?;
        let env = session.environment(&inventory, &target)?;
        let crew = session.crew(&env, &target).await?;
        let logs = async {
            let facts = crew.facts(None).await?;
            queries::run(&env, &facts, &self.run)?;
            queries::logs(&crew, &facts, &self.run).await
        };
        let logs = logs.await;
        crew.close().await;
        let mut logs = logs?;
        if let Some(step) = step {
            logs.retain(|log| log.step == step);
            if logs.is_empty() {
                return Err(Error::usage(format!("{} has no step {step}", self.run))
                    .next(format!("ops runs logs {}", self.run)));
            }
        }
        session.ui.logs(&self.run, &logs);
        Ok(Exit::Done)
    }

    /// The environment is the one that the run's id begins with.
    fn target(&self) -> Result<EnvArg> {
        let Some(env) = names::env_of_run(&self.run) else {
            return Err(Error::usage(format!("{} is not the id of a run", self.run))
                .because("a run is called <environment>-<time>-<letters>")
                .next("ops runs list ENV"));
        };
        Ok(EnvArg { env: env.to_owned(), droplets: self.droplets.clone() })
    }
}
