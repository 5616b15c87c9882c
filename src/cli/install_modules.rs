//! `ops install-modules ENV`.

use clap::Args;

use super::args::EnvArg;
use super::consent::RunArgs;
use super::desk::Desk;
use super::trust::InventorySecrets;
use super::{names, session::Session};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::{self, Order, Road};
use crate::inventory::Before;
use crate::record::ModuleRow;
use crate::runbooks::deploy::Wanted;
use crate::runbooks::modules::{self, Wish};
use crate::ui::{Answer, lists};

/// Install, update or uninstall Odoo modules of the release that runs, and prove it by SQL
///
/// The database is put aside first and comes back where anything fails; users get a page meanwhile. Names may
/// hold `*` and `?`. Without names: on a terminal they are asked for, else those of the inventory that are not
/// installed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops install-modules prod ipai_docs ipai_expense\n  ops install-modules prod 'ipai_*' --dry-run\n  \
    ops install-modules prod --list\n  ops install-modules prod --update ipai_docs"
)]
pub struct InstallModules {
    #[command(flatten)]
    env: EnvArg,

    /// Modules to install
    #[arg(value_name = "MODULE", value_parser = names::modules)]
    install: Vec<String>,

    /// Modules to update, although their code did not change
    #[arg(long, value_name = "MODULE", value_delimiter = ',', value_parser = names::modules)]
    update: Vec<String>,

    /// Modules to uninstall, with those that need them and with their data
    #[arg(long, value_name = "MODULE", value_delimiter = ',', value_parser = names::modules)]
    uninstall: Vec<String>,

    /// What the inventory names and the database does not have
    #[arg(long)]
    all: bool,

    /// Bring what an earlier run of Odoo left half-way to its end
    #[arg(long, conflicts_with_all = ["install", "update", "uninstall", "all"])]
    repair: bool,

    /// Show the modules that the running release has, all or those that are named, and stop
    #[arg(long, conflicts_with_all = ["update", "uninstall", "all", "repair", "dry_run"])]
    list: bool,

    /// Make no backup before, whatever deploy.backup.before says
    #[arg(long)]
    no_backup: bool,

    #[command(flatten)]
    run: RunArgs,
}

impl InstallModules {
    /// The result of `--list` is one object, a change is told line by line.
    pub fn streams(&self) -> bool {
        !self.list
    }

    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let mut env = session.environment(&inventory, &self.env)?;
        if self.no_backup {
            env.deploy.backup.before = Before::Never;
        }
        let desk = Desk::new(session, &inventory, &env, &self.run);
        let secrets = InventorySecrets { inventory: &inventory, session };
        let road = desk.road(&secrets, session.connect(&self.env, self.list)?);
        if self.list {
            let rows = rows(&road, &self.install).await?;
            session.ui.list(&lists::modules(&env.name, &rows));
            return Ok(Exit::Done);
        }
        let mut wish = Wish {
            install: self.install,
            update: self.update,
            uninstall: self.uninstall,
            all: self.all,
            repair: self.repair,
            reason: self.run.reason.clone(),
        };
        if wish.is_empty() && session.ui.asks() && !self.run.consent.yes {
            wish.install = choose(&road, session).await?;
        }
        if wish.is_empty() && env.modules.is_empty() {
            return Err(Error::usage(format!("no module is named, and `modules` of {} is empty", env.name))
                .next(format!("ops install-modules {} --list", env.name)));
        }
        flow::carry(&road, &Order::Modules(wish), self.run.patience()).await
    }
}

/// The modules of the running release, all or those that the patterns mean.
async fn rows(road: &Road<'_>, patterns: &[String]) -> Result<Vec<ModuleRow>> {
    let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
    let asked = async {
        let facts = crew.facts(None).await?;
        let wanted = Wanted { release: Some(modules::running(road.env, &facts)?), ..Wanted::default() };
        let staged = crew.stage(&facts, &wanted).await?;
        let (catalog, known) = modules::told(road.env, &facts, &staged)?;
        Ok(modules::rows(catalog, known, patterns))
    };
    let rows = asked.await;
    crew.close().await;
    rows
}

/// Shows what there is besides Odoo's own modules and asks for names; Enter takes the inventory's.
///
/// # Errors
/// Exit 2: what was typed is no name. Exit 3: nothing was typed, and the inventory names none.
async fn choose(road: &Road<'_>, session: &Session) -> Result<Vec<String>> {
    let (env, ui) = (road.env, &session.ui);
    let own: Vec<ModuleRow> = rows(road, &[]).await?.into_iter().filter(|row| !row.is_core()).collect();
    ui.list(&lists::modules(&env.name, &own));
    let usual = match env.modules.as_slice() {
        [] => String::new(),
        named => format!("; Enter: {}", named.join(", ")),
    };
    let question = format!("Install which of them? Names, with `*` and `?`{usual}: ");
    let typed = match tokio::task::block_in_place(|| ui.ask(&question, &session.stop.soft)) {
        Answer::Line(line) if line.is_empty() && !env.modules.is_empty() => return Ok(env.modules.clone()),
        Answer::Line(line) => line,
        Answer::End => String::new(),
        Answer::Interrupted => {
            return Err(Error::new(Exit::Interrupted, "interrupted before anything changed"));
        }
    };
    let names = typed.split([' ', ',']).filter(|name| !name.is_empty());
    let names: Vec<String> =
        names.map(names::modules).collect::<std::result::Result<_, _>>().map_err(Error::usage)?;
    match names.is_empty() {
        true => Err(Error::new(Exit::NotApproved, "no module was named; nothing was changed")),
        false => Ok(names),
    }
}
