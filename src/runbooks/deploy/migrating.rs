//! The steps of a deploy that updates modules in the database: the site says so, the old release ends, the
//! original database is put aside, its copy is updated, and users are let in when the new release has shown
//! that it works. One section: whatever stops it before that, the droplet goes back to what was.

use super::steps::{Builder, by, run};
use super::strategy::{Closing, Ground, closing};
use super::update::Needed;
use super::work::Work;
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::own_probe;
use crate::inventory::When;
use crate::plan::{Action, Note, NoteKind, Phase, Step, Undo};
use crate::record::RestorePoint;
use crate::text::{count, printable, size};
use crate::tools::snapshot::Snapshot;
use crate::tools::{crons, odoo, own, page, web};

/// An update may take hours; what is longer is stuck.
const UPDATE_LIMIT: u64 = 6 * 3600;
const COPY_LIMIT: u64 = 2 * 3600;
/// Bytes a second that a copy of a database is expected to make: half of what a small droplet does.
const COPY_RATE: u64 = 100_000_000;

/// What a deploy does to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Migration {
    pub(super) needed: Vec<Needed>,
    /// What Odoo is told to update.
    pub(super) modules: Vec<String>,
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
    pub(super) fn migration(&self, needed: Vec<Needed>) -> Result<Option<Migration>> {
        if needed.is_empty() {
            return Ok(None);
        }
        let modules: Vec<String> = needed.iter().map(|one| one.module.clone()).collect();
        let refused = |exit: Exit, why: String| {
            let what = format!("this ref needs an update of the database for: {}", modules.join(", "));
            let error = Error::new(exit, what).on(&self.droplet.name).because(why);
            Err(needed
                .iter()
                .fold(error, |error, one| error.because(format!("{}: {}", one.module, reasons(one)))))
        };
        let env = self.inputs.env;
        if env.droplets.len() > 1 {
            return refused(
                Exit::Failed,
                "ops updates modules only where web and database are one droplet".into(),
            );
        }
        let database = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        let Some(database) = database.filter(|_| self.facts.container(&env.stack.db).is_some()) else {
            return refused(
                Exit::Failed,
                "the database does not run in this stack, and cannot be put aside".into(),
            );
        };
        let docker = |mount: &&crate::facts::Mount| mount.purposes.iter().any(|one| one == "docker");
        let room = self.facts.mounts.iter().flatten().find(docker).map(|mount| mount.free);
        let wanted = database.bytes.saturating_mul(11) / 10;
        if room.is_some_and(|free| free < wanted) {
            let free = size(room.unwrap_or_default());
            return refused(
                Exit::Checks,
                format!("a copy of the database wants {}, and {free} are free", size(wanted)),
            );
        }
        let closing =
            closing(Ground { env, facts: self.facts, model: self.model, moved: &self.moved }, self.target());
        let migration = Migration { needed, modules, bytes: database.bytes, closing };
        let (limit, expected) = (env.deploy.max_interruption, self.interruption(&migration).0);
        if let (Some(limit), Some(expected)) = (limit, expected)
            && expected > limit.as_secs()
        {
            let error =
                Error::new(Exit::Checks, format!("users would be interrupted for about {expected} s"));
            return Err(error
                .on(&self.droplet.name)
                .because(format!("deploy.max_interruption is {} s", limit.as_secs()))
                .next("deploy at night with a longer deploy.max_interruption, or split the change into smaller ones"));
        }
        Ok(Some(migration))
    }

    /// The one section, in order.
    pub(super) fn migrate(&self, migration: &Migration) -> Vec<Step> {
        let (builder, env) = (self.builder(), self.inputs.env);
        let live = self.serving().service(&env.stack.web);
        let host = self.host();
        let closing = migration.closing.as_ref().ok();
        let mut steps: Vec<Step> = closing.map(|closing| builder.close(closing)).into_iter().collect();
        steps.push(builder.stop(&live, self.before().as_deref()));
        steps.push(builder.snapshot());
        steps.push(builder.update(&migration.modules));
        let settled = builder.settled(&[]);
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
        self.migration.as_ref()?;
        Some(RestorePoint {
            database: self.builder().kept_database(),
            release: self.release_before()?,
            taken: self.inputs.now.clone(),
        })
    }

    /// Seconds: of everything, where an update was measured before; of the copy.
    fn interruption(&self, migration: &Migration) -> (Option<u64>, u64) {
        let usual = |step: &str| self.inputs.usual.get(step).map(|millis| millis.div_ceil(1000));
        let copy = usual("switch.snapshot").unwrap_or(migration.bytes / COPY_RATE + 1);
        (usual("switch.update").map(|update| copy + update + 5), copy)
    }

    pub(super) fn migration_note(&self, migration: &Migration) -> Note {
        let modules = count(migration.modules.len(), "module");
        let mut lines: Vec<String> =
            migration.needed.iter().map(|one| format!("{}: {}", one.module, reasons(one))).collect();
        let (all, copy) = self.interruption(migration);
        lines.push(match all {
            Some(all) => format!("users are interrupted for about {all} s, as updates here took before"),
            None => format!(
                "users are interrupted for {copy} s of copying {}, Odoo's update (not measured here yet) and some 5 s",
                size(migration.bytes)
            ),
        });
        lines.push(match &migration.closing {
            Ok(_) => "nginx shows a page meanwhile (503, Retry-After)".into(),
            Err(why) => format!("no page is shown meanwhile: {why}"),
        });
        lines.push(format!(
            "the database as it is now is kept as {}; whatever fails before users are let in goes back to it",
            self.builder().kept_database()
        ));
        Note { kind: NoteKind::Warning, title: format!("{modules} updated in the database"), lines }
    }
}

