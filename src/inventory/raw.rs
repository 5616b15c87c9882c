//! The file as it is written. config.example.yaml documents every key; a test compares the two.
//!
//! No `untagged`, `flatten` or `tag` here: they lose the place of an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_yaml::Spanned;

use super::fault::Place;
use super::hooks::HookPlace;
use super::model::{Become, ProxyKind, Role, Severity, SnapshotKind, Strategy, Update, When};
use super::watch::Watch;
use super::words::{self, *};

/// A value together with where it stands, for errors that are only seen later.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        let place = Place { line: referenced.line(), column: referenced.column() };
        Ok(Self { value, place })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[expect(dead_code, reason = "reading it is the check")]
    pub(super) version: Version,
    pub(super) project: Name,
    pub(super) state_dir: Option<Absolute>,
    pub(super) defaults: Option<Defaults>,
    pub(super) environments: Located<BTreeMap<EnvironmentName, Environment>>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Version;

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        match number {
            1 => Ok(Self),
            _ => Err(format!("this program reads version 1 of the inventory, not {number}")),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defaults {
    pub(super) ssh: Option<Ssh>,
    pub(super) r#become: Option<Become>,
    pub(super) deploy: Option<Deploy>,
    pub(super) backup: Option<Backup>,
    pub(super) health: Option<super::health::Raw>,
    pub(super) min_free_percent: Option<Percent>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ssh {
    pub(super) port: Option<Port>,
    pub(super) user: Option<User>,
    pub(super) jump: Option<Located<Jump>>,
    pub(super) identity: Option<SshPath>,
    pub(super) config: Option<SshPath>,
    pub(super) known_hosts: Option<SshPath>,
    pub(super) connect_timeout: Option<Wait>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub(super) protected: Option<bool>,
    pub(super) url: Option<Url>,
    pub(super) state_dir: Option<Absolute>,
    pub(super) min_free_percent: Option<Percent>,
    pub(super) ssh: Option<Ssh>,
    pub(super) r#become: Option<Become>,
    pub(super) droplets: Located<Vec<Located<Droplet>>>,
    pub(super) stack: Stack,
    pub(super) proxy: Option<Proxy>,
    pub(super) deploy: Option<Deploy>,
    pub(super) backup: Option<Backup>,
    pub(super) mask: Option<Mask>,
    pub(super) targets: Option<Targets>,
    pub(super) health: Option<super::health::Raw>,
    pub(super) harden: Option<super::harden::Raw>,
    pub(super) modules: Option<Vec<Located<Module>>>,
    pub(super) checks: Option<Vec<Located<Check>>>,
    pub(super) notify: Option<Vec<super::notify::Raw>>,
    pub(super) hooks: Option<Hooks>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mask {
    pub(super) emails: Option<bool>,
    pub(super) phones: Option<bool>,
    pub(super) names: Option<bool>,
    pub(super) sql: Option<Vec<Phrase>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Droplet {
    pub(super) name: Name,
    pub(super) host: Host,
    pub(super) roles: Option<Vec<Role>>,
    pub(super) compose: Option<Vec<Below>>,
    pub(super) r#become: Option<Become>,
    // The keys of `ssh:` once more; they win over it.
    pub(super) port: Option<Port>,
    pub(super) user: Option<User>,
    pub(super) jump: Option<Located<Jump>>,
    pub(super) identity: Option<SshPath>,
    pub(super) config: Option<SshPath>,
    pub(super) known_hosts: Option<SshPath>,
    pub(super) connect_timeout: Option<Wait>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stack {
    pub(super) path: Absolute,
    pub(super) compose: Option<Vec<Below>>,
    pub(super) profiles: Option<Vec<Profile>>,
    pub(super) git: Option<Git>,
    pub(super) web: Located<Service>,
    pub(super) db: Service,
    pub(super) database: Database,
    pub(super) addons: Option<Vec<Below>>,
    pub(super) env: Option<BTreeMap<Variable, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Git {
    pub(super) remote: Remote,
    pub(super) r#ref: Located<Ref>,
    pub(super) allow: Option<Vec<RefGlob>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proxy {
    pub(super) kind: Option<ProxyKind>,
    pub(super) server_name: ServerName,
    pub(super) edge: Option<Vec<Front>>,
    pub(super) site: Absolute,
    pub(super) upstream: Upstream,
    pub(super) websocket_upstream: Option<Upstream>,
    pub(super) container: Option<Service>,
    pub(super) maintenance: Option<Phrase>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploy {
    pub(super) strategy: Option<Strategy>,
    pub(super) update: Option<Update>,
    pub(super) health_timeout: Option<Wait>,
    pub(super) drain: Option<Wait>,
    pub(super) max_interruption: Option<Wait>,
    pub(super) keep_releases: Option<Keep>,
    pub(super) snapshot: Option<SnapshotKind>,
    pub(super) snapshot_days: Option<u32>,
    pub(super) watch: Option<Watch>,
    pub(super) backup: Option<Before>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Before {
    pub(super) before: Option<super::promise::Before>,
    pub(super) max_age: Option<Age>,
    pub(super) drill_max_age: Option<Age>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Targets {
    pub(super) rpo: Option<Age>,
    pub(super) rto: Option<Age>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backup {
    pub(super) path: Option<Absolute>,
    pub(super) restic: Option<Restic>,
    pub(super) keep: Option<Retention>,
    pub(super) missing_files: Option<u32>,
    pub(super) images: Option<bool>,
    pub(super) offsite: Option<Vec<Located<Offsite>>>,
    pub(super) schedule: Option<Calendar>,
    pub(super) textfile: Option<Absolute>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offsite {
    pub(super) name: words::Place,
    pub(super) repository: Repository,
    pub(super) env: Option<BTreeMap<Variable, Value>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restic {
    pub(super) image: Option<Image>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    pub(super) daily: Option<u32>,
    pub(super) weekly: Option<u32>,
    pub(super) monthly: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    pub(super) name: Title,
    pub(super) http: Option<UrlPath>,
    pub(super) status: Option<Status>,
    pub(super) contains: Option<Phrase>,
    pub(super) max_time: Option<Wait>,
    pub(super) sql: Option<Query>,
    pub(super) expect: Option<Expected>,
    pub(super) tcp: Option<Endpoint>,
    pub(super) severity: Option<Severity>,
    pub(super) when: Option<Vec<When>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hooks {
    pub(super) pre_deploy: Option<Vec<Hook>>,
    pub(super) post_deploy: Option<Vec<Hook>>,
    pub(super) on_failure: Option<Vec<Hook>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hook {
    pub(super) name: Option<Title>,
    pub(super) cmd: Program,
    pub(super) on: Option<HookPlace>,
    pub(super) timeout: Option<HookTime>,
}

macro_rules! numbers {
    ($($name:ident($inner:ty) = $range:expr, $what:literal;)*) => {$(
        #[derive(Debug, Clone, Copy, Deserialize)]
        #[serde(try_from = "u64")]
        pub(super) struct $name(pub(super) $inner);

        impl TryFrom<u64> for $name {
            type Error = String;

            fn try_from(number: u64) -> Result<Self, String> {
                let fits = ($range).contains(&number).then(|| <$inner>::try_from(number).ok()).flatten();
                fits.map($name).ok_or_else(|| format!(concat!("{} is not ", $what), number))
            }
        }
    )*};
}

numbers! {
    Port(u16) = 1..=65535, "a port: 1 to 65535";
    Percent(u8) = 0..=90, "a share of free space: 0 to 90 percent";
    Keep(u32) = 1..=100, "a number of releases to keep: 1 to 100";
    Status(u16) = 100..=599, "an HTTP status: 100 to 599";
    Level(u64) = 0..=1_000_000_000, "a threshold: a whole number";
}

/// A text, or where to get one.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Plain(String),
    Env(String),
    File(String),
    Cmd(Vec<String>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text in quotes, `{env: NAME}`, `{file: path}` or `{cmd: [program, ..]}`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        line(text).map(Value::Plain).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum From {
            Env,
            File,
            Cmd,
        }
        let Some(key) = map.next_key::<From>()? else {
            return Err(A::Error::custom("one of `env`, `file` and `cmd` is missing"));
        };
        let value = match key {
            From::Env => Value::Env(map.next_value::<Variable>()?.0),
            From::File => Value::File(map.next_value::<LocalPath>()?.0),
            From::Cmd => Value::Cmd(map.next_value::<Program>()?.0),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("a secret has one origin: `env`, `file` or `cmd`"));
        }
        Ok(value)
    }
}

/// A program and its arguments.
#[derive(Debug)]
pub(super) struct Program(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Program {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words: Vec<String> = Vec::<Line>::deserialize(deserializer)?.into_iter().map(|w| w.0).collect();
        let what = match words.first() {
            None => "a command is missing\n`cmd: [program, argument, ..]`, without a shell".to_owned(),
            Some(first) if first.trim().is_empty() || first.starts_with('-') => {
                format!("{} is not a program", show(first))
            }
            Some(_) => return Ok(Self(words)),
        };
        Err(D::Error::custom(what))
    }
}
