//! Which programs hooks are, and what they find around them.
//!
//! What runs is what this laptop's own, trusted inventory says. A plan that came back from a droplet only
//! says which of its hooks; one that is not known here is refused.

use std::collections::BTreeMap;

use crate::inventory::{Hook, HookPlace, Hooks};
use crate::plan::{HookCall, VARIABLES};
use crate::text;

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
        let told = call.told.iter().filter(|(name, _)| name.starts_with(VARIABLES));
        let told = told.map(|(name, value)| (text::printable(name), text::printable(value)));
        let own = self.vars.iter().map(|(name, value)| (name.clone(), value.clone()));
        own.chain(told).collect()
    }
}
