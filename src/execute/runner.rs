//! Calls of the droplet's runner, as commands, and its answers, as values.
//!
//! The runner itself is `runner/*.sh` beside this file. Its exit codes are ours alone, so that a full
//! disk never reads as "locked".

use sha2::{Digest, Sha256};

use crate::cmd::Cmd;
use crate::execute::script::Script;
use crate::program::Program;

pub(super) const RUNNER: Program = Program::shell(
    "runner",
    &[
        include_str!("runner/1-lock.sh"),
        include_str!("runner/2-acts.sh"),
        include_str!("runner/3-guard-and-reports.sh"),
    ],
);

/// Exit codes of the runner.
pub const LOCK_NOT_OURS: i32 = 72;
pub const CANNOT_WRITE: i32 = 73;
pub const LOCKED: i32 = 75;

/// Installs the runner where it is missing and calls it: one round trip at the start of a run.
pub(super) const INSTALL: Program = Program::shell(
    "runner.install",
    &[r#"
umask 077
dir=$1 runner=$2 text=$3 stack=$4
shift 4
mkdir -p "$dir/bin" || exit 73
[ -s "$runner" ] || { printf %s "$text" >"$runner.$$" && mv -f "$runner.$$" "$runner"; } || exit 73
[ -s "$dir/stack" ] || printf '%s\n' "$stack" >"$dir/stack" || exit 73
exec /bin/sh "$runner" "$@"
"#],
);

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
        let hash = Sha256::digest(RUNNER.text());
        let short: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{dir}/bin/runner-{short}");
        Self { dir, path }
    }

    pub fn dir(&self) -> &str {
        &self.dir
    }

    /// Where it is on the droplet.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn call(&self, verb: &str) -> Cmd {
        Cmd::new("/bin/sh").arg(&self.path).arg(verb).arg(&self.dir)
    }

    /// `members`: the JSON members of the holder that people read, without braces.
    pub fn take(&self, run: &str, stack: &str, members: &str) -> Cmd {
        self.install(stack, &["take", &self.dir, run]).stdin(members)
    }

    /// Gives a lock back whatever its fence is; only a person's own decision does that. `force`: even
    /// while a step of the run is at work.
    pub fn release_by_hand(&self, run: &str, stack: &str, force: bool) -> Cmd {
        self.install(stack, &["release", &self.dir, run, if force { "force" } else { "0" }])
    }

    /// A line of the audit that belongs to no run: one JSON object.
    pub fn note(&self, stack: &str, line: &str) -> Cmd {
        self.install(stack, &["note", &self.dir]).stdin(format!("{line}\n"))
    }

    fn install(&self, stack: &str, call: &[&str]) -> Cmd {
        Cmd::script(INSTALL, [&self.dir, &self.path, &RUNNER.text(), stack]).args(call.iter().copied())
    }

    pub fn beat(&self, run: &str, fence: u64) -> Cmd {
        self.call("beat").arg(run).arg(fence.to_string())
    }

    pub fn release(&self, run: &str, fence: u64) -> Cmd {
        self.call("release").arg(run).arg(fence.to_string())
    }

    /// The run's records at its begin (`texts`: its record, its plan, its line in the audit), and its
    /// sections' scripts.
    pub fn open(&self, run: &str, fence: u64, texts: [&str; 3], sections: &[Scripts<'_>]) -> Cmd {
        let stdin = texts.map(framed).concat() + &listed(sections);
        self.call("open").arg(run).arg(fence.to_string()).stdin(stdin)
    }

    /// Further sections of a run that is open.
    pub fn add(&self, run: &str, fence: u64, sections: &[Scripts<'_>]) -> Cmd {
        self.call("add").arg(run).arg(fence.to_string()).stdin(listed(sections))
    }

    /// The run's last record and its line in the audit; gives the lock back.
    pub fn close(&self, run: &str, fence: u64, record: &str, audit: &str) -> Cmd {
        self.call("close").arg(run).arg(fence.to_string()).stdin(framed(record) + &framed(audit))
    }

    /// Starts the act, or attaches to it.
    pub fn start(&self, call: &Act<'_>, mode: Mode) -> Cmd {
        let mode = match mode {
            Mode::Detached => "detached",
            Mode::Attached => "attached",
            Mode::Undo => "undo",
        };
        self.call("start")
            .arg(call.run)
            .arg(call.fence.to_string())
            .args([call.section, call.act])
            .args([&call.wait.to_string(), mode])
    }

    pub fn poll(&self, call: &Act<'_>, seen: Seen) -> Cmd {
        let Seen { line, offset } = seen;
        self.call("poll")
            .args([call.run, call.section, call.act])
            .args([line.to_string(), offset.to_string()])
            .arg(call.wait.to_string())
    }

    /// The laptop begins the one step of a section.
    pub fn begin(&self, call: &Act<'_>) -> Cmd {
        self.call("begin").arg(call.run).arg(call.fence.to_string()).args([call.section, call.act])
    }

    /// It ended with this code, and printed this.
    pub fn end(&self, call: &Act<'_>, code: i32, millis: u64, log: &str) -> Cmd {
        let cmd = self.call("end").arg(call.run).arg(call.fence.to_string());
        cmd.args([call.section, call.act]).args([code.to_string(), millis.to_string()]).stdin(framed(log))
    }

    /// Asks an act that is not critical to end after its current step.
    pub fn halt(&self, call: &Act<'_>) -> Cmd {
        self.call("halt").args([call.run, call.section, call.act])
    }

    /// Ends an act now; a critical one is put back by the droplet.
    pub fn stop(&self, call: &Act<'_>) -> Cmd {
        self.call("stop").arg(call.run).arg(call.fence.to_string()).args([call.section, call.act])
    }

    /// What there is of a run, see [`super::status`]. The runner may not be there yet.
    pub fn status(&self, run: &str, stack: &str) -> Cmd {
        self.install(stack, &["status", &self.dir, run])
    }
}

/// Text with its length before it.
fn framed(text: &str) -> String {
    format!("{}\n{text}", text.len())
}

/// Sections as the runner reads them.
pub(super) fn listed(sections: &[Scripts<'_>]) -> String {
    let mut text = String::new();
    for section in sections {
        let critical = u8::from(section.critical);
        text += &format!("section {} {critical} {}\n", section.id, section.steps.len());
        for step in &section.steps {
            let way = if step.onward { "onward" } else { "back" };
            text += &format!("step {} {} {way}\n", step.id, step.limit);
            text += &(framed(&step.script) + &framed(&step.undo));
        }
    }
    text + "end\n"
}

/// A section as the droplet keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripts<'a> {
    pub id: &'a str,
    pub critical: bool,
    pub steps: Vec<Script<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Detached,
    /// It runs on the connection: it reads secrets from its stdin, which are stored nowhere.
    Attached,
    Undo,
}

/// Which act of which run.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub run: &'a str,
    pub fence: u64,
    pub section: &'a str,
    /// `1`, `2`, ..: carried out; `undo1`, ..: undone.
    pub act: &'a str,
    /// Seconds to wait for the end in this call.
    pub wait: u64,
}

