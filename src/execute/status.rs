//! What a droplet tells of a run: its slice of the plan, its record, and how every section stands.
//!
//! The droplet's words are data: a slice only ever names scripts that lie on that same droplet.

use std::time::Duration;

use super::journal::Slice;
use super::runner::{ActState, Runner, line, words};
use super::section::insist;
use super::{Post, lock};
use crate::error::{Error, Result};
use crate::record::RunRecord;
use crate::text::printable;

/// A step of a run that another laptop planned may take no longer than this, whatever the droplet says.
const LONGEST: u64 = 24 * 3600;

/// One run on one droplet.
#[derive(Debug, Clone)]
pub struct Status {
    /// The fence of the run's own lock; 0 where it does not hold the lock.
    pub fence: u64,
    /// Seconds since the lock's last heartbeat, whoever holds it.
    pub age: i64,
    pub stands: Vec<Stand>,
    pub slice: Slice,
    pub record: RunRecord,
}

/// How a section stands on its droplet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    pub section: String,
    /// The state of the last act; `None` where there was none.
    pub state: Option<ActState>,
    pub acts: Vec<String>,
    /// Per step: it began and was not undone; it was done and not undone.
    pub steps: Vec<(bool, bool)>,
}

impl Status {
    pub fn stand(&self, section: &str) -> Option<&Stand> {
        self.stands.iter().find(|stand| stand.section == section)
    }

    /// Something of it is at work on the droplet.
    pub fn works(&self) -> bool {
        self.stands.iter().any(|stand| stand.state == Some(ActState::Running))
    }

    /// A laptop is at it.
    pub fn beats(&self, within: i64) -> bool {
        self.fence != 0 && self.age < within
    }
}

/// Asks a droplet. `None`: it knows nothing of the run.
///
/// # Errors
/// It cannot be asked, or its answer cannot be read.
pub async fn ask(post: &Post, run: &str, stack: &str, env: &str) -> Result<Option<Status>> {
    let droplet = post.link.droplet();
    let cmd = post.runner.status(run, stack);
    let output =
        insist(post, &cmd, Duration::from_secs(60)).await.map_err(|error| error.into_error(droplet, env))?;
    match output.code {
        0 => match parse(&output.stdout) {
            Some(status) => Ok(Some(status)),
            None => {
                Err(Error::failed(format!("what the droplet remembers of {} cannot be read", printable(run)))
                    .on(droplet))
            }
        },
        71 => Ok(None),
        _ => Err(lock::refused(&output, droplet, post.runner.dir())),
    }
}

/// A post that holds nothing: enough to look on.
pub fn onlooker(link: std::sync::Arc<dyn crate::transport::Transport>, runner: Runner) -> Post {
    Post { link, runner, fence: 0 }
}

fn parse(bytes: &[u8]) -> Option<Status> {
    let (head, mut rest) = line(bytes)?;
    let [fence, age] = words(head)?;
    let mut stands: Vec<Stand> = Vec::new();
    let (mut slice, mut record) = (None, None);
    while !rest.is_empty() {
        let (head, after) = line(rest)?;
        rest = after;
        match head.split(' ').collect::<Vec<_>>().as_slice() {
            ["section", id, state, code, acts] => stands.push(Stand {
                section: (*id).to_owned(),
                state: match *state {
                    "done" => Some(ActState::Done(code.parse().ok()?)),
                    "running" => Some(ActState::Running),
                    "lost" => Some(ActState::Lost),
                    _ => None,
                },
                acts: acts.split(',').filter(|act| *act != "-").map(str::to_owned).collect(),
                steps: Vec::new(),
            }),
            ["step", _id, begun, done] => stands.last_mut()?.steps.push((*begun == "1", *done == "1")),
            ["plan", length] => {
                let (json, after) = rest.split_at_checked(length.parse().ok()?)?;
                let mut read: Slice = serde_json::from_slice(json).ok()?;
                let sections = read.sections.iter_mut().chain(&mut read.on_failure);
                for step in sections.flat_map(|section| &mut section.steps) {
                    step.timeout = step.timeout.min(LONGEST);
                }
                (slice, rest) = (Some(read), after);
            }
            ["record", length] => {
                let (json, after) = rest.split_at_checked(length.parse().ok()?)?;
                (record, rest) = (Some(serde_json::from_slice(json).ok()?), after);
            }
            _ => return None,
        }
    }
    Some(Status {
        fence: fence.parse().ok()?,
        age: age.parse().ok()?,
        stands,
        slice: slice?,
        record: record?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_or_refused() {
        let slice = r#"{"schema":"ops.plan/1","order":["a"],"sections":[]}"#;
        let record = r#"{"schema":"ops.run/1","id":"r","env":"e","command":"deploy","title":"t","operator":"o","reason":null,"started":"s","ended":null,"exit":null,"release":null}"#;
        let stands = "section a done 6 1,undo2\nstep x 1 0\nstep y 0 0\nsection b - - -\nstep z 0 0\n";
        let text = format!("7 12\n{stands}plan {}\n{slice}record {}\n{record}", slice.len(), record.len());
        let status = parse(text.as_bytes()).unwrap();
        assert_eq!((status.fence, status.age, status.works()), (7, 12, false));
        let stand = status.stand("a").unwrap();
        assert_eq!((stand.state, stand.acts.len()), (Some(ActState::Done(6)), 2));
        assert_eq!(stand.steps, [(true, false), (false, false)]);
        assert_eq!(status.stand("b").unwrap().state, None);
        assert!(status.beats(20) && !status.beats(12));
        for garbage in ["", "x", "7 12\n", "7 12\nplan 9\n{}", "7 12\nwhat\n"] {
            assert!(parse(garbage.as_bytes()).is_none(), "{garbage}");
        }
        assert!(parse(&text.as_bytes()[..text.len() - 3]).is_none(), "cut");
    }
}
