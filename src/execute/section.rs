//! One section on one droplet: started at most once per act, followed to its end however often the
//! link breaks, and never guessed about.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cmd::Cmd;
use crate::error::Error;
use crate::event::{Event, Listener};
use crate::execute::prove::can_prove;
use crate::execute::runner::{Act, ActState, CANNOT_WRITE, LOCK_NOT_OURS, LOCKED, Mode, Report, Runner};
use crate::execute::script::{Secrets, input};
use crate::execute::soft::Soft;
use crate::execute::story::Story;
use crate::execute::{Laptop, OwnChecks, hook, own};
use crate::exit::Exit;
use crate::plan::{BACKUP, EXPORT, FETCH, HARDEN, IMPORT, RECOVERY, REHEARSAL, Section, VERIFY, WATCH};
use crate::record::LedgerRow;
use crate::text;
use crate::transport::{Call, Output, Transport, TransportError};
use tokio::time::Instant;

/// Seconds one call waits on the droplet for news.
pub(super) const WAIT: u64 = 10;
/// How long a lost link is tried again before the outcome is said to be unknown.
const PATIENCE: Duration = Duration::from_secs(45);

/// One droplet as a run uses it.
#[derive(Debug, Clone)]
pub struct Post {
    pub link: Arc<dyn Transport>,
    pub runner: Runner,
    pub fence: u64,
}

/// How an act ended.
#[derive(Debug)]
pub enum End {
    Done,
    /// Stopped between two steps, as asked.
    Halted,
    Failed(Box<Error>, Left),
    /// Nobody knows whether it came to its end.
    Unknown(Box<Error>),
}

/// What a failed act left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It never began.
    Nothing,
    /// Steps whose undo is due.
    Begun,
    /// The droplet has undone everything.
    PutBack,
    /// The droplet tried to undo, and could not.
    Stuck,
    /// Past its point of no return, and not finished.
    Ahead,
}

/// What an act needs besides itself.
pub struct Context<'a> {
    pub run: &'a str,
    pub post: &'a Post,
    pub listener: &'a dyn Listener,
    pub secrets: &'a dyn Secrets,
    pub own: &'a dyn OwnChecks,
    pub laptop: &'a Laptop<'a>,
    /// A first Ctrl-C: end after the current step.
    pub soft: &'a Soft,
    /// How long each step took, as a rule, in milliseconds.
    pub usual: &'a BTreeMap<String, u64>,
}

/// Carries the section out as `act`; `rows` are its steps' rows of the ledger.
pub async fn carry(cx: &Context<'_>, section: &Section, act: &str, rows: &mut [LedgerRow]) -> End {
    if section.only_asks() {
        return own::verify(cx, section, rows).await;
    }
    if let (Some((step, call)), [row]) = (section.laptop_hook(), &mut *rows) {
        return hook::carry(cx, section, step, call, act, row).await;
    }
    let (mode, input) = match section.needs_secrets() {
        false => (Mode::Detached, None),
        true => match input(&section.steps, cx.secrets) {
            Ok(input) => (Mode::Attached, Some(input)),
            Err(error) => return End::Failed(Box::new(error.on(&section.droplet)), Left::Nothing),
        },
    };
    if let Err(error) = can_prove(cx, section).await {
        return End::Failed(Box::new(error), Left::Nothing);
    }
    let call = call(cx, section, act);
    let start = cx.post.runner.start(&call, mode);
    let mut start = Call::new(&start).timeout(limit(section));
    if let Some(input) = &input {
        start = start.input(input);
    }
    following(cx, section, &call, Some(start), rows).await
}

/// Follows an act that was begun before, as whoever is at it now.
pub async fn take_up(cx: &Context<'_>, section: &Section, act: &str, rows: &mut [LedgerRow]) -> End {
    following(cx, section, &call(cx, section, act), None, rows).await
}

/// Follows an act, and asks it to end where a first Ctrl-C says so.
async fn following(
    cx: &Context<'_>,
    section: &Section,
    call: &Act<'_>,
    start: Option<Call<'_>>,
    rows: &mut [LedgerRow],
) -> End {
    let follow = follow(cx, section, call, start, rows);
    tokio::select! { end = follow => end, never = halt(cx, section, call) => never }
}

