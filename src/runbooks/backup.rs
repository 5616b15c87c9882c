//! One backup, as a plan: a critical section of which nothing is left but a snapshot that was verified, or nothing.
//!
//! Deliberately absent: what each step does (`tools/backup.sh`, which a timer starts as well).

use super::deploy::{Backup as Coming, Inputs, default_project};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Droplet, Environment, Offsite, Proxy, Value};
use crate::plan::{
    Action, BACKUP, Content, EnvValue, Note, NoteKind, Phase, Plan, SCHEMA, Section, Step, Undo,
};
use crate::text::size;
use crate::tools::backup::{Backup, repository};

/// The longest that a large database or a large filestore may take.
const LIMIT: u64 = 12 * 3600;

/// Where the backups of an environment are, and of what.
#[derive(Debug)]
pub struct Ground<'a> {
    pub env: &'a Environment,
    pub droplet: &'a Droplet,
    project: String,
    dir: String,
    repository: String,
}

impl<'a> Ground<'a> {
    /// # Errors
    /// Web and database are several droplets.
    pub fn new(env: &'a Environment, facts: Option<&Facts>) -> Result<Self> {
        let [droplet] = env.droplets.as_slice() else {
            return Err(Error::failed("ops makes backups only where web and database are one droplet")
                .because(format!("{} has {} droplets", env.name, env.droplets.len())));
        };
        let project = facts.and_then(Facts::project).map_or_else(|| default_project(env), str::to_owned);
        Ok(Self::named(env, droplet, project))
    }

    /// Of this Compose project, whatever the droplet has.
    pub fn of(env: &'a Environment, project: &str) -> Self {
        Self::named(env, env.home(), project.to_owned())
    }

    fn named(env: &'a Environment, droplet: &'a Droplet, project: String) -> Self {
        Self {
            env,
            droplet,
            dir: format!("{}/{project}", env.state_dir),
            repository: repository(env.backup.path.as_str(), &project),
            project,
        }
    }

    pub fn repository(&self) -> &str {
        &self.repository
    }

    pub fn project(&self) -> &str {
        &self.project
    }

    /// What ops keeps of the project on the droplet.
    pub fn dir(&self) -> &str {
        &self.dir
    }

