//! Carrying out an approved plan across droplets.
//!
//! Journal first, then the change; a failure is undone in reverse order, the failed step included; an
//! outcome that nobody knows is never guessed. Deliberately absent: what the steps mean (`runbooks`)
//! and how progress looks (`ui`).

mod healthy;
pub mod journal;
pub mod lock;
mod own;
mod pull;
pub mod runner;
mod script;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::approve::ApprovedPlan;
use crate::error::Error;
use crate::event::{Event, Listener, Outcome};
use crate::exit::Exit;
use crate::plan::{Action, Phase, Plan, Step, Undo};
use crate::record::LedgerRow;

pub use own::{Complaint, OwnChecks, Weight};
pub use script::Secrets;
pub use step::Post;
use step::{Context, End};

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
    pub stop: &'a Stop,
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
    Walk::new(plan.plan(), cx).run().await
}

struct Walk<'a> {
    plan: &'a Plan,
    cx: &'a Execution<'a>,
    ledger: Vec<LedgerRow>,
    /// Indexes of steps that began, in order.
    begun: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Plan, cx: &'a Execution<'a>) -> Self {
        let ledger = plan
            .steps
            .iter()
            .map(|step| LedgerRow {
                droplet: step.droplet.clone(),
                step: step.id.clone(),
                title: step.title.clone(),
                outcome: Outcome::NotReached,
                millis: 0,
            })
            .collect();
        Self { plan, cx, ledger, begun: Vec::new() }
    }

    async fn run(mut self) -> Report {
        let mut next = 0;
        // Said once, for the one Ctrl-C that can be heard as a question.
        let mut go_on = false;
        while next < self.plan.steps.len() {
            if self.cx.stop.hard.is_cancelled() {
                return self.leave();
            }
            if self.cx.stop.soft.is_cancelled() && !go_on {
                match self.interrupted() {
                    Interrupted::Continue => go_on = true,
                    Interrupted::Undo => return self.put_back(None).await,
                    Interrupted::Leave => return self.leave(),
                }
            }
            let end = self.group_end(next);
            let hard = self.cx.stop.hard.clone();
            let failures = tokio::select! {
                biased;
                () = hard.cancelled() => return self.detach(next, end),
                failures = self.group(next, end) => failures,
            };
            if let Some(error) = failures {
                if self.housekeeping(next, end) && error.exit != Exit::Unknown {
                    let text = format!("{error}; what was deployed serves and is on record");
                    self.cx.listener.on(&Event::Warning { text });
                    next = end;
                    continue;
                }
                return match error.exit {
                    Exit::Unknown => self.report(Exit::Unknown, Some(error), true),
                    _ => self.put_back(Some(error)).await,
                };
            }
            next = end;
        }
        self.report(Exit::Done, None, false)
    }

    /// Steps after the record that nothing depends on: their failure takes no release back.
    fn housekeeping(&self, start: usize, end: usize) -> bool {
        let only_tidies =
            |step: &Step| step.phase == Phase::Record && matches!(step.undo, Undo::NotNeeded(_));
        self.plan.steps[start..end].iter().all(only_tidies)
    }

    /// Consecutive steps with one id belong together, on different droplets.
    fn group_end(&self, start: usize) -> usize {
        let id = &self.plan.steps[start].id;
        start + self.plan.steps[start..].iter().take_while(|step| step.id == *id).count()
    }

    /// Runs a group at the same time; the worst failure, if there is one.
    async fn group(&mut self, start: usize, end: usize) -> Option<Error> {
        self.begun.extend(start..end);
        let ends = join_all((start..end).map(|i| {
            let step = &self.plan.steps[i];
            attempt(self.cx, step, &step.id, &step.actions, false)
        }))
        .await;
        let mut worst: Option<Error> = None;
        for (i, (end, millis)) in (start..end).zip(ends) {
            self.ledger[i].millis = millis;
            let (outcome, error) = match end {
                End::Done => (Outcome::Done, None),
                End::Failed(error) => (Outcome::Failed, Some(*error)),
                End::Unknown(error) => (Outcome::Unknown, Some(*error)),
            };
            self.ledger[i].outcome = outcome;
            if let Some(error) = error
                && worst.as_ref().is_none_or(|before| before.exit != Exit::Unknown)
            {
                worst = Some(error);
            }
        }
        worst
    }

    fn interrupted(&self) -> Interrupted {
        match self.begun.is_empty() {
            true => Interrupted::Leave,
            false => (self.cx.ask)(),
        }
    }

    /// Undoes in reverse order what began, the failed step included.
    async fn put_back(mut self, error: Option<Error>) -> Report {
        let (mut mixed, mut unknown) = (Vec::new(), false);
        // Where the undo of a switch did not work, what was prepared for it is what runs: it stays.
        let mut stuck: BTreeSet<&str> = BTreeSet::new();
        for &i in self.begun.iter().rev() {
            let step = &self.plan.steps[i];
            if step.phase < Phase::Switch && stuck.contains(step.droplet.as_str()) {
                continue;
            }
            let failed_step = self.ledger[i].outcome == Outcome::Failed;
            match &step.undo {
                Undo::NotNeeded(_) => {}
                Undo::Impossible(why) => mixed.push(format!("{}: {why}", step.title)),
                Undo::By(actions) => {
                    let end = self.undo(step, actions).await;
                    match end {
                        End::Done if failed_step => {}
                        End::Done => self.ledger[i].outcome = Outcome::Undone,
                        End::Failed(ref error) | End::Unknown(ref error) => {
                            unknown |= matches!(end, End::Unknown(_));
                            stuck.insert(&step.droplet);
                            mixed.push(format!("undo of \"{}\" on {}: {error}", step.title, step.droplet));
                        }
                    }
                }
            }
        }
        let switched = self.begun.iter().any(|&i| self.plan.steps[i].phase >= Phase::Switch);
        let exit = match (&error, mixed.is_empty(), switched) {
            (_, false, _) => Exit::Mixed,
            (_, true, true) => Exit::PutBack,
            (Some(_), true, false) => Exit::Failed,
            (None, true, false) => Exit::Interrupted,
        };
        let mut error =
            error.unwrap_or_else(|| Error::new(exit, "interrupted, and put back as you asked")).exit(exit);
        for why in mixed {
            error = error.because(why);
        }
        // An undo that may still be at work keeps the lock.
        self.report(exit, Some(error), unknown)
    }

    /// Undoes one step. A second Ctrl-C leaves an undo that began to the droplet, and begins none.
    async fn undo(&self, step: &Step, actions: &[Action]) -> End {
        let hard = &self.cx.stop.hard;
        if hard.is_cancelled() {
            return End::Failed(Box::new(Error::new(Exit::Mixed, "interrupted before it began")));
        }
        let id = format!("undo.{}", step.id);
        tokio::select! {
            biased;
            () = hard.cancelled() => {
                End::Unknown(Box::new(Error::new(Exit::Unknown, "detached: it goes on without this laptop")))
            }
            (end, _) = attempt(self.cx, step, &id, actions, true) => end,
        }
    }

    fn leave(self) -> Report {
        let switched = self.begun.iter().any(|&i| self.plan.steps[i].phase >= Phase::Switch);
        let (exit, what) = match (self.begun.is_empty(), switched) {
            (true, _) => (Exit::Interrupted, "interrupted before anything changed"),
            (false, false) => {
                (Exit::Interrupted, "interrupted and left as it is; nothing that runs was changed")
            }
            (false, true) => (Exit::Mixed, "interrupted and left as it is, half-way"),
        };
        let mut error = Error::new(exit, what);
        if switched {
            error = error.next(format!("ops deploy {}   # begins with what runs now", self.plan.env));
        }
        self.report(exit, Some(error), false)
    }

    fn detach(mut self, start: usize, end: usize) -> Report {
        for row in &mut self.ledger[start..end] {
            row.outcome = Outcome::Unknown;
        }
        let env = &self.plan.env;
        let error = Error::new(Exit::Unknown, "detached: the current step goes on without this laptop")
            .because("the steps after it were not begun; the lock goes stale two minutes after it ended")
            .next(format!("ops runs logs {}", self.cx.run))
            .next(format!("ops lock status {env}"))
            .next(format!("ops deploy {env}   # when it ended: begins with what runs then"));
        self.report(Exit::Unknown, Some(error), true)
    }

    fn report(self, exit: Exit, error: Option<Error>, detached: bool) -> Report {
        Report { exit, ledger: self.ledger, error, detached }
    }
}

