//! A stack comes back onto a droplet that has nothing of it, when the old droplet is gone: from a repository far away and
//! its key alone, without git and without a registry.
//!
//! One critical section, which leaves a stack that serves or a droplet as bare as it was. Deliberately absent: what each
//! step does (`tools/recovery.sh`), how the repository is asked (`queries`), and everything that begins by itself
//! afterwards: the inventory has to name the new droplet first.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backup::Ground;
use super::deploy::{Builder, Inputs, Place, host};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::inventory::{Environment, Offsite};
use crate::plan::{Action, EnvValue, Note, NoteKind, Phase, Plan, RECOVERY, SCHEMA, Section, Step, Undo};
use crate::record::{Attachments, BackedUp, Release};
use crate::secret::Secret;
use crate::text::{few, printable, size};
use crate::tools::recovery::{Part, Stand, drop_key, take_key};

/// The longest that a large database, or a large filestore, may take.
const LIMIT: u64 = 12 * 3600;

/// What the operator asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// An id, the beginning of one, or `latest`.
    pub backup: String,
    /// The place it is fetched from; else the first that answers.
    pub from: Option<String>,
    /// It opens the repositories.
    pub key: Secret,
    /// The variables that restic reads, as lines of shell, place by place.
    pub variables: BTreeMap<String, Secret>,
    /// When the command began.
    pub began: Timestamp,
    pub reason: Option<String>,
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    pub id: String,
    pub env: String,
    pub project: String,
    /// The release that ran, or nothing.
    pub release: String,
    /// RFC 3339, UTC.
    pub taken: String,
    pub database: BackedUp,
    pub attachments: Attachments,
    /// Of each container.
    #[serde(default)]
    pub images: Vec<Ran>,
}

/// A container as it was at the moment of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    pub service: String,
    /// As the compose file says.
    pub image: String,
    /// `sha256:..`.
    pub id: String,
    /// Backups of an older ops do not say.
    #[serde(default = "yes")]
    pub running: bool,
}

fn yes() -> bool {
    true
}

/// A backup that was found far away, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub place: String,
    /// As restic calls it there.
    pub snapshot: String,
    pub manifest: Manifest,
    pub release: Option<Release>,
    pub bytes: Option<u64>,
    /// Services that ran, whose image is not kept there.
    pub without_image: Vec<String>,
    /// What is there on the droplet already, or missing.
    pub obstacles: Vec<String>,
    pub began: Timestamp,
}

impl Found {
    /// Seconds between the moment of the backup and the begin of the recovery.
    pub fn age(&self) -> u64 {
        let taken = self.manifest.taken.parse::<Timestamp>().map_or(0, Timestamp::as_second);
        u64::try_from(self.began.as_second() - taken).unwrap_or_default()
    }
}

/// Whether this backup may come back as this environment onto this droplet.
///
/// # Errors
/// Exit 9: it is another's, or the droplet is not bare.
pub fn allowed(env: &Environment, found: &Found) -> Result<()> {
    let droplet = &env.home().name;
    let refused = |what: String| Err(Error::new(Exit::Checks, what).on(droplet));
    let manifest = &found.manifest;
    if manifest.env != env.name {
        let what = format!("backup {} is of {}, not of {}", manifest.id, printable(&manifest.env), env.name);
        return refused(what).map_err(|error| {
            error.because("its jobs and its mail would be at work in two places, under another name")
        });
    }
    let (kept, wanted) = (&manifest.database.name, &env.stack.database);
    if kept != wanted {
        return refused(format!("the backup has the database {}, the inventory {wanted}", printable(kept)));
    }
    if !found.obstacles.is_empty() {
        let error = Error::new(Exit::Checks, format!("{droplet} is not bare: nothing is ever written over"));
        let error = found.obstacles.iter().fold(error.on(droplet), Error::because);
        return Err(error.next(format!("ops recover {} --onto DROPLET   # another one", env.name)));
    }
    Ok(())
}

