//! What is looked at before a plan: the droplets as they are, the order made precise by that, and whether it
//! may begin.

use std::collections::BTreeMap;

use crate::checks::{self, Finding, Subject};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::{Environment, Update, When};
use crate::plan::Plan;
use crate::queries;
use crate::runbooks::deploy::{self, Change, Data, Inputs, Part, Request, Staged, Wanted};
use crate::runbooks::{
    backup, export, harden, import, modules, recover, restore, rollback, schedule, snapshots, verify,
};
use crate::text::count;

/// What is to be done, before anything is known of the droplets.
#[derive(Debug, Clone)]
pub enum Order {
    Deploy(Box<Request>),
    Rollback(rollback::Wish),
    Modules(modules::Wish),
    /// Databases that were put aside, by name.
    Drop {
        names: Vec<String>,
        reason: Option<String>,
    },
    Backup {
        reason: Option<String>,
    },
    /// The repositories of backups themselves.
    Setup {
        what: backup::Setup,
        reason: Option<String>,
    },
    Restore(restore::Wish),
    /// What the droplet does by itself, put there or taken away; `program`: the ops that looks at health there.
    Schedule {
        remove: bool,
        program: Option<schedule::Program>,
        reason: Option<String>,
    },
    Verify(verify::Wish),
    Export(export::Wish),
    Import(import::Parcel),
    Recover(recover::Wish),
    /// Rules that failed.
    Harden(harden::Wish),
}

impl Order {
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Order::Deploy(request) => request.reason.as_deref(),
            Order::Rollback(wish) => wish.reason.as_deref(),
            Order::Modules(wish) => wish.reason.as_deref(),
            Order::Restore(wish) => wish.reason.as_deref(),
            Order::Verify(wish) => wish.reason.as_deref(),
            Order::Export(wish) => wish.reason.as_deref(),
            Order::Import(parcel) => parcel.reason.as_deref(),
            Order::Recover(wish) => wish.reason.as_deref(),
            Order::Harden(wish) => wish.reason.as_deref(),
            Order::Drop { reason, .. }
            | Order::Backup { reason }
            | Order::Setup { reason, .. }
            | Order::Schedule { reason, .. } => reason.as_deref(),
        }
    }

    /// What a run of it is called.
    pub(super) fn command(&self, request: &Request) -> &'static str {
        match self {
            Order::Drop { .. } => "snapshots drop",
            Order::Backup { .. } => "backup create",
            Order::Setup { what, .. } => what.command(),
            Order::Schedule { remove: false, .. } => "schedule install",
            Order::Schedule { remove: true, .. } => "schedule remove",
            Order::Export(_) => "backup export",
            Order::Import(_) => "backup import",
            Order::Harden(_) => "harden",
            _ => request.command(),
        }
    }

    /// # Errors
    /// As the runbook's own plan.
    pub(super) fn plan(&self, inputs: &Inputs<'_>) -> Result<Plan> {
        match self {
            Order::Drop { names, .. } => snapshots::plan(inputs, names),
            Order::Backup { .. } => backup::plan(inputs),
            Order::Setup { what, .. } => backup::setup(inputs, *what),
            Order::Schedule { remove, .. } => {
                let ground = backup::Ground::new(inputs.env, inputs.facts.get(&inputs.env.home().name))?;
                let wanted = queries::scheduled(&ground)?;
                if *remove { schedule::remove(inputs, &wanted) } else { schedule::install(inputs, &wanted) }
            }
            Order::Verify(wish) => verify::plan(inputs, wish),
            Order::Restore(wish) if wish.part == Part::Filestore => restore::refill::plan(inputs),
            Order::Export(_) => export::plan(inputs),
            Order::Import(_) => import::plan(inputs),
            Order::Recover(_) => recover::plan(inputs),
            Order::Harden(wish) => Ok(harden::plan(inputs, wish)),
            _ => deploy::plan(inputs),
        }
    }

    /// What is asked of the droplets; of modules, all that there are.
    async fn request(&self, crew: &Crew<'_>, facts: &BTreeMap<String, Facts>) -> Result<Request> {
        match self {
            Order::Deploy(request) => Ok(request.as_ref().clone()),
            Order::Rollback(wish) => {
                let choice = rollback::choose(crew.env, facts, wish)?;
                for text in choice.breaks {
                    crew.warn(format!("the database does not fit this code: {text}"));
                }
                Ok(choice.request)
            }
            Order::Drop { reason, .. }
            | Order::Backup { reason }
            | Order::Setup { reason, .. }
            | Order::Harden(harden::Wish { reason, .. }) => {
                Ok(Request { reason: reason.clone(), batch: 1, ..Request::default() })
            }
            Order::Schedule { program, reason, .. } => {
                Ok(schedule::request(program.as_ref(), reason.as_deref()))
            }
            Order::Restore(wish) => {
                let stock = match wish.foreign {
                    Some(_) => restore::Stock::default(),
                    None => queries::backups(crew, facts).await?,
                };
                restore::choose(crew.env, facts, &stock, wish)
            }
            Order::Verify(wish) => verify::choose(crew.env, &queries::backups(crew, facts).await?, wish),
            Order::Import(parcel) => Ok(import::request(parcel)),
            Order::Export(wish) => export::choose(crew.env, &queries::backups(crew, facts).await?, wish),
            Order::Recover(wish) => {
                let found = queries::recovery(crew, wish).await?;
                recover::allowed(crew.env, &found)?;
                let reason = wish.reason.clone();
                Ok(Request { recover: Some(Box::new(found)), reason, batch: 1, ..Request::default() })
            }
            Order::Modules(wish) => {
                let held = modules::running(crew.env, facts)?;
                let wanted = Wanted { release: Some(held), ..Wanted::default() };
                let data = Data::Modules(Change::default());
                Ok(Request { wanted, data, reason: wish.reason.clone(), batch: 1, ..Request::default() })
            }
        }
    }
}