/// One attempt of a step or of its undo, with its events.
async fn attempt(cx: &Execution<'_>, step: &Step, id: &str, actions: &[Action], undo: bool) -> (End, u64) {
    let started = Instant::now();
    cx.listener.on(&Event::StepStarted {
        step: step.id.clone(),
        droplet: step.droplet.clone(),
        title: step.title.clone(),
        phase: step.phase.to_string(),
        attempt: 1,
        undo,
    });
    let end = match cx.posts.get(&step.droplet) {
        Some(post) => {
            let context =
                Context { run: cx.run, post, listener: cx.listener, secrets: cx.secrets, own: cx.own };
            step::perform(&context, step, id, actions).await
        }
        None => End::Failed(Box::new(Error::failed(format!(
            "the plan names an unknown droplet {}",
            step.droplet
        )))),
    };
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let outcome = match (&end, undo) {
        (End::Done, false) => Outcome::Done,
        (End::Done, true) => Outcome::Undone,
        (End::Failed(_), _) => Outcome::Failed,
        (End::Unknown(_), _) => Outcome::Unknown,
    };
    cx.listener.on(&Event::StepEnded {
        step: step.id.clone(),
        droplet: step.droplet.clone(),
        outcome,
        millis,
        undo,
    });
    (end, millis)
}
