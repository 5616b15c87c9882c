//! What is running now: the lines with spinners, and the last output of every step.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::look::Look;
use super::screen::{Screen, Stream};
use super::words;
use crate::error::{Error, Evidence};
use crate::event::{Event, Outcome, Unit};
use crate::text::{printable, shorten};

/// Output lines kept of a step.
const KEPT: usize = 20;
const TICK: Duration = Duration::from_millis(120);

/// A step, or something before the plan (then `step` is its title).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub step: String,
    pub droplet: String,
}

pub(super) struct Running {
    pub title: String,
    pub undo: bool,
    pub tail: VecDeque<String>,
    /// When a plain line last told of its progress.
    pub told: Instant,
    bar: Option<ProgressBar>,
}

/// Everything that runs, and what failed.
pub(super) struct Board {
    look: Look,
    pub running: BTreeMap<Key, Running>,
    failed: Vec<(Key, bool, Vec<String>)>,
}

impl Board {
    pub fn new(look: Look) -> Self {
        Self { look, running: BTreeMap::new(), failed: Vec::new() }
    }

    pub fn begin(&mut self, key: Key, title: &str, undo: bool) {
        let title = printable(title);
        let fresh = Running { title, undo, tail: VecDeque::new(), told: Instant::now(), bar: None };
        self.running.insert(key, fresh);
    }

    pub fn output(&mut self, key: &Key, line: &str) {
        let Some(running) = self.running.get_mut(key) else { return };
        if running.tail.len() == KEPT {
            running.tail.pop_front();
        }
        running.tail.push_back(printable(line));
    }

    pub fn end(&mut self, key: &Key, outcome: Outcome) -> Option<Running> {
        let running = self.running.remove(key)?;
        if outcome == Outcome::Failed {
            self.failed.push((key.clone(), running.undo, running.tail.iter().cloned().collect()));
        }
        Some(running)
    }

    /// The last output of failed steps that the error itself does not tell of.
    pub fn unexplained(&mut self, error: Option<&Error>) -> Vec<Evidence> {
        let told = |key: &Key, undo: bool| {
            error.is_some_and(|error| {
                let same = error.step.as_deref() == Some(&key.step)
                    && error.droplet.as_deref() == Some(&key.droplet);
                same && !undo && !error.evidence.is_empty()
            })
        };
        let failed = std::mem::take(&mut self.failed);
        failed
            .into_iter()
            .filter(|(key, undo, lines)| !lines.is_empty() && !told(key, *undo))
            .map(|(key, undo, lines)| {
                let what = if undo { "the undo of " } else { "" };
                Evidence { title: format!("output of {what}{} on {}", key.step, key.droplet), lines }
            })
            .collect()
    }

    /// Takes every line with a spinner away.
    pub fn clear(&mut self, screen: &Screen) {
        for running in self.running.values() {
            if let Some(bar) = &running.bar {
                bar.finish_and_clear();
                screen.bars().remove(bar);
            }
        }
        self.running.clear();
    }

    /// The live view.
    pub fn on(&mut self, event: &Event, screen: &Screen, quiet: bool) {
        let say = |text: String| screen.write(Stream::Err, &text);
        match event {
            Event::Activity { title, droplet } => {
                self.start(Key::activity(title, droplet), title, false, screen)
            }
            Event::ActivityEnded { title, droplet, ok } => {
                let took = self.stop(&Key::activity(title, droplet), Outcome::Done, screen);
                if self.look.verbose > 0 || !ok {
                    let mark = if *ok { self.look.good("✓") } else { self.look.bad("✗") };
                    say(format!("{mark} {}  {took}\n", printable(title)));
                }
            }
            Event::StepStarted { step, droplet, title, undo, .. } => {
                self.start(Key::new(step, droplet), title, *undo, screen);
            }
            Event::StepOutput { step, droplet, line } => {
                self.output(&Key::new(step, droplet), line);
                if self.look.verbose > 0 {
                    say(format!("    {}\n", self.look.dim(&format!("{droplet}| {}", printable(line)))));
                }
            }
            Event::StepProgress { step, droplet, done, total, unit, note } => {
                if let Some(bar) = self.running.get(&Key::new(step, droplet)).and_then(|r| r.bar.as_ref()) {
                    progress(bar, *done, *total, *unit, note);
                }
            }
            Event::StepWaiting { step, droplet, text } => {
                if let Some(bar) = self.running.get(&Key::new(step, droplet)).and_then(|r| r.bar.as_ref()) {
                    let space = if text.is_empty() { "" } else { "  " };
                    bar.set_message(format!("{}{space}{}", printable(droplet), printable(text)));
                }
            }
            Event::StepEnded { step, droplet, outcome, millis, undo } => {
                let key = Key::new(step, droplet);
                let title = self.running.get(&key).map(|r| r.title.clone()).unwrap_or_default();
                self.stop(&key, *outcome, screen);
                if !quiet || *outcome != Outcome::Done {
                    say(finished(&self.look, &key, &title, *outcome, *undo, *millis));
                }
            }
            _ => {
                let text = self.plain(event, &self.look.clone(), quiet);
                if !text.is_empty() {
                    say(text);
                }
            }
        }
    }

