//! What is looked at before a plan: the droplets as they are, the order made precise by that, and whether it
//! may begin.

use std::collections::BTreeMap;

use crate::checks::{self, Finding, Subject};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, When};
use crate::runbooks::deploy::{Request, Staged};
use crate::runbooks::rollback::{self, Wish};
use crate::text::count;

/// What is to be done, before anything is known of the droplets.
#[derive(Debug, Clone)]
pub enum Order {
    Deploy(Request),
    Rollback(Wish),
}

impl Order {
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Order::Deploy(request) => request.reason.as_deref(),
            Order::Rollback(wish) => wish.reason.as_deref(),
        }
    }
}

/// What a deploy looks at before it plans.
pub struct Looked {
    pub request: Request,
    pub facts: BTreeMap<String, Facts>,
    pub staged: BTreeMap<String, Staged>,
    pub findings: Vec<Finding>,
}

/// Facts, stage and judgement; changes nothing that runs.
///
/// # Errors
/// A droplet that cannot be reached.
pub async fn look(crew: &Crew<'_>, order: &Order) -> Result<Looked> {
    let env = crew.env;
    let back = matches!(order, Order::Rollback(_));
    // The user's own checks ask what is broken, where somebody goes back.
    let facts = crew.facts((!back).then_some(When::Preflight)).await?;
    let (request, breaks) = match order {
        Order::Deploy(request) => (request.clone(), Vec::new()),
        Order::Rollback(wish) => {
            let choice = rollback::choose(env, &facts, wish)?;
            (choice.request, choice.breaks)
        }
    };
    for text in breaks {
        crew.warn(format!("the database does not fit this code: {text}"));
    }
    let staged = crew.stage(&facts, &request.wanted).await?;
    let mut findings = Vec::new();
    for droplet in &env.droplets {
        let Some(facts) = facts.get(&droplet.name) else { continue };
        let subject = Subject {
            env,
            droplet,
            facts,
            staged: staged.get(&droplet.name),
            allow_downgrade: request.allow_downgrade,
        };
        findings.extend(match back {
            true => checks::preflight::urgent(&subject),
            false => checks::preflight::judge(&subject),
        });
    }
    Ok(Looked { request, facts, staged, findings })
}

/// What the desk has shown, as an exit code: a ref that does not exist is a wrong command line, a held
/// lock is 5, everything else 9.
pub(super) fn refuse(env: &Environment, looked: &Looked) -> Result<()> {
    let blocking: Vec<_> = looked.findings.iter().filter(|finding| finding.blocks()).collect();
    let Some(first) = blocking.first() else { return Ok(()) };
    let again = format!("settle it, then: ops preflight {}", env.name);
    let unknown = looked.staged.iter().find(|(_, staged)| staged.unknown_ref);
    let error = if let Some((droplet, _)) = unknown {
        Error::usage("the ref does not exist in the repository").on(droplet)
    } else if let Some(lock) = blocking.iter().find(|finding| finding.id == "lock") {
        let error = Error::new(Exit::Locked, format!("{} is locked", env.name)).on(&lock.droplet);
        error.because(lock.verdict.evidence())
    } else {
        let what = format!("preflight found {} to settle first", count(blocking.len(), "problem"));
        let all: Vec<_> = blocking.iter().map(|finding| finding.title.to_lowercase()).collect();
        Error::new(Exit::Checks, what).on(&first.droplet).because(all.join(", "))
    };
    Err(error.next(again))
}
