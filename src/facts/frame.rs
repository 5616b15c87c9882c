//! How many probes travel as one script and one answer.
//!
//! `gather.sh` makes each probe's answer a part of [`crate::frames`]: its length stands in front of
//! it, so that nothing a probe prints can end its part or begin another's.

use std::collections::BTreeMap;

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::frames::{self, Part};
use crate::inventory::Environment;
use crate::program::Program;

pub(super) const GATHER: Program =
    Program::shell("facts.gather", &[include_str!("../tools/json.sh"), include_str!("gather.sh")]);

/// Separates compose files in one argument of `gather.sh`.
const UNIT: &str = "\x1f";

/// All probes as one command; those `with_containers` start once the stack's containers are known.
pub(super) fn cmd(
    env: &Environment,
    nonce: &str,
    alone: &[(&str, Cmd)],
    with_containers: impl Iterator<Item = (String, Cmd)>,
) -> Cmd {
    let compose: Vec<&str> = env.stack.compose.iter().map(|file| file.as_str()).collect();
    let proxy = env.proxy.as_ref().and_then(|proxy| proxy.container.as_deref()).unwrap_or_default();
    Cmd::script(GATHER, [nonce, env.stack.path.as_str(), env.state_dir.as_str()])
        .args([env.stack.web.as_str(), env.stack.db.as_str(), proxy])
        .arg(compose.join(UNIT))
        .args(alone.iter().flat_map(|(name, cmd)| [(*name).to_owned(), text(cmd)]))
        .arg("--")
        .args(with_containers.flat_map(|(name, cmd)| [name, text(&cmd)]))
}

/// A probe's text for the shell that `gather.sh` starts for it: a second shell would be a third of the
/// work of most probes.
fn text(probe: &Cmd) -> String {
    if probe.stdin_text().is_some() { probe.to_shell() } else { probe.to_script() }
}

/// What `gather.sh` keeps of a probe's stdout, in bytes.
const LIMIT: usize = 524_288;

/// The answers of one script, by the probes' names.
#[derive(Debug)]
pub(super) struct Answers(BTreeMap<String, Part>);

/// What one probe left.
struct Answer<'a> {
    code: &'a str,
    stdout: &'a [u8],
    stderr: &'a [u8],
}

impl Answers {
    pub(super) fn read(nonce: &str, stdout: &[u8]) -> Self {
        Self(frames::parse(nonce, stdout))
    }

    /// The probe's stdout, when it ended well and was not cut.
    pub(super) fn of(&self, name: &str) -> Probe<String> {
        let Some(answer) = self.0.get(name).and_then(|part| Answer::read(&part.bytes)) else {
            return Err(ProbeFailure::new("the droplet's answer ended before this was told"));
        };
        if answer.stdout.len() >= LIMIT {
            return Err(ProbeFailure::new(format!("it printed more than {} KiB", LIMIT / 1024)));
        }
        match answer.code {
            "0" => Ok(String::from_utf8_lossy(answer.stdout).into_owned()),
            "124" | "137" => Err(ProbeFailure::new("it did not answer within 20 seconds")),
            code => Err(answer.failure(code)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<'a> Answer<'a> {
    /// stdout, stderr with the exit code as last line, a newline, the length of the latter.
    fn read(body: &'a [u8]) -> Option<Self> {
        let end = body.iter().rposition(|b| *b == b'\n')?;
        let length: usize = std::str::from_utf8(&body[end + 1..]).ok()?.parse().ok()?;
        let (stdout, said) = body[..end].split_at(end.checked_sub(length)?);
        let newline = said.iter().rposition(|b| *b == b'\n')?;
        let code = std::str::from_utf8(&said[newline + 1..]).ok()?;
        Some(Self { code, stdout, stderr: &said[..newline] })
    }

    fn failure(&self, code: &str) -> ProbeFailure {
        let said = crate::text::tail(self.stderr, 3).join(" ");
        match said.trim() {
            "" => ProbeFailure::new(format!("it failed with exit code {code} and said nothing")),
            said => ProbeFailure::new(said),
        }
    }
}
