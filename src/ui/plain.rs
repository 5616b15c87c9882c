//! One line an event, for logs, dumb terminals and screen readers: words, no control codes.

use std::time::{Duration, Instant};

use super::live::{Board, Key, amount};
use super::look::Look;
use super::{failure, words};
use crate::event::{Event, Outcome};
use crate::text::{count, printable};

/// A long step tells of its progress this often.
const PACE: Duration = Duration::from_secs(10);

impl Board {
    /// The line for an event; empty where a log has nothing to gain from it.
    pub(super) fn plain(&mut self, event: &Event, look: &Look, quiet: bool) -> String {
        let always = matches!(event, Event::Warning { .. })
            || matches!(event, Event::StepEnded { outcome, .. } if *outcome != Outcome::Done);
        let line = self.line(event, look);
        if line.is_empty() || (quiet && !always) { String::new() } else { line + "\n" }
    }

    fn line(&mut self, event: &Event, look: &Look) -> String {
        match event {
            Event::Activity { title, .. } => printable(title),
            Event::ActivityEnded { title, ok: false, .. } => {
                look.bad(&format!("FAILED: {}", printable(title)))
            }
            Event::ActivityEnded { .. } => String::new(),
            Event::RunStarted { run, steps, .. } => {
                format!("run {}: {}", printable(run), count(*steps, "step"))
            }
            Event::StepStarted { step, droplet, title, attempt, undo, .. } => {
                self.begin(Key::new(step, droplet), title, *undo);
                let word = if *undo { "put back" } else { "start" };
                let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
                row(word, step, droplet, title) + &again
            }
            Event::StepOutput { step, droplet, line } => {
                self.output(&Key::new(step, droplet), line);
                match look.verbose {
                    0 => String::new(),
                    _ => row("output", step, droplet, line),
                }
            }
            Event::StepProgress { step, droplet, done, total, unit, note } => {
                self.now_and_then("going on", step, droplet, &amount(*done, *total, *unit, note))
            }
            Event::StepWaiting { text, .. } if text.is_empty() => String::new(),
            Event::StepWaiting { step, droplet, text } => self.now_and_then("waiting", step, droplet, text),
            Event::StepEnded { step, droplet, outcome, millis, undo } => {
                self.end(&Key::new(step, droplet), *outcome);
                let word = match (outcome, undo) {
                    (Outcome::Failed, true) => "undo FAILED",
                    (outcome, _) => failure::word(*outcome),
                };
                let line = row(word, step, droplet, &format!("({})", words::millis(*millis)));
                match outcome {
                    Outcome::Failed | Outcome::Unknown => look.bad(&line),
                    _ => line,
                }
            }
            Event::Note { text } => printable(text),
            Event::Links { opened, reused, commands } if look.verbose > 0 => {
                format!("ssh: {opened} opened, {reused} used again, {commands} commands")
            }
            Event::Links { .. } => String::new(),
            Event::Warning { text } => look.wrap_with("Warning: ", text, Look::warn).trim_end().to_owned(),
            Event::RunEnded { exit: 0, millis, run } => {
                look.good(&format!("done in {} (run {})", words::millis(*millis), printable(run)))
            }
            // Everything else about it is in the failure card.
            Event::RunEnded { .. } => String::new(),
        }
    }

    /// What changes all the time is told at a pace that a log bears.
    fn now_and_then(&mut self, word: &str, step: &str, droplet: &str, text: &str) -> String {
        match self.running.get_mut(&Key::new(step, droplet)) {
            Some(running) if running.told.elapsed() >= PACE => {
                running.told = Instant::now();
                row(word, step, droplet, text)
            }
            _ => String::new(),
        }
    }
}

fn row(word: &str, step: &str, droplet: &str, text: &str) -> String {
    format!("{word:<9} {:<14} {:<8} {}", printable(step), printable(droplet), printable(text))
}