/// How much of an act's story is known: the line of its trail (from 1), and the bytes of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub line: usize,
    pub offset: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self { line: 1, offset: 0 }
    }
}

/// What the runner says of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub state: ActState,
    pub chapters: Vec<Chapter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActState {
    Running,
    Done(i32),
    /// It ended and left no code: killed from outside, or the power went.
    Lost,
    /// It was never started.
    Absent,
}

/// One step, or undo of a step, within an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// The step's place in its section.
    pub index: usize,
    pub undo: bool,
    /// Exit code and milliseconds, once it ended.
    pub end: Option<(i32, u64)>,
    /// Bytes of the whole log so far.
    pub size: u64,
    /// The log since the offset asked for; it may stop short of `size`.
    pub log: Vec<u8>,
}

impl Report {
    /// `None` where the answer is not the runner's.
    pub fn parse(stdout: &[u8]) -> Option<Report> {
        let (head, mut rest) = line(stdout)?;
        let [state, code, _lines] = words(head)?;
        let state = match state {
            "done" => ActState::Done(code.parse().ok()?),
            "running" => ActState::Running,
            "lost" => ActState::Lost,
            "absent" => ActState::Absent,
            _ => return None,
        };
        let mut chapters = Vec::new();
        while !rest.is_empty() {
            let (head, after) = line(rest)?;
            let [_what, index, kind, code, millis, size, some] = words(head)?;
            let some: usize = some.parse().ok()?;
            let end = match code {
                "-" => None,
                code => Some((code.parse().ok()?, millis.parse().ok()?)),
            };
            chapters.push(Chapter {
                index: index.parse().ok()?,
                undo: kind == "undo",
                end,
                size: size.parse().ok()?,
                log: after.get(..some)?.to_vec(),
            });
            rest = after.get(some..)?;
        }
        Some(Report { state, chapters })
    }
}

pub(super) fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?.trim_end(), &bytes[end + 1..]))
}

pub(super) fn words<const N: usize>(line: &str) -> Option<[&str; N]> {
    line.split(' ').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_or_refused() {
        let answer = b"done 6 2\npull.odoo.1 0 carry 0 17 3 3\nhi\nundo.pull.odoo.1 0 undo - - 9 4\nbye\n";
        let report = Report::parse(answer).unwrap();
        assert_eq!(report.state, ActState::Done(6));
        let [first, second] = report.chapters.as_slice() else { panic!("{report:?}") };
        assert_eq!((first.undo, first.end, first.log.as_slice()), (false, Some((0, 17)), b"hi\n".as_slice()));
        assert_eq!((second.undo, second.end, second.size), (true, None, 9));
        assert_eq!(Report::parse(b"running - 0\n").unwrap().state, ActState::Running);
        for garbage in [
            "",
            "done",
            "done x 1\n",
            "what 0 0\n",
            "motd: welcome\ndone 0 0\n",
            "done 0 1\na 0 carry 0 1 9 9\nshort",
        ] {
            assert_eq!(Report::parse(garbage.as_bytes()), None, "{garbage}");
        }
    }
}
