//! The steps of a deploy, each with its undo. Ids are stable and documented in README.md.

use super::release::Place;
use crate::cmd::Cmd;
use crate::facts::RELATIONS;
use crate::inventory::{Environment, Proxy, Value};
use crate::plan::{Action, Content, EnvValue, Layer, Phase, Step, Undo};
use crate::program::Program;
use crate::text::{count, few, printable};
use crate::tools::{compose::Project, images, odoo, releases, site, web};

/// Builds steps for one droplet.
#[derive(Debug, Clone, Copy)]
pub struct Builder<'a> {
    pub env: &'a Environment,
    pub droplet: &'a str,
    pub place: &'a Place,
}

impl Builder<'_> {
    pub(super) fn step(
        &self,
        id: &str,
        phase: Phase,
        title: String,
        actions: Vec<Action>,
        undo: Undo,
        timeout: u64,
    ) -> Step {
        Step { id: id.to_owned(), phase, droplet: self.droplet.to_owned(), title, actions, undo, timeout }
    }

    pub(super) fn project<'b>(&'b self, file: &'b str) -> Project<'b> {
        Project { file, ..self.place.compose(self.env) }
    }

    pub(super) fn health_timeout(&self) -> u64 {
        self.env.deploy.health_timeout.as_secs().max(1)
    }

    /// The stack's directory on a fresh droplet.
    pub fn directory(&self) -> Step {
        let path = self.env.stack.path.as_str();
        let undo = Cmd::script(REMOVE_DIRECTORY, [path]);
        let make = Cmd::new("mkdir").args(["-p", "--", path]);
        self.step("directory", Phase::Prepare, format!("make {path}"), vec![run(make)], by(undo), 30)
    }

    /// `.env` with the inventory's values, where the stack has none.
    pub fn env_file(&self) -> Step {
        let path = format!("{}/.env", self.env.stack.path);
        let lines = self.env.stack.env.iter().map(|(name, value)| {
            let value = match value {
                Value::Plain(text) => EnvValue::Plain(text.clone()),
                Value::Secret(source) => EnvValue::Secret(source.clone()),
            };
            (name.clone(), value)
        });
        let values = count(self.env.stack.env.len(), "variable");
        let title = format!("write {path} ({values}, readable by its owner only)");
        let put = Action::Put { path: path.clone(), mode: 0o600, content: Content::EnvFile(lines.collect()) };
        // Of a link, what it leads to was not there before; the link was.
        let undo = Cmd::script(REMOVE_FILE, [&path]);
        self.step("env", Phase::Prepare, title, vec![put], by(undo), 30)
    }

    /// Pulls one image and keeps it for the release.
    pub fn pull(&self, service: &str, image: &str, shown: &str, layers: &[Layer], pull: bool) -> Step {
        let kept = self.place.kept(service);
        let bytes: u64 = layers.iter().map(|layer| layer.bytes).sum();
        let mut actions = Vec::new();
        let title = if pull {
            actions.push(Action::Pull { image: image.to_owned(), layers: layers.to_vec() });
            match bytes {
                0 => format!("pull {shown}"),
                bytes => format!("pull {shown} ({} MB)", bytes.div_ceil(1_000_000)),
            }
        } else {
            format!("keep {shown} (already on the droplet)")
        };
        actions.push(run(images::tag(image, &kept)));
        self.step(
            &format!("pull.{}", id_part(service)),
            Phase::Prepare,
            title,
            actions,
            by(images::untag(&[kept])),
            3600,
        )
    }

    /// Builds the web service's image from the release's checkout.
    pub fn build(&self, service: &str, file: &str, content: String) -> Step {
        let put = Action::Put { path: file.to_owned(), mode: 0o600, content: Content::Text(content) };
        let build = run(self.project(file).build(service));
        let title = format!("build the image of {service}");
        let undo = by(images::untag(&[self.place.kept(service)]));
        self.step(&format!("build.{}", id_part(service)), Phase::Prepare, title, vec![put, build], undo, 3600)
    }

    pub fn check_out(&self, sha: &str) -> Step {
        let stage = format!("{}/cache/stage/{sha}", self.place.state);
        let title = format!("check out {} as release {}", short(sha), self.place.id);
        let actions = vec![run(releases::check_out(&stage, &self.place.source))];
        self.step("checkout", Phase::Prepare, title, actions, by(releases::remove(&self.place.dir)), 300)
    }

    /// The code of a kept release, copied: whichever of the two is pruned first, the other is whole.
    pub fn bring(&self, release: &str) -> Step {
        let from = Place::new(self.env, &self.place.project, release).source;
        let title = format!("take the code of release {release} as release {}", self.place.id);
        let actions = vec![run(releases::check_out(&from, &self.place.source))];
        self.step("checkout", Phase::Prepare, title, actions, by(releases::remove(&self.place.dir)), 300)
    }

    /// The release's compose file, tried by Compose itself. `checked_out`: the release's directory is
    /// the checkout's, and its undo must not take that away: a run that is taken up again does only what
    /// is missing.
    pub fn render(&self, content: String, source: String, checked_out: bool) -> Step {
        let put = Action::Put { path: self.place.file.clone(), mode: 0o600, content: Content::Text(content) };
        let path = format!("{}/source.json", self.place.dir);
        let source = Action::Put { path: path.clone(), mode: 0o600, content: Content::Text(source) };
        let valid = run(self.project(&self.place.file).valid());
        let title = "render the release's compose file".to_owned();
        self.step(
            "render",
            Phase::Prepare,
            title,
            vec![source, put, valid],
            by(match checked_out {
                true => Cmd::new("rm").args(["-f", "--", &self.place.file, &path]),
                false => releases::remove(&self.place.dir),
            }),
            60,
        )
    }

    /// What runs by hand becomes release 0.
    pub fn adopt(
        &self,
        zero: &Place,
        (content, source): (String, String),
        paths: &[String],
        record: String,
        image_id: &str,
    ) -> Step {
        let service = self.env.stack.web.as_str();
        let kept = zero.kept(service);
        let template = format!("{}/release.json.in", zero.dir);
        let file = format!("{}/release.json", zero.dir);
        let pairs = [(service.to_owned(), kept.clone())];
        let actions = vec![
            run(releases::copy_tree(self.env.stack.path.as_str(), &zero.source, paths)),
            run(images::tag(image_id, &kept)),
            Action::Put { path: zero.file.clone(), mode: 0o600, content: Content::Text(content) },
            Action::Put {
                path: format!("{}/source.json", zero.dir),
                mode: 0o600,
                content: Content::Text(source),
            },
            Action::Put { path: template.clone(), mode: 0o600, content: Content::Text(record) },
            run(self.project(&zero.file).valid()),
            run(releases::record(&template, &file, &pairs)),
        ];
        // After the undo of the switch it may be what runs; then it stays, and the next deploy finds it.
        let undo = by(releases::remove_unused(&zero.project, service, &zero.file, &zero.dir, &kept));
        let title = "keep what runs now as release 0".to_owned();
        self.step("adopt", Phase::Prepare, title, actions, undo, 300)
    }

    /// Brings the database service up on a droplet that has none.
    pub fn database_service(&self) -> Step {
        let service = &self.env.stack.db;
        let project = self.project(&self.place.file);
        let up = run(project.up_and_wait(service, self.health_timeout()));
        // The container goes; a volume it made stays, because nothing is ever dropped.
        let undo = by(project.remove(service));
        self.step(
            "switch.db",
            Phase::Switch,
            format!("start {service}"),
            vec![up],
            undo,
            self.health_timeout() + 60,
        )
    }

    /// Renames a database that was created half-way aside.
    fn set_aside(&self) -> Cmd {
        let (stack, made) = (&self.env.stack, self.made_database());
        let args = [&self.place.project, &stack.db, &stack.database, &self.place.id, &made];
        Cmd::script(SET_ASIDE, args)
    }

    /// Says that nothing was there before this run: only then may the undo touch the database.
    fn made_database(&self) -> String {
        format!("{}/made-database", self.place.dir)
    }

    /// Fails where the database is there and holds anything.
    fn nothing_there(&self) -> Action {
        let (stack, made) = (&self.env.stack, self.made_database());
        let args = [self.place.project.as_str(), &stack.db, &stack.database, &made, RELATIONS];
        run(Cmd::script(NOTHING_THERE, args))
    }

    /// On the droplet of the database, when another one creates it: there its undo has to happen.
    pub fn reserve_database(&self) -> Step {
        let title = format!("a database {} may be created", self.env.stack.database);
        let actions = vec![self.nothing_there()];
        self.step("switch.reserve", Phase::Switch, title, actions, by(self.set_aside()), 60)
    }

    /// Creates the database, which must not exist yet; `here`: its server is on this droplet.
    pub fn create_database(&self, modules: &[String], here: bool, options: &[String]) -> Step {
        let (stack, project) = (&self.env.stack, self.project(&self.place.file));
        let create = run(project.run(&stack.web, &odoo::create_database(&stack.database, modules, options)));
        let mut actions = vec![create];
        if here {
            actions.insert(0, self.nothing_there());
        }
        let undo = match here {
            true => by(self.set_aside()),
            false => Undo::NotNeeded("the undo of switch.reserve sets it aside".into()),
        };
        let mut names = modules.join(", ");
        if names.is_empty() {
            names = "base".into();
        }
        let title = format!("create the database {} with {names}", stack.database);
        self.step("switch.database", Phase::Switch, title, actions, undo, 3600)
    }

    /// The nginx site, where the droplet has none.
    pub fn site(&self, proxy: &Proxy, content: String) -> Step {
        let path = proxy.site.to_string();
        let put = Action::Put { path: path.clone(), mode: 0o644, content: Content::Text(content) };
        let title = format!("write nginx's site {path} and reload");
        self.step(
            "switch.site",
            Phase::Switch,
            title,
            vec![put, run(site::reload())],
            by(site::remove(&path)),
            60,
        )
    }

    /// Points a hand-typed `docker compose` at the release.
    pub fn link(&self) -> Step {
        let path = self.env.stack.path.as_str();
        let keep = format!("{}/env.before", self.place.dir);
        let actions = vec![run(releases::link(path, &self.place.file, &self.place.project, &keep))];
        let title = format!("let `docker compose` in {path} see this release (COMPOSE_FILE in .env)");
        self.step("switch.link", Phase::Switch, title, actions, by(releases::unlink(path, &keep)), 30)
    }

    pub(super) fn look(&self, id: &str, title: String, action: Action, limit: u64) -> Step {
        self.step(id, Phase::Verify, title, vec![action], Undo::NotNeeded("it only looks".into()), limit)
    }

    /// On the droplet of the database: no module is left half-way, and `created` are installed.
    pub fn settled(&self, created: &[String]) -> Step {
        let stack = &self.env.stack;
        let settled = run(web::modules_settled(&self.place.project, &stack.db, &stack.database, created));
        let title = match created {
            [] => "no module is left half-way".to_owned(),
            names => {
                let names: Vec<_> =
                    names.iter().filter_map(|one| one.split('=').next().map(str::to_owned)).collect();
                format!("{} installed, and no module is left half-way", few(&names))
            }
        };
        self.look("verify.modules", title, settled, 60)
    }

    /// The user's own checks after a switch.
    pub fn own_checks(&self, names: &[&str]) -> Step {
        let title = format!("your own checks: {}", printable(&names.join(", ")));
        self.look("verify.checks", title, Action::OwnChecks, 120)
    }

    /// Records the release as the current one; `migrated`: with the modules as the database has them now.
    pub fn record(&self, record: String, services: &[String], before: &str, migrated: bool) -> Step {
        let template = format!("{}/release.json.in", self.place.dir);
        let file = format!("{}/release.json", self.place.dir);
        let pairs: Vec<_> =
            services.iter().map(|service| (service.clone(), self.place.kept(service))).collect();
        let list = format!("{}/releases", self.place.state);
        let stack = &self.env.stack;
        let modules = odoo::record_modules(&self.place.project, &stack.db, &stack.database, &template);
        let mut actions =
            vec![Action::Put { path: template.clone(), mode: 0o600, content: Content::Text(record) }];
        actions.extend(migrated.then(|| run(modules)));
        actions.push(run(releases::record(&template, &file, &pairs)));
        actions.push(run(releases::point(&list, &self.place.id)));
        let undo = by(releases::point_back(&list, before));
        self.step("record", Phase::Record, format!("record release {}", self.place.id), actions, undo, 60)
    }

    /// Removes what no kept release needs.
    pub fn prune(&self, remove: &[String]) -> Step {
        let actions = vec![run(releases::prune(&self.place.state, &self.place.project, remove))];
        let title =
            format!("remove {} older release{}", remove.len(), if remove.len() == 1 { "" } else { "s" });
        let undo = Undo::NotNeeded("beyond the kept releases, and none of them runs".into());
        self.step("prune", Phase::Record, title, actions, undo, 300)
    }
}

