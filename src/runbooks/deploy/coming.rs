//! A backup is brought back beside what serves, in a section of its own; then it changes places with the live database
//! as one that was put aside does (`migrating.rs`).

use super::changing::COPY_LIMIT;
use super::steps::run;
use super::work::Work;
use super::{Backup, Data};
use crate::plan::{Phase, Step, Undo};
use crate::record::RestorePoint;
use crate::runbooks::backup::Ground;
use crate::tools::backup::Return;

impl Work<'_> {
    fn coming(&self) -> Option<&Backup> {
        match &self.inputs.request.data {
            Data::Restored(backup) => Some(backup),
            _ => None,
        }
    }

    /// The database that the section makes.
    pub(super) fn restored_point(&self, backup: &Backup) -> RestorePoint {
        RestorePoint {
            database: self.builder().restored_database(),
            release: self.release_before().unwrap_or_default(),
            // Nobody else has this data: it is of the release that this run makes.
            data: Some(self.place.id.clone()),
            taken: backup.taken.clone(),
        }
    }

    /// From the repository to a database and its files beside the live ones.
    pub(super) fn fetch(&self) -> Vec<Step> {
        let Some(backup) = self.coming() else { return Vec::new() };
        let Ok(ground) = Ground::new(self.inputs.env, Some(self.facts)) else { return Vec::new() };
        let name = self.builder().restored_database();
        let restore = |what: Return| {
            let offsite = &self.inputs.env.backup.offsite;
            let place = offsite.iter().find(|one| Some(&one.name) == backup.place.as_ref());
            match place {
                Some(place) => ground.at(place, |tool| tool.restore(what, &backup.snapshot, &name)),
                None => ground.tool().restore(what, &backup.snapshot, &name),
            }
        };
        let step = |id: &str, what: Return, title: String| {
            let actions = vec![run(restore(what))];
            let undo = Undo::NotNeeded("it is beside what serves, and is dropped".into());
            self.builder().step(&format!("restore.{id}"), Phase::Prepare, title, actions, undo, COPY_LIMIT)
        };
        let from = backup.place.as_ref().map(|place| format!(" from {place}")).unwrap_or_default();
        let ready = step("ready", Return::Ready, format!("make room for backup {}{from}", backup.id));
        let undo = Undo::By(vec![run(restore(Return::Drop))]);
        let compared = "fetch the dump, compare it with its sums".to_owned();
        let files = "fetch the files, compare each with its name".to_owned();
        vec![
            Step { undo, ..ready },
            step("fetch", Return::Fetch, compared),
            step(
                "database",
                Return::Database,
                format!("restore it as {name}, compare the rows with those counted"),
            ),
            step("files", Return::Files, files),
            step("close", Return::Close, "remove the dump".to_owned()),
        ]
    }
}
