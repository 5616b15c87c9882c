//! The user's own programs before and after a run. Deliberately absent: running them (`execute`), and
//! secrets: the words of a hook are plain, and a program that needs a secret fetches it itself.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::build::Base;
use super::raw;
use super::words::{Checked, duration};

/// The longest a hook may take: it holds the lock of the stack.
const LONGEST: Duration = Duration::from_secs(3600);

/// Lists of hooks, each run in its order.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Hooks {
    /// Where those of the laptop run: the directory of the inventory.
    pub dir: PathBuf,
    pub pre_deploy: Vec<Hook>,
    pub post_deploy: Vec<Hook>,
    pub on_failure: Vec<Hook>,
}

impl Hooks {
    pub fn of(&self, when: HookWhen) -> &[Hook] {
        match when {
            HookWhen::PreDeploy => &self.pre_deploy,
            HookWhen::PostDeploy => &self.post_deploy,
            HookWhen::OnFailure => &self.on_failure,
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Hook> {
        HookWhen::ALL.into_iter().flat_map(|when| self.of(when))
    }
}

/// A program with its arguments; no shell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hook {
    /// Shown; not unique.
    pub name: String,
    /// Never empty. On the laptop, a program with a slash is an absolute path.
    pub cmd: Vec<String>,
    pub on: HookPlace,
    /// 1 s to 1 h.
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HookPlace {
    #[default]
    Laptop,
    /// The first web droplet, in the stack's directory.
    Droplet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookWhen {
    PreDeploy,
    PostDeploy,
    OnFailure,
}

impl HookWhen {
    pub const ALL: [HookWhen; 3] = [HookWhen::PreDeploy, HookWhen::PostDeploy, HookWhen::OnFailure];

    /// The key of the inventory.
    pub fn key(self) -> &'static str {
        match self {
            HookWhen::PreDeploy => "pre_deploy",
            HookWhen::PostDeploy => "post_deploy",
            HookWhen::OnFailure => "on_failure",
        }
    }
}

pub(super) fn resolve(raw: raw::Hooks, base: Base<'_>) -> Hooks {
    let list = |list: Option<Vec<raw::Hook>>| {
        list.unwrap_or_default().into_iter().map(|raw| hook(raw, base)).collect()
    };
    Hooks {
        dir: base.directory.to_owned(),
        pre_deploy: list(raw.pre_deploy),
        post_deploy: list(raw.post_deploy),
        on_failure: list(raw.on_failure),
    }
}

fn hook(raw: raw::Hook, base: Base<'_>) -> Hook {
    let (on, cmd) = (raw.on.unwrap_or_default(), raw.cmd.0);
    Hook {
        name: raw.name.map_or_else(|| name_of(&cmd), |name| name.0),
        cmd: if on == HookPlace::Laptop { base.command(cmd) } else { cmd },
        on,
        timeout: raw.timeout.map_or(Duration::from_secs(300), |limit| limit.0),
    }
}

/// What a hook without a name is called: the program's name, as far as it is one.
fn name_of(cmd: &[String]) -> String {
    let file = cmd.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    let fine = |c: &char| c.is_alphanumeric() || "._-".contains(*c);
    let name: String = file.chars().skip_while(|c| !c.is_alphanumeric()).filter(fine).take(40).collect();
    if name.is_empty() { "hook".to_owned() } else { name }
}

/// 1 s to 1 h.
pub(super) fn limit(text: &str) -> Checked<Duration> {
    match duration(text)? {
        time if time < Duration::from_secs(1) => Err("a hook has at least 1 s".to_owned()),
        time if time > LONGEST => Err("a hook has at most 1 h: it holds the lock of the stack".to_owned()),
        time => Ok(time),
    }
}
