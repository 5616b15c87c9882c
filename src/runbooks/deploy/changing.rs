//! The single steps of a run that changes the database, each with its undo.

use super::steps::{Builder, by, run};
use super::strategy::Closing;
use super::update::{Change, modules};
use crate::cmd::Cmd;
use crate::plan::{Phase, Step, Undo};
use crate::program::Program;
use crate::record::RestorePoint;
use crate::text::{few, printable};
use crate::tools::snapshot::Snapshot;
use crate::tools::{crons, odoo, page, web};

/// An update may take hours; what is longer is stuck.
const UPDATE_LIMIT: u64 = 6 * 3600;
pub(super) const COPY_LIMIT: u64 = 2 * 3600;

impl Builder<'_> {
    /// What remembers the stopped container.
    fn stopped(&self) -> String {
        format!("{}/stopped", self.place.dir)
    }

    fn with_snapshot<T>(&self, then: impl FnOnce(&Snapshot<'_>) -> T) -> T {
        let (web, stack) = (self.stopped(), &self.env.stack);
        let stamp = self.place.id.split('-').next().unwrap_or_default();
        let (project, service, database) = (&self.place.project, &stack.db, &stack.database);
        then(&Snapshot { project, service, database, stamp, web: &web })
    }

    pub(super) fn kept_database(&self) -> String {
        self.with_snapshot(|one| one.kept())
    }

    /// What a backup comes back as.
    pub(super) fn restored_database(&self) -> String {
        self.with_snapshot(|one| one.restored())
    }

    /// Where there was no room for a copy.
    pub(super) fn dump_file(&self) -> String {
        format!("{}/before.dump", self.place.dir)
    }

    /// What the database of a release that is gone back from is called.
    pub(super) fn left_database(&self) -> String {
        self.with_snapshot(|one| one.left())
    }

    /// Databases that were put aside, for good; `asked`: somebody did, and wants to know where it fails.
    pub(crate) fn drop_databases(&self, names: &[String], asked: bool) -> Step {
        let stack = &self.env.stack;
        let web = self.place.service(&stack.web);
        let one = Snapshot {
            project: &self.place.project,
            service: &stack.db,
            database: &stack.database,
            stamp: "",
            web: &web,
        };
        let title = format!("drop {}, put aside before", names.join(", "));
        let undo = Undo::NotNeeded("nobody needs them to go back, and what is dropped stays so".into());
        let drop = if asked { one.drop(names) } else { one.expire(names) };
        self.step("drop", Phase::Record, title, vec![run(drop)], undo, 900)
    }

    /// The names of two databases change places.
    pub(super) fn exchange(&self, point: &RestorePoint) -> Step {
        let database = &self.env.stack.database;
        let title = format!(
            "bring back {} as {database}, put what it is now aside as {}",
            point.database,
            self.left_database()
        );
        let (forth, back) = self.with_snapshot(|one| {
            let left = one.left();
            (run(one.exchange(&point.database, &left)), by(one.exchange(&left, &point.database)))
        });
        self.step("switch.data", Phase::Switch, title, vec![forth], back, 600)
    }

    /// What was attached since is named by the database that was put aside alone, which has it: this is for whoever looks
    /// for it. `opened`: users are in already.
    pub(super) fn gather(&self, opened: bool) -> Step {
        let title = format!("keep the files of {} with the live ones as well", self.left_database());
        let web = self.place.service(&self.env.stack.web);
        let gather = self.with_snapshot(|one| run(Snapshot { web: &web, ..one.clone() }.gather(&one.left())));
        let (phase, undo) = match opened {
            true => (Phase::Open, Undo::Onward("no file is changed".into())),
            false => (Phase::Record, Undo::NotNeeded("no file is changed".into())),
        };
        self.step("open.files", phase, title, vec![gather], undo, 3600)
    }

    /// nginx answers for itself.
    pub(super) fn close(&self, closing: &Closing) -> Step {
        let keep = format!("{}/site.before", self.place.dir);
        let site = self.nginx(&closing.site, &keep);
        let text =
            self.env.proxy.as_ref().and_then(|proxy| proxy.maintenance.as_deref()).unwrap_or(page::TEXT);
        let close = run(site.close(&closing.page, &page::server(text)));
        let title = format!("show a page to users (503): \"{}\"", printable(text));
        self.step("switch.close", Phase::Switch, title, vec![close], by(site.back()), 90)
    }

    /// Scheduled actions first, then requests, then the old container; `before`: its compose file.
    pub(super) fn stop(&self, live: &str, before: Option<&str>) -> Step {
        let (keep, drain) = (self.stopped(), self.drain_seconds());
        let (project, stack) = (&self.place.project, &self.env.stack);
        let retiring = self.retiring(live);
        let actions = vec![
            run(web::remember_errors(project, live, &self.errors())),
            run(crons::hold(project, &stack.db, &stack.database, drain)),
            run(retiring.stop(&keep)),
        ];
        let again = before.map(|file| self.project(file).up_and_wait(live, self.health_timeout()));
        let mut start = retiring.start(&keep, self.health_timeout());
        if let Some(again) = again {
            start = Cmd::script(START, [keep.as_str(), &start.to_shell()]).args(again.argv().iter().cloned());
        }
        let undo = vec![run(crons::release(project, &stack.db, &stack.database)), run(start)];
        let title =
            format!("let scheduled actions and requests of {live} end (at most {drain} s each), stop it");
        let limit = 2 * drain + self.health_timeout() + 90;
        self.step("switch.stop", Phase::Switch, title, actions, Undo::By(undo), limit)
    }

    /// Nothing of the database's size stands in the step: it grows while the plan is read.
    pub(super) fn snapshot(&self) -> Step {
        let database = &self.env.stack.database;
        let title = format!("put {database} aside as {}, go on with a copy", self.kept_database());
        let (take, back) = self.with_snapshot(|one| (run(one.take()), by(one.back())));
        self.step("switch.snapshot", Phase::Switch, title, vec![take], back, COPY_LIMIT)
    }

    /// The same without room for a copy: the database is changed where it is.
    pub(super) fn dump(&self) -> Step {
        let (database, file) = (&self.env.stack.database, self.dump_file());
        let title = format!("dump {database} to {file}, read the dump to its end");
        let (dump, restore) = self.with_snapshot(|one| (run(one.dump(&file)), by(one.restore(&file))));
        self.step("switch.snapshot", Phase::Switch, title, vec![dump], restore, COPY_LIMIT)
    }

    /// What Odoo does to the modules: installing and updating in one go, then what goes.
    pub(super) fn change(&self, change: &Change, options: &[String]) -> Vec<Step> {
        let (install, update, gone) =
            (modules(&change.install), modules(&change.update), modules(&change.uninstall));
        let part =
            |verb: &str, names: &[String]| (!names.is_empty()).then(|| format!("{verb} {}", few(names)));
        let first = part("install", &install).into_iter().chain(part("update", &update));
        let first = first.collect::<Vec<_>>().join("; ");
        let id = if install.is_empty() { "switch.update" } else { "switch.install" };
        let wanted = odoo::Change { install: &install, update: &update };
        let mut steps = Vec::new();
        if !first.is_empty() {
            steps.push(self.odoo(id, first, options, |at| odoo::change(at, &wanted)));
        }
        if let Some(title) = part("uninstall", &gone) {
            steps.push(self.odoo("switch.uninstall", title, options, |at| odoo::uninstall(at, &gone)));
        }
        steps
    }

    pub(super) fn odoo(
        &self,
        id: &str,
        title: String,
        options: &[String],
        cmd: impl FnOnce(&odoo::At<'_>) -> Cmd,
    ) -> Step {
        let stack = &self.env.stack;
        let name = format!("{}-ops-update", self.place.project);
        let log = format!("{}/{}.log", self.place.dir, id.trim_start_matches("switch."));
        let at = odoo::At {
            project: self.project(&self.place.file),
            service: &self.place.service(&stack.web),
            name: &name,
            database: &stack.database,
            log: &log,
            options,
        };
        let work = vec![run(cmd(&at))];
        self.step(id, Phase::Switch, title, work, by(odoo::end(&name)), UPDATE_LIMIT)
    }

    /// The new release's container; nobody reaches it yet.
    pub(super) fn anew(&self, missing: &[String]) -> Step {
        let (service, project) = (self.place.service(&self.env.stack.web), self.project(&self.place.file));
        let mut actions = Vec::new();
        if !missing.is_empty() {
            actions.push(run(project.up_missing(missing)));
        }
        actions.push(run(project.up_anew(&service)));
        let mut undo = vec![run(project.remove(&service))];
        undo.extend(missing.iter().map(|name| run(project.remove(name))));
        let title = format!("start {service} on release {}", self.place.id);
        self.step("switch.web", Phase::Switch, title, actions, Undo::By(undo), self.health_timeout() + 120)
    }

    pub(super) fn open(&self, closing: &Closing) -> Step {
        let keep = format!("{}/site.before", self.place.dir);
        let open = run(self.nginx(&closing.site, &keep).open(&closing.open));
        let title = format!("let users in to {}", self.place.service(&self.env.stack.web));
        let undo = Undo::Onward("users write into the new database from here on".into());
        self.step("open", Phase::Open, title, vec![open], undo, 90)
    }
}

/// The container that was stopped, or where another one took its place, the release it was made from.
pub(super) const START: Program = Program::shell(
    "deploy.start-again",
    &[r#"
keep=$1 start=$2
shift 2
[ -e "$keep" ] || exit 0
read -r c _ <"$keep"
if docker inspect "$c" >/dev/null 2>&1; then exec sh -c "$start"; fi
exec "$@"
"#],
);
