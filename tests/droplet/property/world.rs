//! A random plan and its droplets: locked, opened, executed, and looked at afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ops::approve::{ApprovedPlan, Given, approve};
use ops::error::{Error, Result};
use ops::event::Silent;
use ops::execute::lock::{Claim, take_all};
use ops::execute::{
    Complaint, Execution, Interrupted, Laptop, OwnChecks, Report, Secrets, Stop, execute, journal,
};
use ops::inventory::{Hooks, Source};
use ops::plan::{Action, Phase, Plan, SCHEMA, Section, Step, Undo};
use ops::record::{RUN_SCHEMA, RunRecord};
use ops::secret::Secret;
use ops::transport::Transport;
use proptest::prelude::*;

use super::droplet::{Behind, Weather, link};
use crate::runner::{Keeper, Stack};
use crate::sandbox::{Shell, script};

/// Sections as (droplets they are on, critical, steps that fail or not).
pub type Drawn = Vec<(Vec<usize>, bool, Vec<bool>)>;

pub fn drawn() -> impl Strategy<Value = Drawn> {
    let droplets = prop::sample::subsequence(vec![0_usize, 1, 2], 1..=3);
    let steps = prop::collection::vec(prop::bool::weighted(0.1), 1..4);
    prop::collection::vec((droplets, any::<bool>(), steps), 1..5)
}

/// What a droplet has to show for a run.
#[derive(Debug)]
pub struct Effects {
    /// Steps whose effect is there.
    pub there: BTreeSet<String>,
    /// `STEP.ACT` and `undo.STEP.ACT`, in the order in which they ran.
    pub ran: Vec<String>,
}

const RUN: &str = "prod-20261201T000000Z-abcd";

/// Its effect is there before it fails: half of a step may have happened.
const STEP: &str =
    r#"act=${OPS_HALT%/halt}; echo "$1.${act##*/}" >>/var/ran; : >"/var/effects/$1"; exit "$2""#;
const UNDO: &str = r#"act=${OPS_HALT%/halt}; echo "undo.$1.${act##*/}" >>/var/ran; rm -f "/var/effects/$1""#;

fn sections(drawn: &Drawn) -> Vec<Section> {
    let mut all = Vec::new();
    for (at, (droplets, critical, steps)) in drawn.iter().enumerate() {
        for droplet in droplets {
            let name = format!("erp-{droplet}");
            let step = |(n, fails): (usize, &bool)| {
                let id = format!("s{at}.{n}");
                let cmd = script(STEP, [&id, u8::from(*fails).to_string().as_str()]);
                Step {
                    phase: Phase::Switch,
                    droplet: name.clone(),
                    title: id.clone(),
                    actions: vec![Action::Run(cmd)],
                    undo: Undo::By(vec![Action::Run(script(UNDO, [&id]))]),
                    timeout: 600,
                    id,
                }
            };
            let steps = steps.iter().enumerate().map(step).collect();
            all.push(Section { id: format!("s{at}"), droplet: name.clone(), critical: *critical, steps });
        }
    }
    all
}

fn approved(sections: Vec<Section>) -> ApprovedPlan {
    let plan = Plan {
        schema: SCHEMA.into(),
        env: "prod".into(),
        command: "deploy".into(),
        title: "a random plan".into(),
        sections,
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    };
    let (env, command) = ("prod".to_owned(), "ops deploy prod --yes".to_owned());
    let given = Given { env, protected: false, yes: true, confirm: None, can_ask: false, command };
    approve(plan, &given, |_| Ok(false)).unwrap()
}

fn record() -> RunRecord {
    let json = serde_json::json!({
        "schema": RUN_SCHEMA, "id": RUN, "env": "prod", "command": "deploy", "title": "a random plan",
        "operator": "alice", "reason": null, "started": "2026-12-01T00:00:00Z", "ended": null, "exit": null,
        "release": null,
    });
    serde_json::from_value(json).unwrap()
}

struct Nothing;

impl Secrets for Nothing {
    fn resolve(&self, _: &Source) -> Result<Secret> {
        Err(Error::usage("there are no secrets here"))
    }
}

#[async_trait]
impl OwnChecks for Nothing {
    async fn ask(&self, _: &str) -> Result<Vec<Complaint>> {
        Ok(Vec::new())
    }

    async fn knock(&self, _: &str, _: &[u16]) -> Result<()> {
        Ok(())
    }
}

type Droplets = BTreeMap<String, Arc<Mutex<Behind>>>;

/// The droplets of the plan: each another shell, one of them with systemd.
fn droplets(drawn: &Drawn) -> Droplets {
    let used: BTreeSet<usize> = drawn.iter().flat_map(|(droplets, _, _)| droplets).copied().collect();
    let one = |n: usize| {
        let keeper = if n == 1 { Keeper::Unit } else { Keeper::Session };
        let stack = Stack::new(Shell::ALL[n], keeper);
        stack.sandbox.write("/var/effects/.keep", "");
        (format!("erp-{n}"), Arc::new(Mutex::new(Behind::new(stack))))
    };
    used.into_iter().map(one).collect()
}

async fn carried(plan: &ApprovedPlan, droplets: &Droplets, starts: impl FnOnce()) -> Report {
    let links = droplets.iter().map(|(name, behind)| {
        let runner = behind.lock().unwrap().stack.runner.clone();
        (link(name, behind) as Arc<dyn Transport>, runner)
    });
    let claim = Claim { command: "deploy", operator: "alice", reason: None };
    let posts = take_all(links, RUN, "{}", &claim, "prod").await.unwrap();
    journal::open(&posts, plan.plan(), &record(), &journal::Images::new()).await.unwrap();
    starts();
    let (stop, hooks, vars) = (Stop::default(), Hooks::default(), BTreeMap::new());
    let cx = Execution {
        run: RUN,
        posts: &posts,
        listener: &Silent,
        secrets: &Nothing,
        own: &Nothing,
        laptop: &Laptop { hooks: &hooks, vars: &vars },
        stop: &stop,
        usual: &BTreeMap::new(),
        ask: &|| Interrupted::Undo,
    };
    execute(plan, &cx).await
}

/// Carries a plan out; `cut`: the droplet whose link ends for good, and after how many calls.
pub fn run(
    drawn: &Drawn,
    weather: &[Vec<Weather>],
    cut: Option<(usize, usize)>,
) -> (Report, BTreeMap<String, Effects>) {
    let droplets = droplets(drawn);
    let plan = approved(sections(drawn));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let starts = || {
        for (n, weather) in weather.iter().enumerate() {
            let Some(behind) = droplets.get(&format!("erp-{n}")) else { continue };
            let mut behind = behind.lock().unwrap();
            behind.weather.clone_from(weather);
            behind.cut = cut.filter(|(which, _)| *which == n).map(|(_, after)| after);
        }
    };
    let report = runtime.block_on(carried(&plan, &droplets, starts));
    let effects = droplets.iter().map(|(name, behind)| {
        let mut behind = behind.lock().unwrap();
        behind.settle();
        let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let there = lines(behind.stack.sandbox.sh("ls /var/effects").out).into_iter().collect();
        let ran = lines(behind.stack.sandbox.sh("cat /var/ran 2>/dev/null; :").out);
        (name.clone(), Effects { there, ran })
    });
    let effects = effects.collect();
    (report, effects)
}
