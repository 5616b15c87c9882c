//! Calls of the droplet's runner, as commands, and its answers, as values.
//!
//! The runner itself is `runner.sh` beside this file. Its exit codes are ours alone, so that a full
//! disk never reads as "locked".

use sha2::{Digest, Sha256};

use crate::cmd::Cmd;

const TEXT: &str = include_str!("runner.sh");

/// Exit codes of the runner.
pub const LOCK_NOT_OURS: i32 = 72;
pub const CANNOT_WRITE: i32 = 73;
pub const LOCKED: i32 = 75;

/// Installs the runner where it is missing and calls it: one round trip at the start of a run.
const INSTALL: &str = r#"
umask 077
dir=$1 runner=$2 text=$3 stack=$4
shift 4
mkdir -p "$dir/bin" || exit 73
[ -s "$runner" ] || { printf %s "$text" >"$runner.$$" && mv -f "$runner.$$" "$runner"; } || exit 73
[ -s "$dir/stack" ] || printf '%s\n' "$stack" >"$dir/stack" || exit 73
exec /bin/sh "$runner" "$@"
"#;

/// The runner of one stack on one droplet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// `<state_dir>/<compose project>`.
    dir: String,
    path: String,
}

impl Runner {
    pub fn new(dir: impl Into<String>) -> Self {
        let dir = dir.into();
        let hash = Sha256::digest(TEXT);
        let short: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{dir}/bin/runner-{short}");
        Self { dir, path }
    }

    pub fn dir(&self) -> &str {
        &self.dir
    }

    fn call(&self, verb: &str) -> Cmd {
        Cmd::new("/bin/sh").arg(&self.path).arg(verb).arg(&self.dir)
    }

    /// `members`: the JSON members of the holder that people read, without braces.
    pub fn take(&self, run: &str, stack: &str, members: &str) -> Cmd {
        self.install(stack, &["take", &self.dir, run]).stdin(members)
    }

    /// Gives a lock back whatever its fence is; only a person's own decision does that.
    pub fn release_by_hand(&self, run: &str, stack: &str) -> Cmd {
        self.install(stack, &["release", &self.dir, run, "0"])
    }

    fn install(&self, stack: &str, call: &[&str]) -> Cmd {
        Cmd::script(INSTALL, [&self.dir, &self.path, TEXT, stack]).args(call.iter().copied())
    }

    pub fn beat(&self, run: &str, fence: u64) -> Cmd {
        self.call("beat").arg(run).arg(fence.to_string())
    }

    pub fn release(&self, run: &str, fence: u64) -> Cmd {
        self.call("release").arg(run).arg(fence.to_string())
    }

    pub fn start(&self, call: &StepCall<'_>, script: &Script) -> Cmd {
        let mode = if script.attached { "attached" } else { "detached" };
        self.call("start")
            .arg(call.run)
            .arg(call.fence.to_string())
            .arg(call.step)
            .arg(call.attempt.to_string())
            .arg(call.limit.to_string())
            .arg(call.wait.to_string())
            .arg(mode)
    }

    pub fn poll(&self, call: &StepCall<'_>, offset: u64) -> Cmd {
        self.call("poll")
            .arg(call.run)
            .arg(call.step)
            .arg(call.attempt.to_string())
            .arg(offset.to_string())
            .arg(call.wait.to_string())
    }

    /// The run's records at its begin.
    pub fn open(&self, run: &str, record: &str, plan: &str) -> Cmd {
        self.call("open").arg(run).stdin(format!("{}\n{record}{plan}", record.len()))
    }

    /// The run's last record and its line in the audit; gives the lock back.
    pub fn close(&self, run: &str, fence: u64, record: &str, audit: &str) -> Cmd {
        let stdin = format!("{}\n{record}{audit}\n", record.len());
        self.call("close").arg(run).arg(fence.to_string()).stdin(stdin)
    }

    /// Writes a record of the run.
    pub fn note(&self, run: &str, file: &str, content: &str) -> Cmd {
        self.call("note").arg(run).arg(file).stdin(content)
    }

    pub fn audit(&self, line: &str) -> Cmd {
        self.call("audit").stdin(format!("{line}\n"))
    }
}

/// What a step becomes on the droplet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub text: String,
    /// It runs on the connection, not detached: it reads secrets from its stdin, which are stored
    /// nowhere, or it only looks, which nobody needs when the laptop is gone.
    pub attached: bool,
}

impl Script {
    /// What the runner reads on stdin before the step's own input.
    pub fn framed(&self) -> String {
        format!("{}\n{}", self.text.len(), self.text)
    }
}

/// Which step of which run.
#[derive(Debug, Clone, Copy)]
pub struct StepCall<'a> {
    pub run: &'a str,
    pub fence: u64,
    pub step: &'a str,
    pub attempt: u32,
    /// Seconds until the droplet kills it.
    pub limit: u64,
    /// Seconds to wait for the end in this call.
    pub wait: u64,
}

/// What the runner says of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub state: StepState,
    /// Where the next poll continues in the log.
    pub offset: u64,
    /// The log since the offset asked for.
    pub log: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Running,
    Done(i32),
    /// It ended and left no code: killed from outside, or the power went.
    Lost,
    /// It was never started.
    Absent,
}

impl Report {
    /// `None` where the answer is not the runner's.
    pub fn parse(stdout: &[u8]) -> Option<Report> {
        let end = stdout.iter().position(|b| *b == b'\n')?;
        let head = std::str::from_utf8(&stdout[..end]).ok()?;
        let mut words = head.split(' ');
        let (state, code, size) = (words.next()?, words.next()?, words.next()?.trim());
        let log = stdout[end + 1..].to_vec();
        let size: u64 = size.parse().ok()?;
        let state = match state {
            "done" => StepState::Done(code.parse().ok()?),
            "running" => StepState::Running,
            "lost" => StepState::Lost,
            "absent" => StepState::Absent,
            _ => return None,
        };
        Some(Report { state, offset: size, log })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_or_refused() {
        let report = Report::parse(b"done 3 7\nhi\nbye\n").unwrap();
        assert_eq!(report.state, StepState::Done(3));
        assert_eq!(report.log, b"hi\nbye\n");
        assert_eq!(Report::parse(b"running - 0\n").unwrap().state, StepState::Running);
        for garbage in ["", "done", "done x 1\n", "what 0 0\n", "motd: welcome\ndone 0 0\n"] {
            assert_eq!(Report::parse(garbage.as_bytes()), None, "{garbage}");
        }
    }
}
