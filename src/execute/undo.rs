//! Putting back what a run changed: its sections in reverse order, on all droplets at once.

use std::collections::BTreeSet;

use super::section::{self, End, Left};
use super::soft::Soft;
use super::{Place, Report, Walk, context};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Phase, Undo};
use futures_util::future::join_all;

impl Walk<'_> {
    /// Undoes in reverse order what began, what failed included.
    pub(super) async fn put_back(mut self, error: Option<Error>) -> Report {
        if self.places.iter().any(Place::is_open) {
            return self.stays(error);
        }
        let (mut mixed, mut unknown) = (Vec::new(), false);
        // Where the undo of a switch did not work, what was prepared for it is what runs: it stays.
        let mut stuck: BTreeSet<String> = self.stuck().collect();
        let mut end = self.reached.max(self.wave_end());
        while end > 0 {
            let id = &self.places[end - 1].section.id;
            let start = self.places[..end].iter().rposition(|p| p.section.id != *id).map_or(0, |at| at + 1);
            let (cx, stuck_now) = (self.cx, &stuck);
            let wave = self.places[start..end].iter_mut().map(async |place| {
                let name = place.section.droplet.clone();
                let skip = stuck_now.contains(&name) && prepares(place);
                (name, if skip { None } else { one(cx, place).await })
            });
            for (droplet, end) in join_all(wave).await {
                let Some(end) = end else { continue };
                unknown |= matches!(end, End::Unknown(_));
                if let End::Failed(error, _) | End::Unknown(error) = end {
                    mixed.push(error.to_string());
                    stuck.insert(droplet);
                }
            }
            end = start;
        }
        for place in &self.places {
            mixed.extend(impossible(place));
        }
        self.conclude(error, mixed, unknown)
    }

    /// Users write into what was opened to them: nothing of the run is taken back.
    fn stays(self, error: Option<Error>) -> Report {
        let (run, env) = (self.cx.run, &self.plan.env);
        let complete = self.places.iter().all(|place| !place.is_open() || place.complete());
        let error = error.unwrap_or_else(|| Error::failed("interrupted")).exit(Exit::Mixed);
        let error = match complete {
            true => error
                .because("the new release serves and users write into its database: nothing was taken back")
                .next(format!("ops rollback {env}   # says what of their work that would lose")),
            false => error
                .because(
                    "it is past its point of no return, and not finished: users may see the maintenance page",
                )
                .next(format!("ops runs resume {run}   # finishes it")),
        };
        self.report(Exit::Mixed, Some(error), false)
    }

    /// Where the droplet's own undo has failed already.
    fn stuck(&self) -> impl Iterator<Item = String> {
        self.places.iter().filter(|p| p.left == Left::Stuck).map(|p| p.section.droplet.clone())
    }

    /// An interrupt may stand within a wave.
    fn wave_end(&self) -> usize {
        self.places.iter().rposition(|place| place.acts > 0).map_or(0, |at| at + 1)
    }

    fn conclude(self, error: Option<Error>, mut mixed: Vec<String>, unknown: bool) -> Report {
        let stuck = self.stuck().count() > 0;
        if stuck && mixed.is_empty() {
            mixed.push("the droplet could not put everything back by itself".into());
        }
        let (begun, switched) = (self.begun(), self.switched());
        let exit = match (&error, mixed.is_empty(), switched) {
            (_, false, _) => Exit::Mixed,
            (Some(error), true, _) if !begun => error.exit,
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
}

fn prepares(place: &Place<'_>) -> bool {
    place.section.steps.iter().all(|step| step.phase < Phase::Switch)
}

/// A step that began and cannot be undone.
fn impossible(place: &Place<'_>) -> Option<String> {
    let begun = place.left != Left::Nothing;
    place.section.steps.iter().find_map(|step| match &step.undo {
        Undo::Impossible(why) if begun => Some(format!("{}: {why}", step.title)),
        _ => None,
    })
}

/// Undoes one section. A second Ctrl-C leaves an undo that began to the droplet, and begins none.
async fn one(cx: &super::Execution<'_>, place: &mut Place<'_>) -> Option<End> {
    let nothing_to_do =
        |place: &Place<'_>| place.section.steps.iter().all(|s| !matches!(s.undo, Undo::By(_)));
    if place.left != Left::Begun || nothing_to_do(place) {
        return None;
    }
    let hard = &cx.stop.hard;
    if hard.is_cancelled() {
        let error =
            Error::new(Exit::Mixed, format!("section {} is not undone: interrupted", place.section.id));
        return Some(End::Failed(Box::new(error), Left::Begun));
    }
    let never = Soft::default();
    place.acts += 1;
    let act = format!("undo{}", place.acts);
    let context = match context(cx, &never, place.section) {
        Ok(context) => context,
        Err(error) => return Some(End::Failed(error, Left::Begun)),
    };
    let end = tokio::select! {
        biased;
        () = hard.cancelled() => {
            let what = format!("the undo of section {} goes on without this laptop", place.section.id);
            End::Unknown(Box::new(Error::new(Exit::Unknown, what)))
        }
        end = section::undo(&context, place.section, &act, &mut place.rows) => end,
    };
    Some(end)
}