/// What a deploy looks at before it plans.
#[derive(Default)]
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
    let deploys = matches!(order, Order::Deploy(_));
    // The user's own checks ask what is broken, where somebody goes back.
    let mut facts = crew.facts(deploys.then_some(When::Preflight)).await?;
    let mut request = order.request(crew, &facts).await?;
    if let Some(found) = &request.recover {
        // Nothing there says what the stack is called, and its lock is where its records will be.
        let states = facts.values_mut().filter_map(|facts| facts.state.as_mut().ok());
        states.for_each(|state| state.project = Some(found.manifest.project.clone()));
    }
    let staged = match order {
        Order::Drop { .. }
        | Order::Backup { .. }
        | Order::Setup { .. }
        | Order::Schedule { .. }
        | Order::Verify(_)
        | Order::Export(_)
        | Order::Import(_)
        | Order::Harden(_)
        | Order::Recover(_) => BTreeMap::new(),
        Order::Restore(wish) if wish.part == Part::Filestore => BTreeMap::new(),
        _ => crew.stage(&facts, &request.wanted).await?,
    };
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
        findings.extend(match order {
            Order::Deploy(_) => checks::preflight::judge(&subject),
            _ => checks::preflight::urgent(&subject),
        });
    }
    // Where somebody else is at it, that is the answer, and not what their work looks like meanwhile.
    if let (Order::Modules(wish), false) = (order, findings.iter().any(Finding::blocks)) {
        request.data = Data::Modules(modules::change(env, &facts, &staged, wish)?);
    }
    Ok(Looked { request, facts, staged, findings })
}

/// What only the new release's own files tell; asked when nothing is in the way, because its image may have to be
/// fetched for that.
///
/// # Errors
/// A droplet that cannot be reached.
pub(super) async fn deeper(crew: &Crew<'_>, looked: &mut Looked) -> Result<()> {
    let Looked { request, facts, staged, .. } = looked;
    let judged = request.data == Data::Needed && request.wanted.release.is_none();
    match crew.env.deploy.update {
        Update::Hash if judged => crew.checksums(facts, &request.wanted, staged).await,
        _ => Ok(()),
    }
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
