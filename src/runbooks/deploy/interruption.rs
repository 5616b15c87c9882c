//! What a plan says of a change of the database: which modules and why, for how long users are away, and what the
//! way back is.

use std::collections::BTreeMap;

use super::migrating::{Aside, Migration, To};
use super::update::{Change, Needed, modules};
use super::work::Work;
use crate::plan::{Note, NoteKind};
use crate::record::Rehearsal;
use crate::text::{count, few, printable, size};

/// Bytes a second that a copy of a database is expected to make: half of what a small droplet does.
const COPY_RATE: u64 = 100_000_000;
/// The same of a dump that is read once more, and of its restore (measured: 117 and 44 MB/s of 1.4 GB on 2 cores).
const DUMP_RATE: u64 = 40_000_000;
const RESTORE_RATE: u64 = 20_000_000;

/// Seconds that the copy of a deploy is expected to take.
pub fn copy_seconds(bytes: u64) -> u64 {
    bytes / COPY_RATE + 1
}

impl Work<'_> {
    /// Seconds: of everything, where an update was measured before; of the copy.
    pub(super) fn interruption(&self, migration: &Migration) -> (Option<u64>, u64) {
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
            To::Return(point) if self.inputs.request.data.held().is_none() => match self.origin() {
                Some(origin) => {
                    format!("the database of {} as of {} comes in its place", origin.env, point.taken)
                }
                None => format!("the database of {} comes back, from its backup", point.taken),
            },
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

/// "1 module updated in the database".
fn changed(change: &Change) -> String {
    let parts =
        [("installed", &change.install), ("updated", &change.update), ("uninstalled", &change.uninstall)];
    let part = |(verb, all): (&str, &Vec<Needed>)| {
        (!all.is_empty()).then(|| format!("{} {verb}", count(all.len(), "module")))
    };
    format!("{} in the database", parts.into_iter().filter_map(part).collect::<Vec<_>>().join(", "))
}

/// Each module with its reasons; of many, those with the same ones together.
pub(super) fn told(needed: &[&Needed]) -> Vec<String> {
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