/// The server is asked itself, after it was started on whatever volume it has: a plan made while it was
/// down knows nothing of what is in there.
pub(super) const NOTHING_THERE: Program = Program::shell(
    "deploy.nothing-there",
    &[r#"
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" | head -n 1)
[ -n "$c" ] || { echo "no container of $2 runs"; exit 1; }
ask() { docker exec -i "$c" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -v name="$2" -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$1" "$2"; }
there=$(echo "select count(*) from pg_database where datname = :'name';" | ask postgres "$3") || { echo "the database server does not answer"; exit 1; }
if [ "$there" != 0 ]; then
  held=$(printf '%s\n' "$5" | ask "$3" "$3") || { echo "the database $3 is there and lets nobody in"; exit 1; }
  [ "$held" = 0 ] || { echo "the database $3 is there and holds data ($held tables, views and sequences): nothing is created over it"; exit 1; }
fi
umask 077
mkdir -p "${4%/*}" && : >"$4"
"#],
);

/// A database that was created half-way is renamed aside, closed to connections; never dropped.
pub(super) const SET_ASIDE: Program = Program::shell(
    "deploy.set-aside",
    &[r#"
[ -e "$5" ] || exit 0
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" | head -n 1)
[ -n "$c" ] || exit 0
docker exec -i "$c" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -v from="$1" -v to="$2" -U "${POSTGRES_USER:-postgres}" -d postgres' \
  sh "$3" "$3_failed_$4" <<'SQL'
select pg_terminate_backend(pid) from pg_stat_activity where datname = :'from' \g /dev/null
select format('alter database %I rename to %I', :'from', :'to') from pg_database where datname = :'from' \gexec
select format('alter database %I allow_connections false', :'to') from pg_database where datname = :'to' \gexec
SQL
"#],
);

pub(super) const REMOVE_DIRECTORY: Program = Program::shell(
    "deploy.remove-directory",
    &[r#"[ ! -d "$1" ] || rmdir --ignore-fail-on-non-empty -- "$1""#],
);
pub(super) const REMOVE_FILE: Program =
    Program::shell("deploy.remove-file", &[r#"to=$(readlink -f -- "$1") || exit 0; rm -f -- "$to""#]);

pub(super) fn run(action: impl Into<Action>) -> Action {
    action.into()
}

impl From<Cmd> for Action {
    fn from(cmd: Cmd) -> Self {
        Action::Run(cmd)
    }
}

pub(super) fn by(cmd: Cmd) -> Undo {
    Undo::By(vec![Action::Run(cmd)])
}

/// A service's name as part of a step's id.
fn id_part(service: &str) -> String {
    service.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

pub fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}
