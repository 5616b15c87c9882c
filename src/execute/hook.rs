//! A hook on the laptop: told to its home droplet before it begins and when it ended, so that the run's
//! journal and logs have it like any step, and no other laptop runs it again.

use std::time::Duration;

use tokio::time::Instant;

use super::log::LogReader;
use super::runner::CANNOT_WRITE;
use super::section::{Context, End, Left, WAIT, call, insist, named, never_started, refused};
use crate::error::Error;
use crate::event::{Event, Outcome};
use crate::exit::Exit;
use crate::inventory::Hook;
use crate::plan::{HookCall, Section, Step};
use crate::record::LedgerRow;
use crate::text;
use crate::transport::laptop::{LATE, Program, run_program};

/// Carries the hook out as `act`.
pub(super) async fn carry(
    cx: &Context<'_>,
    section: &Section,
    step: &Step,
    hook: &HookCall,
    act: &str,
    row: &mut LedgerRow,
) -> End {
    let Some(known) = cx.laptop.hook(hook) else {
        return End::Failed(Box::new(unknown(step)), Left::Nothing);
    };
    if row.outcome == Outcome::Unknown {
        let text =
            format!("{} was begun before, and no good end of it is on record: it runs again", step.title);
        cx.listener.on(&Event::Warning { text: text::printable(&text) });
    }
    if let Err(end) = tell(cx, section, act, None).await {
        return end;
    }
    let begun = Instant::now();
    let (id, droplet) = (step.id.clone(), step.droplet.clone());
    cx.listener.on(&Event::StepStarted {
        step: id.clone(),
        droplet: droplet.clone(),
        title: step.title.clone(),
        phase: step.phase.to_string(),
        attempt: act.parse().unwrap_or(1),
        undo: false,
    });
    // Until its end is known, nobody can say what it did.
    row.outcome = Outcome::Unknown;
    let (code, log) = run(cx, step, known, hook).await;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let told = tell(cx, section, act, Some((code, millis, &log))).await;
    (row.outcome, row.millis) = (if code == 0 { Outcome::Done } else { Outcome::Failed }, millis);
    let outcome = row.outcome;
    cx.listener.on(&Event::StepEnded { step: id, droplet, outcome, millis, undo: false });
    match told {
        Err(end) if code == 0 => end,
        _ if code == 0 => End::Done,
        _ => End::Failed(Box::new(failed(step, known, code, &log)), Left::Begun),
    }
}

/// Runs it; its exit code, and the end of what it printed. A first Ctrl-C lets it end.
async fn run(cx: &Context<'_>, step: &Step, known: &Hook, hook: &HookCall) -> (i32, Vec<u8>) {
    let vars = cx.laptop.vars(hook);
    let mut reader = LogReader::new(cx.listener, step, &step.actions);
    let code = {
        let mut hear = |chunk: &[u8]| reader.feed(chunk);
        let program =
            Program { argv: &known.cmd, dir: &cx.laptop.hooks.dir, vars: &vars, limit: known.timeout };
        let running = run_program(&program, &mut hear);
        tokio::pin!(running);
        let asked = async {
            cx.soft.cancelled().await;
            let text = "the hook ends first; once more Ctrl-C ends it and leaves";
            cx.listener.on(&Event::Note { text: text.into() });
            std::future::pending().await
        };
        tokio::select! { code = running => code, never = asked => never }
    };
    let code = code.unwrap_or_else(|error| {
        reader.feed(format!("cannot start {}: {error}\n", known.cmd[0]).as_bytes());
        CANNOT_START
    });
    (code, reader.kept().to_vec())
}

/// As a shell says it.
const CANNOT_START: i32 = 127;

/// Tells the home droplet: without an end, that it begins.
async fn tell(
    cx: &Context<'_>,
    section: &Section,
    act: &str,
    end: Option<(i32, u64, &[u8])>,
) -> Result<(), End> {
    let call = call(cx, section, act);
    let cmd = match end {
        None => cx.post.runner.begin(&call),
        Some((code, millis, log)) => cx.post.runner.end(&call, code, millis, &String::from_utf8_lossy(log)),
    };
    let limit = Duration::from_secs(WAIT + 20);
    match insist(cx.post, &cmd, limit).await {
        Ok(output) if output.code == 0 => Ok(()),
        Ok(output) if end.is_none() => Err(End::Failed(Box::new(refused(section, &output)), Left::Nothing)),
        Ok(output) => {
            let error = match output.code {
                CANNOT_WRITE => Error::failed(format!("the end of {} is not on record", named(section)))
                    .because("the droplet's disk is full or read-only where ops keeps its records")
                    .on(&section.droplet),
                _ => refused(section, &output),
            };
            Err(End::Failed(Box::new(error), Left::Begun))
        }
        Err(error) if end.is_none() => Err(never_started(section, &error.to_string())),
        Err(error) => {
            let what = format!("{} ended well, and its droplet cannot be told so", named(section));
            let error = Error::new(Exit::Unknown, what).because(error).on(&section.droplet);
            Err(End::Unknown(Box::new(error)))
        }
    }
}

fn failed(step: &Step, hook: &Hook, code: i32, log: &[u8]) -> Error {
    let why = match code {
        LATE => format!(
            "it took longer than {} s, and was ended with all that it had started",
            hook.timeout.as_secs()
        ),
        code => format!("exit code {code}"),
    };
    let error = Error::failed(format!("{} failed", text::printable(&step.title))).because(why);
    error.on(&step.droplet).at(&step.id).evidence("output", text::tail(log, 30))
}

fn unknown(step: &Step) -> Error {
    Error::failed(format!("{} is not a hook of this laptop's inventory", text::printable(&step.title)))
        .because("what a droplet remembers of a run is never run here; only the inventory's own hooks are")
        .on(&step.droplet)
        .at(&step.id)
        .next("take the inventory that the run was planned with, or undo the run")
}