    pub fn tool(&self) -> Backup<'_> {
        let stack = &self.env.stack;
        Backup {
            dir: &self.dir,
            project: &self.project,
            db: &stack.db,
            web: &stack.web,
            database: &stack.database,
            repository: &self.repository,
            image: self.env.backup.image.as_deref(),
            secrets: None,
        }
    }

    /// Where the variables of a place off site are.
    fn secrets(&self, place: &Offsite) -> Option<String> {
        (!place.env.is_empty()).then(|| format!("{}/backup/offsite/{}.env", self.dir, place.name))
    }

    /// The same with the repository of a place off site.
    pub fn at<T>(&self, place: &Offsite, then: impl FnOnce(&Backup<'_>) -> T) -> T {
        let secrets = self.secrets(place);
        then(&Backup { repository: &place.repository, secrets: secrets.as_deref(), ..self.tool() })
    }

    /// Where the variables of another environment's repository are, for the time.
    pub fn lent(&self) -> String {
        format!("{}/backup/lent.env", self.dir)
    }

    /// The same with the repository that a backup comes back from.
    pub fn from<T>(&self, backup: &Coming, then: impl FnOnce(&Backup<'_>) -> T) -> T {
        let lent = self.lent();
        let place = self.env.backup.offsite.iter().find(|one| Some(&one.name) == backup.place.as_ref());
        match (&backup.origin, place) {
            (Some(origin), _) => {
                then(&Backup { repository: &origin.repository, secrets: Some(&lent), ..self.tool() })
            }
            (None, Some(place)) => self.at(place, then),
            (None, None) => then(&self.tool()),
        }
    }

    fn copies(&self) -> Vec<Step> {
        let keep = self.env.backup.keep;
        let copy = |place: &Offsite| {
            let cmd = self.at(place, |tool| tool.copy(&place.name, &self.repository, keep));
            let title = format!("copy what {} does not have yet to {}", place.name, place.repository);
            self.step(&format!("copy.{}", place.name), title, cmd, LIMIT)
        };
        self.env.backup.offsite.iter().map(copy).collect()
    }

    fn step(&self, id: &str, title: String, cmd: Cmd, limit: u64) -> Step {
        Step {
            id: format!("backup.{id}"),
            phase: Phase::Backup,
            droplet: self.droplet.name.clone(),
            title,
            actions: vec![Action::Run(cmd)],
            undo: Undo::NotNeeded("nothing that runs is changed".into()),
            timeout: limit,
        }
    }

    /// From nothing to a verified snapshot in all places, and none that is too old.
    pub fn create(&self) -> Vec<Step> {
        let forget = self.step("forget", self.kept(), self.tool().forget(self.env.backup.keep), LIMIT);
        let mut steps = self.verified();
        steps.push(forget);
        steps.extend(self.copies());
        steps.extend(self.images());
        steps
    }

    /// From nothing to a verified snapshot on the droplet.
    pub fn verified(&self) -> Vec<Step> {
        let (env, tool) = (self.env, self.tool());
        let stack = &env.stack;
        let site = |proxy: &'a Proxy| (proxy.site.as_str(), proxy.container.as_deref());
        let ready = tool.ready(&env.name, stack.path.as_str(), env.backup.missing_files);
        let ready = self.step("ready", format!("make {} ready", self.repository), ready, 900);
        let undo = Undo::By(vec![Action::Run(tool.close())]);
        let held = "keep Odoo from removing files meanwhile".to_owned();
        let dump = format!("dump {}, which serves meanwhile", stack.database);
        let read = "read the dump to its end, and every file that the database names".to_owned();
        vec![
            Step { undo, ..ready },
            self.step("hold", held, tool.hold(), 600),
            self.step("dump", dump, tool.dump(env.proxy.as_ref().map(site)), LIMIT),
            self.step("read", read, tool.read(), LIMIT),
            self.step("store", "store database, files and configuration".into(), tool.store(), LIMIT),
            self.step("confirm", "compare what is stored with what was read".into(), tool.confirm(), 3600),
            self.step("close", "remove the dump".into(), tool.close(), 300),
        ]
    }

    /// After the copies: a backup that cannot be kept with its images is one all the same.
    fn images(&self) -> Vec<Step> {
        if !self.env.backup.images {
            return Vec::new();
        }
        let kept = "keep the images that it runs with, where they are not kept yet".to_owned();
        let mut steps = vec![self.step("images", kept, self.tool().images(), LIMIT)];
        for place in &self.env.backup.offsite {
            let cmd = self.at(place, |tool| tool.copy_images(&place.name, &self.repository));
            let title = format!("the same at {}", place.repository);
            steps.push(self.step(&format!("images.{}", place.name), title, cmd, LIMIT));
        }
        steps
    }

    /// The plan of one, whatever the droplet is like at the moment: what a timer carries out as well.
    pub fn plan(&self) -> Plan {
        let title = format!("back {} up to {}", self.env.stack.database, self.repository);
        let droplet = self.droplet.name.clone();
        let section = Section { id: BACKUP.into(), droplet, critical: true, steps: self.create() };
        bare(self.env, "backup create", title, vec![section])
    }
}

/// What is done to the repositories themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// They are made where they are not there, and the secrets of those off site are put on the droplet.
    Init,
    /// Each gets one more key, for people.
    Key,
    /// What is older than `backup.keep` goes.
    Prune,
}

/// The plan of [`Setup`].
///
/// # Errors
/// This stack has no backups that ops can make.
pub fn setup(inputs: &Inputs<'_>, setup: Setup) -> Result<Plan> {
    let env = inputs.env;
    let ground = Ground::new(env, inputs.facts.get(&env.home().name))?;
    let (title, steps) = match setup {
        Setup::Init => (format!("make the repositories of {} ready", env.name), ground.init()),
        Setup::Key => (format!("add a key for people to the repositories of {}", env.name), ground.keys()),
        Setup::Prune => (format!("forget the backups of {} that are too old", env.name), ground.prune()),
    };
    let droplet = ground.droplet.name.clone();
    let section = |(id, steps): (&str, Vec<Step>)| Section {
        id: id.into(),
        droplet: droplet.clone(),
        critical: false,
        steps,
    };
    let (secret, others) = steps.into_iter().partition(|step| step.id.starts_with("secrets."));
    let sections = [("secrets", secret), ("backup", others)].map(section);
    let sections = sections.into_iter().filter(|section| !section.steps.is_empty()).collect();
    Ok(bare(env, setup.command(), title, sections))
}

impl Setup {
    pub fn command(self) -> &'static str {
        match self {
            Setup::Init => "backup init",
            Setup::Key => "backup key",
            Setup::Prune => "backup prune",
        }
    }
}

fn bare(env: &Environment, command: &str, title: String, sections: Vec<Section>) -> Plan {
    Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: command.to_owned(),
        title,
        sections,
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    }
}

