//! `health`: from when on `ops health` warns, and from when on it calls something critical.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::Fault;
use super::node::Node;
use super::raw::{Level, Located};
use super::resolved::wait;
use super::words::{Title, Wait};

/// Two thresholds of one measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits<T> {
    pub warn: T,
    pub crit: T,
}

/// As it is written: what is left out is inherited.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair<T> {
    warn: Option<T>,
    crit: Option<T>,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $key:ident: $raw:ident($inner:ty, $show:ident) $worse:ident = $warn:expr, $crit:expr;)*) => {
        /// What an environment says of its health.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct Health {
            $($(#[$doc])* pub $key: Limits<$inner>,)*
            /// So often the droplet looks by itself, where `ops schedule install` was said.
            pub every: Option<Duration>,
            /// Ids of checks that are not wanted here.
            pub skip: Vec<String>,
        }

        impl Default for Health {
            fn default() -> Self {
                Self { $($key: Limits { warn: $warn, crit: $crit },)* every: None, skip: Vec::new() }
            }
        }

        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Raw {
            $($key: Option<Located<Pair<$raw>>>,)*
            every: Option<Located<Wait>>,
            skip: Option<Vec<Title>>,
        }

        /// What the environment says, else what the defaults say, else our own.
        pub(super) fn resolve(own: Raw, defaults: Raw, path: &str) -> Result<Health, Fault> {
            let usual = Health::default();
            $(let $key = {
                let limits = both(own.$key.as_ref(), defaults.$key.as_ref(), usual.$key, |level: &$raw| level.0);
                match $worse(limits) {
                    true => limits,
                    false => return Err(disordered(own.$key, defaults.$key, path, stringify!($key))),
                }
            };)*
            let every = own.every.or(defaults.every).map(|every| interval(every, path)).transpose()?;
            let skip = own.skip.or(defaults.skip).unwrap_or_default().into_iter().map(|id| id.0).collect();
            Ok(Health { $($key,)* every, skip })
        }

        impl Health {
            /// With the keys of the inventory.
            pub(super) fn node(&self) -> Node<'_> {
                let shown = [$((stringify!($key), pair(self.$key, $show)),)*];
                Node::map(shown.into_iter().chain([
                    ("every", self.every.map(wait).unwrap_or_default()),
                    ("skip", json!(self.skip).into()),
                ]))
            }
        }
    };
}

limits! {
    /// Used of a file system and of its inodes, in percent.
    disk: Level(u64, number) higher = 80, 90;
    /// Available of the memory, in percent.
    memory: Level(u64, number) lower = 15, 7;
    /// Time in which everything waited for memory, of the last minute, in percent.
    pressure: Level(u64, number) higher = 5, 20;
    /// Load of the last five minutes, in percent of the processors.
    load: Level(u64, number) higher = 150, 300;
    /// The login page's answer.
    answer: Wait(Duration, wait) higher = Duration::from_secs(2), Duration::from_secs(5);
    /// Left of a certificate's lifetime, in percent.
    certificate: Level(u64, number) lower = 30, 17;
    /// Of the connections that PostgreSQL takes, in percent.
    connections: Level(u64, number) higher = 80, 95;
    /// The longest statement.
    statement: Wait(Duration, wait) higher = minutes(5), minutes(30);
    /// What one call takes of a statement that was called more than a hundred times.
    slow: Wait(Duration, wait) higher = Duration::from_secs(1), minutes(5);
    /// The longest transaction that does nothing.
    idle: Wait(Duration, wait) higher = minutes(5), minutes(15);
    /// Sessions that have waited for another one's lock for ten seconds.
    blocked: Level(u64, number) higher = 1, 10;
    /// Age of the oldest transaction, in millions: PostgreSQL stops at 2000.
    wraparound: Level(u64, number) higher = 500, 1000;
    /// Days for which there is room, as the database grows.
    growth: Level(u64, number) lower = 14, 3;
    /// Scheduled actions that are overdue by half an hour.
    crons: Level(u64, number) higher = 1, 5;
    /// Mails that could not be sent in the last day.
    mails: Level(u64, number) higher = 10, 100;
    /// Tracebacks in Odoo's log in the last quarter of an hour.
    tracebacks: Level(u64, number) higher = 1, 20;
    /// Connections over ssh that were refused in the last hour.
    logins: Level(u64, number) higher = 500, 5000;
    /// Logins that Odoo refused in the last quarter of an hour.
    odoo_logins: Level(u64, number) higher = 30, 300;
    /// A container's log, in MB.
    log: Level(u64, number) higher = 500, 2000;
    /// Age of the newest verified backup, in hours.
    backup: Level(u64, number) higher = 26, 50;
}

/// A look takes seconds, and a second one confirms what it saw.
fn interval(every: Located<Wait>, path: &str) -> Result<Duration, Fault> {
    match every.value.0 {
        fine if fine >= minutes(1) => Ok(fine),
        _ => Err(Fault::new("a look takes its time\nat least `1m`, at most `24h`")
            .at(every.place, format!("{path}.health.every"))),
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn both<R, T: Copy>(
    own: Option<&Located<Pair<R>>>,
    defaults: Option<&Located<Pair<R>>>,
    usual: Limits<T>,
    inner: impl Fn(&R) -> T,
) -> Limits<T> {
    let said = |of: fn(&Pair<R>) -> Option<&R>| {
        let of = |pair: Option<&Located<Pair<R>>>| pair.and_then(|pair| of(&pair.value)).map(&inner);
        of(own).or_else(|| of(defaults))
    };
    Limits {
        warn: said(|pair| pair.warn.as_ref()).unwrap_or(usual.warn),
        crit: said(|pair| pair.crit.as_ref()).unwrap_or(usual.crit),
    }
}

fn higher<T: Ord>(limits: Limits<T>) -> bool {
    limits.warn <= limits.crit
}

fn lower<T: Ord>(limits: Limits<T>) -> bool {
    limits.warn >= limits.crit
}

fn disordered<R>(
    own: Option<Located<Pair<R>>>,
    defaults: Option<Located<Pair<R>>>,
    path: &str,
    key: &str,
) -> Fault {
    let fault = Fault::new("`crit` would come before `warn`\nwhat is left out has its default");
    match own.or(defaults) {
        Some(pair) => fault.at(pair.place, format!("{path}.health.{key}")),
        None => fault,
    }
}

/// A threshold as it is written in the inventory.
fn number(number: u64) -> Node<'static> {
    json!(number).into()
}

fn pair<T>(limits: Limits<T>, shown: impl Fn(T) -> Node<'static>) -> Node<'static> {
    Node::map([("warn", shown(limits.warn)), ("crit", shown(limits.crit))])
}