/// Undoes what began of the section.
pub async fn undo(cx: &Context<'_>, section: &Section, act: &str, rows: &mut [LedgerRow]) -> End {
    let call = call(cx, section, act);
    let start = cx.post.runner.start(&call, Mode::Undo);
    follow(cx, section, &call, Some(Call::new(&start).timeout(limit(section))), rows).await
}

/// Follows an act that was begun before, as an onlooker.
pub async fn attach(cx: &Context<'_>, section: &Section, act: &str, rows: &mut [LedgerRow]) -> End {
    follow(cx, section, &call(cx, section, act), None, rows).await
}

/// Ends an act that is at work.
///
/// # Errors
/// The droplet cannot be asked, or says no.
pub async fn stop(cx: &Context<'_>, section: &Section, act: &str) -> Result<(), Error> {
    let cmd = cx.post.runner.stop(&call(cx, section, act));
    let answer = insist(cx.post, &cmd, Duration::from_secs(60)).await;
    match answer.map_err(|error| error.into_error(&section.droplet, ""))? {
        output if output.code == 0 => Ok(()),
        output => Err(refused(section, &output)),
    }
}

pub(super) fn call<'a>(cx: &Context<'a>, section: &'a Section, act: &'a str) -> Act<'a> {
    Act { run: cx.run, fence: cx.post.fence, section: &section.id, act, wait: WAIT }
}

fn limit(section: &Section) -> Duration {
    let carried: u64 = section.steps.iter().map(|step| step.timeout).sum();
    // A section that undoes itself may take as long again.
    Duration::from_secs(2 * carried + WAIT + 20)
}

/// A link that a change of the ways in cut comes back when that change has gone back.
fn patience(section: &Section) -> Duration {
    if section.waits_for_proof() { limit(section) } else { PATIENCE }
}

