//! The whole terminal, for a view that lives: a second screen, keys one by one.
//!
//! There is one terminal, so what was done to it is kept in one place, and given back from wherever the end comes: a
//! return, a signal, a panic, a program that the terminal is lent to. A frame is compared with the last one; only lines
//! that differ are written, all at once, between the marks with which terminals that know them draw at one go.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use super::keys::{Key, keys};
use super::{Hold, Ui};

/// The second screen without a cursor, and without lines that wrap.
const TAKE: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const GIVE_BACK: &str = "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

static TERMINAL: Mutex<State> =
    Mutex::new(State { wanted: false, taken: false, modes: None, drawn: Vec::new() });

struct State {
    /// A canvas lives.
    wanted: bool,
    taken: bool,
    /// As they were before.
    modes: Option<Termios>,
    /// What stands on the screen; empty: nobody knows.
    drawn: Vec<String>,
}

/// While it lives the terminal shows what is put on it, and nothing else.
pub struct Canvas {
    over: Arc<AtomicBool>,
    typing: Option<JoinHandle<()>>,
    _hold: Hold,
}

/// Columns and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub lines: usize,
}

impl Canvas {
    /// With it come the keys that are typed.
    pub fn begin(ui: &Ui) -> (Self, mpsc::Receiver<Key>) {
        let hold = ui.hold();
        let (tell, typed) = mpsc::channel(64);
        let over = Arc::new(AtomicBool::new(false));
        let terminal = {
            let mut state = state();
            state.wanted = true;
            state.take();
            state.modes.is_some()
        };
        let ended = over.clone();
        let typing = terminal.then(|| std::thread::spawn(move || read(&ended, &tell)));
        (Self { over, typing, _hold: hold }, typed)
    }

    pub fn size() -> Size {
        let (lines, columns) = console::Term::stdout().size_checked().unwrap_or((24, 80));
        Size { columns: columns.max(1).into(), lines: lines.max(1).into() }
    }

    /// Shows this, line by line.
    pub fn put(&self, lines: Vec<String>, size: Size) {
        let mut state = state();
        if state.taken {
            write(&difference(&state.drawn, &lines, size));
            state.drawn = lines;
        }
    }

    /// The window is another: nothing of what stands there can be trusted.
    pub fn forget(&self) {
        state().drawn.clear();
    }

    /// Gives the terminal back and stops, as Ctrl-Z wants it; goes on when somebody wants us again.
    pub fn stop(&self) {
        lend(true);
        // A process that cannot stop goes on.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
        lend(false);
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        {
            let mut state = state();
            state.wanted = false;
            state.give_back();
        }
        if let Some(typing) = self.typing.take() {
            // One that panicked has told so.
            let _ = typing.join();
        }
    }
}

/// The terminal is somebody else's for a while; nothing happens where there is no canvas.
pub(super) fn lend(lent: bool) {
    let mut state = state();
    match lent {
        true => state.give_back(),
        false if state.wanted => state.take(),
        false => {}
    }
}

/// The last resort of a program that broke, also while it draws.
pub(super) fn give_back() {
    match TERMINAL.try_lock() {
        Ok(mut state) => state.give_back(),
        Err(TryLockError::Poisoned(state)) => state.into_inner().give_back(),
        // Whoever has it is the one that broke, or reads a key.
        Err(TryLockError::WouldBlock) => write(GIVE_BACK),
    }
}

fn state() -> MutexGuard<'static, State> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn take(&mut self) {
        if self.taken {
            return;
        }
        // Without a terminal on stdin there is nobody to type.
        self.modes = tcgetattr(std::io::stdin()).ok();
        if let Some(modes) = &self.modes {
            let mut single = modes.clone();
            single.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &single);
        }
        write(TAKE);
        self.taken = true;
        self.drawn.clear();
    }

    fn give_back(&mut self) {
        if !std::mem::take(&mut self.taken) {
            return;
        }
        write(GIVE_BACK);
        if let Some(modes) = self.modes.take() {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
        }
    }
}

/// A terminal that is gone is told about by its signal.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What makes one screen of the other. Every line is at most as wide as the screen.
fn difference(before: &[String], after: &[String], size: Size) -> String {
    let mut out = "\x1b[?2026h".to_owned();
    if before.is_empty() {
        out += "\x1b[0m\x1b[2J";
    }
    let last = before.len().max(after.len()).min(size.lines);
    for at in 0..last {
        let line = after.get(at).map_or("", String::as_str);
        if before.get(at).map_or("", String::as_str) == line {
            continue;
        }
        out += &format!("\x1b[{};1H{line}\x1b[0m", at + 1);
        // At the end of a full line the cursor still stands on its last letter, which this would take away.
        if console::measure_text_width(line) < size.columns {
            out += "\x1b[K";
        }
    }
    out + "\x1b[?2026l"
}

/// Reads keys until the canvas is gone. Only while the terminal is ours: whoever reads it from the background is stopped.
fn read(over: &AtomicBool, tell: &mpsc::Sender<Key>) {
    let stdin = std::io::stdin();
    let ready = |patience: i64| {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        let limit = Timespec { tv_sec: 0, tv_nsec: patience };
        poll(&mut fds, Some(&limit)).is_ok_and(|count| count > 0)
    };
    let mut chunk = [0; 256];
    while !over.load(Ordering::SeqCst) {
        if !ready(50_000_000) {
            continue;
        }
        let state = state();
        let read = match state.taken && ready(0) {
            true => rustix::io::read(&stdin, &mut chunk),
            false => {
                drop(state);
                std::thread::sleep(std::time::Duration::from_millis(50));
                continue;
            }
        };
        drop(state);
        match read {
            Ok(0) => return,
            Ok(count) => {
                // More keys than anybody can follow are dropped.
                for key in keys(&chunk[..count]) {
                    let _ = tell.try_send(key);
                }
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { columns: 5, lines: 3 };

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn only_lines_that_differ_are_written() {
        let drawn = difference(&lines(&["one", "two"]), &lines(&["one", "TWO", "3"]), SIZE);
        assert_eq!(drawn, "\x1b[?2026h\x1b[2;1HTWO\x1b[0m\x1b[K\x1b[3;1H3\x1b[0m\x1b[K\x1b[?2026l");
        assert_eq!(difference(&lines(&["one"]), &lines(&["one"]), SIZE), "\x1b[?2026h\x1b[?2026l");
    }

    #[test]
    fn an_unknown_screen_is_cleared_and_a_full_line_keeps_its_last_letter() {
        let drawn = difference(&[], &lines(&["12345", "1"]), SIZE);
        assert_eq!(drawn, "\x1b[?2026h\x1b[0m\x1b[2J\x1b[1;1H12345\x1b[0m\x1b[2;1H1\x1b[0m\x1b[K\x1b[?2026l");
    }

    #[test]
    fn what_is_below_the_window_is_not_written() {
        let drawn = difference(&lines(&["a"]), &lines(&["a", "b", "c", "d"]), SIZE);
        assert!(drawn.contains("\x1b[3;1Hc") && !drawn.contains('d'), "{drawn:?}");
        assert!(difference(&lines(&["a", "b"]), &lines(&["a"]), SIZE).contains("\x1b[2;1H\x1b[0m\x1b[K"));
    }
}
