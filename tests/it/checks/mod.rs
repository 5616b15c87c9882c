//! Preflight on facts that were made up: each check passes, fails, and knows what it does not know.

mod backups;
mod machine;
mod shown;
mod stack;

use ops::checks::{Finding, Subject, Verdict, preflight};
use ops::facts::{Facts, Probe, ProbeFailure};
use ops::inventory::{Droplet, Environment};
use ops::runbooks::deploy::Staged;

use crate::sample;

/// Everything a check looks at.
struct Case {
    env: Environment,
    droplet: Droplet,
    facts: Facts,
    staged: Option<Staged>,
    allow_downgrade: bool,
}

impl Case {
    fn good() -> Self {
        Self {
            env: sample::environment(),
            droplet: sample::droplet(),
            facts: sample::facts(),
            staged: Some(sample::staged()),
            allow_downgrade: false,
        }
    }

    fn staged(&mut self) -> &mut Staged {
        self.staged.as_mut().unwrap()
    }

    fn code(&mut self) -> &mut ops::runbooks::deploy::Code {
        self.staged().code.as_mut().unwrap().as_mut().unwrap()
    }

    fn first_deploy(&mut self) {
        self.facts.containers = Ok(Vec::new());
        self.facts.database = Ok(None);
        let state = self.facts.state.as_mut().unwrap();
        (state.current, state.project) = (None, None);
        state.releases.clear();
        self.code().running = None;
    }

    fn findings(&self) -> Vec<Finding> {
        preflight::judge(&Subject {
            env: &self.env,
            droplet: &self.droplet,
            facts: &self.facts,
            staged: self.staged.as_ref(),
            allow_downgrade: self.allow_downgrade,
        })
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

/// `says` in the evidence, `fix` in what to do.
#[track_caller]
fn fails(id: &str, says: &str, fix: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(&verdict, Verdict::Fail { evidence, .. } if evidence.contains(says)), "{verdict:?}");
    assert!(verdict.fix().unwrap().contains(fix), "{verdict:?}");
}

#[track_caller]
fn does_not_know(id: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[track_caller]
fn skips(id: &str, says: &str, change: impl FnOnce(&mut Case)) {
    let verdict = verdict(id, change);
    assert!(matches!(&verdict, Verdict::Skip { why } if why.contains(says)), "{verdict:?}");
}
