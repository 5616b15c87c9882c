//! config.example.yaml is the documented schema: it is read, complete, and true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{EXAMPLE, parse};

#[test]
fn the_example_is_a_valid_inventory() {
    let inventory = parse(EXAMPLE).unwrap();
    assert_eq!(inventory.environments.keys().collect::<Vec<_>>(), ["dev", "prod", "staging"]);
}

#[test]
fn the_inventory_of_the_lab_is_valid() {
    parse(include_str!("../../../lab/ops.yaml")).unwrap();
}

/// A key nobody knows, put into every mapping of the example, makes the reader say what it knows
/// there. All of that must stand in the example, in a mapping of the same kind.
#[test]
fn every_key_that_is_known_is_in_the_example() {
    let example: Value = serde_yaml::from_str(EXAMPLE).unwrap();
    let mut mappings = Vec::new();
    collect(&example, &mut Vec::new(), &mut mappings);
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in mappings {
        let mut changed = example.clone();
        let mapping = at(&mut changed, &path);
        let kind = kind(&path);
        given.entry(kind.clone()).or_default().extend(mapping.keys().cloned());
        mapping.insert("zzz".to_owned(), Value::from("zzz"));
        let Err(error) = parse(&changed.to_string()) else {
            // A mapping whose keys are the user's own names, such as `stack.env`.
            assert!(
                ["environments.*.stack.env", "environments.*.backup.offsite.*.env"].contains(&&*kind),
                "{kind}"
            );
            continue;
        };
        let Some(list) = error.why.iter().find_map(|why| why.strip_prefix("known here: ")) else {
            // `environments` itself, and references to secrets, which allow one key only.
            assert!(kind == "environments" || error.what.contains("one origin"), "{kind}: {error:?}");
            continue;
        };
        assert!(error.what.contains("unknown key `zzz`"), "{}", error.what);
        known.entry(kind).or_default().extend(list.split(", ").map(str::to_owned));
    }
    assert!(known.len() >= 12, "only {} kinds of mapping were found", known.len());
    // The keys of `ssh:`, `deploy:`, `backup:` and `health:` may be given in two places; one of them shows them all.
    let same = |kind: &str| {
        kind.replace("environments.*.ssh", "defaults.ssh")
            .replace("defaults.deploy", "environments.*.deploy")
            .replace("defaults.backup", "environments.*.backup")
            .replace("defaults.health", "environments.*.health")
    };
    for (kind, keys) in known {
        let shown: BTreeSet<_> =
            given.iter().filter(|(k, _)| same(k) == same(&kind)).flat_map(|(_, keys)| keys.clone()).collect();
        assert_eq!(keys.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in {kind}");
    }
}

/// `key: value  # default: d` is true when leaving the key out, and writing `d`, mean the same.
#[test]
fn every_default_in_the_example_is_true() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut tried = 0;
    for (i, line) in lines.iter().enumerate() {
        let Some((head, comment)) = line.split_once("# default: ") else { continue };
        let default = comment.split("  - ").next().unwrap().trim();
        let key = &head[..=head.find(':').unwrap()];
        let with = |line: &str| {
            let mut lines = lines.clone();
            lines[i] = line;
            let inventory = parse(&lines.join("\n")).unwrap_or_else(|e| panic!("line {}: {e:?}", i + 1));
            inventory.environments
        };
        // What the other levels say must not hide the default.
        assert_eq!(with(&format!("{key} {default}")), with(""), "line {}: {line}", i + 1);
        tried += 1;
    }
    assert!(tried >= 15, "only {tried} defaults were found");
}

/// Every key has a comment, unless its mapping shows keys that were explained before.
#[test]
fn every_key_of_the_first_environment_is_explained_once() {
    let mut explained = BTreeSet::new();
    let full = EXAMPLE.split("  # The same, short").next().unwrap();
    for line in full.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let Some((key, _)) = line.split_once(':') else { continue };
        let key = key.trim_start_matches([' ', '-']).to_owned();
        if line.contains('#') || key == "environments" {
            explained.insert(key);
        } else {
            assert!(explained.contains(&key), "`{key}` is not explained");
        }
    }
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            found.push(path.clone());
            map.iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => return,
    };
    for (step, child) in children {
        path.push(step);
        collect(child, path, found);
        path.pop();
    }
}

fn at<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Map<String, Value> {
    let mut value = value;
    for step in path {
        value = match value {
            Value::Object(map) => map.get_mut(step).unwrap(),
            Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
            _ => unreachable!(),
        };
    }
    value.as_object_mut().unwrap()
}

/// `environments.prod.droplets.0` is of the kind `environments.*.droplets.*`.
fn kind(path: &[String]) -> String {
    let mut steps = path.to_vec();
    if steps.len() > 1 && steps[0] == "environments" {
        steps[1] = "*".to_owned();
    }
    for step in &mut steps {
        if step.parse::<usize>().is_ok() {
            *step = "*".to_owned();
        }
    }
    steps.join(".")
}
