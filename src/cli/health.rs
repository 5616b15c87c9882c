//! `ops health [ENV..|--all]`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::args::{DropletArgs, EnvArg};
use super::health_news::News;
use super::kept::Place;
use super::names;
use super::session::Session;
use super::vigil::Watch;
use crate::checks::health::{self, Entrances, Floor, Report};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Inventory, When};
use crate::queries;
use crate::text::{nearest, printable};
use crate::ui::Format;

/// Look at everything that runs, and say what is wrong, how bad, and what to do about it
///
/// All droplets at once, each by one command that only reads. What could not be seen is UNKNOWN, which is
/// worse than a warning. Ends with exit code 9 where something is wrong, with 4 where no droplet could be
/// reached; with `--output nagios` with Nagios' own codes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops health prod\n  ops health --all --fail-on crit\n  \
    ops health prod --only web.login,database\n  ops health prod --watch 5\n  \
    ops health --all --output prometheus --write /var/lib/prometheus/node-exporter/ops.prom")]
pub struct Health {
    /// The environments, as the inventory names them
    #[arg(value_name = "ENV", value_parser = names::name, required_unless_present = "all", conflicts_with = "all")]
    env: Vec<String>,

    /// Every environment of the inventory
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    droplets: DropletArgs,

    /// Only these checks, by id or group
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,

    /// What ends with exit code 9; what is unknown always does
    #[arg(long, value_name = "STATUS", value_enum, default_value = "warn")]
    fail_on: Floor,

    /// Tell the channels of `notify` what changed since they were told last
    ///
    /// For a timer: each change is told once, and the way back as well, in at most 6 messages an hour of an environment.
    /// What is not as bad as --fail-on says is taken for well.
    #[arg(long, conflicts_with_all = ["only", "watch"])]
    notify: bool,

    /// After how many seconds a second look has to confirm a change before it is told; 0: none has to
    #[arg(long, value_name = "SECS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(..=600), requires = "notify")]
    confirm: u64,

    /// Write the answer to this file, at once and whole, instead of stdout
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    write: Option<PathBuf>,

    /// Go on looking, so many seconds apart, and at once where a container changes
    ///
    /// A view of the whole terminal; without one the report, then a line for each change. It ends with q or Ctrl-C, and
    /// with the exit code of what was known last.
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "10",
        value_parser = clap::value_parser!(u64).range(2..=86_400))]
    watch: Option<u64>,
}

impl Health {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let nagios = session.ui.options().format == Format::Nagios && self.watch.is_none();
        match self.look(session).await {
            Err(error) if nagios => {
                session.ui.data(&format!("OPS UNKNOWN - {}\n", printable(&error.what).replace('|', "/")));
                Ok(exit(3))
            }
            result => result,
        }
    }

    async fn look(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let envs = self.environments(session, &inventory)?;
        let only = self.ids(&envs)?;
        let target = EnvArg { env: self.env.join(", "), droplets: self.droplets.clone() };
        if let Some(every) = self.watch {
            let (inventory, envs, only) = (&inventory, &envs[..], &only[..]);
            let watch = Watch { session, inventory, envs, only, every, write: self.write.as_deref() };
            let report = watch.run(session.connect(&target, false)?).await?;
            return Ok(ended(&report, self.fail_on));
        }
        let news = match self.notify {
            true => Some(News::new(session, &inventory, &envs, self.fail_on)?),
            false => None,
        };
        let mut report = self.report(session, &inventory, &envs, &target).await?;
        if let Some(news) = news {
            let first = report.clone();
            if self.confirm > 0 && news.any(&first) {
                tokio::time::sleep(Duration::from_secs(self.confirm)).await;
                report = self.report(session, &inventory, &envs, &target).await?;
            }
            news.tell(&first, &report).await;
        }
        if !only.is_empty() {
            report.only(&only);
        }
        let text = session.ui.health(&report);
        match &self.write {
            Some(path) => write(path, &text)?,
            None => session.ui.data(&text),
        }
        Ok(match session.ui.options().format {
            Format::Nagios => exit(report.status().number()),
            _ => ended(&report, self.fail_on),
        })
    }

    async fn report(
        &self,
        session: &Session,
        inventory: &Inventory,
        envs: &[Environment],
        target: &EnvArg,
    ) -> Result<Report> {
        let options = session.connect(target, true)?;
        let (mut report, facts) =
            queries::health(envs, inventory, &session.world, options, &session.ui).await?;
        for (env, facts) in envs.iter().zip(&facts) {
            session.remember(inventory, env, facts);
            ways(session, inventory, env, facts, &mut report);
        }
        Ok(report)
    }

    fn environments(&self, session: &Session, inventory: &Inventory) -> Result<Vec<Environment>> {
        let mut names: Vec<&String> = match self.all {
            true => inventory.environments.keys().collect(),
            false => self.env.iter().collect(),
        };
        names.dedup();
        let target = |name: &String| EnvArg { env: name.clone(), droplets: self.droplets.clone() };
        names.into_iter().map(|name| session.environment(inventory, &target(name))).collect()
    }

    /// Ids of checks; a group stands for all of its own.
    fn ids(&self, envs: &[Environment]) -> Result<Vec<String>> {
        let own = envs.iter().flat_map(|env| &env.checks).filter(|check| check.when.contains(&When::Health));
        let known: Vec<String> =
            health::ids().map(str::to_owned).chain(own.map(|check| format!("own.{}", check.name))).collect();
        let mut ids = Vec::new();
        for asked in &self.only {
            let before = ids.len();
            ids.extend(known.iter().filter(|id| *id == asked || health::group(id) == asked).cloned());
            if ids.len() == before {
                let near = nearest(asked, known.iter().map(String::as_str));
                let error = Error::usage(format!("no check is called {}", printable(asked)));
                return Err(match near {
                    Some(near) => error.next(format!("ops health --only {near}")),
                    None => error.because(format!("there are: {}", known.join(", "))),
                });
            }
        }
        Ok(ids)
    }
}

/// What is new since this machine looked before. What cannot be kept is compared the next time with what was.
fn ways(
    session: &Session,
    inventory: &Inventory,
    env: &Environment,
    facts: &BTreeMap<String, Facts>,
    report: &mut Report,
) {
    if env.health.skip.iter().any(|id| id == health::NEW) {
        return;
    }
    let place = Place::new(&session.world, "entrances", inventory, env);
    let before = place.load().filter(Entrances::is_ours).unwrap_or_default();
    let mut ways: Entrances = before.clone();
    let (now, name) = (report.now, &env.name);
    for looked in report.droplets.iter_mut().filter(|looked| looked.env == *name) {
        let finding = facts.get(&looked.droplet).map(|facts| ways.look(&looked.droplet, facts, now));
        looked.findings.extend(finding);
    }
    if ways != before
        && let Err(error) = place.save(&ways)
    {
        session.ui.warn(&format!("who could come in to {name} cannot be remembered: {error}"));
    }
}

fn ended(report: &Report, floor: Floor) -> Exit {
    match report {
        report if report.blind() => Exit::Unreachable,
        report if report.problems(floor) => Exit::Checks,
        _ => Exit::Done,
    }
}

/// Nagios' codes are not ours; they only have the same numbers.
fn exit(code: u8) -> Exit {
    Exit::from_code(code).unwrap_or(Exit::NotApproved)
}

/// Whoever reads the file finds the old text or the new one, never a part.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: &dyn std::fmt::Display| {
        Error::failed(format!("cannot write {}", printable(&path.display().to_string()))).because(error)
    };
    let mut file = tempfile::Builder::new()
        .prefix(".ops-health-")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
