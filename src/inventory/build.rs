//! From the file as written to the inventory as meant: defaults filled in, references resolved, and
//! everything checked that one value alone cannot tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use camino::Utf8PathBuf;

use super::fault::Fault;
use super::model::*;
use super::raw::Located;
use super::words::show;
use super::{backup, droplets, git, harden, health, hooks, mask, notify, paths, promise, raw};

/// Where relative local paths start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) home: &'a Path,
    pub(super) directory: &'a Path,
}

impl Base<'_> {
    pub(super) fn resolve(&self, text: &str) -> PathBuf {
        paths::resolve(text, self.home, self.directory)
    }

    /// A command of the laptop: what is trusted must not depend on the directory one happens to stand in.
    pub(super) fn command(&self, mut words: Vec<String>) -> Vec<String> {
        if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
            *program = self.resolve(program).to_string_lossy().into_owned();
        }
        words
    }
}

pub(super) fn inventory(file: raw::File, path: &Path, home: &Path) -> Result<Inventory, Fault> {
    let base = Base { home, directory: path.parent().unwrap_or(Path::new("")) };
    if file.environments.value.is_empty() {
        let fault = Fault::new("at least one environment is needed");
        return Err(fault.at(file.environments.place, "environments"));
    }
    let whole = Whole {
        project: file.project.0,
        state_dir: file.state_dir.map_or_else(|| Utf8PathBuf::from("/var/lib/ops"), |dir| dir.0),
        defaults: file.defaults.unwrap_or_default(),
        base,
    };
    let mut environments = BTreeMap::new();
    for (name, raw) in file.environments.value {
        environments.insert(name.0.clone(), environment(name.0, raw, &whole)?);
    }
    Ok(Inventory { file: path.to_owned(), sha256: String::new(), project: whole.project, environments })
}

/// What every environment inherits.
struct Whole<'a> {
    project: String,
    state_dir: Utf8PathBuf,
    defaults: raw::Defaults,
    base: Base<'a>,
}

