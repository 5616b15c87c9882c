//! Asking a person.
//!
//! Questions are plain lines in the terminal's own line mode: they can be edited and read aloud, the
//! cursor is never hidden, end of input is seen as such, and a Ctrl-C is a signal like everywhere else.
//! (`dialoguer` reads keys in raw mode, where Ctrl-D means nothing and a Ctrl-C leaves the cursor
//! hidden; it asks for passwords, which want exactly that.)

use std::io::IsTerminal;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};
use tokio_util::sync::CancellationToken;

use super::Ui;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::secret::Secret;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What was typed, without blanks around it.
    Line(String),
    /// The input ended (Ctrl-D, or the terminal went away).
    End,
    /// `stop` was cancelled (Ctrl-C).
    Interrupted,
}

const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

impl Ui {
    /// Asks and waits for a line, for as long as `stop` is not cancelled. Blocks the thread. What was
    /// typed before the question was shown is no answer to it.
    pub fn ask(&self, question: &str, stop: &CancellationToken) -> Answer {
        let _hold = self.hold();
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            // Only a comfort: without it the earlier typing would be read.
            let _ = tcflush(&stdin, QueueSelector::IFlush);
        }
        self.shared.screen.prompt(question);
        let answer = loop {
            if stop.is_cancelled() {
                break Answer::Interrupted;
            }
            let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut ready, Some(&PAUSE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => {
                    let mut line = String::new();
                    break match stdin.read_line(&mut line) {
                        Ok(1..) => Answer::Line(line.trim().to_owned()),
                        _ => Answer::End,
                    };
                }
                Err(_) => break Answer::End,
            }
        };
        if !matches!(answer, Answer::Line(_)) {
            self.shared.screen.prompt("\n");
        }
        answer
    }

    /// Asks for something that is not shown while it is typed. Blocks the thread.
    ///
    /// # Errors
    /// Exit 3 when nobody is there to ask or nothing was typed, 130 on Ctrl-C.
    pub fn password(&self, question: &str) -> Result<Secret> {
        if !self.asks() {
            return Err(Error::new(
                Exit::NotApproved,
                format!("{question} is needed, and nobody is there to ask"),
            ));
        }
        let _hold = self.hold();
        let typed = dialoguer::Password::new().with_prompt(question).report(false).interact();
        super::show_cursor();
        typed.map(Secret::new).map_err(|dialoguer::Error::IO(error)| match error.kind() {
            std::io::ErrorKind::Interrupted => {
                Error::new(Exit::Interrupted, "interrupted before anything changed")
            }
            _ => Error::new(Exit::NotApproved, format!("{question} was not given")).because(error),
        })
    }
}
