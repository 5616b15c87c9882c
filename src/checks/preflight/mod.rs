//! What must be true before a deploy changes anything.
//!
//! The ids are documented and stable; [`table`] lists them. Nothing here has a fix of its own: a
//! verdict says what the engineer does.

mod access;
mod backups;
mod certificate;
mod database;
mod disk;
mod docker;
mod drift;
mod git;
mod images;
mod lock;
mod memory;
mod model;
mod ports;
mod programs;
mod proxy;
mod users;
mod writable;

use super::{Check, Finding, Subject};
use crate::inventory::When;

// The same for `ops health`.
pub(super) use database::MODULES;
pub(super) use disk::advice as room;
pub(super) use docker::ENGINE;
pub(super) use drift::CHECK as DRIFT;
pub(super) use git::CLEAN;
pub(super) use lock::RECORDS;
pub(super) use proxy::CHECK as PROXY;

/// Who we are on a droplet, and whether its engine answers: the end of the way there.
pub(crate) const WAY: [Check; 3] = [access::CHECK, docker::ENGINE, docker::COMPOSE];

/// In the order of the checklist: the reasons before what follows from them.
pub const ALL: &[Check] = &[
    access::CHECK,
    programs::CHECK,
    docker::ENGINE,
    docker::COMPOSE,
    lock::FREE,
    lock::RECORDS,
    disk::STACK,
    disk::STATE,
    disk::DOCKER,
    disk::ROOT,
    memory::CHECK,
    writable::STATE,
    writable::STACK,
    git::REACHABLE,
    git::DOWNGRADE,
    git::CLEAN,
    model::CHECK,
    images::CHECK,
    ports::CHECK,
    drift::CHECK,
    database::ANSWERS,
    database::MODULES,
    backups::RESTIC,
    backups::VERIFIED,
    backups::DRILL,
    backups::RPO,
    users::CHECK,
    proxy::CHECK,
    certificate::CHECK,
];

/// The whole preflight of one droplet, the user's own checks included.
pub fn judge(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = super::run(ALL, subject);
    findings.extend(super::own(subject, When::Preflight));
    findings
}

/// What a way back cannot do without. Everything else may be just what is broken.
const URGENT: &[Check] =
    &[access::CHECK, docker::ENGINE, docker::COMPOSE, lock::FREE, writable::STATE, writable::STACK];

/// The preflight of a rollback.
pub fn urgent(subject: &Subject<'_>) -> Vec<Finding> {
    super::run(URGENT, subject)
}

/// Ids, titles and severities as a Markdown table, for the documentation.
pub fn table() -> String {
    let rows = ALL.iter().map(|check| {
        let severity = super::markdown::severity(check.severity);
        format!("| `{}` | {} | {severity} |\n", check.id, check.title)
    });
    format!("| id | what | severity |\n|---|---|---|\n{}", rows.collect::<String>())
}
