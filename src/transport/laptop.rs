//! A program on the laptop whose output is wanted: `{cmd: [pass, show, odoo]}`.
//!
//! Deliberately absent: a shell, a terminal, and any way to give it input.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};

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

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error means that nothing is left of it, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
