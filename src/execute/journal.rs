//! The run's records on its droplets: each keeps its own slice, the first with role db the whole ledger.

use std::borrow::Cow;
use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Post;
use super::runner::{CANNOT_WRITE, LOCK_NOT_OURS, LOCKED, Scripts};
use super::script::Script;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::plan::{Plan, Section};
use crate::record::RunRecord;
use crate::text;
use crate::transport::Call;

/// The images that services run, by droplet and service: digests where there are some, else ids.
pub type Images = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A droplet's part of a plan, as it keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slice {
    pub schema: Cow<'static, str>,
    /// The names of all sections of the whole plan, in its order.
    pub order: Vec<String>,
    pub sections: Vec<Section>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Section>,
}

impl Slice {
    pub(super) fn of(plan: &Plan, droplet: &str) -> Self {
        let own = |sections: &[Section]| {
            sections.iter().filter(|section| section.droplet == droplet).cloned().collect()
        };
        Self {
            schema: plan.schema.clone(),
            order: plan.sections.iter().map(|section| section.id.clone()).collect(),
            sections: own(&plan.sections),
            on_failure: own(&plan.on_failure),
        }
    }
}

/// Writes what is about to happen, before it happens.
///
/// # Errors
/// A droplet that cannot keep a record is not changed.
pub async fn open(
    posts: &BTreeMap<String, Post>,
    plan: &Plan,
    record: &RunRecord,
    before: &Images,
) -> Result<()> {
    let hash = sha256(&json(&plan.sections)?);
    let answers = join_all(posts.iter().map(async |(droplet, post)| {
        let slice = Slice::of(plan, droplet);
        let scripts: Vec<_> = slice.sections.iter().filter(|one| !one.only_asks()).map(scripts).collect();
        let plan = json(&slice)?;
        let audit = serde_json::json!({
            "event": "begin", "run": record.id, "command": record.command, "operator": record.operator,
            "reason": record.reason, "at": record.started, "plan": hash, "images": before.get(droplet),
        });
        let cmd =
            post.runner.open(&record.id, post.fence, [&json(record)?, &plan, &audit.to_string()], &scripts);
        say(post, &cmd, "cannot write the run's record").await
    }));
    answers.await.into_iter().collect()
}

/// Puts a section there that was not known before.
///
/// # Errors
/// The droplet cannot keep it, or somebody else took its lock.
pub async fn add(post: &Post, run: &str, section: &Section) -> Result<()> {
    let cmd = post.runner.add(run, post.fence, &[scripts(section)]);
    say(post, &cmd, "cannot write what is to be done").await
}

pub(super) fn scripts(section: &Section) -> Scripts<'_> {
    let steps = section.steps.iter().map(Script::of).collect();
    Scripts { id: &section.id, critical: section.critical, steps }
}

/// Writes how it ended and gives the locks back.
///
/// # Errors
/// What was done stays done; only its record or its lock could not be settled.
pub async fn close(posts: &BTreeMap<String, Post>, record: &RunRecord, after: &Images) -> Result<()> {
    let answers = join_all(posts.iter().map(async |(droplet, post)| {
        let mut slice = record.clone();
        slice.ledger.retain(|row| row.droplet == *droplet || posts.len() == 1);
        let audit = serde_json::json!({
            "event": "end", "run": record.id, "command": record.command, "operator": record.operator,
            "reason": record.reason, "at": record.ended, "exit": record.exit, "release": record.release,
            "images": after.get(droplet),
        });
        let cmd = post.runner.close(&record.id, post.fence, &json(&slice)?, &audit.to_string());
        say(post, &cmd, "the run is over, but its record could not be written").await
    }));
    answers.await.into_iter().collect()
}

pub(super) fn json(record: &impl Serialize) -> Result<String> {
    serde_json::to_string(record)
        .map_err(|error| Error::failed("cannot write the run's record").because(error))
}

async fn say(post: &Post, cmd: &crate::cmd::Cmd, what: &str) -> Result<()> {
    let droplet = post.link.droplet();
    let output = post
        .link
        .run(Call::new(cmd))
        .await
        .map_err(|error| error.into_error(droplet, "").because(what.to_owned()))?;
    let error = match output.code {
        0 => return Ok(()),
        // Something is still at work on the droplet, and keeps the lock.
        LOCKED => return Ok(()),
        LOCK_NOT_OURS => Error::new(Exit::Locked, what).because("somebody else took the lock"),
        CANNOT_WRITE => Error::failed(what).because("the disk is full or read-only"),
        code => Error::failed(what).because(format!("code {code}")),
    };
    Err(error.on(droplet).evidence("droplet", text::tail(&output.stderr, 5)))
}
