//! The lock of a stack: one run at a time on every droplet of its plan, the inventory's first droplet first.
//!
//! It is kept on the droplets, by the runner, with a fencing number that rises with every holder. A
//! heartbeat keeps it while this process lives; a holder whose heart stopped and none of whose steps
//! runs is proven stale and taken over, which the droplet's audit records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::execute::runner::{CANNOT_WRITE, LOCK_NOT_OURS, LOCKED, Runner};
use crate::execute::section::{Post, insist};
use crate::exit::Exit;
use crate::record::Holder;
use crate::text;
use crate::transport::{Call, Output, Transport};

/// The longest that taking it may take: the runner itself waits ten seconds for another caller.
pub(super) const TAKING: Duration = Duration::from_secs(30);
/// Whoever wants to take up a run waits for three of them, see `rejoin`.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What others read of a holder.
#[derive(Debug, Clone, Serialize)]
pub struct Claim<'a> {
    pub command: &'a str,
    pub operator: &'a str,
    pub reason: Option<&'a str>,
}

/// Takes the lock on one droplet and installs the runner there.
///
/// # Errors
/// `Exit::Locked` names the holder; a droplet that cannot be written says so.
pub async fn take(
    link: &Arc<dyn Transport>,
    runner: Runner,
    run: &str,
    stack: &str,
    claim: &Claim<'_>,
    env: &str,
) -> Result<Post> {
    let json = serde_json::to_string(claim)
        .map_err(|error| Error::failed("cannot describe the run").because(error))?;
    let cmd = runner.take(run, stack, json.trim_start_matches('{').trim_end_matches('}'));
    let mut post = Post { link: link.clone(), runner, fence: 0 };
    // Taking again what this run holds already is taking it, so a lost answer is asked for again.
    let output = insist(&post, &cmd, TAKING).await.map_err(|error| error.into_error(link.droplet(), env))?;
    let runner = &post.runner;
    match (output.code, fence(&output)) {
        (0, Some(fence)) => {
            post.fence = fence;
            Ok(post)
        }
        (LOCKED, _) => Err(locked(&output, link.droplet(), env)),
        _ => Err(refused(&output, link.droplet(), runner.dir())),
    }
}

/// Takes the locks of a run: the first alone, which decides between two that want the same, then the others at
/// once. Nobody waits for a lock here, so that two runs never wait for each other. Where one is refused, all are
/// given back.
///
/// # Errors
/// As [`take`], of the first that is refused.
pub async fn take_all(
    wanted: impl IntoIterator<Item = (Arc<dyn Transport>, Runner)>,
    run: &str,
    stack: &str,
    claim: &Claim<'_>,
    env: &str,
) -> Result<BTreeMap<String, Post>> {
    let mut wanted = wanted.into_iter();
    let one = async |(link, runner): (Arc<dyn Transport>, Runner)| {
        let post = take(&link, runner, run, stack, claim, env).await?;
        Ok::<_, Error>((link.droplet().to_owned(), post))
    };
    let Some(first) = wanted.next() else { return Ok(BTreeMap::new()) };
    let mut posts = BTreeMap::from([one(first).await?]);
    let mut refused = None;
    for answer in join_all(wanted.map(one)).await {
        match answer {
            Ok((droplet, post)) => {
                posts.insert(droplet, post);
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let Some(error) = refused else { return Ok(posts) };
    release_all(&posts, run).await;
    Err(error)
}

/// Gives back the locks of a run that never began.
pub async fn release_all(posts: &BTreeMap<String, Post>, run: &str) {
    // A lock that cannot be given back goes stale by itself; the error that led here matters more.
    join_all(posts.values().map(|post| release(post, run))).await;
}

fn fence(output: &Output) -> Option<u64> {
    std::str::from_utf8(&output.stdout).ok()?.trim().strip_prefix("taken ")?.parse().ok()
}

fn locked(output: &Output, droplet: &str, env: &str) -> Error {
    let error = Error::new(Exit::Locked, format!("{env} is locked")).on(droplet);
    let Ok(holder) = serde_json::from_slice::<Holder>(&output.stdout) else {
        return error.because("somebody holds it").next(format!("ops lock status {env}"));
    };
    let mut error = error.because(format!(
        "{} holds it for {} (run {})",
        text::printable(&holder.operator),
        text::printable(&holder.command),
        text::printable(&holder.run)
    ));
    if let Some(reason) = &holder.reason {
        error = error.because(format!("reason given: {}", text::printable(reason)));
    }
    error
        .next(format!("ops lock status {env}"))
        .next(format!("ops runs show {}", text::printable(&holder.run)))
}

pub(super) fn refused(output: &Output, droplet: &str, dir: &str) -> Error {
    let error = match output.code {
        CANNOT_WRITE => Error::failed(format!("cannot write below {dir}"))
            .because("the disk is full, read-only, or belongs to another user")
            .next(format!("df -h {dir}   # on the droplet")),
        code => Error::failed(format!("cannot take the lock (code {code})")),
    };
    error.on(droplet).evidence("droplet", text::tail(&output.stderr, 5))
}

/// Gives the lock back without closing a run: for a run that never began.
pub async fn release(post: &Post, run: &str) -> Result<()> {
    let cmd = post.runner.release(run, post.fence);
    let output =
        post.link.run(Call::new(&cmd)).await.map_err(|error| error.into_error(post.link.droplet(), ""))?;
    match output.code {
        0 | LOCK_NOT_OURS => Ok(()),
        _ => Err(refused(&output, post.link.droplet(), post.runner.dir())),
    }
}

/// A person's own decision to give a lock back, whoever took it. The runner may not be there yet.
///
/// # Errors
/// Somebody else holds it by now.
pub async fn release_by_hand(
    link: &Arc<dyn Transport>,
    runner: &Runner,
    run: &str,
    stack: &str,
    force: bool,
) -> Result<()> {
    let cmd = runner.release_by_hand(run, stack, force);
    let output = link.run(Call::new(&cmd)).await.map_err(|error| error.into_error(link.droplet(), ""))?;
    match output.code {
        0 => Ok(()),
        LOCK_NOT_OURS => {
            Err(Error::new(Exit::Locked, "somebody else took the lock meanwhile").on(link.droplet()))
        }
        LOCKED => {
            Err(Error::new(Exit::Locked, "a step of that run is still at work, or a guard will put it back")
                .on(link.droplet())
                .next(format!("ops runs logs {}", text::printable(run))))
        }
        _ => Err(refused(&output, link.droplet(), runner.dir())),
    }
}

/// Keeps the locks until its task is aborted. A beat that fails is tried again at the next: only
/// the droplet decides whether the lock is stale.
pub async fn keep(posts: Vec<Post>, run: String) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        // At the same time: a droplet that is silent must not make the others' locks look stale.
        join_all(posts.iter().map(async |post| {
            let cmd = post.runner.beat(&run, post.fence);
            let _ = post.link.run(Call::new(&cmd).timeout(3 * HEARTBEAT)).await;
        }))
        .await;
    }
}
