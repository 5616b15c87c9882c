//! A first Ctrl-C, as the sections of a run hear it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// The wish to stop after the current step; to stop watching, where that is all that goes on.
#[derive(Debug, Default)]
pub struct Soft {
    asked: CancellationToken,
    watching: AtomicBool,
    answered: AtomicBool,
}

impl Soft {
    pub fn new(asked: CancellationToken) -> Self {
        Self { asked, ..Self::default() }
    }

    pub fn is_cancelled(&self) -> bool {
        self.asked.is_cancelled()
    }

    pub async fn cancelled(&self) {
        self.asked.cancelled().await;
    }

    /// A step begins: the watch, or another one.
    pub fn begins(&self, watch: bool) {
        self.watching.store(watch, Ordering::Relaxed);
    }

    /// It was said just now: true where it only ends the watch, and nothing is left to ask. `only_watches`: the
    /// section does nothing else, whether or not it was told of its begin.
    pub fn hear(&self, only_watches: bool) -> bool {
        let watching = only_watches || self.watching.load(Ordering::Relaxed);
        self.answered.store(watching, Ordering::Relaxed);
        watching
    }

    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}
