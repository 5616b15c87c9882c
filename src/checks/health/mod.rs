//! How an environment is right now.
//!
//! The ids are documented and stable; [`table`] lists them. A check that means the same before a deploy is the
//! preflight's own. What could not be seen is *unknown*, which is worse than a warning and never well.

mod access;
mod backups;
mod certificate;
mod changes;
mod containers;
mod copies;
mod database;
mod dns;
mod doors;
mod figures;
mod growth;
mod host;
mod markdown;
mod modules;
mod nagios;
mod news;
mod odoo;
mod ops;
mod pages;
mod prometheus;
mod release;
mod report;
mod slow;

use std::time::Duration;

use super::{Check, Finding, Subject, Verdict, preflight};
use crate::facts::Vitals;
use crate::inventory::{Limits, When};

pub use access::Entrances;
pub use changes::{Change, Known};
pub use dns::strange;
pub use figures::{Figure, Unit, figures};
pub use markdown::markdown;
pub use nagios::nagios;
pub use news::{MOST, Memory, WINDOW, confirmed};
pub use prometheus::prometheus;
pub use release::mixed;
pub use report::{Floor, HEALTH_SCHEMA, Looked, Report, Seen, Status, found};

/// Checks of one kind, under the name that reports give it.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub name: &'static str,
    pub checks: &'static [Check],
}

/// The reasons before what follows from them.
pub const ALL: &[Group] = &[
    Group { name: "host", checks: host::ALL },
    Group { name: "containers", checks: containers::ALL },
    Group { name: "database", checks: database::ALL },
    Group { name: "web", checks: pages::ALL },
    Group { name: "web", checks: dns::ALL },
    Group { name: "odoo", checks: doors::ALL },
    Group { name: "odoo", checks: odoo::ALL },
    Group { name: "release", checks: release::ALL },
    Group { name: "backup", checks: backups::ALL },
    Group { name: "backup", checks: copies::ALL },
    Group { name: "access", checks: access::ALL },
    Group { name: "ops", checks: ops::ALL },
];

/// Whether a droplet could be asked at all.
pub const REACHED: &str = "droplet";
/// All web droplets run the same.
pub const MIXED: &str = "release.mixed";
/// Entrances that were not there before.
pub const NEW: &str = "access.new";
/// Of the checks of the user's own.
const OWN: &str = "own";

/// The health of one droplet, the user's own checks included.
pub fn judge(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|group| super::run(group.checks, subject)).collect();
    findings.extend(super::own(subject, When::Health));
    findings.retain(|finding| !subject.env.health.skip.contains(&finding.id));
    findings
}

/// The verdict of one check alone.
pub(super) fn one(subject: &Subject<'_>, id: &str) -> Option<Verdict> {
    let mut all = ALL.iter().flat_map(|group| group.checks);
    all.find(|check| check.id == id).map(|check| (check.judge)(subject))
}

/// The group of a check.
pub fn group(id: &str) -> &'static str {
    let of = |group: &&Group| group.checks.iter().any(|check| check.id == id);
    match ALL.iter().find(of) {
        Some(group) => group.name,
        None if id == MIXED => "release",
        None if id == NEW => "access",
        None if id == REACHED => "host",
        None => OWN,
    }
}

/// The ids that there are, those of the user's own checks aside.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|group| group.checks).map(|check| check.id).chain([REACHED, MIXED, NEW])
}

/// Groups, ids and titles as a Markdown table, for the documentation.
pub fn table() -> String {
    let rows = ALL.iter().flat_map(|group| group.checks.iter().map(move |check| (group.name, check)));
    let rows = rows.map(|(group, check)| format!("| {group} | `{}` | {} |\n", check.id, check.title));
    format!("| group | id | what |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// What only health asks.
fn vitals<'a>(subject: &Subject<'a>) -> Result<&'a Vitals, Verdict> {
    subject
        .facts
        .vitals
        .as_deref()
        .ok_or_else(|| Verdict::unknown("the droplet's answer ended before this was told"))
}

/// The droplet's clock.
fn now(subject: &Subject<'_>) -> Option<i64> {
    subject.facts.state.as_ref().ok().map(|state| state.now)
}

/// A verdict on a value that is worse the higher it is.
fn above<T: PartialOrd>(value: T, limits: Limits<T>, evidence: String, fix: impl AsRef<str>) -> Verdict {
    match value {
        value if value >= limits.crit => Verdict::fail(evidence, fix),
        value if value >= limits.warn => Verdict::warn(evidence, fix),
        _ => Verdict::pass(evidence),
    }
}

/// A verdict on a value that is worse the lower it is.
fn below<T: PartialOrd>(value: T, limits: Limits<T>, evidence: String, fix: impl AsRef<str>) -> Verdict {
    match value {
        value if value <= limits.crit => Verdict::fail(evidence, fix),
        value if value <= limits.warn => Verdict::warn(evidence, fix),
        _ => Verdict::pass(evidence),
    }
}

fn seconds(limits: Limits<Duration>) -> Limits<u64> {
    Limits { warn: limits.warn.as_secs(), crit: limits.crit.as_secs() }
}

/// `90 s`, `12 min`, `7 h`, `3 days`.
pub fn age(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(part) * 100 / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

/// `docker compose -p PROJECT WORDS`, to be typed on the droplet.
fn compose(subject: &Subject<'_>, words: &str) -> String {
    let project = subject.facts.project().map(|name| format!("-p {} ", crate::cmd::quote(name)));
    format!("docker compose {}{words}", project.unwrap_or_default())
}
