//! What an act has told so far: its chapters as events, as rows of the ledger, and as its end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::healthy::observe;
use super::log::LogReader;
use super::prove::prove;
use super::runner::{ActState, Chapter, Report, Seen};
use super::section::{Context, End, Left};
use crate::causes;
use crate::error::Error;
use crate::event::{Event, Outcome};
use crate::exit::Exit;
use crate::plan::{Action, Section, Step, Undo, WATCH};
use crate::record::LedgerRow;
use crate::text;

/// A step is said to be silent after so long, and again after so long.
const SILENT: Duration = Duration::from_secs(10);
/// A watch has news every thirty seconds.
const SAYS_LITTLE: Duration = Duration::from_secs(40);
const SAY_AGAIN: Duration = Duration::from_secs(5);
/// A droplet answers every ten seconds, news or not.
const UNANSWERED: Duration = Duration::from_secs(14);

type Beside<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

pub(super) struct Story<'a> {
    cx: &'a Context<'a>,
    section: &'a Section,
    rows: &'a mut [LedgerRow],
    seen: Seen,
    /// The chapter that is being told.
    open: Option<Open<'a>>,
    /// The first failure, and the failures of undoing.
    failure: Option<Box<Error>>,
    stuck: Vec<String>,
    /// When the droplet last answered, when it last had news, and whether its silence was told.
    answered: Instant,
    news: Instant,
    told_silence: bool,
}

/// A chapter that began and whose end was not told.
struct Open<'a> {
    step: usize,
    undo: bool,
    reader: LogReader<'a>,
    /// What the laptop sees for itself while it waits.
    beside: Option<Beside<'a>>,
}