/// Never ends. Of a critical section only the watch at its end can be halted, and it says so.
async fn halt(cx: &Context<'_>, section: &Section, call: &Act<'_>) -> End {
    cx.soft.cancelled().await;
    let only_watches = section.steps.iter().all(|step| step.id == WATCH);
    if !cx.soft.hear(only_watches) && section.critical {
        let text = match section.id.as_str() {
            REHEARSAL => {
                "the rehearsal ends early and drops its copy; once more Ctrl-C leaves that to the droplet"
            }
            FETCH => {
                "the restore ends early and drops what it made; once more Ctrl-C leaves that to the droplet"
            }
            BACKUP => {
                "the backup ends early, and what it stored does not count; once more Ctrl-C leaves that to the droplet"
            }
            RECOVERY => {
                "the recovery ends early and removes what it made; once more Ctrl-C leaves that to the droplet"
            }
            VERIFY => {
                "the verification ends early and leaves nothing; once more Ctrl-C leaves that to the droplet"
            }
            IMPORT => "the import ends early and keeps nothing; once more Ctrl-C leaves that to the droplet",
            id if id.starts_with(HARDEN) => {
                "what began ends, or goes back by itself: it never stops half-way; once more Ctrl-C leaves it to the droplet"
            }
            EXPORT => "the export ends early and leaves no zip; once more Ctrl-C leaves that to the droplet",
            _ => {
                "the switch ends, or goes back by itself: it never stops half-way; once more Ctrl-C leaves it to the droplet"
            }
        };
        cx.listener.on(&Event::Note { text: text.into() });
    }
    let halt = cx.post.runner.halt(call);
    let mut tries = 0;
    while cx.post.link.run(Call::new(&halt)).await.is_err() && tries < 10 {
        tries += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    std::future::pending().await
}

/// Starts the act and polls until it ended.
///
/// A start that did not arrive is sent again: on the droplet only one call can win the act's
/// directory, so an earlier one that comes late finds it taken and runs nothing.
async fn follow(
    cx: &Context<'_>,
    section: &Section,
    call: &Act<'_>,
    start: Option<Call<'_>>,
    rows: &mut [LedgerRow],
) -> End {
    let mut story = Story::new(cx, section, rows);
    // `sent`: a start may have reached the droplet, or may still be on its way.
    let (mut starting, mut sent) = (start.is_some(), start.is_none());
    let mut silent_since = None::<Instant>;
    let deadline = Instant::now() + limit(section) + PATIENCE;
    loop {
        let asked = Instant::now();
        let poll = cx.post.runner.poll(call, story.seen());
        let question = match &start {
            Some(start) if starting => start.clone(),
            _ => Call::new(&poll).timeout(Duration::from_secs(WAIT + 20)),
        };
        let answer = story.beside(cx.post.link.run(question)).await;
        let cut = matches!(answer, Err(TransportError::NoStatus { .. }));
        sent |= cut || answer.is_ok();
        let why = match answer {
            Ok(output) if output.code != 0 && starting && output.code != LOCKED => {
                return End::Failed(Box::new(refused(section, &output)), Left::Nothing);
            }
            Ok(output) => match Report::parse(&output.stdout) {
                Some(report) if report.state == ActState::Absent => {
                    starting = start.is_some();
                    "the droplet has no trace of it".to_owned()
                }
                Some(report) => {
                    if story.tell(&report) && report.state != ActState::Running {
                        return story.end(report.state);
                    }
                    if Instant::now() > deadline {
                        return give_up(story, section, call, true, "it did not end in its time");
                    }
                    (starting, silent_since) = (false, None);
                    continue;
                }
                None => {
                    starting = false;
                    format!("the runner's answer cannot be read (code {})", output.code)
                }
            },
            Err(error) if !sent && !error.may_pass() => return never_started(section, &error.to_string()),
            Err(error) => {
                starting &= !cut;
                error.to_string()
            }
        };
        let since = *silent_since.get_or_insert(if cut { Instant::now() } else { asked });
        if since.elapsed() > patience(section) || Instant::now() > deadline {
            return give_up(story, section, call, sent, &why);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The link did not come back in time.
fn give_up(mut story: Story<'_>, section: &Section, call: &Act<'_>, sent: bool, why: &str) -> End {
    if !sent {
        return never_started(section, why);
    }
    story.lose_sight(call.act.starts_with("undo"));
    unknown(section, why)
}

pub(super) fn named(section: &Section) -> String {
    match section.steps.as_slice() {
        [one] => format!("\"{}\"", one.title),
        _ => format!("section {}", section.id),
    }
}

fn unknown(section: &Section, detail: &str) -> End {
    let what = format!("the outcome of {} is unknown", named(section));
    End::Unknown(Box::new(Error::new(Exit::Unknown, what).because(detail).on(&section.droplet)))
}

pub(super) fn never_started(section: &Section, why: &str) -> End {
    let what = format!("{} did not start", named(section));
    End::Failed(Box::new(Error::failed(what).because(why).on(&section.droplet)), Left::Nothing)
}

pub(super) fn refused(section: &Section, output: &Output) -> Error {
    let error = match output.code {
        LOCK_NOT_OURS => Error::new(Exit::Locked, "somebody else took the lock during this run"),
        CANNOT_WRITE => Error::failed(format!("{} did not start", named(section)))
            .because("the droplet's disk is full or read-only where ops keeps its records"),
        code => Error::failed(format!("the droplet's runner refused {} (code {code})", named(section))),
    };
    error.on(&section.droplet).evidence("runner", text::tail(&output.stderr, 5))
}

/// One verb of the runner whose answer is only its code; tried again over a link that breaks.
///
/// # Errors
/// The last answer.
pub async fn insist(post: &Post, cmd: &Cmd, limit: Duration) -> Result<Output, TransportError> {
    let since = Instant::now();
    loop {
        match post.link.run(Call::new(cmd).timeout(limit)).await {
            Err(error)
                if since.elapsed() < PATIENCE
                    && (error.may_pass() || matches!(error, TransportError::NoStatus { .. })) =>
            {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            answer => return answer,
        }
    }
}
