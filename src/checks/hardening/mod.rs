//! Whether a droplet is as safe as it could be.
//!
//! A rule is a check of facts that only an audit asks for. Its ids are documented and stable; [`ALL`] lists the groups.
//! What could not be seen is *unknown*, which earns nothing. Deliberately absent: changing anything.

mod backups;
mod containers;
mod daemon;
mod database;
mod firewall;
mod markdown;
mod odoo;
mod people;
mod report;
mod sarif;
mod score;
mod secrets;
mod since;
mod site;
mod ssh;
mod upkeep;
mod waivers;

use super::{Check, Finding, Subject, Verdict, known};
use crate::facts::{Posture, Probe};
use crate::inventory::{Profile, Severity};

pub use markdown::markdown;
pub use report::{Audited, HARDEN_SCHEMA, Report};
pub use sarif::sarif;
pub use score::{Grade, Score, score};
pub use since::{Last, Since};
pub use site::SHUT;
pub use waivers::{strangers, waived};

#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub check: Check,
    pub profile: Profile,
}

/// Rules of one kind, under the name that reports give it.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub name: &'static str,
    pub rules: &'static [Rule],
}

pub const ALL: &[Group] = &[
    Group { name: "ssh", rules: ssh::ALL },
    Group { name: "firewall", rules: firewall::ALL },
    Group { name: "docker", rules: daemon::ALL },
    Group { name: "containers", rules: containers::ALL },
    Group { name: "postgres", rules: database::ALL },
    Group { name: "odoo", rules: odoo::ALL },
    Group { name: "people", rules: people::ALL },
    Group { name: "site", rules: site::ALL },
    Group { name: "secrets", rules: secrets::ALL },
    Group { name: "system", rules: upkeep::ALL },
    Group { name: "backups", rules: backups::ALL },
];

const fn base(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    judge: fn(&Subject<'_>) -> Verdict,
) -> Rule {
    Rule { check: Check { id, title, severity, judge }, profile: Profile::Base }
}

const fn strict(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    judge: fn(&Subject<'_>) -> Verdict,
) -> Rule {
    Rule { profile: Profile::Strict, ..base(id, title, severity, judge) }
}

/// How safe one droplet is, by the rules of the profile.
pub fn judge(subject: &Subject<'_>, profile: Profile) -> Vec<Finding> {
    let rules = ALL.iter().flat_map(|group| group.rules).filter(|rule| rule.profile <= profile);
    rules.flat_map(|rule| super::run(std::slice::from_ref(&rule.check), subject)).collect()
}

/// The group of a rule.
pub fn group(id: &str) -> &'static str {
    let of = |group: &&Group| group.rules.iter().any(|rule| rule.check.id == id);
    ALL.iter().find(of).map_or("own", |group| group.name)
}

pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|group| group.rules).map(|rule| rule.check.id)
}

/// Groups, ids, severities and titles as a Markdown table, for the documentation.
pub fn table() -> String {
    let rows = ALL.iter().flat_map(|group| group.rules.iter().map(move |rule| (group.name, rule)));
    let row = |(group, rule): (&str, &Rule)| {
        let (check, strict) = (&rule.check, if rule.profile == Profile::Strict { ", strict" } else { "" });
        format!("| {group} | `{}` | {}{strict} | {} |\n", check.id, check.severity.word(), check.title)
    };
    format!("| group | id | severity | what |\n|---|---|---|---|\n{}", rows.map(row).collect::<String>())
}

fn posture<'a>(subject: &Subject<'a>) -> Result<&'a Posture, Verdict> {
    let told = subject.facts.posture.as_deref();
    told.ok_or_else(|| Verdict::unknown("the droplet's answer ended before this was told"))
}

/// One part of what was seen, judged; what could not be seen is unknown.
fn seen<'a, T: 'a>(
    subject: &Subject<'a>,
    part: fn(&'a Posture) -> &'a Probe<T>,
    judge: fn(&T) -> Verdict,
) -> Verdict {
    match posture(subject).and_then(|posture| known(part(posture))) {
        Ok(part) => judge(part),
        Err(verdict) => verdict,
    }
}

/// Passes where nothing is wrong; `wrong` is quoted.
fn none(wrong: Vec<String>, fine: &str, what: &str, fix: &str) -> Verdict {
    match wrong.is_empty() {
        true => Verdict::pass(fine),
        false => Verdict::fail(format!("{what}: {}", super::some_of(wrong, 4)), fix),
    }
}
