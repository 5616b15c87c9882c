//! The steps of a run that changes the database: the site says so, the old release ends, the original database
//! is put aside, its copy is updated (or the one of an earlier release takes its place), and users are let in
//! when the new release has shown that it works. One section: whatever stops it before that, the droplet goes
//! back to what was.

use std::collections::BTreeMap;

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
use crate::plan::{Action, Note, NoteKind, Phase, Step, Undo};
use crate::record::{Rehearsal, RestorePoint};
use crate::text::{count, few, printable, size};
use crate::tools::own;

/// Bytes a second that a copy of a database is expected to make: half of what a small droplet does.
const COPY_RATE: u64 = 100_000_000;
/// The same of a dump that is read once more, and of its restore (measured: 117 and 44 MB/s of 1.4 GB on 2 cores).
const DUMP_RATE: u64 = 40_000_000;
const RESTORE_RATE: u64 = 20_000_000;

/// Seconds that the copy of a deploy is expected to take.
pub fn copy_seconds(bytes: u64) -> u64 {
    bytes / COPY_RATE + 1
}

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
        if let (To::Return(point), Some(kept)) = (&to, &self.staged.kept)
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

    /// Seconds: of everything, where an update was measured before; of the copy.
    fn interruption(&self, migration: &Migration) -> (Option<u64>, u64) {
        let usual = |step: &str| self.inputs.usual.get(step).map(|millis| millis.div_ceil(1000));
        let dumped = migration.aside == Aside::Dumped;
        let measured = usual("switch.snapshot");
        let copy = measured.unwrap_or_else(|| match dumped {
            true => migration.bytes / DUMP_RATE + 1,
            false => copy_seconds(migration.bytes),
        });
        if let Some(update) = self.as_rehearsed(migration).and_then(|(_, one)| one.millis("update")) {
            return (Some(copy + update.div_ceil(1000) + 5), copy);
        }
        let installs = matches!(&migration.to, To::Modules(change) if !change.install.is_empty());
        let work = if installs { "switch.install" } else { "switch.update" };
        (usual(work).map(|work| copy + work + 5), copy)
    }

    /// The last rehearsal, where it was of this commit and these modules.
    fn as_rehearsed(&self, migration: &Migration) -> Option<&(String, Rehearsal)> {
        let rehearsed = self.inputs.rehearsed?;
        let To::Modules(change) = &migration.to else { return None };
        let sha = self.code.map(|code| code.sha.as_str());
        let same = rehearsed.1.sha.as_deref() == sha && rehearsed.1.modules == modules(&change.update);
        (same && change.install.is_empty() && sha.is_some()).then_some(rehearsed)
    }

    pub(super) fn migration_note(&self, migration: &Migration) -> Note {
        let needed = migration.to.needed();
        let mut lines = told(&needed);
        let (all, copy) = self.interruption(migration);
        lines.push(match all {
            _ if needed.is_empty() => "users are interrupted for the seconds Odoo needs to start".into(),
            Some(all) => match self.as_rehearsed(migration) {
                Some((at, _)) => {
                    format!("users are interrupted for about {all} s, as the rehearsal of {at} took")
                }
                None => format!("users are interrupted for about {all} s, as it took here before"),
            },
            None => format!(
                "users are interrupted for {copy} s of {} {}, Odoo's own work (not measured here yet) and some 5 s",
                if migration.aside == Aside::Dumped { "dumping" } else { "copying" },
                size(migration.bytes)
            ),
        });
        lines.push(match &migration.closing {
            Ok(_) => "nginx shows a page meanwhile (503, Retry-After)".into(),
            Err(why) => format!("no page is shown meanwhile: {why}"),
        });
        let title = match &migration.to {
            To::Modules(change) => changed(change),
            To::Return(point) => {
                format!("the database of {} comes back, as release {} left it", point.taken, point.release)
            }
        };
        lines.push(self.way_back(migration));
        Note { kind: NoteKind::Warning, title, lines }
    }

    fn way_back(&self, migration: &Migration) -> String {
        let kept = match (&migration.to, migration.aside) {
            (To::Modules(_), Aside::Dumped) => {
                let (file, seconds) = (self.builder().dump_file(), migration.bytes / RESTORE_RATE + 5);
                return format!(
                    "the database is dumped to {file} and changed where it is; whatever fails before users are let in restores it, \
                     which takes about {seconds} s; afterwards `ops rollback` can bring back the code only"
                );
            }
            (To::Modules(_), Aside::Renamed) => self.builder().kept_database(),
            (To::Return(_), _) => self.builder().left_database(),
        };
        format!(
            "the database as it is now is kept as {kept}; whatever fails before users are let in goes back to it"
        )
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
    fn needed(&self) -> Vec<&Needed> {
        match self {
            To::Modules(change) => change.all().collect(),
            To::Return(_) => Vec::new(),
        }
    }
}

/// "1 module updated in the database".
fn changed(change: &Change) -> String {
    let parts =
        [("installed", &change.install), ("updated", &change.update), ("uninstalled", &change.uninstall)];
    let part = |(verb, all): (&str, &Vec<Needed>)| {
        (!all.is_empty()).then(|| format!("{} {verb}", count(all.len(), "module")))
    };
    format!("{} in the database", parts.into_iter().filter_map(part).collect::<Vec<_>>().join(", "))
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

/// Each module with its reasons; of many, those with the same ones together.
fn told(needed: &[&Needed]) -> Vec<String> {
    let line = |one: &&Needed| format!("{}: {}", one.module, reasons(one));
    if needed.len() <= 10 {
        return needed.iter().map(line).collect();
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in needed {
        groups.entry(reasons(one)).or_default().push(one.module.clone());
    }
    groups.into_iter().map(|(reasons, names)| format!("{}: {reasons}", few(&names))).collect()
}

/// The first files that say so.
pub(super) fn reasons(needed: &Needed) -> String {
    let shown = needed.because.iter().take(3).map(|one| printable(one)).collect::<Vec<_>>().join(", ");
    match needed.because.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