/// # Errors
/// There is no such backup.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let env = inputs.env;
    let Some(found) = &inputs.request.recover else { return Err(Error::usage("which backup?")) };
    allowed(env, found)?;
    let Some(place) = env.backup.offsite.iter().find(|one| one.name == found.place) else {
        return Err(Error::usage(format!("{} has no place {}", env.name, found.place)));
    };
    let ground = Ground::of(env, &found.manifest.project);
    let droplet = &ground.droplet.name;
    let section =
        |id: &str, critical, steps| Section { id: id.into(), droplet: droplet.clone(), critical, steps };
    Ok(Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: inputs.request.command().into(),
        title: format!(
            "recover {} onto {droplet} from backup {} at {}",
            env.name, found.manifest.id, place.name
        ),
        sections: vec![
            section("secrets", false, secrets(&ground)),
            section(RECOVERY, true, steps(&ground, place, found)),
        ],
        notes: notes(env, found),
        on_failure: Vec::new(),
        data_loss: None,
    })
}

/// The key of the repository, and what opens the places off site.
fn secrets(ground: &Ground<'_>) -> Vec<Step> {
    let dir = format!("{}/backup", ground.dir());
    let given = vec![("KEY".to_owned(), EnvValue::Drawn)];
    let mut key = ground.put(
        "key",
        "keep the key of the backups on the droplet".into(),
        format!("{dir}/new-key"),
        given,
    );
    key.actions.push(Action::Run(take_key(&dir)));
    key.undo = Undo::By(vec![Action::Run(drop_key(&dir))]);
    let back = |mut step: Step| {
        if let Some(Action::Put { path, .. }) = step.actions.first() {
            step.undo = Undo::By(vec![Action::Run(Cmd::new("rm").args(["-f", "--", path]))]);
        }
        step
    };
    std::iter::once(key).chain(ground.put_secrets().into_iter().map(back)).collect()
}

fn steps(ground: &Ground<'_>, place: &Offsite, found: &Found) -> Vec<Step> {
    let env = ground.env;
    let slot = found.release.as_ref().map(|release| release.slot).unwrap_or_default();
    let at = Place::new(env, ground.project(), &found.manifest.release).in_slot(slot);
    let (live, compose) = (at.service(&env.stack.web), compose(ground, &at));
    let nginx = env.proxy.as_ref().filter(|proxy| proxy.container.is_none());
    let stand = Stand {
        snapshot: &found.snapshot,
        path: env.stack.path.as_str(),
        site: nginx.map(|proxy| proxy.site.as_str()),
        live: &live,
        here: ground.repository(),
        compose: &compose,
    };
    let way = Way { ground, place, stand };
    let mut steps = way.prepare();
    let started = format!("start {live}, and what ran beside it");
    steps.push(way.step("start", Phase::Switch, started, Part::Start, 900));
    let builder = Builder { env, droplet: &ground.droplet.name, place: &at };
    let looks = builder.verify(&host(env), Phase::Switch).into_iter();
    // What it logs on its first start on a new droplet is no reason to have nothing.
    steps.extend(looks.filter(|look| look.id != "verify.log"));
    if let Some(proxy) = nginx {
        let title = format!("write nginx's site {} with its certificates, and reload", proxy.site);
        steps.push(way.step("site", Phase::Switch, title, Part::Site, 120));
    }
    steps.extend(builder.verify_proxy(&host(env)));
    let closed = "remove the dump, make the droplet's own repository".to_owned();
    steps.push(way.step("close", Phase::Record, closed, Part::Close, 600));
    steps
}

/// From where, to where.
struct Way<'a> {
    ground: &'a Ground<'a>,
    place: &'a Offsite,
    stand: Stand<'a>,
}

