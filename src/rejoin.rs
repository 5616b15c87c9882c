//! Joining a run that has begun: look on, finish it, or undo it, from any laptop.
//!
//! The droplets keep the run's sections with their scripts; the laptop only says which of them go on. So
//! nothing here needs the laptop that planned it, its checkout or its secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::approve::ApprovedPlan;
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::execute::again::{self, Statuses};
use crate::execute::journal::Images;
use crate::execute::lock::Claim;
use crate::execute::runner::Runner;
use crate::execute::{Execution, Post, Report, lock, status};
use crate::exit::Exit;
use crate::flow::{Road, finish};
use crate::plan::{Note, NoteKind, Plan, Section};
use crate::queries;
use crate::record::RunRecord;
use crate::text::{count, printable};

/// A laptop that gave no sign of life for so long is not at it any more. Its heart beats every 5 s.
const GONE: i64 = 17;
/// Between two looks at what another laptop does.
const LOOK: Duration = Duration::from_secs(2);

/// What to do with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Resume,
    Undo,
}

/// The droplets of a run, as they tell of it.
struct Joined {
    run: String,
    posts: BTreeMap<String, Post>,
    statuses: Statuses,
}

impl Joined {
    async fn new(road: &Road<'_>, crew: &Crew<'_>, run: &str) -> Result<Self> {
        let facts = crew.facts(None).await?;
        let posts = crew.links.iter().map(|(name, link)| {
            let runner = Runner::new(queries::dir(road.env, &facts, name));
            (name.clone(), status::onlooker(Arc::clone(link), runner))
        });
        let mut joined = Self { run: run.to_owned(), posts: posts.collect(), statuses: Statuses::new() };
        joined.look(road).await?;
        if joined.statuses.is_empty() {
            return Err(Error::usage(format!("{} knows no run {}", road.env.name, printable(run)))
                .because("a run that began before its first step, or with an older ops, left nothing to join")
                .next(format!("ops runs list {}", road.env.name)));
        }
        Ok(joined)
    }

    async fn look(&mut self, road: &Road<'_>) -> Result<()> {
        let (run, stack, env) = (&self.run, road.env.stack.path.as_str(), &road.env.name);
        let answers = join_all(self.posts.iter().map(async |(name, post)| {
            Ok::<_, Error>(status::ask(post, run, stack, env).await?.map(|status| (name.clone(), status)))
        }))
        .await;
        self.statuses = answers.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        Ok(())
    }

    /// The record of the droplet that keeps the whole ledger, or of any.
    fn record(&self, road: &Road<'_>) -> Option<&RunRecord> {
        let home = self.statuses.get(&road.env.home().name);
        home.or_else(|| self.statuses.values().next()).map(|status| &status.record)
    }

    /// # Errors
    /// Exit 9: users write into what the run opened to them.
    fn may_go_back(&self, road: &Road<'_>) -> Result<()> {
        let open = |section: &Section, status: &status::Status| {
            let at = section.point_of_no_return()?;
            status.stand(&section.id)?.steps.get(at).map(|(begun, _)| *begun)
        };
        let mut statuses = self.statuses.values();
        if !statuses.any(|status| status.slice.sections.iter().any(|one| open(one, status) == Some(true))) {
            return Ok(());
        }
        Err(Error::new(Exit::Checks, format!("{} cannot be undone", self.run))
            .because("it opened the new release to its users, who write into its database since")
            .next(format!("ops rollback {}   # says what of their work that would lose", road.env.name)))
    }

    fn ended(&self) -> Option<u8> {
        self.statuses.values().find_map(|status| status.record.exit)
    }

