//! Which programs hooks are, and what they find around them.
//!
//! What runs is what this laptop's own, trusted inventory says. A plan that came back from a droplet only
//! says which of its hooks; one that is not known here is refused.

use std::collections::BTreeMap;

use crate::inventory::{Hook, HookPlace, Hooks};
use crate::plan::HookCall;
use crate::text;

/// All that a hook may be told. What the laptop's own environment has under these names is of another run, in
/// a hook of which this `ops` runs.
const TOLD: [&str; 11] = [
    "OPS_ENV",
    "OPS_RUN",
    "OPS_HOOK",
    "OPS_RELEASE",
    "OPS_REF_SHA",
    "OPS_OPERATOR",
    "OPS_REASON",
    "OPS_EXIT",
    "OPS_ERROR",
    "OPS_FAILED_STEP",
    "OPS_FAILED_DROPLET",
];

/// This laptop, as far as hooks need it.
#[derive(Debug)]
pub struct Laptop<'a> {
    pub hooks: &'a Hooks,
    /// Its environment.
    pub vars: &'a BTreeMap<String, String>,
}

impl Laptop<'_> {
    /// `None`: this inventory knows no such hook of the laptop.
    pub(super) fn hook(&self, call: &HookCall) -> Option<&Hook> {
        let hook = self.hooks.of(call.when).get(call.nth)?;
        (hook.on == HookPlace::Laptop && hook.cmd == call.cmd).then_some(hook)
    }

    /// What the program finds in its environment: the laptop's own, and what it is told.
    pub(super) fn vars(&self, call: &HookCall) -> BTreeMap<String, String> {
        let told = call.told.iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
        let told = told.map(|(name, value)| (name.clone(), text::printable(value)));
        let own = self.vars.iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
        own.map(|(name, value)| (name.clone(), value.clone())).chain(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::HookWhen;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_hook_finds_the_laptops_own_variables_and_of_another_run_nothing() {
        let vars =
            pairs(&[("PATH", "/bin"), ("OPS_CONFIG", "a"), ("OPS_RUN", "other"), ("OPS_ERROR", "other")]);
        let vars = vars.into_iter().collect();
        let laptop = Laptop { hooks: &Hooks::default(), vars: &vars };
        // A plan that comes back from a droplet cannot choose where programs and inventories are found.
        let told = pairs(&[("OPS_RUN", "this\u{1b}[2J"), ("PATH", "/evil"), ("OPS_CONFIG", "/evil")]);
        let call = HookCall { when: HookWhen::PreDeploy, nth: 0, cmd: vec!["x".into()], told };
        let found: Vec<_> = laptop.vars(&call).into_iter().collect();
        let run = crate::text::printable("this\u{1b}[2J");
        assert_eq!(found, pairs(&[("OPS_CONFIG", "a"), ("OPS_RUN", &run), ("PATH", "/bin")]));
        assert!(!run.contains('\u{1b}'));
    }
}
