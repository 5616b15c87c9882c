//! The one road: facts, stage, checks, plan, approval, lock, execution, record. Every command that
//! changes a droplet takes it; `--dry-run` is "show the plan and stop", and nothing after that point
//! knows the word. Deliberately absent: how anything looks ([`Desk`] shows and asks).

mod backup;
mod carried;
mod judged;
mod look;
mod moving;
pub mod parcel;
pub mod pull;
mod recovery;
mod rehearsal;
mod send;
pub(crate) mod sheet;
mod told;
mod verify;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::approve::ApprovedPlan;
use crate::checks::Finding;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::{Event, Listener, Outcome};
use crate::execute::journal::Images;
use crate::execute::runner::Runner;
use crate::execute::{self, Execution, Interrupted, Laptop, Post, Report, Secrets, Stop, lock};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::inventory::Environment;
use crate::matrix;
use crate::notify::Told;
use crate::plan::Plan;
use crate::queries;
use crate::record::{RUN_SCHEMA, Recovered, Rehearsal, RunRecord, Sheet};
use crate::runbooks::deploy::{self, Inputs, Request, Staged};
use crate::transport::ConnectOptions;
use crate::world::World;
use look::refuse;

pub use look::{Looked, Order, look};

/// Who shows things to a person and asks them.
#[async_trait]
pub trait Desk: Send + Sync {
    fn findings(&self, findings: &[Finding]);
    fn rehearsed(&self, found: &Rehearsal);
    /// `text`: the same as Markdown.
    fn sheet(&self, sheet: &Sheet, text: &str);
    fn recovered(&self, done: &Recovered);
    /// Lets others know how a run ended. Takes seconds at most, and fails nothing.
    async fn tell(&self, told: Told);
    /// Shows the plan and asks. `None`: it was only to be shown.
    ///
    /// # Errors
    /// Declined, or nobody is there to ask.
    async fn approve(&self, plan: Plan) -> Result<Option<ApprovedPlan>>;
    /// After a first Ctrl-C, between two steps.
    fn interrupted(&self) -> Interrupted;
}

/// Everything a run needs from outside.
pub struct Road<'a> {
    pub world: &'a World,
    pub env: &'a Environment,
    pub listener: &'a dyn Listener,
    pub desk: &'a dyn Desk,
    pub secrets: &'a dyn Secrets,
    pub laptop: Laptop<'a>,
    pub connect: ConnectOptions,
    pub stop: Stop,
}

/// `ops deploy`, `ops rollback`.
///
/// # Errors
/// Everything that kept the release from serving; the exit code says what that left. A lock that somebody
/// else holds is waited for as long as `patience`; then everything is looked at anew.
pub async fn carry(road: &Road<'_>, order: &Order, patience: Duration) -> Result<Exit> {
    if let Order::Deploy(request) = order {
        deploy::allowed(road.env, &request.wanted)?;
    }
    let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
    let deadline = Instant::now() + patience;
    let mut said = false;
    let result = loop {
        match carry_with(road, &crew, order).await {
            Err(error) if error.exit == Exit::Locked && Instant::now() < deadline => {
                if !said {
                    let text = format!("{error}; waiting at most {} s", patience.as_secs());
                    road.listener.on(&Event::Note { text });
                    said = true;
                }
            }
            result => break result,
        }
        tokio::select! {
            () = road.stop.soft.cancelled() => {
                break Err(Error::new(Exit::Interrupted, "interrupted before anything changed"));
            }
            () = tokio::time::sleep(LOCK_AGAIN) => {}
        }
    };
    road.listener.on(&crew.stats());
    crew.close().await;
    result
}

/// Between two looks at a lock that somebody else holds.
const LOCK_AGAIN: Duration = Duration::from_secs(3);

async fn carry_with(road: &Road<'_>, crew: &Crew<'_>, order: &Order) -> Result<Exit> {
    let mut looked = look(crew, order).await?;
    road.desk.findings(&looked.findings);
    refuse(road.env, &looked)?;
    look::deeper(crew, &mut looked).await?;
    let request = &looked.request;
    let names = Names::new(road, &looked.facts)?;
    let plan = order.plan(&names.inputs(road, request, &looked.facts, &looked.staged))?;
    if plan.is_empty() {
        road.listener.on(&Event::Note { text: plan.title });
        return Ok(Exit::Done);
    }
    let Some(approved) = road.desk.approve(plan).await? else { return Ok(Exit::Done) };
    if road.stop.soft.is_cancelled() {
        return Err(Error::new(Exit::Interrupted, "interrupted before anything changed"));
    }
    send::send(road, crew, looked.facts.get(&road.env.home().name), order, approved.plan()).await?;
    let claim = lock::Claim {
        command: order.command(request),
        operator: &road.world.operator,
        reason: order.reason(),
    };
    let posts = take_locks(road, crew, &looked.facts, &names.run, &claim).await?;
    let again = plan_again(road, crew, order, &names, &looked).await;
    match again {
        Ok(again) if again.same_work(approved.plan()) => {}
        Ok(_) => {
            lock::release_all(&posts, &names.run).await;
            return Err(Error::new(Exit::Changed, "the droplet changed while you were reading the plan")
                .because("the steps are not the ones you approved; nothing was changed")
                .next(format!("ops {} {}", order.command(request), road.env.name)));
        }
        Err(error) => {
            lock::release_all(&posts, &names.run).await;
            return Err(error);
        }
    }
    carry_out(road, crew, approved, posts, &names, &looked, request).await
}

