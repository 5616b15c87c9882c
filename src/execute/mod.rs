//! Carrying out an approved plan across droplets.
//!
//! Journal first, then the change; a failure is undone in reverse order, the failed step included; an
//! outcome that nobody knows is never guessed. Deliberately absent: what the steps mean (`runbooks`)
//! and how progress looks (`ui`).

pub mod again;
mod healthy;
mod hook;
pub mod journal;
mod laptop;
mod leave;
pub mod lock;
mod log;
pub mod night;
mod on_failure;
mod own;
mod prove;
mod pull;
pub mod runner;
pub mod script;
mod section;
mod soft;
pub mod status;
mod story;
#[cfg(test)]
mod tests;
mod undo;

use std::collections::BTreeMap;
use std::ops::Range;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::approve::ApprovedPlan;
use crate::error::Error;
use crate::event::{Event, Listener, Outcome};
use crate::exit::Exit;
use crate::plan::{HARDEN, Phase, Plan, Section, Step, Undo};
use crate::program::Program;
use crate::record::LedgerRow;

pub use laptop::Laptop;
pub use own::{Complaint, OwnChecks, Weight};
pub use script::{Script, Secrets};
pub use section::Post;
use section::{Context, End, Left};
use soft::Soft;

/// For [`crate::catalog`].
pub(crate) const PROGRAMS: &[Program] = &[night::NIGHT, runner::RUNNER, runner::INSTALL];

/// How a run is asked to stop: softly after the current step, or at once.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    pub soft: CancellationToken,
    pub hard: CancellationToken,
}

/// What to do after a first Ctrl-C, when the current step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    Undo,
    Leave,
    Continue,
}

/// Everything a run uses.
pub struct Execution<'a> {
    pub run: &'a str,
    pub posts: &'a BTreeMap<String, Post>,
    pub listener: &'a dyn Listener,
    pub secrets: &'a dyn Secrets,
    pub own: &'a dyn OwnChecks,
    pub laptop: &'a Laptop<'a>,
    pub stop: &'a Stop,
    /// How long each step took, as a rule, in milliseconds.
    pub usual: &'a BTreeMap<String, u64>,
    /// Asked once per soft stop; without a terminal it answers `Leave`.
    pub ask: &'a (dyn Fn() -> Interrupted + Send + Sync),
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    pub exit: Exit,
    pub ledger: Vec<LedgerRow>,
    /// What went wrong, where something did.
    pub error: Option<Error>,
    /// The laptop's part is over while the droplets' is not: the lock must stay.
    pub detached: bool,
}

impl Report {
    /// This program broke on the way: nobody here knows how far it got.
    pub fn fault(plan: &Plan) -> Self {
        let error =
            Error::new(Exit::Mixed, "ops broke while it worked").next(format!("ops preflight {}", plan.env));
        Self { exit: Exit::Mixed, ledger: Vec::new(), error: Some(error), detached: false }
    }
}

/// Runs the plan to its end, or puts back what it changed.
pub async fn execute(plan: &ApprovedPlan, cx: &Execution<'_>) -> Report {
    let report = Walk::new(plan.plan(), cx).run().await;
    on_failure::after(plan.plan(), cx, report).await
}

/// A section's rows of the ledger before it begins.
fn rows(section: &Section) -> Vec<LedgerRow> {
    let row = |step: &crate::plan::Step| LedgerRow {
        droplet: step.droplet.clone(),
        step: step.id.clone(),
        title: step.title.clone(),
        outcome: Outcome::NotReached,
        millis: 0,
    };
    section.steps.iter().map(row).collect()
}

/// One section as the walk stands with it.
struct Place<'a> {
    section: &'a Section,
    rows: Vec<LedgerRow>,
    /// Acts of carrying it out so far.
    acts: u32,
    /// What a failure left of it; nothing where it never began.
    left: Left,
    /// An act that was begun before this walk, and goes on.
    at_work: Option<String>,
}

