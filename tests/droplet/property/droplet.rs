//! A droplet behind a link that loses, delays, repeats and garbles calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ops::cmd::Cmd;
use ops::transport::TransportError;
use ops::transport::fake::{Fake, FakeAnswer};
use proptest::prelude::*;

use crate::runner::Stack;
use crate::sandbox::{Ran, Started};

/// What the link does to one call.
#[derive(Debug, Clone, Copy)]
pub enum Weather {
    Fine,
    /// It did not arrive.
    Lost,
    /// It arrived, and its answer did not.
    Unanswered,
    /// It arrives when the next call does.
    Late,
    /// It arrived twice.
    Twice,
    /// The answer is not the runner's.
    Garbled,
    Slow,
}

pub fn weather() -> impl Strategy<Value = Weather> {
    prop_oneof![
        6 => Just(Weather::Fine),
        1 => Just(Weather::Lost),
        1 => Just(Weather::Unanswered),
        1 => Just(Weather::Late),
        1 => Just(Weather::Twice),
        1 => Just(Weather::Garbled),
        1 => Just(Weather::Slow),
    ]
}

/// The droplet's side of a link.
pub struct Behind {
    pub stack: Stack,
    /// Calls that are on their way and whose answer nobody waits for.
    pub unheard: Vec<Started>,
    late: Vec<Cmd>,
    calls: usize,
    /// Empty while the run is opened: every call comes through.
    pub weather: Vec<Weather>,
    /// Nothing comes through after so many calls.
    pub cut: Option<usize>,
}

impl Behind {
    pub fn new(stack: Stack) -> Self {
        Self { stack, unheard: Vec::new(), late: Vec::new(), calls: 0, weather: Vec::new(), cut: None }
    }

    fn start(&mut self, cmd: &Cmd) -> Started {
        // The late ones arrive beside it, and race with it.
        for late in std::mem::take(&mut self.late) {
            let started = self.stack.sandbox.start(&late);
            self.unheard.push(started);
        }
        self.stack.sandbox.start(cmd)
    }

    fn call(&mut self, cmd: &Cmd) -> FakeAnswer {
        let started = self.start(cmd);
        answer(&self.stack.sandbox.wait(started))
    }

    fn answer(&mut self, cmd: &Cmd) -> FakeAnswer {
        if self.weather.is_empty() {
            return self.call(cmd);
        }
        self.calls += 1;
        let lost = || FakeAnswer::Error(TransportError::Lost { detail: "no link".into() });
        if self.cut.is_some_and(|cut| self.calls > cut) {
            return lost();
        }
        match self.weather[self.calls % self.weather.len()] {
            Weather::Fine => self.call(cmd),
            Weather::Lost => lost(),
            Weather::Unanswered => {
                let started = self.start(cmd);
                self.unheard.push(started);
                FakeAnswer::no_status()
            }
            Weather::Late => {
                self.late.push(cmd.clone());
                FakeAnswer::no_status()
            }
            Weather::Twice => {
                let first = self.start(cmd);
                self.unheard.push(first);
                self.call(cmd)
            }
            Weather::Garbled => {
                self.call(cmd);
                FakeAnswer::ok("motd: welcome\n")
            }
            Weather::Slow => FakeAnswer::After(Duration::from_secs(7), Box::new(self.call(cmd))),
        }
    }

    /// Waits until nothing of the run is at work.
    pub fn settle(&mut self) {
        for started in std::mem::take(&mut self.unheard) {
            self.stack.sandbox.wait(started);
        }
        let wait = "n=0; for act in /var/lib/ops/odoo/runs/*/sections/*/*/; do [ -d \"$act\" ] || continue
until [ -s \"${act}code\" ]; do n=$((n + 1)); [ $n -lt 1000 ] || exit 1; /usr/bin/sleep 0.02; done; done";
        self.stack.sandbox.sh(wait).exits(0);
    }
}

fn answer(ran: &Ran) -> FakeAnswer {
    match ran.code {
        Some(0) => FakeAnswer::ok(ran.out.clone()),
        code => FakeAnswer::exit(code.unwrap_or(255), ran.err.clone()),
    }
}

/// A link to the droplet; a call on it blocks until the sandbox has answered.
pub fn link(name: &str, behind: &Arc<Mutex<Behind>>) -> Arc<Fake> {
    let behind = Arc::clone(behind);
    Arc::new(Fake::new(name, move |cmd| behind.lock().unwrap().answer(cmd)))
}