/// The first files that say so.
fn reasons(needed: &Needed) -> String {
    let shown = needed.because.iter().take(3).map(|one| printable(one)).collect::<Vec<_>>().join(", ");
    match needed.because.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

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

    /// nginx answers for itself.
    fn close(&self, closing: &Closing) -> Step {
        let keep = format!("{}/site.before", self.place.dir);
        let site = self.nginx(&closing.site, &keep);
        let text =
            self.env.proxy.as_ref().and_then(|proxy| proxy.maintenance.as_deref()).unwrap_or(page::TEXT);
        let close = run(site.close(&closing.page, &page::server(text)));
        let title = format!("show a page to users (503): \"{}\"", printable(text));
        self.step("switch.close", Phase::Switch, title, vec![close], by(site.back()), 90)
    }

    /// Scheduled actions first, then requests, then the old container; `before`: its compose file.
    fn stop(&self, live: &str, before: Option<&str>) -> Step {
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
    fn snapshot(&self) -> Step {
        let database = &self.env.stack.database;
        let title = format!("put {database} aside as {}, go on with a copy", self.kept_database());
        let (take, back) = self.with_snapshot(|one| (run(one.take()), by(one.back())));
        self.step("switch.snapshot", Phase::Switch, title, vec![take], back, COPY_LIMIT)
    }

    fn update(&self, modules: &[String]) -> Step {
        let (stack, project) = (&self.env.stack, self.project(&self.place.file));
        let name = format!("{}-ops-update", self.place.project);
        let log = format!("{}/update.log", self.place.dir);
        let wanted = odoo::Change { install: &[], update: modules };
        let service = self.place.service(&stack.web);
        let change = odoo::change(&project, &service, &name, &stack.database, &wanted, &log);
        let title = format!("update {}", modules.join(", "));
        self.step(
            "switch.update",
            Phase::Switch,
            title,
            vec![run(change)],
            by(odoo::end(&name)),
            UPDATE_LIMIT,
        )
    }

    /// The new release's container; nobody reaches it yet.
    fn anew(&self, missing: &[String]) -> Step {
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

    fn open(&self, closing: &Closing) -> Step {
        let keep = format!("{}/site.before", self.place.dir);
        let open = run(self.nginx(&closing.site, &keep).open(&closing.open));
        let title = format!("let users in to {}", self.place.service(&self.env.stack.web));
        let undo = Undo::Onward("users write into the new database from here on".into());
        self.step("open", Phase::Open, title, vec![open], undo, 90)
    }
}

/// The container that was stopped, or where another one took its place, the release it was made from.
const START: &str = r#"
keep=$1 start=$2
shift 2
[ -e "$keep" ] || exit 0
read -r c _ <"$keep"
if docker inspect "$c" >/dev/null 2>&1; then exec sh -c "$start"; fi
exec "$@"
"#;