    fn start(&mut self, key: Key, title: &str, undo: bool, screen: &Screen) {
        let what = if undo { format!("putting back: {title}") } else { title.to_owned() };
        let place = if key.step == title { "" } else { &key.droplet };
        let bar = screen.bars().add(ProgressBar::new_spinner().with_style(spinner()));
        // A line that wraps cannot be taken away again.
        let room = self.look.width.saturating_sub(console::measure_text_width(place) + 12);
        bar.set_prefix(shorten(&printable(&what), room));
        bar.set_message(printable(place));
        bar.enable_steady_tick(TICK);
        self.begin(key.clone(), title, undo);
        if let Some(running) = self.running.get_mut(&key) {
            running.bar = Some(bar);
        }
    }

    /// Takes a line away; how long it stood there.
    fn stop(&mut self, key: &Key, outcome: Outcome, screen: &Screen) -> String {
        let Some(bar) = self.end(key, outcome).and_then(|running| running.bar) else { return String::new() };
        bar.finish_and_clear();
        screen.bars().remove(&bar);
        words::millis(u64::try_from(bar.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Key {
    pub fn new(step: &str, droplet: &str) -> Self {
        Self { step: step.to_owned(), droplet: droplet.to_owned() }
    }

    pub fn activity(title: &str, droplet: &Option<String>) -> Self {
        Self::new(title, droplet.as_deref().unwrap_or_default())
    }
}

fn spinner() -> ProgressStyle {
    template("{spinner} {prefix}  {msg}  {elapsed}")
}

/// The templates are constants; a wrong one would be seen by the first test that draws.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
        .progress_chars("=> ")
}

fn progress(bar: &ProgressBar, done: u64, total: u64, unit: Unit, note: &str) {
    if total > 0 && bar.length() != Some(total) {
        bar.set_style(template("{spinner} {prefix}  [{bar:20}] {msg}  {elapsed}"));
        bar.set_length(total);
    }
    bar.set_position(done);
    bar.set_message(amount(done, total, unit, note));
}

/// `120 MB of 433 MB, layer 3`.
pub(super) fn amount(done: u64, total: u64, unit: Unit, note: &str) -> String {
    let number = |n: u64| match unit {
        Unit::Bytes => words::bytes(n),
        Unit::Count => n.to_string(),
    };
    let of = if total > 0 { format!(" of {}", number(total)) } else { String::new() };
    let note = if note.is_empty() { String::new() } else { format!(", {}", printable(note)) };
    format!("{}{of}{note}", number(done))
}

/// `✓ switch.web  recreate the web container  demo-1  3.2 s`, on one line.
fn finished(look: &Look, key: &Key, title: &str, outcome: Outcome, undo: bool, millis: u64) -> String {
    let (mark, paint): (_, fn(&Look, &str) -> String) = match (outcome, undo) {
        (Outcome::Done, _) => ("✓", Look::good),
        (Outcome::Undone, _) => ("↩", Look::warn),
        (Outcome::NotReached, _) => ("-", Look::dim),
        (Outcome::Failed | Outcome::Unknown, _) => ("✗", Look::bad),
    };
    let word = match (outcome, undo) {
        (Outcome::Done, _) => String::new(),
        (Outcome::Failed, true) => "undo FAILED: ".to_owned(),
        (outcome, _) => format!("{}: ", super::failure::word(outcome)),
    };
    let tail = format!("{}  {}", printable(&key.droplet), words::millis(millis));
    let step = printable(&key.step);
    let head = format!("{step:<14}  {word}");
    let room = look.width.saturating_sub(2 + console::measure_text_width(&head) + 2 + tail.len());
    format!("{} {head}{}  {}\n", paint(look, mark), shorten(title, room.max(12)), look.dim(&tail))
}