impl<'a> Story<'a> {
    pub fn new(cx: &'a Context<'a>, section: &'a Section, rows: &'a mut [LedgerRow]) -> Self {
        let now = Instant::now();
        let (seen, open, failure, stuck) = (Seen::default(), None, None, Vec::new());
        Self { cx, section, rows, seen, open, failure, stuck, answered: now, news: now, told_silence: false }
    }

    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Waits for an answer, looks on beside it, and says when nothing comes.
    pub async fn beside<T>(&mut self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        loop {
            let looking = async {
                match self.open.as_mut().and_then(|open| open.beside.as_mut()) {
                    Some(beside) => beside.await,
                    None => std::future::pending().await,
                }
            };
            let over = tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = looking => true,
                () = sleep(SAY_AGAIN) => false,
            };
            match &mut self.open {
                Some(open) if over => open.beside = None,
                _ => self.tell_silence(),
            }
        }
    }

    fn tell_silence(&mut self) {
        let Some(open) = &self.open else { return };
        let Some(step) = self.section.steps.get(open.step) else { return };
        let pause = if step.id == WATCH { SAYS_LITTLE } else { SILENT };
        if self.news.elapsed() <= pause && self.answered.elapsed() <= UNANSWERED {
            return;
        }
        let seconds = |since: Instant| since.elapsed().as_secs();
        let text = if self.answered.elapsed() > UNANSWERED {
            format!(
                "no answer for {} s: the link is lost, or the droplet; its work goes on",
                seconds(self.answered)
            )
        } else {
            let usual = self.cx.usual.get(&step.id).filter(|_| !open.undo);
            let usual = usual.map(|millis| format!(" (usually takes {} s)", millis.div_ceil(1000)));
            format!("silent for {} s{}", seconds(self.news), usual.unwrap_or_default())
        };
        self.told_silence = true;
        let (step, droplet) = (step.id.clone(), step.droplet.clone());
        self.cx.listener.on(&Event::StepWaiting { step, droplet, text });
    }

    fn has_news(&mut self, report: &Report) {
        self.answered = Instant::now();
        if report.chapters.iter().all(|chapter| chapter.log.is_empty() && chapter.end.is_none()) {
            return;
        }
        self.news = self.answered;
        if std::mem::take(&mut self.told_silence)
            && let Some(step) = self.open.as_ref().and_then(|open| self.section.steps.get(open.step))
        {
            let (step, droplet) = (step.id.clone(), step.droplet.clone());
            self.cx.listener.on(&Event::StepWaiting { step, droplet, text: String::new() });
        }
    }

    /// Tells what is new; true where the report was told to its end.
    pub fn tell(&mut self, report: &Report) -> bool {
        self.has_news(report);
        for chapter in &report.chapters {
            let Some(step) = self.section.steps.get(chapter.index) else {
                self.seen = Seen { line: self.seen.line + 1, offset: 0 };
                continue;
            };
            if self.open.is_none() {
                self.begin(chapter, step);
            }
            self.seen.offset += chapter.log.len() as u64;
            if let Some(open) = &mut self.open {
                open.reader.feed(&chapter.log);
            }
            match chapter.end {
                Some((code, millis)) if self.seen.offset >= chapter.size => self.finish(step, code, millis),
                // The rest of its log, or its end, comes with the next report.
                Some(_) => return false,
                None => break,
            }
        }
        true
    }

    fn begin(&mut self, chapter: &Chapter, step: &'a Step) {
        self.news = Instant::now();
        self.cx.soft.begins(step.id == WATCH && !chapter.undo);
        let actions: &'a [Action] = match (&step.undo, chapter.undo) {
            (Undo::By(actions), true) => actions,
            _ => &step.actions,
        };
        self.cx.listener.on(&Event::StepStarted {
            step: step.id.clone(),
            droplet: step.droplet.clone(),
            title: step.title.clone(),
            phase: step.phase.to_string(),
            attempt: 1,
            undo: chapter.undo,
        });
        let beside = actions.iter().find_map(|action| match action {
            Action::AwaitHealthy { project, service, .. } => {
                Some(Box::pin(observe(self.cx, step, project, service)) as Beside<'a>)
            }
            Action::Prove { proof, ports, .. } => {
                Some(Box::pin(prove(self.cx, step, proof, ports)) as Beside<'a>)
            }
            _ => None,
        });
        let reader = LogReader::new(self.cx.listener, step, actions);
        self.open = Some(Open { step: chapter.index, undo: chapter.undo, reader, beside });
    }

    fn finish(&mut self, step: &Step, code: i32, millis: u64) {
        let Some(open) = self.open.take() else { return };
        self.seen = Seen { line: self.seen.line + 1, offset: 0 };
        let row = self.rows.get_mut(open.step);
        let outcome = match (code, open.undo) {
            (0, false) => Outcome::Done,
            (0, true) => Outcome::Undone,
            _ => Outcome::Failed,
        };
        if let Some(row) = row {
            match (outcome, open.undo) {
                (_, false) => (row.outcome, row.millis) = (outcome, millis),
                // What failed stays said to have failed; its undo is no news.
                (Outcome::Undone, true) if row.outcome != Outcome::Failed => row.outcome = outcome,
                _ => {}
            }
        }
        let (id, droplet) = (step.id.clone(), step.droplet.clone());
        self.cx.listener.on(&Event::StepEnded { step: id, droplet, outcome, millis, undo: open.undo });
        match (code, open.undo) {
            (0, true) => self.stuck.retain(|one| one != &step.title),
            (0, false) => {}
            (_, true) => self.stuck.push(step.title.clone()),
            (code, false) => self.failure = Some(Box::new(failed(step, code, open.reader.kept()))),
        }
    }

    /// What the state means, once everything was told.
    pub fn end(mut self, state: ActState) -> End {
        let left = match state {
            ActState::Done(0) => return End::Done,
            ActState::Done(3) => return End::Halted,
            ActState::Done(6) => Left::PutBack,
            ActState::Done(7) => Left::Stuck,
            ActState::Done(8) => Left::Ahead,
            _ => Left::Begun,
        };
        if let Some(open) = self.open.take() {
            self.lose(open.step);
        }
        let error = self.failure.unwrap_or_else(|| Box::new(ended_early(self.section)));
        let stuck = self
            .stuck
            .iter()
            .map(|title| format!("the undo of \"{title}\" failed on {}", self.section.droplet));
        End::Failed(Box::new(stuck.fold(*error, Error::because)), left)
    }

    /// Nobody knows how far the act came: what it would have changed next may be changed.
    pub fn lose_sight(&mut self, undoes: bool) {
        if let Some(open) = self.open.take() {
            self.lose(open.step);
        }
        let doubtful = if undoes { Outcome::Done } else { Outcome::NotReached };
        for row in self.rows.iter_mut().filter(|row| row.outcome == doubtful) {
            row.outcome = Outcome::Unknown;
        }
    }

    fn lose(&mut self, step: usize) {
        if let Some(row) = self.rows.get_mut(step) {
            row.outcome = Outcome::Unknown;
        }
    }
}

fn failed(step: &Step, code: i32, log: &[u8]) -> Error {
    let why = match code {
        124 => format!("it took longer than {} s", step.timeout),
        126 | 127 => format!("exit code {code}: a program could not be started"),
        code => format!("exit code {code}"),
    };
    // A step that looks says what should be so.
    let what = match step.id.starts_with("verify.") || step.id == WATCH {
        true => format!("not so: {}", step.title),
        false => format!("{} failed", step.title),
    };
    let lines = text::tail(log, 30);
    let mut error = Error::failed(what).because(why).on(&step.droplet).at(&step.id);
    if let Some(cause) = causes::probable(&lines) {
        error = error.because(format!("probably: {}", cause.what)).next(cause.next);
    }
    error.evidence("output", lines)
}

/// Killed half-way: it is over, so its undo may run.
fn ended_early(section: &Section) -> Error {
    Error::new(Exit::Failed, format!("section {} ended without a result", section.id))
        .because("it was killed from outside, or the droplet lost power")
        .on(&section.droplet)
}
