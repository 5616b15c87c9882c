//! What a person sees who looks at droplets for a while, and what keys do to it.
//!
//! A value and pure functions: what was seen comes in, [`frame`] makes lines of it. Deliberately absent: clock, terminal
//! and droplets.

mod frame;
mod lines;
mod spark;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::keys::Key;
use crate::checks::health::{Change, Known, Looked, REACHED, Report, Status};
use crate::checks::{Finding, Verdict};
use crate::inventory::Severity;

pub use frame::frame;
pub use lines::line;
use spark::History;

/// Changes that are kept.
const CHANGES: usize = 200;
/// Past its interval a look may take so long before what it found last counts for nothing: as long as one probe.
const PATIENCE: i64 = 20;

/// See the module.
#[derive(Debug)]
pub struct View {
    title: String,
    /// Seconds between two looks.
    every: i64,
    posts: Vec<Post>,
    /// The newest first.
    changes: VecDeque<Change>,
    /// The droplet that the person chose; None: the worst.
    chosen: Option<usize>,
    /// How far the checks of the chosen droplet are scrolled, where they are shown.
    open: Option<usize>,
    paused: bool,
    /// Nothing can be too old that was seen before this.
    since: i64,
}

/// One droplet.
#[derive(Debug)]
struct Post {
    env: String,
    droplet: String,
    looked: Option<Looked>,
    /// When it was looked at, in seconds since the epoch.
    at: i64,
    known: Known,
    login: History,
    load: History,
    memory: History,
}

/// What somebody else has to do about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Quit,
    Look,
    Pause(bool),
}

impl View {
    /// `droplets`: environments and droplets, in the order of the inventory.
    pub fn new(title: &str, every: u64, droplets: impl Iterator<Item = (String, String)>, now: i64) -> Self {
        let post = |(env, droplet)| Post {
            env,
            droplet,
            looked: None,
            at: now,
            known: Known::default(),
            login: History::default(),
            load: History::default(),
            memory: History::default(),
        };
        Self {
            title: title.to_owned(),
            every: i64::try_from(every).unwrap_or(i64::MAX / 2),
            posts: droplets.map(post).collect(),
            changes: VecDeque::new(),
            chosen: None,
            open: None,
            paused: false,
            since: now,
        }
    }

    /// A look at a droplet has ended. What it changed.
    pub fn take(&mut self, at: usize, looked: Looked, now: i64) -> Vec<Change> {
        let Some(post) = self.posts.get_mut(at) else { return Vec::new() };
        post.at = now;
        post.login.push(looked.figure("web_answer_seconds"));
        post.load.push(looked.figure("load5"));
        post.memory.push(looked.figure("memory_available_ratio").map(|free| 1.0 - free));
        self.revise(at, looked, now)
    }

    /// What is known of a droplet is another than before, without a look at it.
    pub fn revise(&mut self, at: usize, looked: Looked, now: i64) -> Vec<Change> {
        let Some(post) = self.posts.get_mut(at) else { return Vec::new() };
        let changes = post.known.take(&looked, now);
        post.looked = Some(looked);
        for change in changes.iter().rev() {
            self.changes.push_front(change.clone());
        }
        self.changes.truncate(CHANGES);
        changes
    }

    /// What was last seen of a droplet.
    pub fn seen(&self, at: usize) -> Option<&Looked> {
        self.posts.get(at)?.looked.as_ref()
    }

    /// Every droplet was looked at.
    pub fn is_whole(&self) -> bool {
        self.posts.iter().all(|post| post.looked.is_some())
    }

    /// The program itself was stopped until now, so that nothing could be seen.
    pub fn awake(&mut self, now: i64) {
        self.since = now;
    }

    /// What is known now. What was seen too long ago is not known any more.
    pub fn report(&self, now: i64) -> Report {
        let droplets = self.posts.iter().map(|post| self.known(post, now)).collect();
        Report { at: moment(now), now, droplets }
    }

    fn known(&self, post: &Post, now: i64) -> Looked {
        let silent = now - post.at.max(self.since);
        match &post.looked {
            Some(looked) if self.paused || silent <= self.every.saturating_add(PATIENCE) => looked.clone(),
            Some(_) => post.away(&format!("no answer; it was last seen {} s ago", now - post.at)),
            None => post.away("not seen yet"),
        }
    }

    pub fn press(&mut self, key: Key, now: i64) -> Option<Act> {
        match key {
            Key::Quit => return Some(Act::Quit),
            Key::Look => return Some(Act::Look),
            Key::Pause => {
                self.paused = !self.paused;
                self.since = now;
                return Some(Act::Pause(self.paused));
            }
            Key::Enter => self.open = self.open.or((!self.posts.is_empty()).then_some(0)),
            Key::Back => self.open = None,
            Key::Up => self.go(-1, now),
            Key::Down => self.go(1, now),
            Key::PageUp => self.go(-10, now),
            Key::PageDown => self.go(10, now),
        }
        // Whose checks are read stays, whatever becomes worse meanwhile.
        if self.open.is_some() {
            self.chosen = self.chosen.or_else(|| self.order(now).first().copied());
        }
        None
    }

    fn go(&mut self, by: isize, now: i64) {
        if let Some(scrolled) = &mut self.open {
            *scrolled = scrolled.saturating_add_signed(by);
            return;
        }
        let order = self.order(now);
        let place = self.chosen.and_then(|chosen| order.iter().position(|at| *at == chosen)).unwrap_or(0);
        let last = order.len().saturating_sub(1);
        self.chosen = order.get(place.saturating_add_signed(by).min(last)).copied();
    }

    /// The worst first, else as the inventory has them.
    fn order(&self, now: i64) -> Vec<usize> {
        let mut all: Vec<(Status, usize)> =
            self.posts.iter().map(|post| self.known(post, now).status()).zip(0..).collect();
        all.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
        all.into_iter().map(|(_, at)| at).collect()
    }

    fn several(&self) -> bool {
        self.posts.iter().any(|post| post.env != self.posts[0].env)
    }

    /// The environment is named where there are several.
    fn place(&self, env: &str, droplet: &str) -> String {
        crate::text::printable(&match self.several() {
            true => format!("{env}/{droplet}"),
            false => droplet.to_owned(),
        })
    }
}

impl Post {
    fn away(&self, why: &str) -> Looked {
        let finding = Finding {
            id: REACHED.to_owned(),
            title: "droplet".to_owned(),
            severity: Severity::Critical,
            droplet: self.droplet.clone(),
            verdict: Verdict::unknown(why),
        };
        let (env, droplet) = (self.env.clone(), self.droplet.clone());
        Looked { env, droplet, reached: false, millis: 0, findings: vec![finding], figures: Vec::new() }
    }
}

/// `2026-11-22T04:10:01Z`
fn moment(at: i64) -> String {
    let at = jiff::Timestamp::from_second(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Bad things are written large.
fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Warning => "warning",
        Status::Unknown => "UNKNOWN",
        Status::Critical => "CRITICAL",
    }
}
