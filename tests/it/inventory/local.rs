//! The inventory that a droplet gets of itself: it can be read, means the same, and holds nothing that it must not.

use std::path::Path;

use ops::inventory::{Environment, Value, local};

use super::{EXAMPLE, SMALL, parse};

fn read(env: &Environment) -> (Environment, Vec<(String, Value)>) {
    let own = local(env, |value| format!("NOTIFY_{}", format!("{value:?}").len()));
    let read = ops::inventory::parse(&own.yaml, Path::new("/x/ops.yaml"), Path::new("/x"));
    let inventory = read.unwrap_or_else(|error| panic!("{error}\n{}", own.yaml));
    assert_eq!(inventory.environments.len(), 1);
    (inventory.environment(&env.name).unwrap().clone(), own.values)
}

#[test]
fn what_health_looks_at_is_the_same_there() {
    for text in [SMALL, EXAMPLE] {
        // Several droplets have no schedule.
        for env in parse(text).unwrap().environments.values().filter(|env| env.droplets.len() == 1) {
            let (own, _) = read(env);
            assert_eq!((&own.health, &own.checks, &own.targets), (&env.health, &env.checks, &env.targets));
            assert_eq!((&own.modules, &own.url, &own.state_dir), (&env.modules, &env.url, &env.state_dir));
            assert_eq!((&own.proxy, &own.deploy, &own.project), (&env.proxy, &env.deploy, &env.project));
            assert_eq!(own.protected, env.protected);
            let stack = ops::inventory::Stack { env: Default::default(), ..env.stack.clone() };
            assert_eq!(own.stack, stack);
            let places =
                |env: &Environment| env.backup.offsite.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
            assert_eq!((places(&own), &own.backup.keep), (places(env), &env.backup.keep));
            let roles =
                |env: &Environment| env.droplets.iter().map(|one| one.roles.clone()).collect::<Vec<_>>();
            assert_eq!(roles(&own), roles(env));
        }
    }
}

#[test]
fn keys_variables_hooks_and_deaf_channels_stay_at_home() {
    let inventory = parse(EXAMPLE).unwrap();
    let env = inventory.environment("prod").unwrap();
    let hearing = env.notify.iter().filter(|one| format!("{:?}", one.on).contains("Health")).count();
    assert!(hearing > 0 && hearing < env.notify.len(), "the example has both");
    let (own, values) = read(env);
    assert_eq!(own.notify.len(), hearing);
    assert!(own.hooks.all().next().is_none() && own.stack.env.is_empty());
    assert!(own.backup.offsite.iter().all(|place| place.env.is_empty()));
    assert!(own.notify.iter().flat_map(ops::inventory::Notify::values).all(|value| {
        matches!(value, Value::Secret(ops::inventory::Source::Env(name)) if values.iter().any(|(known, _)| known == name))
    }));
    let text = local(env, |_| "NOTIFY_1".to_owned()).yaml;
    for secret in ["identity", "ssh", "/usr/bin/pass", "cmd:"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
}
