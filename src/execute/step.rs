//! One step on one droplet: started at most once per attempt, followed to its end however often the
//! link breaks, and never guessed about.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::cmd::Cmd;
use crate::error::Error;
use crate::event::{Event, Listener, Unit};
use crate::execute::OwnChecks;
use crate::execute::healthy::{Sick, Unhealthy, await_healthy};
use crate::execute::own;
use crate::execute::pull::Progress;
use crate::execute::runner::{CANNOT_WRITE, LOCK_NOT_OURS, Report, Runner, StepCall, StepState};
use crate::execute::script::{Secrets, compile};
use crate::exit::Exit;
use crate::plan::{Action, Phase, Step};
use crate::secret::Secret;
use crate::text;
use crate::transport::{Call, Transport, TransportError};

/// Seconds one call waits on the droplet for a step's end.
const WAIT: u64 = 10;
/// How long a lost link is tried again before the outcome is said to be unknown.
const PATIENCE: Duration = Duration::from_secs(45);
/// Bytes of a step's log that are kept for a failure card.
const KEEP: usize = 64 << 10;

/// One droplet as a run uses it.
#[derive(Debug, Clone)]
pub struct Post {
    pub link: Arc<dyn Transport>,
    pub runner: Runner,
    pub fence: u64,
}

/// How a step ended.
#[derive(Debug)]
pub enum End {
    Done,
    /// It ran and said no; or never started. What it changed half-way its undo covers.
    Failed(Box<Error>),
    /// Nobody knows whether it ran to its end.
    Unknown(Box<Error>),
}

/// What a step needs besides itself.
pub struct Context<'a> {
    pub run: &'a str,
    pub post: &'a Post,
    pub listener: &'a dyn Listener,
    pub secrets: &'a dyn Secrets,
    pub own: &'a dyn OwnChecks,
}

/// Runs `actions` as the step's attempt (`id` is the step's, or `undo.<id>`).
pub async fn perform(cx: &Context<'_>, step: &Step, id: &str, actions: &[Action]) -> End {
    if actions.iter().all(Action::only_looks) {
        return watch(cx, step, actions).await;
    }
    let (mut script, input) = match compile(actions, cx.secrets) {
        Ok(compiled) => compiled,
        Err(error) => return End::Failed(Box::new(located(error, step))),
    };
    script.attached |= step.phase == Phase::Verify;
    let call =
        StepCall { run: cx.run, fence: cx.post.fence, step: id, attempt: 1, limit: step.timeout, wait: WAIT };
    let secret = Secret::new(match input {
        Some(input) => format!("{}{}", script.framed(), input.expose()),
        None => script.framed(),
    });
    let start = cx.post.runner.start(&call, &script);
    match follow(cx, step, &call, start, &secret, actions).await {
        End::Done => watch(cx, step, actions).await,
        end => end,
    }
}

