//! The steps of a run that changes the database: the site says so, the old release ends, the original database
//! is put aside, its copy is updated (or the one of an earlier release takes its place), and users are let in
//! when the new release has shown that it works. One section: whatever stops it before that, the droplet goes
//! back to what was.

use std::collections::BTreeMap;

use super::interruption::told;
use super::kept::Table;
use super::reading::odoo_options;
use super::steps::run;
use super::strategy::{Closing, Ground, closing};
use super::update::{Change, Needed, modules, wanted};
use super::work::Work;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::{Probe, own_probe};
use crate::inventory::{SnapshotKind, When};
use crate::plan::{Action, Phase, Step, Undo};
use crate::record::RestorePoint;
use crate::text::{count, printable, size};
use crate::tools::own;

/// What the database is brought to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum To {
    /// These modules of its copy are updated.
    Modules(Change),
    /// What was put aside comes back.
    Return(RestorePoint),
}

/// How the database is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// Under another name, in the server; a copy, or what comes back, takes its place.
    Renamed,
    /// Into a file: there is no room for a copy.
    Dumped,
}

/// What a run does to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Migration {
    pub(super) to: To,
    pub(super) aside: Aside,
    /// Of the database.
    pub(super) bytes: u64,
    /// How nginx keeps users away meanwhile, or why it cannot.
    pub(super) closing: std::result::Result<Closing, String>,
}

impl Migration {
    /// Why the plan may lose what users write, where nobody can be kept away.
    pub(super) fn unguarded(&self) -> Option<String> {
        let why = self.closing.as_ref().err()?;
        Some(format!(
            "users reach the new release while it is verified ({why}); if it is put back, what they wrote in it is lost"
        ))
    }
}

