//! A backup is brought back beside what serves, in a section of its own; then it changes places with the live database
//! as one that was put aside does (`migrating.rs`). (`harmless.rs`: of another environment's.)

use super::changing::COPY_LIMIT;
use super::steps::run;
use super::work::Work;
use super::{Backup, Data, Origin, Part};
use crate::cmd::Cmd;
use crate::plan::{Action, Content, EnvValue, Phase, Step, Undo};
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

    /// The other environment whose data comes.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.coming()?.origin.as_ref()
    }

    fn ground(&self) -> Option<Ground<'_>> {
        Ground::new(self.inputs.env, Some(self.facts)).ok()
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

    /// What opens another environment's repository is told to the droplet, until all of it is fetched.
    pub(super) fn lend(&self) -> Vec<Step> {
        let Some((backup, ground)) = self.coming().zip(self.ground()) else { return Vec::new() };
        let Some(origin) = &backup.origin else { return Vec::new() };
        let mut values = origin.variables.clone();
        values.push(("RESTIC_PASSWORD".to_owned(), EnvValue::Drawn));
        let path = ground.lent();
        let gone = Cmd::new("rm").args(["-f", "--", &path]);
        let put = Action::Put { path, mode: 0o400, content: Content::EnvFile(values) };
        let title = format!("tell what opens the backups of {}, until they are fetched", origin.env);
        vec![self.builder().step(
            "secrets.lent",
            Phase::Backup,
            title,
            vec![put],
            Undo::By(vec![run(gone)]),
            60,
        )]
    }

    /// From the repository to a database and its files beside the live ones.
    pub(super) fn fetch(&self) -> Vec<Step> {
        let Some((backup, ground)) = self.coming().zip(self.ground()) else { return Vec::new() };
        let name = self.builder().restored_database();
        let restore = |what: Return| ground.from(backup, |tool| tool.restore(what, &backup.snapshot, &name));
        let step = |id: &str, what: Return, title: String| self.beside(id, title, vec![run(restore(what))]);
        let from = backup.place.as_ref().map(|place| format!(" from {place}")).unwrap_or_default();
        let ready = step("ready", Return::Ready, format!("make room for backup {}{from}", backup.id));
        let undo = Undo::By(vec![run(restore(Return::Drop))]);
        let compared = "fetch the dump, compare it with its sums".to_owned();
        let restored = format!("restore it as {name}, compare the rows with those counted");
        let database = match backup.part {
            Part::Database => step("database", Return::Database, restored),
            _ => step("database", Return::Both, format!("{restored}; fetch the files meanwhile")),
        };
        let mut steps = vec![Step { undo, ..ready }, step("fetch", Return::Fetch, compared), database];
        steps.extend(backup.origin.iter().flat_map(|origin| self.quiet(&ground, backup, origin, &name)));
        steps.push(match backup.part {
            Part::Database => {
                step("files", Return::Linked, "take the files that are there, as links".to_owned())
            }
            _ => step("files", Return::Files, "compare each file with its name".to_owned()),
        });
        steps.extend([
            step("own", Return::Own, format!("hand {name} over to its owner, closed to connections")),
            step("close", Return::Close, "remove the dump".to_owned()),
        ]);
        steps
    }

    pub(super) fn beside(&self, id: &str, title: String, actions: Vec<Action>) -> Step {
        let undo = Undo::NotNeeded("it is beside what serves, and is dropped".into());
        self.builder().step(&format!("restore.{id}"), Phase::Prepare, title, actions, undo, COPY_LIMIT)
    }
}
