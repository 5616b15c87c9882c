//! The user's hooks as sections of a plan, one each. Deliberately absent: running them.

use serde::{Deserialize, Serialize};

use super::{Action, Phase, Plan, Section, Step, Undo};
use crate::cmd::{Cmd, quote};
use crate::inventory::{Environment, Hook, HookPlace, HookWhen};
use crate::program::Program;
use crate::text::{printable, shorten};

/// A hook of the laptop. Which program it is, the executing laptop's own inventory says: a plan may have
/// come back from a droplet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookCall {
    pub when: HookWhen,
    /// Its place in the inventory's list, from 0.
    pub nth: usize,
    /// As it was planned.
    pub cmd: Vec<String>,
    /// What it is told: variables whose names begin with [`VARIABLES`].
    pub told: Told,
}

/// Variables, in their order.
pub type Told = Vec<(String, String)>;

pub const VARIABLES: &str = "OPS_";

/// The hooks of one list as sections. Those of the laptop are journalled on the home droplet; the others
/// run on the first web droplet.
pub fn sections(env: &Environment, when: HookWhen, told: &[(String, String)]) -> Vec<Section> {
    let hooks = env.hooks.of(when).iter().enumerate();
    hooks.map(|(nth, hook)| section(env, when, nth, hook, told)).collect()
}

fn section(env: &Environment, when: HookWhen, nth: usize, hook: &Hook, told: &[(String, String)]) -> Section {
    let mut told = told.to_vec();
    told.push((format!("{VARIABLES}HOOK"), when.key().to_owned()));
    let (droplet, place, action) = match hook.on {
        HookPlace::Laptop => {
            let call = HookCall { when, nth, cmd: hook.cmd.clone(), told };
            (env.home(), "on the laptop", Action::Hook(call))
        }
        HookPlace::Droplet => {
            let words = [env.stack.path.to_string()].into_iter().chain(hook.cmd.iter().cloned());
            let cmd = told
                .into_iter()
                .fold(Cmd::script(IN_STACK, words), |cmd, (name, value)| cmd.env(name, value));
            (env.web().next().unwrap_or(env.home()), "on the droplet", Action::Run(cmd))
        }
    };
    let (list, phase) = match when {
        HookWhen::PreDeploy => ("pre", Phase::Prepare),
        HookWhen::PostDeploy => ("post", Phase::Record),
        HookWhen::OnFailure => ("failure", Phase::Record),
    };
    let id = format!("hook.{list}.{}", nth + 1);
    let step = Step {
        id: id.clone(),
        phase,
        droplet: droplet.name.clone(),
        title: format!("hook \"{}\": {} ({place})", hook.name, shorten(&words(&hook.cmd), 80)),
        actions: vec![action],
        undo: Undo::NotNeeded("what a hook does is its own affair".into()),
        timeout: hook.timeout.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
    };
    Section { id, droplet: droplet.name.clone(), critical: false, steps: vec![step] }
}

/// In the stack's directory; before a first deploy, and after one that was taken back, there is none.
pub(crate) const IN_STACK: Program = Program::shell(
    "hook",
    &[r#"
cd -- "$1" 2>/dev/null || cd /
shift
exec "$@"
"#],
);

/// A command as a person reads it.
pub fn words(cmd: &[String]) -> String {
    cmd.iter().map(|word| printable(&quote(word))).collect::<Vec<_>>().join(" ")
}

impl Plan {
    /// Whether programs of the user's own run in it, or may.
    pub fn has_hooks(&self) -> bool {
        let hook = |one: &Section| one.id.starts_with("hook.") || one.laptop_hook().is_some();
        self.sections.iter().chain(&self.on_failure).any(hook)
    }
}

impl Section {
    /// The hook that the laptop runs instead of the droplet.
    pub fn laptop_hook(&self) -> Option<(&Step, &HookCall)> {
        match self.steps.as_slice() {
            [step] => match step.actions.as_slice() {
                [Action::Hook(call)] => Some((step, call)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same hook, told more.
    #[must_use]
    pub fn told(mut self, more: &[(String, String)]) -> Self {
        for action in self.steps.iter_mut().flat_map(|step| &mut step.actions) {
            match action {
                Action::Hook(call) => call.told.extend_from_slice(more),
                Action::Run(cmd) => {
                    *cmd = more.iter().fold(cmd.clone(), |cmd, (name, value)| cmd.env(name, value));
                }
                _ => {}
            }
        }
        self
    }
}