/// Four hexadecimal digits, so that two people in one second are told apart.
///
/// # Errors
/// The machine has no randomness.
pub fn drawn() -> Result<String> {
    let mut bytes = [0_u8; 2];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed("this machine has no randomness").because(error))?;
    Ok(format!("{:02x}{:02x}", bytes[0], bytes[1]))
}

/// Names of this run, drawn once, so that planning again gives the same plan.
pub struct Names {
    pub run: String,
    stamp: String,
    now: String,
    usual: BTreeMap<String, u64>,
    rehearsed: Option<(String, Rehearsal)>,
}

impl Names {
    /// # Errors
    /// The machine has no randomness.
    pub fn new(road: &Road<'_>, facts: &BTreeMap<String, Facts>) -> Result<Self> {
        let now = road.world.now();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let run = format!("{}-{stamp}-{}", road.env.name, drawn()?);
        Ok(Self {
            run,
            stamp,
            now: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            usual: queries::usual(road.env, facts),
            rehearsed: queries::rehearsed(road.env, facts),
        })
    }

    fn inputs<'a>(
        &'a self,
        road: &'a Road<'_>,
        request: &'a Request,
        facts: &'a BTreeMap<String, Facts>,
        staged: &'a BTreeMap<String, Staged>,
    ) -> Inputs<'a> {
        Inputs {
            env: road.env,
            facts,
            staged,
            request,
            run: self.run.clone(),
            release: self.release(staged),
            now: self.now.clone(),
            operator: road.world.operator.clone(),
            usual: &self.usual,
            rehearsed: self.rehearsed.as_ref(),
        }
    }

    /// The id of the release that a plan would make.
    fn release(&self, staged: &BTreeMap<String, Staged>) -> String {
        let sha = staged.values().find_map(|staged| Some(staged.code.as_ref()?.as_ref().ok()?.sha.as_str()));
        let short = sha.and_then(|sha| sha.get(..7)).unwrap_or("local");
        format!("{}-{short}", self.stamp.to_lowercase())
    }
}

async fn take_locks(
    road: &Road<'_>,
    crew: &Crew<'_>,
    facts: &BTreeMap<String, Facts>,
    run: &str,
    claim: &lock::Claim<'_>,
) -> Result<BTreeMap<String, Post>> {
    let wanted = road.env.droplets.iter().filter_map(|droplet| {
        let link = crew.links.get(&droplet.name)?;
        Some((link.clone(), Runner::new(queries::dir(road.env, facts, &droplet.name))))
    });
    lock::take_all(wanted, run, road.env.stack.path.as_str(), claim, &road.env.name).await
}

async fn plan_again(
    road: &Road<'_>,
    crew: &Crew<'_>,
    order: &Order,
    names: &Names,
    looked: &Looked,
) -> Result<Plan> {
    let (facts, request) = (crew.facts(None).await?, &looked.request);
    order.plan(&names.inputs(road, request, &facts, &looked.staged))
}

/// The record of a run that begins.
fn begun(road: &Road<'_>, plan: &Plan, names: &Names, request: &Request) -> RunRecord {
    RunRecord {
        schema: RUN_SCHEMA.to_owned(),
        id: names.run.clone(),
        env: road.env.name.clone(),
        command: plan.command.clone(),
        title: plan.title.clone(),
        operator: road.world.operator.clone(),
        reason: request.reason.clone(),
        started: names.now.clone(),
        ended: None,
        exit: None,
        release: None,
        decision: None,
        rehearsal: None,
        sheet: None,
        ledger: Vec::new(),
    }
}

