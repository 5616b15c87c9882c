//! A file that moves between the laptop and a droplet, as everybody who listens hears of it: a step of its own.

use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, Listener, Outcome, Unit};

/// How often it is said how far it is.
const PACE: Duration = Duration::from_millis(200);

pub(super) struct Moving<'a> {
    listener: &'a dyn Listener,
    step: &'static str,
    droplet: String,
    total: u64,
    began: Instant,
    told: Option<Instant>,
}

impl<'a> Moving<'a> {
    pub fn start(
        listener: &'a dyn Listener,
        step: &'static str,
        droplet: &str,
        total: u64,
        title: String,
    ) -> Self {
        let (phase, droplet) = ("backup".to_owned(), droplet.to_owned());
        let begun = droplet.clone();
        listener.on(&Event::StepStarted {
            step: step.into(),
            droplet: begun,
            title,
            phase,
            attempt: 1,
            undo: false,
        });
        Self { listener, step, droplet, total, began: Instant::now(), told: None }
    }

    pub fn tell(&mut self, done: u64) {
        if done != self.total && self.told.is_some_and(|told| told.elapsed() < PACE) {
            return;
        }
        self.told = Some(Instant::now());
        self.listener.on(&Event::StepProgress {
            step: self.step.into(),
            droplet: self.droplet.clone(),
            done,
            total: self.total,
            unit: Unit::Bytes,
            note: String::new(),
        });
    }

    pub fn end(self, ok: bool) {
        let outcome = if ok { Outcome::Done } else { Outcome::Failed };
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let step = self.step.to_owned();
        self.listener.on(&Event::StepEnded { step, droplet: self.droplet, outcome, millis, undo: false });
    }
}
