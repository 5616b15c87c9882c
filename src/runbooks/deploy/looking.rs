//! The container in which a release's files are looked at before it is one: its image, its mounts and its checkout, and
//! nothing that writes, serves or reaches out.

use serde_json::{Map, Value, json};

use super::render::Moved;
use super::staged::Model;
use crate::facts::Container;
use crate::inventory::Environment;
use crate::tools::checksums::PROGRAM;

/// What of the service's model says how its files look; nothing that reaches out or serves.
const KEPT: [&str; 9] = [
    "command",
    "configs",
    "env_file",
    "environment",
    "group_add",
    "platform",
    "secrets",
    "user",
    "working_dir",
];

/// Where the release's files are before it is one.
pub(super) struct Look<'a> {
    pub(super) env: &'a Environment,
    pub(super) model: &'a Model,
    /// The container that serves.
    pub(super) live: &'a Container,
    pub(super) moved: &'a [Moved],
    /// The checkout.
    pub(super) source: &'a str,
}

impl Look<'_> {
    /// A compose file with the one service, which only looks.
    pub(super) fn model(&self, service: &Value, image: &str) -> String {
        let mut one = Map::new();
        for key in KEPT {
            one.extend(service.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        let text = PROGRAM.text();
        let program = ["python3", "-c", &text].into_iter().chain(words(service.get("entrypoint")));
        one.insert("entrypoint".into(), program.collect());
        one.insert("image".into(), json!(image));
        one.insert("pull_policy".into(), json!("never"));
        one.insert("network_mode".into(), json!("none"));
        let (volumes, named) = self.volumes(service);
        one.insert("volumes".into(), volumes);
        let mut json = json!({"services": {&self.env.stack.web: one}, "volumes": named});
        for key in ["configs", "secrets"] {
            if let Some(value) = self.model.json.get(key) {
                json[key] = value.clone();
            }
        }
        format!("{json:#}")
    }

    /// The mounts, read-only, and the volumes among them. One that what runs does not have would be made by Docker,
    /// empty: it says nothing of files, and is left out.
    fn volumes(&self, service: &Value) -> (Value, Value) {
        let (mut mounts, mut named) = (Vec::new(), Map::new());
        let all = service.get("volumes").and_then(Value::as_array);
        for volume in all.into_iter().flatten() {
            let text = |key: &str| volume.get(key).and_then(Value::as_str).unwrap_or_default();
            let (source, target) = (text("source"), text("target"));
            let mut mount =
                json!({"type": text("type"), "source": source, "target": target, "read_only": true});
            match text("type") {
                "bind" => {
                    if let Some(path) = self.follows(source) {
                        mount["source"] = json!(format!("{}/{path}", self.source));
                    }
                    mount["bind"] = json!({"create_host_path": false});
                }
                "volume" => {
                    let Some(name) = self.volume(target) else { continue };
                    named.insert(source.to_owned(), json!({"external": true, "name": name}));
                }
                _ => continue,
            }
            mounts.push(mount);
        }
        (Value::Array(mounts), Value::Object(named))
    }

    /// The path in the checkout of a mount that follows the release.
    fn follows<'b>(&self, source: &'b str) -> Option<&'b str> {
        let path = source.strip_prefix(self.env.stack.path.as_str())?.strip_prefix('/')?;
        self.moved.iter().any(|one| one.path == path).then_some(path)
    }

    /// The volume that what runs has there.
    fn volume(&self, target: &str) -> Option<&str> {
        let here = |mount: &&crate::facts::ContainerMount| mount.kind == "volume" && mount.target == target;
        self.live.mounts.iter().find(here).map(|mount| mount.source.as_str())
    }
}

/// The words of a command, as a list or as one text.
pub(super) fn words(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let text = value.and_then(Value::as_str).into_iter().flat_map(str::split_whitespace);
    list.chain(text)
}
