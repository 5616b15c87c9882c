//! `ops notify test ENV`, and telling others how a run ended.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::kept::Place;
use super::names;
use super::session::Session;
use super::trust::before_reading;
use crate::checks::doctor::Proof;
use crate::error::{Error, Result};
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::inventory::trust::{self, Trust};
use crate::inventory::{Environment, Inventory, Notify as Channel, Value};
use crate::notify::{Sent, Told, tell, wanted};
use crate::world::World;

/// Try the channels that others are told by
#[derive(Debug, Subcommand)]
pub enum Notify {
    Test(Test),
}

/// Send a test through every channel, and show each answer and how long it took
///
/// Slack, Mattermost, webhooks and mail get a message that says it is a test; healthchecks gets it at `/log`,
/// where it changes nothing. Ends with exit code 9 when one could not be told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops notify test prod\n  ops notify test prod --output json")]
pub struct Test {
    /// The environment, as the inventory names it
    #[arg(value_name = "ENV", value_parser = names::name)]
    env: String,
}

impl Notify {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let Notify::Test(test) = self;
        let inventory = session.inventory()?;
        let env = inventory.environment(&test.env)?;
        if env.notify.is_empty() {
            return Err(Error::usage(format!("{} tells nobody", env.name))
                .because("its inventory has no `notify:`")
                .next("describe a channel below `notify:`; config.example.yaml shows each kind"));
        }
        let secrets = env.notify.iter().flat_map(Channel::values).filter_map(|value| match value {
            Value::Secret(source) => Some(source),
            Value::Plain(_) => None,
        });
        before_reading(secrets, &inventory, session)?;
        let trust = trust::state(&inventory, &session.world)?;
        let at = session.world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let told = Told::test(&env.name, &session.world.operator, at);
        let sent = tell(&env.notify, &told, &session.world, trust).await;
        session.ui.sent(&env.name, &sent);
        let failed = sent.iter().filter(|one| one.answer.is_err()).map(|one| one.kind.to_owned()).collect();
        let tested = Tested { at: session.world.now().as_second(), failed };
        if let Err(error) = place(&session.world, &inventory, env).save(&tested) {
            session.ui.warn(&format!("when this was cannot be kept for ops doctor: {error}"));
        }
        Ok(if sent.iter().all(|one| one.answer.is_ok()) { Exit::Done } else { Exit::Checks })
    }
}

/// When the channels were tried from here, for `ops doctor`.
#[derive(Debug, Serialize, Deserialize)]
struct Tested {
    at: i64,
    failed: Vec<String>,
}

fn place(world: &World, inventory: &Inventory, env: &Environment) -> Place {
    Place::new(world, "notified", inventory, env)
}

/// The last test of an environment from this laptop.
pub fn proof(world: &World, inventory: &Inventory, env: &Environment) -> Proof {
    let tested: Option<Tested> = place(world, inventory, env).load();
    let at = tested.as_ref().map(|tested| tested.at);
    Proof { env: env.name.clone(), at, failed: tested.map(|tested| tested.failed).unwrap_or_default() }
}

/// One line of warning where somebody could not be told; nothing else can come of it.
pub async fn told(session: &Session, inventory: &Inventory, env: &Environment, told: Told) {
    if !wanted(&env.notify, told.what) {
        return;
    }
    // A file that may not be trusted gives no secrets by commands; the other channels need none.
    let trust = trust::state(inventory, &session.world).unwrap_or(Trust::Ask);
    let title = "telling others how it ended".to_owned();
    session.ui.on(&Event::Activity { title: title.clone(), droplet: None });
    let sent = tell(&env.notify, &told, &session.world, trust).await;
    let missed: Vec<String> = sent.iter().filter_map(missed).collect();
    session.ui.on(&Event::ActivityEnded { title, droplet: None, ok: missed.is_empty() });
    if !missed.is_empty() {
        let text = format!("not told: {}; try it: ops notify test {}", missed.join("; "), env.name);
        session.ui.on(&Event::Warning { text });
    }
}

fn missed(sent: &Sent) -> Option<String> {
    let why = sent.answer.as_ref().err()?;
    Some(format!("{} at {}: {why}", sent.kind, sent.place))
}