impl Work<'_> {
    /// # Errors
    /// This stack is one in which ops cannot update modules, or not now.
    pub(super) fn migration(&self, to: Option<To>) -> Result<Option<Migration>> {
        // A rehearsal has its own steps.
        let Some(to) = to.filter(|_| self.inputs.request.rehearse.is_none()) else { return Ok(None) };
        let refused = |exit: Exit, why: String| {
            let error = Error::new(exit, to.cannot()).on(&self.droplet.name).because(why);
            Err(told(&to.needed()).into_iter().fold(error, Error::because))
        };
        let env = self.inputs.env;
        if env.droplets.len() > 1 {
            return refused(
                Exit::Failed,
                "ops changes a database only where web and database are one droplet".into(),
            );
        }
        let database = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        let Some(database) = database.filter(|_| self.facts.container(&env.stack.db).is_some()) else {
            return refused(
                Exit::Failed,
                "the database does not run in this stack, and cannot be put aside".into(),
            );
        };
        // What comes from a backup is made by this very run.
        let kept = self.staged.kept.as_ref().filter(|_| self.inputs.request.data.held().is_some());
        if let (To::Return(point), Some(kept)) = (&to, kept)
            && let Some(why) = gone(point, &kept.databases)
        {
            return refused(Exit::Checks, why);
        }
        let aside = match self.aside(&to, database.bytes) {
            Ok(aside) => aside,
            Err(why) => return refused(Exit::Checks, why),
        };
        let closing =
            closing(Ground { env, facts: self.facts, model: self.model, moved: &self.moved }, self.target());
        let migration = Migration { to, aside, bytes: database.bytes, closing };
        self.short_enough(&migration)?;
        Ok(Some(migration))
    }

    /// # Errors
    /// Why there is no room, in words.
    fn aside(&self, to: &To, bytes: u64) -> std::result::Result<Aside, String> {
        let free = |purpose: &str| {
            let on = |mount: &&crate::facts::Mount| mount.purposes.iter().any(|one| one == purpose);
            self.facts.mounts.iter().flatten().find(on).map(|mount| mount.free)
        };
        let lacks = |free: Option<u64>, wanted: u64| free.filter(|free| *free < wanted);
        let (copy, dump) = (bytes.saturating_mul(11) / 10, bytes / 2);
        let how = self.inputs.env.deploy.snapshot;
        match (to, lacks(free("docker"), copy)) {
            // Names change places; only a copy wants room.
            (To::Return(_), _) => Ok(Aside::Renamed),
            (_, None) if how != SnapshotKind::Dump => Ok(Aside::Renamed),
            (_, Some(free)) if how == SnapshotKind::Copy => {
                Err(format!("a copy of the database wants {}, and {} are free", size(copy), size(free)))
            }
            (_, room) => match lacks(free("state"), dump) {
                None => Ok(Aside::Dumped),
                Some(free) => Err(format!(
                    "a dump of the database may want {}, and {} are free{}",
                    size(dump),
                    size(free),
                    room.map(|free| format!("; a copy wants {} of {} free", size(copy), size(free)))
                        .unwrap_or_default()
                )),
            },
        }
    }

    /// # Errors
    /// Exit 9: users would be interrupted for longer than the inventory lets.
    fn short_enough(&self, migration: &Migration) -> Result<()> {
        let (limit, expected) = (self.inputs.env.deploy.max_interruption, self.interruption(migration).0);
        let (Some(limit), Some(expected)) = (limit, expected) else { return Ok(()) };
        if expected <= limit.as_secs() || matches!(migration.to, To::Return(_)) {
            return Ok(());
        }
        Err(Error::new(Exit::Checks, format!("users would be interrupted for about {expected} s"))
            .on(&self.droplet.name)
            .because(format!("deploy.max_interruption is {} s", limit.as_secs()))
            .next("deploy at night with a longer deploy.max_interruption, or split the change into smaller ones"))
    }

    /// The one section, in order.
    pub(super) fn migrate(&self, migration: &Migration) -> Vec<Step> {
        let (builder, env) = (self.builder(), self.inputs.env);
        let live = self.serving().service(&env.stack.web);
        let host = self.host();
        let closing = migration.closing.as_ref().ok();
        let mut steps: Vec<Step> = closing.map(|closing| builder.close(closing)).into_iter().collect();
        steps.push(builder.stop(&live, self.before().as_deref()));
        let mut created = Vec::new();
        match &migration.to {
            To::Modules(change) => {
                steps.push(match migration.aside {
                    Aside::Renamed => builder.snapshot(),
                    Aside::Dumped => builder.dump(),
                });
                steps.extend(builder.change(change, &odoo_options(self.model, &env.stack.web)));
                created = wanted(change);
            }
            To::Return(point) => steps.push(builder.exchange(point)),
        }
        let settled = builder.settled(&created);
        steps.push(Step { phase: Phase::Switch, ..settled });
        steps.push(builder.anew(&self.missing_services()));
        steps.extend(builder.verify(&host, Phase::Switch));
        steps.extend(self.own_checks_here());
        steps.push(builder.link());
        steps.extend(self.record());
        steps.extend(closing.map(|closing| builder.open(closing)));
        let onward = |step: Step| Step {
            phase: Phase::Open,
            undo: Undo::Onward("it only looks, and users are in already".into()),
            ..step
        };
        steps.extend(closing.and_then(|_| builder.verify_proxy(&host)).map(onward));
        // What a restore puts aside stays as it was.
        let rolled_back = matches!(&migration.to, To::Return(_)) && self.inputs.request.data.held().is_some();
        steps.extend(rolled_back.then(|| builder.gather(closing.is_some())));
        steps
    }

    /// The user's own checks, asked before users are let in.
    fn own_checks_here(&self) -> Option<Step> {
        let (builder, env) = (self.builder(), self.inputs.env);
        let (project, web) = (&self.place.project, self.place.service(&env.stack.web));
        let checks: Vec<_> = env.checks_of(self.droplet, When::Verify).map(|(_, check)| check).collect();
        let ask = |check: &&crate::inventory::UserCheck| {
            run(own::ask(project, &web, &env.stack.db, check, &own_probe(env, &check.probe)))
        };
        let names: Vec<_> = checks.iter().map(|check| printable(&check.name)).collect();
        let title = format!("your own checks: {}", names.join(", "));
        let actions: Vec<Action> = checks.iter().map(ask).collect();
        let undo = Undo::NotNeeded("it only looks".into());
        (!actions.is_empty()).then(|| {
            builder.step("verify.checks", Phase::Switch, title, actions, undo, 100 * checks.len() as u64)
        })
    }

    /// What goes on record of the way back.
    pub(super) fn restore_point(&self) -> Option<RestorePoint> {
        let migration = self.migration.as_ref()?;
        let database = match migration.to {
            // Not a database that can be exchanged for the one that runs.
            To::Modules(_) if migration.aside == Aside::Dumped => return None,
            To::Modules(_) => self.builder().kept_database(),
            To::Return(_) => self.builder().left_database(),
        };
        let data = self.facts.current_release().and_then(|release| release.data.clone());
        Some(RestorePoint { database, release: self.release_before()?, data, taken: self.inputs.now.clone() })
    }

    /// The release that changed the database last, once this one is on record.
    pub(super) fn data(&self) -> Option<String> {
        match self.migration.as_ref().map(|migration| &migration.to) {
            Some(To::Modules(_)) => Some(self.place.id.clone()),
            Some(To::Return(point)) => point.data.clone(),
            None => self.facts.current_release()?.data.clone(),
        }
    }

    /// What a way back with data loses.
    pub(super) fn lost(&self) -> Option<String> {
        let point = match &self.migration.as_ref()?.to {
            To::Return(point) => point,
            To::Modules(change) => return self.dropped(&change.uninstall),
        };
        if let Some(origin) = self.origin() {
            return Some(format!(
                "the data of {} takes its place; what is there now is kept as {}",
                origin.env,
                self.builder().left_database()
            ));
        }
        let written = self.staged.kept.as_ref().and_then(|kept| kept.written);
        let since = match written {
            Some(written) => format!("in the last {}", ago(written.seconds)),
            None => format!("since {}", point.taken),
        };
        let much = written.map(|one| {
            let rows = one
                .rows
                .map(|rows| format!("{}, ", count(rows.try_into().unwrap_or(usize::MAX), "changed row")));
            format!(" ({}{} of PostgreSQL's log)", rows.unwrap_or_default(), size(one.wal))
        });
        Some(format!(
            "what was written {since}{} is not in the database that comes back; it is kept as {}",
            much.unwrap_or_default(),
            self.builder().left_database()
        ))
    }

    /// The tables that go with modules, as far as PostgreSQL has counted their rows.
    fn dropped(&self, gone: &[Needed]) -> Option<String> {
        let names = modules(gone);
        if names.is_empty() {
            return None;
        }
        let tables = self.staged.kept.iter().flat_map(|kept| &kept.tables);
        let of = |table: &&Table| names.contains(&table.module);
        let shown: Vec<_> =
            tables.filter(of).map(|table| format!("{} (about {} rows)", table.table, table.rows)).collect();
        let what = if shown.is_empty() { "no table of their own".to_owned() } else { shown.join(", ") };
        Some(format!("{} and their data are removed: {what}", names.join(", ")))
    }
}

impl To {
    /// What is refused.
    fn cannot(&self) -> String {
        match self {
            To::Modules(change) => format!("the database has to be changed ({})", change.what()),
            To::Return(point) => {
                format!("the database {} cannot be brought back", printable(&point.database))
            }
        }
    }

    /// The modules that something is done to.
    pub(super) fn needed(&self) -> Vec<&Needed> {
        match self {
            To::Modules(change) => change.all().collect(),
            To::Return(_) => Vec::new(),
        }
    }
}

/// Why a database that was put aside cannot come back.
fn gone(point: &RestorePoint, databases: &Probe<BTreeMap<String, u64>>) -> Option<String> {
    match databases {
        Ok(all) if all.contains_key(&point.database) => None,
        Ok(_) => Some("it is not there any more".into()),
        Err(failure) => Some(format!("the databases cannot be listed: {}", failure.why)),
    }
}

/// "40 s", "12 min", "3 h", "2 days".
fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
