//! `ops health --notify`: others are told what changed in health since they were told last.

use std::time::Duration;

use super::kept::Place;
use super::session::Session;
use crate::checks::health::{Change, Floor, MOST, Memory, Report, confirmed};
use crate::error::{Error, Result};
use crate::inventory::trust::{self, Trust};
use crate::inventory::{Environment, Inventory};
use crate::notify::{Changed, Sent, Told, What, tell, wanted};
use crate::text::count;

/// The environments that tell somebody, and what each has told.
pub struct News<'a> {
    session: &'a Session,
    inventory: &'a Inventory,
    floor: Floor,
    all: Vec<(&'a Environment, Place, Memory)>,
}

impl<'a> News<'a> {
    /// # Errors
    /// Exit 2: none of them tells anybody of its health.
    pub fn new(
        session: &'a Session,
        inventory: &'a Inventory,
        envs: &'a [Environment],
        floor: Floor,
    ) -> Result<Self> {
        let telling = envs.iter().filter(|env| wanted(&env.notify, What::Unwell));
        let all: Vec<_> = telling
            .map(|env| {
                let place = Place::new(&session.world, "health", inventory, env);
                let memory = place.load().filter(Memory::is_ours).unwrap_or_default();
                (env, place, memory)
            })
            .collect();
        if all.is_empty() {
            let names: Vec<&str> = envs.iter().map(|env| env.name.as_str()).collect();
            return Err(Error::usage(format!("{} tells nobody of its health", names.join(", ")))
                .because("no channel of its `notify:` has `health` among its `on`")
                .next("describe a channel below `notify:`; config.example.yaml shows each kind"));
        }
        Ok(Self { session, inventory, floor, all })
    }

    /// Something changed that nobody was told of; a second look has to confirm it.
    pub fn any(&self, report: &Report) -> bool {
        self.all.iter().any(|(env, _, memory)| !memory.changes(report, &env.name, self.floor).is_empty())
    }

    /// What both looks saw is told. What nobody could be told of is still news the next time.
    pub async fn tell(self, first: &Report, report: &Report) {
        let Self { session, inventory, floor, all } = self;
        for (env, place, before) in all {
            let earlier = before.changes(first, &env.name, floor);
            let changes = confirmed(&earlier, before.changes(report, &env.name, floor));
            let mut memory = before.clone();
            if !changes.is_empty() && told(session, inventory, env, report, &changes, &memory).await {
                memory.tell(&changes, report.now);
            }
            memory.forget(report, &env.name, &droplets(inventory, env));
            if memory != before
                && let Err(error) = place.save(&memory)
            {
                let why =
                    format!("what was told of {} cannot be kept, and will be told again: {error}", env.name);
                session.ui.warn(&why);
            }
        }
    }
}

/// All that the inventory has: one that was not asked this time (`--droplet`) is still there.
fn droplets<'a>(inventory: &'a Inventory, env: &'a Environment) -> Vec<&'a str> {
    let whole = inventory.environments.get(&env.name).unwrap_or(env);
    whole.droplets.iter().map(|droplet| droplet.name.as_str()).collect()
}

/// Whether anybody heard it.
async fn told(
    session: &Session,
    inventory: &Inventory,
    env: &Environment,
    report: &Report,
    changes: &[Change],
    memory: &Memory,
) -> bool {
    let what = count(changes.len(), "change");
    if let Some(until) = memory.quiet_until(report.now) {
        let minutes =
            Duration::from_secs(u64::try_from(until - report.now).unwrap_or_default()).as_secs() / 60 + 1;
        session.ui.warn(&format!(
            "{what} of {} not told yet: {MOST} messages within an hour; the next one in {minutes} min tells them together",
            env.name
        ));
        return false;
    }
    let trust = trust::state(inventory, &session.world).unwrap_or(Trust::Ask);
    let news = news(session, env, report, changes);
    let sent = tell(&env.notify, &news, &session.world, trust).await;
    for one in &sent {
        if let Err(why) = &one.answer {
            session.ui.warn(&format!(
                "{} at {} was not told: {why}; try it: ops notify test {}",
                one.kind, one.place, env.name
            ));
        }
    }
    let heard: Vec<String> = sent.iter().filter(|one| one.answer.is_ok()).map(place).collect();
    if !heard.is_empty() {
        session.ui.say(&format!("{what} of {} told: {}", env.name, heard.join(", ")));
    }
    !heard.is_empty()
}

fn news(session: &Session, env: &Environment, report: &Report, changes: &[Change]) -> Told {
    let better = changes.iter().filter(|change| change.to < change.from).count();
    let title = match (changes.len() - better, better) {
        (worse, 0) => format!("{} worse", count(worse, "check")),
        (0, better) => format!("{} better", count(better, "check")),
        (worse, better) => format!("{} worse, {better} better", count(worse, "check")),
    };
    let changed = |change: &Change| Changed {
        droplet: change.droplet.clone(),
        check: change.id.clone(),
        was: change.from.word(),
        now: change.to.word(),
        evidence: change.evidence.clone(),
    };
    let (status, operator) = (report.of(&env.name).word(), &session.world.operator);
    Told::health(&env.name, status, title, changes.iter().map(changed).collect(), operator, &report.at)
}

fn place(sent: &Sent) -> String {
    format!("{} at {}", sent.kind, sent.place)
}
