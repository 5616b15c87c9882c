//! Programs on the laptop: one whose output is wanted, `{cmd: [pass, show, odoo]}`, and hooks, which are
//! followed.
//!
//! Deliberately absent: a shell, a terminal, and any way to give them input.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until};

use super::OnChunk;
use crate::error::{Error, Result};
use crate::text;

/// Runs `argv` and gives back what it printed, at most `limit` bytes, within `timeout`.
///
/// # Errors
/// Exit 2: it cannot be started, fails, prints more, or takes longer. Whatever it started is killed.
pub async fn run_laptop(argv: &[String], timeout: Duration, limit: usize) -> Result<Vec<u8>> {
    let shown = text::printable(&argv.join(" "));
    let failed = || Error::usage(format!("`{shown}` on this machine gave no answer"));
    let Some((program, args)) = argv.split_first() else {
        return Err(failed().because("there is no program"));
    };
    #[expect(clippy::disallowed_methods, reason = "transport/ is where processes are started")]
    let mut command = tokio::process::Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // In a group of its own, so that what it starts can be ended together with it.
    let started = command.process_group(0).spawn();
    let mut child = started.map_err(|error| failed().because(text::printable(&error.to_string())))?;
    let _group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err) = tokio::join!(bounded(out, limit + 1), bounded(err, 16 << 10));
        let out = out?;
        // Who printed too much is not waited for: it may go on for ever.
        let status = if out.len() > limit { None } else { Some(child.wait().await?) };
        Ok::<_, std::io::Error>((out, err.unwrap_or_default(), status))
    };
    match tokio::time::timeout(timeout, work).await {
        Err(_) => Err(failed().because(format!(
            "it took longer than {} s; it cannot ask for anything here: no terminal, no input",
            timeout.as_secs()
        ))),
        Ok(Err(error)) => Err(failed().because(text::printable(&error.to_string()))),
        Ok(Ok((_, _, None))) => Err(failed().because(format!("it printed more than {limit} bytes"))),
        Ok(Ok((out, _, Some(status)))) if status.success() => Ok(out),
        Ok(Ok((_, err, Some(status)))) => {
            Err(failed().because(status.to_string()).evidence("its last lines", text::tail(&err, 3)))
        }
    }
}

/// A program that is followed to its end.
#[derive(Debug)]
pub struct Program<'a> {
    /// Never empty.
    pub argv: &'a [String],
    pub dir: &'a Path,
    /// Its whole environment.
    pub vars: &'a BTreeMap<String, String>,
    pub limit: Duration,
}

/// The code of a program that was ended because its time was over.
pub const LATE: i32 = 124;
/// How long one that is asked to end may take, and how long its output is waited for after its end: a
/// child of it may keep the pipe open for ever.
const GRACE: Duration = Duration::from_secs(3);

/// Runs it; `hear` gets both of its streams as they come. Its exit code, 128 and the signal's number where
/// one killed it, or [`LATE`]. Whatever it started is ended with it, and with this future.
///
/// # Errors
/// It cannot be started.
pub async fn run_program(program: &Program<'_>, hear: OnChunk<'_>) -> std::io::Result<i32> {
    let (output, input) = std::io::pipe()?;
    let mut output = pipe::Receiver::from_owned_fd(OwnedFd::from(output))?;
    #[expect(clippy::disallowed_methods, reason = "transport/ is where processes are started")]
    let mut command = tokio::process::Command::new(&program.argv[0]);
    command.args(&program.argv[1..]).current_dir(program.dir).env_clear().envs(program.vars);
    command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input);
    // In a group of its own: a Ctrl-C of the terminal is not for it, and it ends as a whole.
    let mut child = command.process_group(0).spawn()?;
    // It holds the pipe's other end.
    drop(command);
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let mut chunk = vec![0; 16 << 10];
    let (mut open, mut ended, mut late) = (true, None, false);
    let mut until = Instant::now() + program.limit;
    while open || ended.is_none() {
        tokio::select! {
            biased;
            () = sleep_until(until) => {
                if late || ended.is_some() {
                    break;
                }
                group.signal(Signal::TERM);
                (late, until) = (true, Instant::now() + GRACE);
            }
            status = child.wait(), if ended.is_none() => {
                (ended, until) = (Some(status?), Instant::now() + GRACE);
            }
            count = output.read(&mut chunk), if open => match count {
                Ok(count) if count > 0 => hear(&chunk[..count]),
                _ => open = false,
            },
        }
    }
    Ok(match ended {
        Some(status) if !late => code(status),
        _ => LATE,
    })
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(LATE)
}

async fn bounded(stream: Option<impl AsyncRead + Unpin>, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(limit as u64).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Ends the group when dropped: on success only stragglers are left in it.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that nothing is left of it, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
