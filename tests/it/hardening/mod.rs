//! The audit on facts that were made up: each rule passes, fails with its words, and knows what it does not know.

mod good;
mod mended;
mod parsed;
mod rules;
mod scored;

use ops::checks::hardening::judge;
use ops::checks::{Subject, Verdict};
use ops::facts::{
    Conf, Daemon, Facts, Firewall, Key, People, Posture, Probe, ProbeFailure, Sandbox, Secrets, Server, Site,
    Sshd, Tls, Upkeep,
};
use ops::inventory::{Droplet, Environment, Profile};

use crate::sample;

/// Everything a rule looks at.
pub(super) struct Case {
    pub(super) env: Environment,
    pub(super) droplet: Droplet,
    pub(super) facts: Facts,
}

impl Case {
    pub(super) fn good() -> Self {
        let mut facts = sample::facts();
        facts.posture = Some(Box::new(good::posture()));
        let schedule = facts.schedule.as_mut().unwrap();
        // Ten hours before the sample's clock.
        schedule.newest = Some("20261118t010640z".into());
        Self { env: sample::environment(), droplet: sample::droplet(), facts }
    }

    pub(super) fn posture(&mut self) -> &mut Posture {
        self.facts.posture.as_mut().unwrap()
    }

    pub(super) fn sshd(&mut self) -> &mut Sshd {
        self.posture().sshd.as_mut().unwrap()
    }

    pub(super) fn firewall(&mut self) -> &mut Firewall {
        self.posture().firewall.as_mut().unwrap()
    }

    pub(super) fn daemon(&mut self) -> &mut Daemon {
        self.posture().daemon.as_mut().unwrap()
    }

    pub(super) fn odoo(&mut self) -> &mut Sandbox {
        &mut self.posture().sandboxes.as_mut().unwrap()[0]
    }

    pub(super) fn server(&mut self) -> &mut Server {
        self.posture().server.as_mut().unwrap().as_mut().unwrap()
    }

    pub(super) fn people(&mut self) -> &mut People {
        self.posture().people.as_mut().unwrap().as_mut().unwrap()
    }

    pub(super) fn tls(&mut self) -> &mut Tls {
        self.posture().tls.as_mut().unwrap().as_mut().unwrap()
    }

    pub(super) fn conf(&mut self) -> &mut Conf {
        self.posture().conf.as_mut().unwrap().as_mut().unwrap()
    }

    pub(super) fn site(&mut self) -> &mut Site {
        self.posture().site.as_mut().unwrap().as_mut().unwrap()
    }

    pub(super) fn secrets(&mut self) -> &mut Secrets {
        self.posture().secrets.as_mut().unwrap()
    }

    pub(super) fn upkeep(&mut self) -> &mut Upkeep {
        self.posture().upkeep.as_mut().unwrap()
    }

    pub(super) fn findings(&self) -> Vec<ops::checks::Finding> {
        let Self { env, droplet, facts } = self;
        judge(&Subject { env, droplet, facts, staged: None, allow_downgrade: false }, Profile::Strict)
    }
}

pub(super) fn key(kind: &str, bits: u32) -> Key {
    Key {
        user: "deploy".into(),
        bits,
        sum: "SHA256:aa".into(),
        kind: kind.into(),
        comment: "alice@laptop".into(),
        plain: true,
    }
}

pub(super) fn lost<T>() -> Probe<T> {
    Err(ProbeFailure::new("it did not answer within 20 seconds"))
}

/// What stands in front of the site, as the inventory has it.
pub(super) fn edge(case: &mut Case, nets: &[&str]) {
    let net = |net: &&str| {
        let (address, bits) = net.split_once('/').unwrap();
        ops::inventory::Edge::Net { address: address.parse().unwrap(), bits: bits.parse().unwrap() }
    };
    case.env.proxy.as_mut().unwrap().edge = nets.iter().map(net).collect();
}

/// The verdict of one rule on the good case, changed.
pub(super) fn verdict(id: &str, change: impl FnOnce(&mut Case)) -> Verdict {
    let mut case = Case::good();
    change(&mut case);
    let mut findings = case.findings();
    let at = findings.iter().position(|finding| finding.id == id).unwrap_or_else(|| panic!("no rule {id}"));
    findings.swap_remove(at).verdict
}
