//! An environment as it is meant, written with the keys of the inventory: `ops config check`.
//!
//! What is printed can be read again and means the same, except for what is hidden.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::hide;
use super::hooks::{Hook, HookWhen};
use super::model::*;
use super::node::Node;

pub const SCHEMA: &str = "ops.config/1";

/// The environment as YAML, as it would stand below `environments:`. References to secrets stay
/// references; what looks like a secret is `***`.
pub fn resolved(environment: &Environment) -> String {
    Node::map([(&*environment.name, body(environment))]).yaml()
}

/// The same for machines: `{"schema": "ops.config/1", "project": .., "environments": {NAME: ..}}`.
pub fn resolved_json<'a>(environments: impl IntoIterator<Item = &'a Environment>) -> Json {
    let mut project = Json::Null;
    let mut all = serde_json::Map::new();
    for environment in environments {
        project = environment.project.clone().into();
        all.insert(environment.name.clone(), body(environment).into());
    }
    json!({ "schema": SCHEMA, "version": 1, "project": project, "environments": all })
}

pub(super) fn body(environment: &Environment) -> Node<'_> {
    let Environment { protected, url, state_dir, min_free_percent, droplets, stack, .. } = environment;
    Node::map([
        ("protected", json!(protected).into()),
        ("url", json!(url).into()),
        ("state_dir", json!(state_dir).into()),
        ("min_free_percent", json!(min_free_percent).into()),
        ("droplets", droplets.iter().map(droplet).collect()),
        ("stack", self::stack(stack)),
        ("proxy", environment.proxy.as_ref().map(proxy).unwrap_or_default()),
        ("deploy", deploy(&environment.deploy)),
        ("backup", environment.backup.node()),
        ("mask", environment.mask.node()),
        ("targets", environment.targets.node()),
        ("health", environment.health.node()),
        ("harden", environment.harden.node()),
        ("modules", json!(environment.modules).into()),
        ("checks", environment.checks.iter().map(check).collect()),
        ("notify", environment.notify.iter().map(super::notify::node).collect()),
        ("hooks", Node::map(HookWhen::ALL.map(|when| (when.key(), hooks(environment.hooks.of(when)))))),
    ])
}

fn droplet(droplet: &Droplet) -> Node<'_> {
    let name = ("name", json!(droplet.name).into());
    let roles = ("roles", json!(droplet.roles).into());
    let compose = ("compose", json!(droplet.compose).into());
    match &droplet.address {
        Address::Local { r#become } => Node::map([
            name,
            ("host", json!("local").into()),
            roles,
            compose,
            ("become", json!(r#become).into()),
        ]),
        Address::Ssh(ssh) => Node::map([
            name,
            ("host", json!(ssh.host).into()),
            roles,
            compose,
            ("port", json!(ssh.port).into()),
            ("user", json!(ssh.user).into()),
            ("jump", json!(ssh.jump).into()),
            ("identity", json!(ssh.identity).into()),
            ("config", json!(ssh.config).into()),
            ("known_hosts", json!(ssh.known_hosts).into()),
            ("connect_timeout", wait(ssh.connect_timeout)),
            ("become", json!(ssh.r#become).into()),
        ]),
    }
}

fn stack(stack: &Stack) -> Node<'_> {
    let git = |git: &Git| {
        Node::map([
            ("remote", json!(hide::url(&git.remote)).into()),
            ("ref", json!(git.r#ref).into()),
            ("allow", json!(git.allow).into()),
        ])
    };
    let env = stack.env.iter().map(|(name, value)| (&**name, secret(value, |v| hide::value(name, v))));
    Node::map([
        ("path", json!(stack.path).into()),
        ("compose", json!(stack.compose).into()),
        ("profiles", json!(stack.profiles).into()),
        ("git", stack.git.as_ref().map(git).unwrap_or_default()),
        ("web", json!(stack.web).into()),
        ("db", json!(stack.db).into()),
        ("database", json!(stack.database).into()),
        ("addons", json!(stack.addons).into()),
        ("env", Node::map(env)),
    ])
}

fn proxy(proxy: &Proxy) -> Node<'_> {
    Node::map([
        ("kind", json!(proxy.kind).into()),
        ("server_name", json!(proxy.server_name).into()),
        ("edge", json!(proxy.edge).into()),
        ("site", json!(proxy.site).into()),
        ("upstream", json!(proxy.upstream).into()),
        ("websocket_upstream", json!(proxy.websocket_upstream).into()),
        ("container", json!(proxy.container).into()),
        ("maintenance", json!(proxy.maintenance).into()),
    ])
}

fn deploy(deploy: &Deploy) -> Node<'_> {
    Node::map([
        ("strategy", json!(deploy.strategy).into()),
        ("update", json!(deploy.update).into()),
        ("health_timeout", wait(deploy.health_timeout)),
        ("drain", wait(deploy.drain)),
        ("max_interruption", deploy.max_interruption.map(wait).unwrap_or_default()),
        ("keep_releases", json!(deploy.keep_releases).into()),
        ("snapshot", json!(deploy.snapshot).into()),
        ("snapshot_days", json!(deploy.snapshot_days).into()),
        ("watch", watch(deploy.watch)),
        ("backup", deploy.backup.node()),
    ])
}

fn watch(watch: Option<Watch>) -> Node<'static> {
    match watch {
        None => json!("off").into(),
        Some(Watch { time, put_back: false }) => wait(time),
        Some(Watch { time, put_back }) => {
            Node::map([("for", wait(time)), ("put_back", json!(put_back).into())])
        }
    }
}

fn check(check: &UserCheck) -> Node<'_> {
    let name = ("name", json!(check.name).into());
    let rest = [("severity", json!(check.severity).into()), ("when", json!(check.when).into())];
    let probe = match &check.probe {
        UserProbe::Http { path, status, contains, max_time } => vec![
            ("http", json!(path).into()),
            ("status", json!(status).into()),
            ("contains", json!(contains).into()),
            ("max_time", max_time.map(wait).unwrap_or_default()),
        ],
        UserProbe::Sql { query, expect } => {
            vec![("sql", json!(query).into()), ("expect", json!(expect.to_string()).into())]
        }
        UserProbe::Tcp { address } => vec![("tcp", json!(address).into())],
    };
    Node::map([name].into_iter().chain(probe).chain(rest))
}

fn hooks(hooks: &[Hook]) -> Node<'_> {
    let hook = |hook: &Hook| {
        Node::map([
            ("name", json!(hook.name).into()),
            ("cmd", json!(hook.cmd).into()),
            ("on", json!(hook.on).into()),
            ("timeout", wait(hook.timeout)),
        ])
    };
    hooks.iter().map(hook).collect()
}

pub(super) fn secret(value: &Value, hide: impl Fn(&str) -> String) -> Node<'_> {
    match value {
        Value::Plain(text) => json!(hide(text)).into(),
        Value::Secret(source) => Node::Reference(source),
    }
}

/// The shortest of our spellings that is exact.
pub(super) fn wait(duration: Duration) -> Node<'static> {
    let millis = duration.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let fits = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    let (unit, name) = fits.unwrap_or((1_000, "s"));
    json!(format!("{}{name}", millis / unit)).into()
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.op.sign(), self.value)
    }
}