impl Way<'_> {
    fn cmd(&self, part: Part) -> Action {
        Action::Run(self.ground.at(self.place, |tool| tool.recovery(part, &self.stand)))
    }

    fn step(&self, id: &str, phase: Phase, title: String, part: Part, timeout: u64) -> Step {
        Step {
            id: format!("recover.{id}"),
            phase,
            droplet: self.ground.droplet.name.clone(),
            title,
            actions: vec![self.cmd(part)],
            undo: match part {
                Part::Ready => Undo::By(vec![self.cmd(Part::Back)]),
                _ => Undo::NotNeeded("the undo of recover.ready takes all of it away".into()),
            },
            timeout,
        }
    }

    /// All that is done before Odoo starts.
    fn prepare(&self) -> Vec<Step> {
        let (env, from) = (self.ground.env, &self.place.name);
        let stack = &env.stack;
        let (db, database) = (&stack.db, &stack.database);
        let all = [
            (
                "ready",
                Part::Ready,
                format!("see that nothing of {} is here yet, and that there is room", env.name),
            ),
            ("fetch", Part::Fetch, format!("fetch dump, stack and records from {from}, compare the sums")),
            ("images", Part::Images, "load the images that ran".to_owned()),
            ("place", Part::Place, format!("put {} and ops' records in their places", stack.path)),
            (
                "database",
                Part::Database,
                format!("start {db} on a new volume, restore {database}, compare the rows"),
            ),
            ("files", Part::Files, "fetch the files, compare each with its name".to_owned()),
        ];
        all.map(|(id, part, title)| self.step(id, Phase::Prepare, title, part, LIMIT)).into()
    }
}

/// Compose with the release's own file; where none was on record, with the files of the stack.
fn compose(ground: &Ground<'_>, at: &Place) -> Vec<String> {
    let stack = &ground.env.stack;
    let mut words: Vec<String> =
        ["docker", "compose", "-p", ground.project(), "--project-directory", stack.path.as_str()]
            .map(str::to_owned)
            .into();
    let files = match at.id.as_str() {
        "" => ground.droplet.compose.iter().map(|file| stack.path.join(file).into_string()).collect(),
        _ => vec![at.file.clone()],
    };
    words.extend(files.into_iter().flat_map(|file| ["-f".to_owned(), file]));
    words.extend(stack.profiles.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]));
    words
}

fn notes(env: &Environment, found: &Found) -> Vec<Note> {
    let manifest = &found.manifest;
    let note = |kind, title: String, lines: Vec<String>| Note { kind, title, lines };
    let lost = format!(
        "the backup is {} old: what was written since {} is lost (RPO)",
        span(found.age()),
        printable(&manifest.taken)
    );
    let code = match &found.release {
        Some(release) => {
            let git = release.git_ref.as_ref().map(|git| format!(" ({git})")).unwrap_or_default();
            format!("release {}{git}, from the backup: neither git nor a registry is asked", release.id)
        }
        None => format!("no release was on record: {} is started by its own compose files", env.stack.path),
    };
    let database = format!(
        "{}: {}, {} files; all in all {}",
        printable(&manifest.database.name),
        size(manifest.database.bytes),
        manifest.attachments.named,
        found.bytes.map_or_else(|| "what it holds".into(), size)
    );
    let mut all = vec![
        note(NoteKind::Warning, lost, Vec::new()),
        note(NoteKind::Info, "what comes back".into(), vec![code, database]),
    ];
    if !found.without_image.is_empty() {
        let title =
            format!("no image is kept there of {}: a registry has to give it", few(&found.without_image));
        all.push(note(NoteKind::Warning, printable(&title), Vec::new()));
    }
    all
}

/// `4 h 12 min`, `3 min`, `50 s`; of days, days and hours.
pub fn span(seconds: u64) -> String {
    match (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_as_people_say_it() {
        let said = [50, 180, 15_120, 187_200].map(span);
        assert_eq!(said, ["50 s", "3 min", "4 h 12 min", "2 d 4 h"]);
    }
}