/// Starts the step and polls until it ended.
///
/// A start that did not arrive is sent again: on the droplet only one call can win the attempt's
/// directory, so an earlier one that comes late finds it taken and runs nothing.
async fn follow(
    cx: &Context<'_>,
    step: &Step,
    call: &StepCall<'_>,
    start: Cmd,
    input: &Secret,
    actions: &[Action],
) -> End {
    let limit = Duration::from_secs(step.timeout + WAIT + 20);
    let mut reader = LogReader::new(cx.listener, step, actions);
    let (mut offset, mut silent_since) = (0, None::<Instant>);
    // `sent`: a start may have reached the droplet, or may still be on its way.
    let (mut starting, mut sent) = (true, false);
    let deadline = Instant::now() + limit + PATIENCE;
    loop {
        let asked = Instant::now();
        let answer = if starting {
            cx.post.link.run(Call::new(&start).input(input).timeout(limit)).await
        } else {
            let poll = cx.post.runner.poll(call, offset);
            cx.post.link.run(Call::new(&poll).timeout(Duration::from_secs(WAIT + 20))).await
        };
        let cut = matches!(answer, Err(TransportError::NoStatus { .. }));
        sent |= cut || answer.is_ok();
        let why = match answer {
            Ok(output) if output.code != 0 && starting => return refused(step, &output),
            Ok(output) => match Report::parse(&output.stdout) {
                Some(report) if report.state == StepState::Absent => {
                    starting = true;
                    "the droplet has no trace of it".to_owned()
                }
                Some(report) => {
                    if let Some(end) = ended(step, &report, &mut offset, &mut reader) {
                        return end;
                    }
                    if Instant::now() > deadline {
                        return unknown(step, "it did not end in its time");
                    }
                    (starting, silent_since) = (false, None);
                    continue;
                }
                None => {
                    starting = false;
                    format!("the runner's answer cannot be read (code {})", output.code)
                }
            },
            Err(error) if !sent && !error.may_pass() => return never_started(step, &error.to_string()),
            Err(error) => {
                starting &= !cut;
                error.to_string()
            }
        };
        let since = *silent_since.get_or_insert(if cut { Instant::now() } else { asked });
        if since.elapsed() > PATIENCE || Instant::now() > deadline {
            return if sent { unknown(step, &why) } else { never_started(step, &why) };
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// What a report of the step means; `None`: it goes on, or its log is not read to the end.
fn ended(step: &Step, report: &Report, offset: &mut u64, reader: &mut LogReader<'_>) -> Option<End> {
    *offset += report.log.len() as u64;
    reader.feed(&report.log);
    match report.state {
        StepState::Lost => Some(lost(step, &reader.kept)),
        StepState::Done(_) if *offset < report.offset => None,
        StepState::Done(0) => Some(End::Done),
        StepState::Done(code) => Some(failed(step, code, &reader.kept)),
        StepState::Running | StepState::Absent => None,
    }
}

/// The part of a step that only looks.
async fn watch(cx: &Context<'_>, step: &Step, actions: &[Action]) -> End {
    for action in actions {
        let (project, service, timeout) = match action {
            Action::AwaitHealthy { project, service, timeout } => (project, service, timeout),
            Action::OwnChecks => match own::verify(cx, step).await {
                End::Done => continue,
                end => return end,
            },
            Action::Run(_) | Action::Put { .. } | Action::Pull { .. } => continue,
        };
        let docker = match docker(cx).await {
            Ok(docker) => docker,
            Err(error) => return unknown(step, &error.to_string()),
        };
        let say = |line: String| {
            cx.listener.on(&Event::StepOutput {
                step: step.id.clone(),
                droplet: step.droplet.clone(),
                line: text::printable(&format!("{service}: {line}")),
            });
        };
        let limit = Duration::from_secs(*timeout);
        match await_healthy(&docker, project, service, limit, &say).await {
            Ok(()) => {}
            Err(Sick::Unhealthy(sick)) => return End::Failed(Box::new(sick_error(step, service, &sick))),
            Err(Sick::Unseen(why)) => return unknown(step, &why),
        }
    }
    End::Done
}

/// Docker's API, with the same patience as for a step.
async fn docker(cx: &Context<'_>) -> std::result::Result<bollard::Docker, TransportError> {
    let since = Instant::now();
    loop {
        match cx.post.link.docker().await {
            Err(_) if since.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_secs(2)).await,
            answer => return answer,
        }
    }
}

fn sick_error(step: &Step, service: &str, sick: &Unhealthy) -> Error {
    let mut error = Error::new(Exit::Failed, format!("{service} did not become healthy")).because(&sick.why);
    error = error.evidence("container", vec![sick.state.clone()]);
    error = error.evidence("last health probe", text::tail(&sick.probe, 5));
    located(error.evidence(format!("log of {service}"), text::tail(&sick.log, 20)), step)
}

fn located(error: Error, step: &Step) -> Error {
    error.on(&step.droplet).at(&step.id)
}

fn failed(step: &Step, code: i32, log: &[u8]) -> End {
    let why = if code == 124 {
        format!("it took longer than {} s", step.timeout)
    } else {
        format!("exit code {code}")
    };
    let error =
        Error::failed(format!("{} failed", step.title)).because(why).evidence("output", text::tail(log, 20));
    End::Failed(Box::new(located(error, step)))
}

/// Killed half-way: it is over, so its undo may run.
fn lost(step: &Step, log: &[u8]) -> End {
    let error = Error::failed(format!("{} ended without a result", step.title))
        .because("it was killed from outside, or the droplet lost power")
        .evidence("output", text::tail(log, 20));
    End::Failed(Box::new(located(error, step)))
}

fn unknown(step: &Step, detail: &str) -> End {
    let error =
        Error::new(Exit::Unknown, format!("the outcome of \"{}\" is unknown", step.title)).because(detail);
    End::Unknown(Box::new(located(error, step)))
}

fn never_started(step: &Step, why: &str) -> End {
    End::Failed(Box::new(located(Error::failed(format!("{} did not start", step.title)).because(why), step)))
}

fn refused(step: &Step, output: &crate::transport::Output) -> End {
    let error = match output.code {
        LOCK_NOT_OURS => Error::new(Exit::Locked, "somebody else took the lock during this run"),
        CANNOT_WRITE => Error::failed(format!("{} did not start", step.title))
            .because("the droplet's disk is full or read-only where ops keeps its records"),
        code => Error::failed(format!("the droplet's runner refused the step (code {code})")),
    };
    End::Failed(Box::new(located(error.evidence("runner", text::tail(&output.stderr, 5)), step)))
}

/// Turns the bytes of a step's log into events.
struct LogReader<'a> {
    listener: &'a dyn Listener,
    step: &'a Step,
    progress: Option<Progress>,
    partial: Vec<u8>,
    kept: Vec<u8>,
}

impl<'a> LogReader<'a> {
    fn new(listener: &'a dyn Listener, step: &'a Step, actions: &[Action]) -> Self {
        let progress = actions.iter().find_map(|action| match action {
            Action::Pull { layers, .. } if !layers.is_empty() => Some(Progress::new(layers)),
            _ => None,
        });
        Self { listener, step, progress, partial: Vec::new(), kept: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
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
                self.listener.on(&Event::StepOutput { step: step.clone(), droplet: droplet.clone(), line });
            }
        }
        // A line without an end must not grow for ever.
        if self.partial.len() > KEEP {
            self.partial.clear();
        }
    }
}
