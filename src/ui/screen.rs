//! Two streams and, on a terminal, the lines with spinners below them.
//!
//! A reader that left (`ops runs list prod | head`) ends no deploy: what nobody reads is dropped.

use std::io::{ErrorKind, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{MultiProgress, ProgressDrawTarget};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// Where text goes.
pub struct Screen {
    state: Mutex<State>,
    bars: MultiProgress,
    target: Box<dyn Fn() -> ProgressDrawTarget + Send + Sync>,
}

struct State {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// How many have asked for silence.
    held: usize,
    /// What was said meanwhile.
    waiting: Vec<(Stream, String)>,
    lost: Option<String>,
    /// Whoever read stdout has gone.
    left: bool,
}

impl Screen {
    /// `target` makes the place where running steps are drawn; called again after every silence.
    pub fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        target: impl Fn() -> ProgressDrawTarget + Send + Sync + 'static,
    ) -> Self {
        let state = State { out, err, held: 0, waiting: Vec::new(), lost: None, left: false };
        let bars = MultiProgress::with_draw_target(target());
        Self { state: Mutex::new(state), bars, target: Box::new(target) }
    }

    /// The streams of this process.
    pub fn process(live: bool) -> Self {
        Self::new(Box::new(std::io::stdout()), Box::new(std::io::stderr()), move || match live {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        })
    }

    pub(super) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Writes whole lines, above whatever is drawn.
    pub(super) fn write(&self, stream: Stream, text: &str) {
        let mut state = self.state();
        if state.held > 0 {
            state.waiting.push((stream, text.to_owned()));
            return;
        }
        self.bars.suspend(|| state.put(stream, text));
    }

    /// Writes at once, to the person who has the terminal.
    pub(super) fn prompt(&self, text: &str) {
        self.state().put(Stream::Err, text);
    }

    pub(super) fn hold(&self) {
        let mut state = self.state();
        state.held += 1;
        if state.held == 1 {
            // An error means that the terminal is gone, and then nothing is drawn anyway.
            let _ = self.bars.clear();
            self.bars.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    pub(super) fn resume(&self) {
        let mut state = self.state();
        state.held = state.held.saturating_sub(1);
        if state.held == 0 {
            for (stream, text) in std::mem::take(&mut state.waiting) {
                state.put(stream, &text);
            }
            self.bars.set_draw_target((self.target)());
        }
    }

    pub(super) fn lost(&self) -> Option<String> {
        let mut state = self.state();
        if let Err(error) = state.out.flush() {
            state.note(&error);
        }
        state.lost.clone()
    }

    pub(super) fn is_left(&self) -> bool {
        let state = self.state();
        state.left || state.lost.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, stream: Stream, text: &str) {
        let to = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        if let (Err(error), Stream::Out) = (written, stream) {
            self.note(&error);
        }
    }

    fn note(&mut self, error: &std::io::Error) {
        if error.kind() == ErrorKind::BrokenPipe {
            self.left = true;
        } else {
            self.lost.get_or_insert_with(|| error.to_string());
        }
    }
}
