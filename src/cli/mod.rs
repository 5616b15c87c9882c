//! The command line: one file a command, each turning arguments into a request and handing it on.
//!
//! Deliberately absent: every decision about droplets (`flow`, `runbooks`) and every word on the
//! screen that is not about arguments (`ui`).

mod args;
mod audit;
mod backup;
mod backup_away;
mod backup_import;
mod backup_verify;
mod carry;
mod clone;
pub mod complete;
mod config;
mod consent;
mod deploy;
mod desk;
pub mod docs;
mod doctor;
mod exec;
mod harden;
mod health;
mod health_news;
mod inside;
mod install_modules;
mod kept;
mod lock;
mod logs;
mod names;
mod notify;
mod odoo_shell;
mod preflight;
mod psql;
mod recover;
mod rehearse;
mod releases;
mod restore;
mod rollback;
mod runs;
mod schedule;
mod session;
mod sheets;
mod shell;
mod snapshots;
mod trust;
mod vigil;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::ui::{Options, Screen, Ui, Wishes};
use crate::world::World;
use session::Session;

/// Operate self-hosted Odoo on your own droplets: deploy, check, look back
///
/// Reads an inventory of droplets, connects by SSH and drives Docker Compose there. Everything that
/// changes a droplet shows a plan first, asks, writes a journal, and puts back what failed.
#[derive(Debug, Parser)]
#[command(name = "ops", version, disable_help_subcommand = true, max_term_width = 100, after_help = EXITS)]
pub struct Cli {
    #[command(flatten)]
    global: args::Global,

    #[command(subcommand)]
    command: Command,
}

const EXITS: &str = "Exit codes:
  0 done, or nothing to do        5 locked                  9 checks found problems
  1 failed, nothing changed       6 failed and put back    10 the droplet changed meanwhile
  2 wrong usage or inventory      7 MIXED: look at it     130 interrupted, nothing changed
  3 not confirmed                 8 UNKNOWN: look first
  4 unreachable

The inventory is looked for at --config, $OPS_CONFIG, ops.yaml here and upwards, then your
config directory. `ops config check` tells which one is read, and whether it is right.";

#[derive(Debug, Subcommand)]
enum Command {
    Deploy(deploy::Deploy),
    Rollback(rollback::Rollback),
    InstallModules(install_modules::InstallModules),
    Rehearse(rehearse::Rehearse),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Clone(clone::Clone),
    Recover(recover::Recover),
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    Preflight(preflight::Preflight),
    Health(health::Health),
    Harden(harden::Harden),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Notify(notify::Notify),
    Logs(logs::Logs),
    Exec(exec::Exec),
    Shell(shell::Shell),
    Psql(psql::Psql),
    OdooShell(odoo_shell::OdooShell),
    Audit(audit::Audit),
    #[command(subcommand)]
    Runs(runs::Runs),
    #[command(subcommand)]
    Releases(releases::Releases),
    #[command(subcommand)]
    Snapshots(snapshots::Snapshots),
    #[command(subcommand)]
    Lock(lock::Lock),
    #[command(subcommand)]
    Config(config::Config),
    Completions(docs::Completions),
    Man(docs::Man),
}

impl Command {
    /// Whether `--output json` means one event a line rather than one object.
    fn streams(&self) -> bool {
        match self {
            Command::Deploy(_)
            | Command::Rollback(_)
            | Command::Rehearse(_)
            | Command::Restore(_)
            | Command::Clone(_)
            | Command::Recover(_) => true,
            Command::InstallModules(install) => install.streams(),
            Command::Backup(backup) => backup.streams(),
            Command::Schedule(schedule) => schedule.streams(),
            Command::Snapshots(snapshots) => snapshots.streams(),
            Command::Runs(runs) => runs.streams(),
            _ => false,
        }
    }

    async fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Command::Deploy(deploy) => deploy.run(session).await,
            Command::Rollback(rollback) => rollback.run(session).await,
            Command::InstallModules(install) => install.run(session).await,
            Command::Rehearse(rehearse) => rehearse.run(session).await,
            Command::Backup(backup) => backup.run(session).await,
            Command::Restore(restore) => restore.run(session).await,
            Command::Clone(clone) => clone.run(session).await,
            Command::Recover(recover) => recover.run(session).await,
            Command::Schedule(schedule) => schedule.run(session).await,
            Command::Preflight(preflight) => preflight.run(session).await,
            Command::Health(health) => health.run(session).await,
            Command::Harden(harden) => harden.run(session).await,
            Command::Doctor(doctor) => doctor.run(session).await,
            Command::Notify(notify) => notify.run(session).await,
            Command::Logs(logs) => logs.run(session).await,
            Command::Exec(exec) => exec.run(session).await,
            Command::Shell(shell) => shell.run(session).await,
            Command::Psql(psql) => psql.run(session).await,
            Command::OdooShell(shell) => shell.run(session).await,
            Command::Audit(audit) => audit.run(session).await,
            Command::Runs(runs) => runs.run(session).await,
            Command::Releases(releases) => releases.run(session).await,
            Command::Snapshots(snapshots) => snapshots.run(session).await,
            Command::Lock(lock) => lock.run(session).await,
            Command::Config(config) => config.run(session),
            Command::Completions(completions) => completions.run(session),
            Command::Man(man) => man.run(session),
        }
    }
}

/// A fault of this program is told as such, after the cursor was given back. Unwinding goes on, so that
/// connections are closed and locks are given back.
pub fn hear_panics() {
    std::panic::set_hook(Box::new(|panic| {
        crate::ui::show_cursor();
        crate::ui::fault(&panic.to_string());
    }));
}

/// Reads the command line and carries it out; the exit code.
pub async fn run(world: World, args: &[OsString]) -> u8 {
    if let Err(error) = names::shown_as_it_is(args) {
        let ui = Ui::new(Options::decide(&world, Wishes::default()), Screen::process(false));
        ui.finish(error.exit, Some(&error));
        return error.exit.code();
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed stdout is nobody's fault, and there is nowhere to say so.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() };
        }
    };
    let wishes = Wishes {
        format: cli.global.output,
        colour: cli.global.color,
        verbose: cli.global.verbose,
        quiet: cli.global.quiet,
        no_input: cli.global.no_input,
        stream: cli.command.streams(),
    };
    let options = Options::decide(&world, wishes);
    let screen = Screen::process(options.mode == crate::ui::Mode::Live);
    let session = Session::new(world, Ui::new(options, screen), cli.global, args);
    let result = match session.listen() {
        Ok(()) => tokio::select! {
            result = cli.command.run(&session) => result,
            error = session.interrupted_early() => Err(error),
        },
        Err(error) => Err(Error::failed("cannot listen for Ctrl-C").because(error)),
    };
    session.end(result)
}