    /// In the order of their numbers: `hook.failure.2`.
    fn on_failure(&self) -> Vec<Section> {
        let number = |section: &Section| section.id.rsplit('.').next().and_then(|n| n.parse::<u32>().ok());
        let own = |(droplet, status): (&String, &status::Status)| {
            let own = status.slice.on_failure.iter().filter(|section| section.droplet == *droplet);
            own.cloned().collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.statuses.iter().flat_map(own).collect();
        all.sort_by_key(number);
        all
    }

    /// The whole plan again, put together from every droplet's slice.
    fn plan(&self, road: &Road<'_>, command: &str, title: String) -> Plan {
        let order = self.statuses.values().map(|status| &status.slice.order).max_by_key(|order| order.len());
        let mut names: Vec<&String> = Vec::new();
        for name in order.into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut sections: Vec<Section> = Vec::new();
        for name in names {
            let of = |droplet: &str| {
                let slice = &self.statuses.get(droplet)?.slice;
                slice.sections.iter().find(|section| section.id == *name && section.droplet == droplet)
            };
            sections.extend(road.env.droplets.iter().filter_map(|droplet| of(&droplet.name).cloned()));
        }
        Plan {
            schema: crate::plan::SCHEMA.into(),
            env: road.env.name.clone(),
            command: command.to_owned(),
            title,
            sections,
            notes: Vec::new(),
            on_failure: self.on_failure(),
            data_loss: None,
        }
    }
}

/// Shows what the droplets do for a run until nothing of it is at work.
///
/// # Errors
/// The run's own end, where it is not "done"; exit 8 where it stopped before its end.
pub async fn attach(road: &Road<'_>, run: &str) -> Result<Exit> {
    let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
    let seen = attached(road, &crew, run).await;
    crew.close().await;
    seen
}

async fn attached(road: &Road<'_>, crew: &Crew<'_>, run: &str) -> Result<Exit> {
    let mut joined = Joined::new(road, crew, run).await?;
    let title = joined.record(road).map(|record| record.title.clone()).unwrap_or_default();
    let plan = joined.plan(road, "attach", title);
    road.listener.on(&Event::Note { text: format!("{run}: {}", printable(&plan.title)) });
    let ask = || road.desk.interrupted();
    let (mut told, usual) = (BTreeMap::new(), BTreeMap::new());
    loop {
        let posts = joined.posts.clone();
        let cx = execution(road, crew, run, &posts, &usual, &ask);
        let looking = again::attach(&plan, &cx, &joined.statuses, &mut told);
        tokio::select! {
            biased;
            () = road.stop.soft.cancelled() => {
                road.listener.on(&Event::Note { text: "left: the droplets go on without this laptop".into() });
                return Ok(Exit::Done);
            }
            _ = looking => {}
        }
        if joined.ended().is_some() {
            break;
        }
        let at_it = joined.statuses.values().any(|status| status.works() || status.beats(GONE));
        if !at_it {
            break;
        }
        sleep(LOOK).await;
        joined.look(road).await?;
    }
    over(&joined, road, run)
}

/// What a run has come to that nobody works on.
fn over(joined: &Joined, road: &Road<'_>, run: &str) -> Result<Exit> {
    let next =
        |error: Error| error.next(format!("ops runs resume {run}")).next(format!("ops runs undo {run}"));
    match joined.ended() {
        Some(0) => Ok(Exit::Done),
        Some(code) => {
            let exit = Exit::from_code(code).unwrap_or(Exit::Failed);
            let error = Error::new(exit, "the run has ended").next(format!("ops runs show {run}"));
            Err(error)
        }
        None => {
            let error = Error::new(Exit::Unknown, "nobody is at work on this run, and it has no end");
            Err(next(error.because(left(joined, road))))
        }
    }
}

/// "3 of 11 steps are not done".
fn left(joined: &Joined, _: &Road<'_>) -> String {
    let steps = joined.statuses.values().flat_map(|status| &status.stands).flat_map(|stand| &stand.steps);
    let (mut all, mut done) = (0, 0);
    for (_, is_done) in steps {
        all += 1;
        done += usize::from(*is_done);
    }
    format!("{} of {} done on the droplets", done, count(all, "step"))
}

/// Finishes a run, or puts back what it did.
///
/// # Errors
/// Exit 5: its laptop is still at it, or another run holds the lock. Else as `ops deploy`.
pub async fn again(road: &Road<'_>, run: &str, wish: Wish) -> Result<Exit> {
    let crew = Crew::connect(road.env, road.world, road.connect.clone(), road.listener).await?;
    let result = again_with(road, &crew, run, wish).await;
    road.listener.on(&crew.stats());
    crew.close().await;
    result
}

async fn again_with(road: &Road<'_>, crew: &Crew<'_>, run: &str, wish: Wish) -> Result<Exit> {
    let mut joined = Joined::new(road, crew, run).await?;
    let ended = joined.ended();
    if wish == Wish::Resume && ended == Some(0) {
        road.listener.on(&Event::Note { text: format!("nothing to do: {run} is done") });
        return Ok(Exit::Done);
    }
    newest(road, crew, run).await?;
    wait_for_its_laptop(road, &mut joined).await?;
    if wish == Wish::Undo {
        joined.may_go_back(road)?;
    }
    let Some(approved) = road.desk.approve(wanted(road, &joined, wish)).await? else { return Ok(Exit::Done) };
    let posts = take(road, &joined).await?;
    joined.posts = posts;
    joined.look(road).await?;
    carry_out(road, crew, approved, &joined, wish).await
}

/// Only the last run can be taken up: what came after it stands on what it left.
async fn newest(road: &Road<'_>, crew: &Crew<'_>, run: &str) -> Result<()> {
    let facts = crew.facts(None).await?;
    match queries::runs(road.env, &facts)?.first() {
        Some(newest) if newest.id != run => {
            Err(Error::usage(format!("{} is not the last run", printable(run)))
                .because(format!("{} came after it", printable(&newest.id)))
                .next(format!("ops runs list {}", road.env.name)))
        }
        _ => Ok(()),
    }
}

async fn wait_for_its_laptop(road: &Road<'_>, joined: &mut Joined) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(GONE.unsigned_abs() + 10);
    let mut said = false;
    while joined.ended().is_none() && joined.statuses.values().any(|status| status.beats(GONE)) {
        if Instant::now() > deadline {
            return Err(Error::new(Exit::Locked, "the laptop that began this run is still at it")
                .next(format!("ops runs attach {}", joined.run)));
        }
        if !said {
            let text = "waiting until the laptop that began this run is proven gone (some seconds)";
            road.listener.on(&Event::Note { text: text.into() });
            said = true;
        }
        tokio::select! {
            () = road.stop.soft.cancelled() => {
                return Err(Error::new(Exit::Interrupted, "interrupted before anything changed"));
            }
            () = sleep(LOOK) => {}
        }
        joined.look(road).await?;
    }
    Ok(())
}

/// The plan as it is shown and approved: what is left to do, or what is to be undone.
fn wanted(road: &Road<'_>, joined: &Joined, wish: Wish) -> Plan {
    let title = joined.record(road).map(|record| record.title.clone()).unwrap_or_default();
    let (command, title, why) = match wish {
        Wish::Resume => {
            ("resume", format!("finish {}: {title}", joined.run), "what is done already is not done again")
        }
        Wish::Undo => (
            "undo",
            format!("put back what {} did: {title}", joined.run),
            "the undo of these steps, in reverse order",
        ),
    };
    let mut plan = joined.plan(road, command, title);
    if wish == Wish::Undo {
        plan.sections.retain(|section| {
            let stand = joined.statuses.get(&section.droplet).and_then(|status| status.stand(&section.id));
            stand.is_some_and(|stand| {
                stand.steps.iter().any(|(begun, _)| *begun)
                    || stand.state == Some(crate::execute::runner::ActState::Running)
            })
        });
    }
    let lines = vec![left(joined, road)];
    plan.notes.push(Note { kind: NoteKind::Info, title: why.into(), lines });
    plan
}

/// The run's own lock, with a higher fence: whoever was at it before is refused from now on.
async fn take(road: &Road<'_>, joined: &Joined) -> Result<BTreeMap<String, Post>> {
    let claim = Claim { command: "deploy", operator: &road.world.operator, reason: None };
    let mut posts = BTreeMap::new();
    for droplet in &road.env.droplets {
        let (Some(post), true) =
            (joined.posts.get(&droplet.name), joined.statuses.contains_key(&droplet.name))
        else {
            continue;
        };
        let (link, runner) = (&post.link, post.runner.clone());
        let taken =
            lock::take(link, runner, &joined.run, road.env.stack.path.as_str(), &claim, &road.env.name)
                .await?;
        posts.insert(droplet.name.clone(), taken);
    }
    Ok(posts)
}

async fn carry_out(
    road: &Road<'_>,
    crew: &Crew<'_>,
    approved: ApprovedPlan,
    joined: &Joined,
    wish: Wish,
) -> Result<Exit> {
    let started = Instant::now();
    let Some(mut record) = joined.record(road).cloned() else { return Ok(Exit::Done) };
    let plan = approved.plan();
    road.listener.on(&Event::RunStarted {
        run: joined.run.clone(),
        env: road.env.name.clone(),
        command: plan.command.clone(),
        steps: plan.steps().count(),
    });
    let heart = tokio::spawn(lock::keep(joined.posts.values().cloned().collect(), joined.run.clone()));
    let ask = || road.desk.interrupted();
    let usual = BTreeMap::new();
    let cx = execution(road, crew, &joined.run, &joined.posts, &usual, &ask);
    let report: Report = match wish {
        Wish::Resume => again::resume(&approved, &cx, &joined.statuses).await,
        Wish::Undo => again::undo(&approved, &cx, &joined.statuses).await,
    };
    heart.abort();
    let undone = wish == Wish::Undo && report.exit == Exit::Done;
    record.exit = Some(if undone { Exit::PutBack.code() } else { report.exit.code() });
    record.ended = Some(road.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    record.ledger = report.ledger.clone();
    finish(road, report, &joined.posts, record, &Images::new(), started).await
}

fn execution<'a>(
    road: &'a Road<'_>,
    crew: &'a Crew<'_>,
    run: &'a str,
    posts: &'a BTreeMap<String, Post>,
    usual: &'a BTreeMap<String, u64>,
    ask: &'a (dyn Fn() -> crate::execute::Interrupted + Send + Sync),
) -> Execution<'a> {
    let (listener, secrets, stop) = (road.listener, road.secrets, &road.stop);
    Execution { run, posts, listener, secrets, own: crew, laptop: &road.laptop, stop, usual, ask }
}
