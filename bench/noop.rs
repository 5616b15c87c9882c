//! `noop INVENTORY ENVIRONMENT STEPS RUNTIME`: a plan whose steps do nothing, carried out as `ops deploy` carries
//! out an approved plan: connect, locks, journal, one section on each droplet, record, locks given back.
//!
//! For the bench, which wants to know what all this costs beside the steps themselves. RUNTIME is a directory for
//! ssh's sockets. Each droplet has a state directory of its own, called after it, so that they can be one machine.
//! Deliberately absent: facts, stage and screen.
#![expect(clippy::disallowed_methods, reason = "this program's own outside world")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use ops::approve::{ApprovedPlan, Given, approve};
use ops::checks::Finding;
use ops::cmd::Cmd;
use ops::crew::Crew;
use ops::error::Error;
use ops::event::Silent;
use ops::execute::lock::{self, Claim};
use ops::execute::runner::Runner;
use ops::execute::{Interrupted, Laptop, Secrets, Stop};
use ops::exit::Exit;
use ops::flow::{self, Desk, Looked, Names, Road};
use ops::inventory::{self, Environment, Source};
use ops::plan::{Action, Phase, Plan, SCHEMA, Section, Step, Undo};
use ops::runbooks::deploy::Request;
use ops::secret::Secret;
use ops::transport::ConnectOptions;
use ops::world::{Terminal, World};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [inventory, environment, steps, runtime] = args.as_slice() else {
        bail!("noop INVENTORY ENVIRONMENT STEPS RUNTIME");
    };
    let world = world(runtime)?;
    let inventory = inventory::load(inventory.as_ref(), &world)?;
    let env = inventory.environment(environment)?;
    let plan = plan(env, steps.parse().context("STEPS is a number")?);
    match carry_out(&world, env, plan).await {
        Ok(Exit::Done) => Ok(()),
        Ok(exit) => bail!("ended with {exit:?}"),
        Err(error) => bail!("{error:?}"),
    }
}

async fn carry_out(world: &World, env: &Environment, plan: Plan) -> ops::error::Result<Exit> {
    // As many new connections at once as the bench gives the bare ssh.
    let connect = ConnectOptions { at_once: 10, ..ConnectOptions::default() };
    let road = Road {
        world,
        env,
        listener: &Silent,
        desk: &Yes,
        secrets: &NoSecrets,
        connect,
        stop: Stop::default(),
        laptop: Laptop { hooks: &env.hooks, vars: &world.env },
    };
    let Some(approved) = road.desk.approve(plan).await? else { return Ok(Exit::NotApproved) };
    let crew = Crew::connect(env, world, road.connect.clone(), road.listener).await?;
    let names = Names::new(&road, &BTreeMap::new())?;
    let claim = Claim { command: "noop", operator: &world.operator, reason: None };
    let wanted = env.droplets.iter().filter_map(|droplet| {
        let link = crew.links.get(&droplet.name)?;
        Some((link.clone(), Runner::new(format!("{}/{}", env.state_dir, droplet.name))))
    });
    let posts = lock::take_all(wanted, &names.run, env.stack.path.as_str(), &claim, &env.name).await?;
    let (looked, request) = (Looked::default(), Request::default());
    let result = flow::carry_out(&road, &crew, approved, posts, &names, &looked, &request).await;
    crew.close().await;
    result
}

/// One section on each droplet, critical as the switch of a deploy is: what began is on the disk before it runs.
fn plan(env: &Environment, steps: usize) -> Plan {
    let step = |droplet: &str, number: usize| Step {
        id: format!("noop.{number}"),
        phase: Phase::Switch,
        droplet: droplet.to_owned(),
        title: format!("do nothing for the {number}. time"),
        actions: vec![Action::Run(Cmd::new("true"))],
        undo: Undo::By(vec![Action::Run(Cmd::new("true"))]),
        timeout: 60,
    };
    let section = |droplet: &str| Section {
        id: "noop".to_owned(),
        droplet: droplet.to_owned(),
        critical: true,
        steps: (1..=steps).map(|number| step(droplet, number)).collect(),
    };
    Plan {
        schema: SCHEMA.into(),
        env: env.name.clone(),
        command: "noop".to_owned(),
        title: "do nothing".to_owned(),
        sections: env.droplets.iter().map(|droplet| section(&droplet.name)).collect(),
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    }
}

/// Says yes, as `--yes` does.
struct Yes;

#[async_trait]
impl Desk for Yes {
    fn rehearsed(&self, _: &ops::record::Rehearsal) {}

    fn sheet(&self, _: &ops::record::Sheet, _: &str) {}
    async fn tell(&self, _: ops::notify::Told) {}

    fn recovered(&self, _: &ops::record::Recovered) {}
    fn findings(&self, _: &[Finding]) {}

    async fn approve(&self, plan: Plan) -> ops::error::Result<Option<ApprovedPlan>> {
        let given = Given {
            env: plan.env.clone(),
            protected: false,
            yes: true,
            confirm: None,
            can_ask: false,
            command: "noop".to_owned(),
        };
        approve(plan, &given, |_| Ok(true)).map(Some)
    }

    fn interrupted(&self) -> Interrupted {
        Interrupted::Leave
    }
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &Source) -> ops::error::Result<Secret> {
        Err(Error::failed("no step has a secret"))
    }
}

fn world(runtime: &str) -> Result<World> {
    let home = PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?);
    Ok(World {
        env: BTreeMap::new(),
        cwd: std::env::current_dir()?,
        config_dir: home.join("config"),
        state_dir: home.join("state"),
        runtime_dir: PathBuf::from(runtime),
        home,
        program: None,
        operator: "bench@laptop".to_owned(),
        clock: Arc::new(jiff::Timestamp::now),
        terminal: Terminal { stdin: false, stdout: false, stderr: false },
    })
}