struct Walk<'a> {
    plan: &'a Plan,
    cx: &'a Execution<'a>,
    places: Vec<Place<'a>>,
    /// The places from here on were not reached.
    reached: usize,
    /// Never heard where the question after a Ctrl-C was answered already.
    soft: Soft,
    /// Another laptop, or an earlier command, began the run.
    resumed: bool,
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Plan, cx: &'a Execution<'a>) -> Self {
        let places = plan.sections.iter().map(|section| Place {
            section,
            rows: rows(section),
            acts: 0,
            left: Left::Nothing,
            at_work: None,
        });
        let soft = Soft::new(cx.stop.soft.clone());
        Self { plan, cx, places: places.collect(), reached: 0, soft, resumed: false }
    }

    async fn run(mut self) -> Report {
        loop {
            if self.soft.is_answered() {
                self.soft = Soft::default();
            }
            let over = self.reached == self.places.len();
            if over && !self.soft.is_cancelled() {
                return self.report(Exit::Done, None, false);
            }
            if !over && self.cx.stop.hard.is_cancelled() {
                return self.leave();
            }
            if self.soft.is_cancelled() {
                match self.interrupted() {
                    // Said once, for the one Ctrl-C that can be heard as a question.
                    Interrupted::Continue => self.soft = Soft::default(),
                    Interrupted::Undo => return self.put_back(None).await,
                    Interrupted::Leave => return self.leave(),
                }
                continue;
            }
            let wave = self.wave();
            let hard = self.cx.stop.hard.clone();
            let ends = tokio::select! {
                biased;
                () = hard.cancelled() => return self.detach(wave),
                ends = self.carry(wave.clone()) => ends,
            };
            match self.settle(wave.clone(), ends) {
                Settled::Done => self.reached = wave.end,
                Settled::Halted => {}
                Settled::Unknown(error) => return self.report(Exit::Unknown, Some(error), true),
                Settled::Failed(error) if self.housekeeping(wave.clone()) => {
                    self.cx.listener.on(&Event::Warning { text: self.serves_all_the_same(&error) });
                    self.reached = wave.end;
                }
                Settled::Failed(error) if self.keeps_what_serves(wave.clone()) => {
                    self.reached = wave.end;
                    return self.mixed(error);
                }
                Settled::Failed(error) => {
                    self.reached = wave.end;
                    return self.put_back(Some(error)).await;
                }
            }
        }
    }

    /// Sections after the record that nothing depends on: their failure takes no release back.
    fn housekeeping(&self, wave: Range<usize>) -> bool {
        let mut steps = self.places[wave].iter().flat_map(|place| &place.section.steps);
        steps.all(|step| step.phase >= Phase::Record && matches!(step.undo, Undo::NotNeeded(_)))
    }

    fn serves_all_the_same(&self, error: &Error) -> String {
        let last = error.evidence.iter().filter_map(|evidence| evidence.lines.last());
        let why: String = error.why.iter().chain(last).map(|why| format!("; {why}")).collect();
        format!(
            "{error}{why}; what was deployed serves and is on record (ops runs logs {} says more)",
            self.cx.run
        )
    }

    /// Consecutive sections with one name belong together, on different droplets.
    fn wave(&self) -> Range<usize> {
        let rest = &self.places[self.reached..];
        let same = rest.iter().take_while(|place| place.section.id == rest[0].section.id).count();
        self.reached..self.reached + same
    }

    /// Carries a wave out at the same time.
    async fn carry(&mut self, wave: Range<usize>) -> Vec<End> {
        let (cx, soft, resumed) = (self.cx, &self.soft, self.resumed);
        let work = self.places[wave].iter_mut().map(async |place| {
            let context = match context(cx, soft, place.section) {
                Ok(context) => context,
                Err(error) => return End::Failed(error, Left::Nothing),
            };
            if let Some(act) = place.at_work.take() {
                match section::take_up(&context, place.section, &act, &mut place.rows).await {
                    // What was at work when it was taken up, a guard for one, went back: it is tried again.
                    End::Failed(_, Left::PutBack | Left::Begun) => {}
                    end => return end,
                }
            }
            if place.complete() {
                return End::Done;
            }
            if let Some(error) = place.refuses(resumed) {
                return End::Failed(error, place.left);
            }
            place.acts += 1;
            place.left = Left::Begun;
            section::carry(&context, place.section, &place.acts.to_string(), &mut place.rows).await
        });
        join_all(work).await
    }

    /// What the ends of a wave come to, the worst of them.
    fn settle(&mut self, wave: Range<usize>, ends: Vec<End>) -> Settled {
        let mut settled = Settled::Done;
        for (place, end) in self.places[wave].iter_mut().zip(ends) {
            settled = match (end, settled) {
                (End::Unknown(error), _) => Settled::Unknown(*error),
                (End::Failed(_, left), unknown @ Settled::Unknown(_)) => {
                    place.left = left;
                    unknown
                }
                (End::Failed(error, left), settled) => {
                    place.left = left;
                    match settled {
                        Settled::Failed(first) => Settled::Failed(first),
                        _ => Settled::Failed(*error),
                    }
                }
                (End::Halted, Settled::Done) => Settled::Halted,
                (_, settled) => settled,
            };
        }
        settled
    }

    fn begun(&self) -> bool {
        self.places.iter().any(|place| place.left != Left::Nothing)
    }

    /// Something that runs was touched.
    fn switched(&self) -> bool {
        self.places.iter().any(|place| {
            let touches = |step: &Step| step.phase >= Phase::Switch || place.section.id.starts_with(HARDEN);
            let mut steps = place.section.steps.iter().zip(&place.rows);
            steps.any(|(step, row)| touches(step) && row.outcome != Outcome::NotReached)
        })
    }

    /// Other droplets serve the new release, and were verified: one that does not come along takes
    /// nothing from them. Its own switch went back by itself.
    fn keeps_what_serves(&self, wave: Range<usize>) -> bool {
        let failed = &self.places[wave];
        let serves = |place: &Place<'_>| place.section.switches() && place.complete();
        failed.iter().all(|place| place.section.critical && !matches!(place.left, Left::Stuck | Left::Ahead))
            && self.places.iter().any(serves)
    }

    /// Some droplets serve the new release and some the old one, which is legal and never silent.
    fn mixed(self, error: Error) -> Report {
        let (new, old): (Vec<_>, Vec<_>) =
            self.places.iter().filter(|place| place.section.switches()).partition(|place| place.complete());
        let names = |places: Vec<&Place<'_>>| {
            places.iter().map(|place| place.section.droplet.as_str()).collect::<Vec<_>>().join(", ")
        };
        let text =
            format!("MIXED VERSIONS: {} serve the new release, {} the old one", names(new), names(old));
        self.cx.listener.on(&Event::Warning { text: text.clone() });
        let error = error
            .exit(Exit::Mixed)
            .because(text)
            .next(format!("ops deploy {} --retry {}   # does the rest", self.plan.env, self.cx.run))
            .next(format!("ops runs undo {}   # puts back the droplets that were changed", self.cx.run));
        self.report(Exit::Mixed, Some(error), false)
    }

    fn report(self, exit: Exit, error: Option<Error>, detached: bool) -> Report {
        let ledger = self.places.into_iter().flat_map(|place| place.rows).collect();
        Report { exit, ledger, error, detached }
    }
}

enum Settled {
    Done,
    Halted,
    Failed(Error),
    Unknown(Error),
}

fn context<'a>(cx: &'a Execution<'_>, soft: &'a Soft, section: &Section) -> Result<Context<'a>, Box<Error>> {
    let unknown =
        || Box::new(Error::failed(format!("the plan names an unknown droplet {}", section.droplet)));
    let post = cx.posts.get(&section.droplet).ok_or_else(unknown)?;
    Ok(Context {
        run: cx.run,
        post,
        listener: cx.listener,
        secrets: cx.secrets,
        own: cx.own,
        laptop: cx.laptop,
        soft,
        usual: cx.usual,
    })
}