/// What was approved, on droplets whose locks are taken: journal, steps, record, and the locks given back.
///
/// # Errors
/// Everything that kept the plan from its end; the exit code says what that left.
pub async fn carry_out(
    road: &Road<'_>,
    crew: &Crew<'_>,
    approved: ApprovedPlan,
    posts: BTreeMap<String, Post>,
    names: &Names,
    looked: &Looked,
    request: &Request,
) -> Result<Exit> {
    let started = Instant::now();
    let plan = approved.plan();
    let mut record = begun(road, plan, names, request);
    if let Err(error) = crate::execute::journal::open(&posts, plan, &record, &running(&looked.facts)).await {
        lock::release_all(&posts, &names.run).await;
        return Err(error);
    }
    road.listener.on(&Event::RunStarted {
        run: names.run.clone(),
        env: road.env.name.clone(),
        command: plan.command.clone(),
        steps: plan.steps().count(),
    });
    let heart = tokio::spawn(lock::keep(posts.values().cloned().collect(), names.run.clone()));
    let (ask, usual) = (|| road.desk.interrupted(), queries::usual(road.env, &looked.facts));
    let execution = Execution {
        run: &names.run,
        posts: &posts,
        listener: road.listener,
        secrets: road.secrets,
        own: crew,
        laptop: &road.laptop,
        stop: &road.stop,
        usual: &usual,
        ask: &ask,
    };
    let work = AssertUnwindSafe(execute::execute(&approved, &execution)).catch_unwind();
    // The lock is given back even when this program has a fault; what was done stays for a human.
    let report = work.await.unwrap_or_else(|_| Report::fault(plan));
    // Not waited for: on a dead link a beat takes long, and the runner refuses one that comes late.
    heart.abort();
    let report = judged::judged(road, plan, request, report);
    if request.rehearse.is_some() {
        record.rehearsal = rehearsal::found(road, crew, names, looked, request, &report).await;
        record.rehearsal.iter().for_each(|found| road.desk.rehearsed(found));
    }
    record.exit = Some(report.exit.code());
    let released = plan.steps().any(|step| step.id == "record");
    record.release = (report.exit == Exit::Done && released).then(|| names.release(&looked.staged));
    record.ended = Some(road.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    record.ledger = report.ledger.clone();
    record.sheet = sheet::written(road, crew, looked, request, &record, &report).await;
    let after = if report.exit == Exit::Done { wanted(looked) } else { Images::new() };
    let recovered = request.recover.as_ref().filter(|_| report.exit == Exit::Done);
    let recovered = recovered.map(|found| recovery::told(road, names, found));
    let exit = finish(road, report, &posts, record, &after, started).await?;
    recovered.iter().for_each(|done| road.desk.recovered(done));
    Ok(exit)
}

/// What serves before the run: of the release on record, for the audit.
fn running(facts: &BTreeMap<String, Facts>) -> Images {
    let images = |facts: &Facts| -> Option<BTreeMap<String, String>> {
        let release = facts.current_release()?;
        let name = |image: &crate::record::Image| image.digest.clone().unwrap_or_else(|| image.id.clone());
        Some(release.images.iter().map(|(service, image)| (service.clone(), name(image))).collect())
    };
    facts.iter().filter_map(|(droplet, facts)| Some((droplet.clone(), images(facts)?))).collect()
}

/// What was to serve after it.
fn wanted(looked: &Looked) -> Images {
    let images = |staged: &Staged| {
        let resolved =
            staged.images.iter().filter_map(|(service, image)| Some((service, image.as_ref().ok()?)));
        let name = |(service, image): (&String, &deploy::Resolved)| {
            Some((service.clone(), image.digest.clone().or_else(|| image.local_id.clone())?))
        };
        resolved.filter_map(name).collect()
    };
    looked.staged.iter().map(|(droplet, staged)| (droplet.clone(), images(staged))).collect()
}

/// Which row of the decision matrix the run's first failure fired.
fn decided(record: &RunRecord) -> Option<String> {
    let data = record.ledger.iter().any(|row| matches!(row.step.as_str(), "switch.snapshot" | "switch.data"));
    let failed = record.ledger.iter().find(|row| row.outcome == Outcome::Failed)?;
    Some(matrix::row(&failed.step, data)?.id.to_owned())
}

pub(crate) async fn finish(
    road: &Road<'_>,
    report: Report,
    posts: &BTreeMap<String, Post>,
    mut record: RunRecord,
    after: &Images,
    started: Instant,
) -> Result<Exit> {
    record.decision = decided(&record);
    let closed = match report.detached {
        // The droplet may still be at it: the record and the lock stay its own.
        true => Ok(()),
        false => crate::execute::journal::close(posts, &record, after).await,
    };
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    road.listener.on(&Event::RunEnded { run: record.id.clone(), exit: report.exit.code(), millis });
    told::told(road, &record, &report, millis).await;
    let show = format!("ops runs show {}", record.id);
    let unclosed = closed.err().map(|error| {
        format!("the record and the lock could not be closed ({error}); the lock goes stale in two minutes")
    });
    match report.error {
        Some(mut error) => {
            error.ledger = report.ledger;
            Err(unclosed.into_iter().fold(error, Error::because).next(show))
        }
        None => {
            if let Some(text) = unclosed {
                road.listener.on(&Event::Warning { text });
            }
            Ok(report.exit)
        }
    }
}
