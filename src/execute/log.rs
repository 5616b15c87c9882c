//! The log of a step as it grows: as lines, as figures of how far it is, and its end for a failure card.

use super::pull::Progress;
use crate::event::{Event, Listener, Unit};
use crate::plan::{Action, Phase, Step, WATCH};
use crate::text;
use crate::tools::watch::WORSE;

/// Bytes that are kept for a failure card.
const KEEP: usize = 64 << 10;

/// Turns the bytes of a step's log into events.
pub(super) struct LogReader<'a> {
    listener: &'a dyn Listener,
    step: &'a Step,
    progress: Option<Progress>,
    partial: Vec<u8>,
    kept: Vec<u8>,
}

impl<'a> LogReader<'a> {
    pub fn new(listener: &'a dyn Listener, step: &'a Step, actions: &[Action]) -> Self {
        let progress = actions.iter().find_map(|action| match action {
            Action::Pull { layers, .. } if !layers.is_empty() => Some(Progress::new(layers)),
            _ => None,
        });
        Self { listener, step, progress, partial: Vec::new(), kept: Vec::new() }
    }

    /// The end of what it was fed.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        let surplus = self.kept.len().saturating_sub(KEEP);
        self.kept.drain(..surplus);
        let (step, droplet) = (self.step.id.clone(), self.step.droplet.clone());
        if let Some(progress) = &mut self.progress {
            if progress.feed(bytes) {
                let (done, total) = progress.bytes();
                let note = progress.note();
                self.listener.on(&Event::StepProgress {
                    step,
                    droplet,
                    done,
                    total,
                    unit: Unit::Bytes,
                    note,
                });
            }
            return;
        }
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            for line in text::lines(&line) {
                if let Some(event) = aloud(self.step, &line) {
                    self.listener.on(&event);
                }
                if let Some(loading) = loading(&line) {
                    self.listener.on(&loading.event(self.step));
                }
                self.listener.on(&Event::StepOutput { step: step.clone(), droplet: droplet.clone(), line });
            }
        }
        // A line without an end must not grow for ever.
        if self.partial.len() > KEEP {
            self.partial.clear();
        }
    }
}

/// Whom a drain waits for and what it cuts, and what a watch saw, is for everybody, not only for the log.
fn aloud(step: &Step, line: &str) -> Option<Event> {
    let text = format!("{}: {line}", step.droplet);
    match step.id == WATCH {
        true if line.starts_with(WORSE) => Some(Event::Warning { text }),
        false if step.phase != Phase::Drain => None,
        _ => Some(Event::Note { text }),
    }
}

/// Where Odoo is in its list of modules. It has several lists in a run, one after the other.
#[derive(Debug, PartialEq, Eq)]
struct Loading<'a> {
    module: &'a str,
    done: u64,
    total: u64,
}

/// `2026-11-21 12:00:00,123 7 INFO odoo odoo.modules.loading: Loading module sale (31/80)`, as Odoo 14 to 19 say it
/// (odoo/modules/loading.py, `load_module_graph`).
fn loading(line: &str) -> Option<Loading<'_>> {
    let (_, told) = line.split_once(" odoo.modules.loading: Loading module ")?;
    let (module, place) = told.trim_end().strip_suffix(')')?.split_once(" (")?;
    let (nth, total) = place.split_once('/')?;
    let (nth, total): (u64, u64) = (nth.parse().ok()?, total.parse().ok()?);
    (1..=total).contains(&nth).then(|| Loading { module, done: nth - 1, total })
}

impl Loading<'_> {
    fn event(&self, step: &Step) -> Event {
        Event::StepProgress {
            step: step.id.clone(),
            droplet: step.droplet.clone(),
            done: self.done,
            total: self.total,
            unit: Unit::Count,
            note: format!("module {}", self.module),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odoo_says_which_module_of_how_many_it_loads() {
        let said = |rest: &str| format!("2026-11-21 12:00:00,123 7 INFO odoo odoo.modules.loading: {rest}");
        let line = said("Loading module ipai_docs (31/80)");
        assert_eq!(loading(&line), Some(Loading { module: "ipai_docs", done: 30, total: 80 }));
        for other in [
            said("loading 80 modules..."),
            said("Module ipai_docs loaded in 0.31s, 120 queries"),
            said("Loading module a (0/0)"),
            said("Loading module a (9/8)"),
            said("Loading module a (x/y)"),
            "Loading module a (1/2)".into(),
        ] {
            assert_eq!(loading(&other), None, "{other}");
        }
    }
}
