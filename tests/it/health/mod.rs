//! Health on facts that were made up: each check passes, warns, fails, and knows what it does not know.

mod access;
mod dns;
mod doors;
mod foreign;
mod growth;
mod host;
mod news;
mod probes;
mod series;
mod shown;
mod site;
mod slow;
mod stack;

use std::collections::BTreeMap;

use ops::checks::health::judge;
use ops::checks::{Finding, Subject, Verdict};
use ops::facts::{
    Access, Crons, Facts, Here, Kept, Log, Machine, Odoo, Page, Probe, ProbeFailure, Sessions, Statements,
    Vitals,
};
use ops::inventory::{Droplet, Environment};
use ops::record::Release;

use crate::sample;

/// Everything a check looks at.
struct Case {
    env: Environment,
    droplet: Droplet,
    facts: Facts,
}

impl Case {
    fn good() -> Self {
        let mut facts = sample::facts();
        facts.vitals = Some(Box::new(vitals()));
        let schedule = facts.schedule.as_mut().unwrap();
        // Ten hours before the sample's clock.
        schedule.newest = Some("20261118t010640z".into());
        let database = facts.database.as_mut().unwrap().as_mut().unwrap();
        database.modules.insert("ipai_docs".into(), sample::module("installed"));
        Self { env: sample::environment(), droplet: sample::droplet(), facts }
    }

    fn findings(&self) -> Vec<Finding> {
        let Self { env, droplet, facts } = self;
        judge(&Subject { env, droplet, facts, staged: None, allow_downgrade: false })
    }

    fn vitals(&mut self) -> &mut Vitals {
        self.facts.vitals.as_mut().unwrap()
    }

    fn machine(&mut self) -> &mut Machine {
        self.vitals().machine.as_mut().unwrap()
    }

    fn sessions(&mut self) -> &mut Sessions {
        self.vitals().sessions.as_mut().unwrap().as_mut().unwrap()
    }

    fn odoo(&mut self) -> &mut Odoo {
        self.vitals().odoo.as_mut().unwrap().as_mut().unwrap()
    }

    fn kept(&mut self) -> &mut Kept {
        self.vitals().kept.as_mut().unwrap()
    }

    fn web(&mut self) -> &mut ops::facts::Container {
        self.facts.containers.as_mut().unwrap().iter_mut().find(|one| one.service == "odoo").unwrap()
    }

    fn release(&mut self) -> &mut Release {
        &mut self.facts.state.as_mut().unwrap().releases[0]
    }
}

/// A droplet that is well.
fn vitals() -> Vitals {
    let page = Page { status: Some(200), millis: 120, form: true, why: String::new() };
    Vitals {
        machine: Ok(Machine {
            load: 0.4,
            up: 86_400,
            pressure: [("memory".to_owned(), 0.0)].into(),
            in_time: Some(true),
            reboot: None,
            killed: Some(0),
        }),
        logs: Ok([("odoo-odoo-1".to_owned(), Some(5_000_000)), ("odoo-db-1".to_owned(), None)].into()),
        sessions: Ok(Some(Sessions {
            sees_all: true,
            max: 97,
            used: 6,
            oldest: 3_000_000,
            oldest_in: "odoo".into(),
            ..Sessions::default()
        })),
        odoo: Ok(Some(Odoo {
            bloated: Vec::new(),
            crons: Some(Crons { crons: 12, ..Crons::default() }),
            mails: Some(0),
            admins: Some(vec!["admin".to_owned()]),
            statements: Some(Statements::NotLoaded),
        })),
        log: Ok(Some(Log::default())),
        access: Ok(Some(Access { refused: Some(3), ..Access::default() })),
        inside: Ok(Some(page.clone())),
        proxied: Ok(Some(page)),
        tls: Ok(Some(site::tls())),
        doors: Ok(Some(doors::doors())),
        versions: Ok(Some(BTreeMap::from([("ipai_docs".to_owned(), Some("14.0.1.0".to_owned()))]))),
        kept: Ok(Kept { records: 3, snapshots: Some(3), ..Kept::default() }),
        names: Ok(Some(dns::names())),
        here: Some(Here { found: dns::names().found, reached: Vec::new() }),
    }
}

fn lost<T>() -> Probe<T> {
    Err(ProbeFailure::new("it did not answer within 20 seconds"))
}

/// The verdict of one check on the good case, changed.
fn verdict(id: &str, change: impl FnOnce(&mut Case)) -> Verdict {
    let mut case = Case::good();
    change(&mut case);
    let mut findings = case.findings();
    let at = findings.iter().position(|finding| finding.id == id).unwrap_or_else(|| panic!("no check {id}"));
    findings.swap_remove(at).verdict
}

#[track_caller]
fn passes(id: &str, says: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(&verdict, Verdict::Pass { evidence } if evidence.contains(says)), "{verdict:?}");
}

#[track_caller]
fn warns(id: &str, says: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(&verdict, Verdict::Warn { evidence, .. } if evidence.contains(says)), "{verdict:?}");
    assert!(verdict.fix().unwrap().len() > 10, "{verdict:?}");
}

#[track_caller]
fn fails(id: &str, says: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(&verdict, Verdict::Fail { evidence, .. } if evidence.contains(says)), "{verdict:?}");
    assert!(verdict.fix().unwrap().len() > 10, "{verdict:?}");
}

#[track_caller]
fn does_not_know(id: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[track_caller]
fn skips(id: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(verdict, Verdict::Skip { .. }), "{verdict:?}");
}
