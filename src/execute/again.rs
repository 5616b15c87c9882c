//! A run that began before: looked on, finished, or undone, from what its droplets tell of it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::runner::ActState;
use super::section::{self, End, Left};
use super::status::{Stand, Status};
use super::{Execution, Place, Report, Walk, context, on_failure};
use crate::approve::ApprovedPlan;
use crate::error::Error;
use crate::event::Outcome;
use crate::exit::Exit;
use crate::plan::Plan;

/// By droplet.
pub type Statuses = BTreeMap<String, Status>;

/// Carries out what was not done yet.
pub async fn resume(plan: &ApprovedPlan, cx: &Execution<'_>, statuses: &Statuses) -> Report {
    let mut walk = Walk::new(plan.plan(), cx);
    walk.stand(statuses);
    walk.resumed = true;
    let report = walk.run().await;
    on_failure::after(plan.plan(), cx, report).await
}

/// Undoes what was done, and what is at work is stopped first.
pub async fn undo(plan: &ApprovedPlan, cx: &Execution<'_>, statuses: &Statuses) -> Report {
    let mut walk = Walk::new(plan.plan(), cx);
    walk.stand(statuses);
    walk.reached = walk.places.len();
    walk.stop().await;
    let report = walk.put_back(None).await;
    match report.exit {
        Exit::PutBack | Exit::Interrupted => Report { exit: Exit::Done, error: None, ..report },
        _ => on_failure::after(plan.plan(), cx, report).await,
    }
}

/// Tells what is not told yet of every act of the run, the ones at work to their end. `told`: per section
/// and droplet, how many of its acts were told. True where something was told.
pub async fn attach(
    plan: &Plan,
    cx: &Execution<'_>,
    statuses: &Statuses,
    told: &mut BTreeMap<(String, String), usize>,
) -> bool {
    let mut walk = Walk::new(plan, cx);
    walk.stand(statuses);
    let mut any = false;
    while walk.reached < walk.places.len() {
        let wave = walk.wave();
        let soft = &walk.soft;
        let work = walk.places[wave.clone()].iter_mut().map(async |place| {
            let key = (place.section.droplet.clone(), place.section.id.clone());
            let acts = stand(statuses, place).map(|stand| stand.acts.clone()).unwrap_or_default();
            let from = told.get(&key).copied().unwrap_or(0);
            if let Ok(context) = context(cx, soft, place.section) {
                for act in acts.get(from..).unwrap_or_default() {
                    section::attach(&context, place.section, act, &mut place.rows).await;
                }
            }
            (key, acts.len(), acts.len() > from)
        });
        let ends = join_all(work).await;
        for (key, acts, new) in ends {
            told.insert(key, acts);
            any |= new;
        }
        walk.reached = wave.end;
    }
    any
}

fn stand<'a>(statuses: &'a Statuses, place: &Place<'_>) -> Option<&'a Stand> {
    statuses.get(&place.section.droplet)?.stand(&place.section.id)
}

impl Walk<'_> {
    /// Takes over how the droplets say that their sections stand.
    fn stand(&mut self, statuses: &Statuses) {
        for place in &mut self.places {
            let Some(stand) = stand(statuses, place) else { continue };
            place.acts = u32::try_from(stand.acts.len()).unwrap_or(u32::MAX);
            for (row, (begun, done)) in place.rows.iter_mut().zip(&stand.steps) {
                row.outcome = match (begun, done) {
                    (_, true) => Outcome::Done,
                    (true, false) => Outcome::Unknown,
                    (false, false) => Outcome::NotReached,
                };
            }
            if stand.steps.iter().any(|(begun, _)| *begun) {
                place.left = Left::Begun;
            }
            place.at_work = match stand.state {
                Some(ActState::Running) => stand.acts.last().cloned(),
                _ => None,
            };
        }
    }

    /// Ends what is at work; a critical section is put back by its droplet.
    async fn stop(&mut self) {
        let (cx, soft) = (self.cx, &self.soft);
        let work = self.places.iter_mut().map(async |place| {
            let Some(act) = place.at_work.take() else { return };
            let Ok(context) = context(cx, soft, place.section) else { return };
            if let Err(error) = section::stop(&context, place.section, &act).await {
                cx.listener.on(&crate::event::Event::Warning { text: error.to_string() });
            }
            if let End::Failed(_, left) =
                section::attach(&context, place.section, &act, &mut place.rows).await
            {
                place.left = left;
            }
        });
        join_all(work).await;
    }
}

impl Place<'_> {
    /// It came to its point of no return.
    pub(super) fn is_open(&self) -> bool {
        let at = self.section.point_of_no_return();
        at.and_then(|at| self.rows.get(at)).is_some_and(|row| row.outcome != Outcome::NotReached)
    }

    /// Nothing of it is left to do.
    pub(super) fn complete(&self) -> bool {
        self.acts > 0 && self.at_work.is_none() && self.rows.iter().all(|row| row.outcome == Outcome::Done)
    }

    /// Why this section cannot be begun by a laptop that did not plan it.
    pub(super) fn refuses(&self, resumed: bool) -> Option<Box<Error>> {
        let refuses = resumed && self.section.needs_secrets();
        refuses.then(|| {
            let what = "the secrets of this run were to come from the laptop that planned it";
            Box::new(Error::failed(what).on(&self.section.droplet).because("undo the run, and deploy again"))
        })
    }
}