fn environment(name: String, raw: raw::Environment, whole: &Whole<'_>) -> Result<Environment, Fault> {
    let path = format!("environments.{name}");
    let raw::Defaults { ssh, r#become, deploy: deploys, backup: backups, health: healths, min_free_percent } =
        &whole.defaults;
    let inherited = droplets::Inherited {
        ssh: raw.ssh.unwrap_or_default().or(&ssh.clone().unwrap_or_default()),
        r#become: raw.r#become.or(*r#become).unwrap_or_default(),
    };
    let stack = stack(raw.stack, whole.base, &path)?;
    let droplets = droplets::resolve(raw.droplets, &inherited, whole.base, &stack.compose, &path)?;
    let backed_up = (raw.backup.is_some(), droplets.len());
    Ok(Environment {
        droplets,
        stack,
        proxy: raw.proxy.map(proxy),
        deploy: deploy(raw.deploy.unwrap_or_default(), deploys.clone().unwrap_or_default(), backed_up),
        backup: backup::resolve(
            raw.backup.unwrap_or_default(),
            backups.clone().unwrap_or_default(),
            whole.base,
            &path,
        )?,
        mask: mask::resolve(raw.mask.unwrap_or_default()),
        targets: promise::targets(raw.targets),
        health: health::resolve(raw.health.unwrap_or_default(), healths.clone().unwrap_or_default(), &path)?,
        harden: harden::resolve(raw.harden.unwrap_or_default()),
        modules: modules(raw.modules.unwrap_or_default(), &path)?,
        checks: checks(raw.checks.unwrap_or_default(), &path)?,
        notify: notify::resolve(raw.notify.unwrap_or_default(), whole.base, &path)?,
        hooks: hooks::resolve(raw.hooks.unwrap_or_default(), whole.base),
        min_free_percent: raw.min_free_percent.or(*min_free_percent).map_or(10, |percent| percent.0),
        protected: raw.protected.unwrap_or(false),
        url: raw.url.map(|url| url.0),
        state_dir: raw.state_dir.map_or_else(|| whole.state_dir.clone(), |dir| dir.0),
        project: whole.project.clone(),
        name,
    })
}

fn stack(raw: raw::Stack, base: Base<'_>, path: &str) -> Result<Stack, Fault> {
    if raw.web.value == raw.db {
        let fault = Fault::new(&format!("the web and the database are both the service {}", show(&raw.db.0)));
        return Err(fault.at(raw.web.place, format!("{path}.stack.web")));
    }
    let compose: Vec<Utf8PathBuf> = raw.compose.unwrap_or_default().into_iter().map(|file| file.0).collect();
    Ok(Stack {
        path: raw.path.0,
        compose: if compose.is_empty() { vec!["compose.yaml".into()] } else { compose },
        profiles: raw.profiles.unwrap_or_default().into_iter().map(|profile| profile.0).collect(),
        git: raw.git.map(|git| repository(git, path)).transpose()?,
        web: raw.web.value.0,
        db: raw.db.0,
        database: raw.database.0,
        addons: raw.addons.unwrap_or_default().into_iter().map(|addons| addons.0).collect(),
        env: raw.env.unwrap_or_default().into_iter().map(|(name, v)| (name.0, value(v, base))).collect(),
    })
}

fn repository(raw: raw::Git, path: &str) -> Result<Git, Fault> {
    let place = raw.r#ref.place;
    let git = Git {
        remote: raw.remote.0,
        r#ref: raw.r#ref.value.0,
        allow: raw.allow.unwrap_or_default().into_iter().map(|glob| glob.0).collect(),
    };
    if git.allows(&git.r#ref) {
        return Ok(git);
    }
    let fault = Fault::new(&format!("the ref {} is not covered by `allow`", show(&git.r#ref)));
    Err(fault.at(place, format!("{path}.stack.git.ref")).hint("add it to `allow`, or deploy another ref"))
}

impl Git {
    /// Whether a ref may be deployed.
    pub fn allows(&self, reference: &str) -> bool {
        self.allow.is_empty() || self.allow.iter().any(|glob| git::covers(glob, reference))
    }
}

fn proxy(raw: raw::Proxy) -> Proxy {
    Proxy {
        kind: raw.kind.unwrap_or(ProxyKind::Nginx),
        server_name: raw.server_name.0,
        edge: raw.edge.unwrap_or_default().into_iter().map(|edge| edge.0).collect(),
        site: raw.site.0,
        upstream: raw.upstream.0,
        websocket_upstream: raw.websocket_upstream.map(|name| name.0),
        container: raw.container.map(|service| service.0),
        maintenance: raw.maintenance.map(|text| text.0),
    }
}

/// `backups`: the environment says something of them, and of how many droplets the environment is.
fn deploy(own: raw::Deploy, defaults: raw::Deploy, backups: (bool, usize)) -> Deploy {
    let wait = |own: Option<super::words::Wait>, default: Option<super::words::Wait>, seconds| {
        own.or(default).map_or(Duration::from_secs(seconds), |wait| wait.0)
    };
    Deploy {
        strategy: own.strategy.or(defaults.strategy).unwrap_or(Strategy::Auto),
        update: own.update.or(defaults.update).unwrap_or(Update::Auto),
        health_timeout: wait(own.health_timeout, defaults.health_timeout, 120),
        drain: wait(own.drain, defaults.drain, 30),
        max_interruption: own.max_interruption.or(defaults.max_interruption).map(|wait| wait.0),
        keep_releases: own.keep_releases.or(defaults.keep_releases).map_or(5, |keep| keep.0),
        snapshot: own.snapshot.or(defaults.snapshot).unwrap_or(SnapshotKind::Auto),
        snapshot_days: own.snapshot_days.or(defaults.snapshot_days).unwrap_or(7),
        watch: own.watch.or(defaults.watch).and_then(|watch| watch.0),
        backup: promise::beforehand(
            own.backup.unwrap_or_default(),
            defaults.backup.unwrap_or_default(),
            backups.0,
            backups.1,
        ),
    }
}

fn modules(raw: Vec<Located<super::words::Module>>, path: &str) -> Result<Vec<String>, Fault> {
    let mut seen = BTreeSet::new();
    for (i, module) in raw.iter().enumerate() {
        if !seen.insert(&module.value) {
            let fault = Fault::new(&format!("the module {} is listed twice", show(&module.value.0)));
            return Err(fault.at(module.place, format!("{path}.modules[{i}]")));
        }
    }
    Ok(raw.into_iter().map(|module| module.value.0).collect())
}

fn checks(raw: Vec<Located<raw::Check>>, path: &str) -> Result<Vec<UserCheck>, Fault> {
    let mut seen = BTreeSet::new();
    let mut checks = Vec::new();
    for (i, Located { value: raw, place }) in raw.into_iter().enumerate() {
        let at = |message: &str| Fault::new(message).at(place, format!("{path}.checks[{i}]"));
        if !seen.insert(raw.name.0.clone()) {
            return Err(at(&format!("two checks have the name {}", show(&raw.name.0))));
        }
        checks.push(check(raw).map_err(at)?);
    }
    Ok(checks)
}

fn check(raw: raw::Check) -> Result<UserCheck, &'static str> {
    let of_http = raw.status.is_some() || raw.contains.is_some() || raw.max_time.is_some();
    let probe = match (raw.http, raw.sql, raw.tcp) {
        (Some(path), None, None) => UserProbe::Http {
            path: path.0,
            status: raw.status.map_or(200, |status| status.0),
            contains: raw.contains.map(|text| text.0),
            max_time: raw.max_time.map(|wait| wait.0),
        },
        (None, Some(query), None) => {
            let expect =
                raw.expect.clone().ok_or("a check by `sql` needs `expect`, for example `\"> 0\"`")?;
            UserProbe::Sql { query: query.0, expect: expect.0 }
        }
        (None, None, Some(address)) => UserProbe::Tcp { address: address.0 },
        _ => return Err("a check asks one thing: `http`, `sql` or `tcp`"),
    };
    if of_http && !matches!(probe, UserProbe::Http { .. }) {
        return Err("`status`, `contains` and `max_time` belong to `http`");
    }
    if raw.expect.is_some() && !matches!(probe, UserProbe::Sql { .. }) {
        return Err("`expect` belongs to `sql`");
    }
    let when = raw.when.unwrap_or_default();
    Ok(UserCheck {
        name: raw.name.0,
        probe,
        severity: raw.severity.unwrap_or(Severity::Medium),
        when: if when.is_empty() { vec![When::Verify, When::Health] } else { when },
    })
}

pub(super) fn value(raw: raw::Value, base: Base<'_>) -> Value {
    match raw {
        raw::Value::Plain(text) => Value::Plain(text),
        raw::Value::Env(name) => Value::Secret(Source::Env(name)),
        raw::Value::File(path) => Value::Secret(Source::File(base.resolve(&path))),
        raw::Value::Cmd(words) => Value::Secret(Source::Cmd(base.command(words))),
    }
}