impl Ground<'_> {
    pub(super) fn put(&self, id: &str, title: String, path: String, values: Vec<(String, EnvValue)>) -> Step {
        let content = Content::EnvFile(values);
        Step {
            id: format!("secrets.{id}"),
            phase: Phase::Backup,
            droplet: self.droplet.name.clone(),
            title,
            actions: vec![Action::Put { path, mode: 0o400, content }],
            undo: Undo::NotNeeded("only backups read it".into()),
            timeout: 60,
        }
    }

    /// The secrets of the places off site, which the nights need.
    pub(super) fn put_secrets(&self) -> Vec<Step> {
        let put = |place: &Offsite| {
            let path = self.secrets(place)?;
            let value = |value: &Value| match value {
                Value::Plain(text) => EnvValue::Plain(text.clone()),
                Value::Secret(source) => EnvValue::Secret(source.clone()),
            };
            let values = place.env.iter().map(|(name, one)| (name.clone(), value(one))).collect();
            let title = format!("keep the secrets of {} on the droplet", place.name);
            Some(self.put(&place.name, title, path, values))
        };
        self.env.backup.offsite.iter().filter_map(put).collect()
    }

    fn init(&self) -> Vec<Step> {
        let mut steps = self.put_secrets();
        let title = format!("make {} where it is not there", self.repository);
        steps.push(self.step("init", title, self.tool().init(), 900));
        for place in &self.env.backup.offsite {
            let cmd = self.at(place, |tool| tool.offsite_ready(&place.name, &self.repository));
            let title = format!("reach {}, make it where it is not there", place.repository);
            steps.push(self.step(&format!("init.{}", place.name), title, cmd, 600));
        }
        steps
    }

    fn prune(&self) -> Vec<Step> {
        let keep = self.env.backup.keep;
        let mut steps = vec![self.step("forget", self.kept(), self.tool().forget(keep), LIMIT)];
        for place in &self.env.backup.offsite {
            let cmd = self.at(place, |tool| tool.forget_offsite(&place.name, &self.repository, keep));
            let title = format!("the same in {}", place.repository);
            steps.push(self.step(&format!("forget.{}", place.name), title, cmd, LIMIT));
        }
        steps
    }

    fn kept(&self) -> String {
        let keep = self.env.backup.keep;
        format!(
            "forget what is older than {} days, {} weeks and {} months",
            keep.daily, keep.weekly, keep.monthly
        )
    }

    /// One key for all, which the droplet never keeps.
    fn keys(&self) -> Vec<Step> {
        let file = |name: &str| format!("{}/backup/new-key.{name}", self.dir);
        let key = |name: &str| {
            let drawn = vec![("KEY".to_owned(), EnvValue::Drawn)];
            let gone = Cmd::new("rm").args(["-f", "--", &file(name)]);
            let put = self.put(name, format!("send the key for {name}"), file(name), drawn);
            Step { undo: Undo::By(vec![Action::Run(gone)]), ..put }
        };
        let mut steps = vec![key("droplet")];
        steps.extend(self.env.backup.offsite.iter().map(|place| key(&format!("off-{}", place.name))));
        let title = |at: &str| format!("add it to {at}");
        let here = self.tool().add_key(&self.repository, &file("droplet"));
        steps.push(self.step("key", title(&self.repository), here, 300));
        for place in &self.env.backup.offsite {
            let file = file(&format!("off-{}", place.name));
            let cmd = self.at(place, |tool| tool.add_key(&place.name, &file));
            steps.push(self.step(&format!("key.{}", place.name), title(&place.repository), cmd, 300));
        }
        steps
    }
}

/// The plan of a backup.
///
/// # Errors
/// This stack has none that ops can make, or not now.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan> {
    let env = inputs.env;
    let facts = inputs.facts.get(&env.home().name);
    let ground = Ground::new(env, facts)?;
    let droplet = &ground.droplet.name;
    let database = facts.map(|facts| &facts.database);
    let bytes = match database {
        Some(Ok(Some(database))) => database.bytes,
        Some(Err(failure)) => {
            let error = Error::new(Exit::Checks, "the database cannot be backed up").on(droplet);
            return Err(error.because(&failure.why));
        }
        _ => {
            return Err(Error::new(Exit::Checks, "the database cannot be backed up")
                .on(droplet)
                .because(format!("{} does not run", env.stack.db))
                .next(format!("ops preflight {}", env.name)));
        }
    };
    let free = facts.and_then(|facts| {
        let state = |mount: &&crate::facts::Mount| mount.purposes.iter().any(|one| one == "state");
        facts.mounts.iter().flatten().find(state).map(|mount| mount.free)
    });
    let of = |free| format!(" of {} free below {}", size(free), ground.dir);
    let room = format!("the dump may want {}{}", size(bytes), free.map(of).unwrap_or_default());
    let note = Note { kind: NoteKind::Info, title: "room".into(), lines: vec![room] };
    Ok(Plan { notes: vec![note], ..ground.plan() })
}
