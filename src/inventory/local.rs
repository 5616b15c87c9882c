//! An environment as its droplet itself would describe it: for an `ops` that runs there and looks at its health.
//!
//! Deliberately absent: what changes anything (hooks, the variables of `.env`), what opens repositories off site, ssh, and
//! channels that hear nothing of health.

use serde_json::json;

use super::hooks::Hooks;
use super::model::{Address, Become, Environment, Source, Value};
use super::node::Node;
use super::notify::NotifyOn;
use super::resolved::body;

/// An inventory of one environment, and what it names only by the variables that hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    pub yaml: String,
    /// Addresses and passwords of the channels that hear of health, by the names of their variables, each once.
    pub values: Vec<(String, Value)>,
}

/// `name`: the variable of a value, the same for the same one.
pub fn local(env: &Environment, name: impl Fn(&Value) -> String) -> Local {
    let mut env = env.clone();
    let mut values: Vec<(String, Value)> = Vec::new();
    let mut keep = |value: &mut Value| {
        let name = name(value);
        let kept = std::mem::replace(value, Value::Secret(Source::Env(name.clone())));
        if values.iter().all(|(known, _)| *known != name) {
            values.push((name, kept));
        }
    };
    env.notify.retain(|channel| channel.on.contains(&NotifyOn::Health));
    for channel in &mut env.notify {
        channel.on = vec![NotifyOn::Health];
        keep(&mut channel.url);
        channel.smtp.iter_mut().filter_map(|smtp| smtp.password.as_mut()).for_each(&mut keep);
    }
    env.droplets.iter_mut().for_each(|droplet| droplet.address = Address::Local { r#become: Become::No });
    env.hooks = Hooks::default();
    env.stack.env.clear();
    env.backup.offsite.iter_mut().for_each(|place| place.env.clear());
    let whole = Node::map([
        ("version", json!(1).into()),
        ("project", json!(env.project).into()),
        ("environments", Node::map([(&*env.name, body(&env))])),
    ]);
    Local { yaml: whole.yaml(), values }
}
