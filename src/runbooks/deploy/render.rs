//! The compose model of a release: the user's own model, with the image pinned and code taken from the
//! release instead of from the stack's directory. Everything else stays as it is.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::release::Place;
use super::slot;
use super::staged::{Code, Model, Staged};
use crate::facts::ProbeFailure;
use crate::inventory::Stack;

/// A bind mount of the web service that follows the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Relative to the stack's path and to the release's checkout.
    pub path: String,
    pub target: String,
}

/// The binds of the web service that are code. Data, certificates and files with secrets keep
/// pointing at the original place; what cannot be told apart is refused.
///
/// # Errors
/// A declared addons directory that the commit lacks; a path that is partly tracked and partly data
/// (a `./data` with a tracked `.gitkeep` once gave an empty database).
pub fn moved(stack: &Stack, model: &Model, code: &Code, staged: &Staged) -> Result<Vec<Moved>, ProbeFailure> {
    let mut moved = Vec::new();
    let volumes = service(model, &stack.web).and_then(|web| web.get("volumes")).and_then(Value::as_array);
    for volume in volumes.into_iter().flatten() {
        let Some((source, target)) = bind(volume) else { continue };
        let Some(path) = below(stack, source) else { continue };
        let declared =
            stack.addons.iter().any(|addons| path == *addons || path.starts_with(&format!("{addons}/")));
        if declared && !code.has(path) {
            return Err(ProbeFailure {
                why: format!("{path} is declared as addons, and the commit does not have it"),
            });
        }
        let here =
            staged.entries.as_ref().is_some_and(|all| all.contains(path.split('/').next().unwrap_or(path)));
        let tracked = code.has(path);
        match (declared, tracked, here, clean(staged, path)) {
            (true, _, _, _) | (false, true, false, _) | (false, true, true, Some(true)) => {
                moved.push(Moved { path: path.to_owned(), target: target.to_owned() });
            }
            // A file that is tracked and changed on the droplet (odoo.conf with its password) is theirs.
            (false, true, true, Some(false)) if code.tree.iter().any(|entry| entry == path) => {}
            (false, true, true, Some(false)) if !only_keeper(code, path) => {
                return Err(ProbeFailure {
                    why: format!(
                        "{path} holds files of git and files that git does not know: code or data cannot be told apart"
                    ),
                });
            }
            _ => {}
        }
    }
    Ok(moved)
}

/// A directory of data that git keeps alive with a placeholder.
fn only_keeper(code: &Code, path: &str) -> bool {
    let below = format!("{path}/");
    code.tree
        .iter()
        .filter_map(|entry| entry.strip_prefix(&below))
        .all(|name| matches!(name, ".gitkeep" | ".gitignore" | ".keep" | "README.md"))
}

/// Nothing below the path is untracked, ignored or changed; None where the stack is no checkout.
fn clean(staged: &Staged, path: &str) -> Option<bool> {
    let below = format!("{path}/");
    let unclean = staged.unclean.as_ref()?;
    Some(
        !unclean.iter().any(|entry| {
            entry == path || entry.starts_with(&below) || path.starts_with(&format!("{entry}/"))
        }),
    )
}

fn bind(volume: &Value) -> Option<(&str, &str)> {
    (volume.get("type")?.as_str()? == "bind").then_some(())?;
    Some((volume.get("source")?.as_str()?, volume.get("target")?.as_str()?))
}

fn below<'a>(stack: &Stack, source: &'a str) -> Option<&'a str> {
    source.strip_prefix(stack.path.as_str())?.strip_prefix('/').filter(|rest| !rest.is_empty())
}

/// A service of the model.
pub fn service<'a>(model: &'a Model, name: &str) -> Option<&'a Value> {
    model.json.get("services")?.get(name)
}

/// The release's own compose file: the web service in the release's slot, its image by the tag that keeps
/// it, never pulled again; its code from the release's checkout.
pub fn render(model: &Model, place: &Place, stack: &Stack, moved: &[Moved]) -> String {
    let mut json = model.json.clone();
    json["name"] = json!(place.project);
    if let Some(service) = json.get_mut("services").and_then(|all| all.get_mut(&stack.web)) {
        service["image"] = json!(place.kept(&stack.web));
        service["pull_policy"] = json!("never");
        if let Some(object) = service.as_object_mut() {
            object.remove("build");
        }
        for volume in service.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            let path = bind(volume).and_then(|(from, _)| below(stack, from)).map(str::to_owned);
            if let Some(path) = path.filter(|path| moved.iter().any(|one| one.path == *path)) {
                volume["source"] = json!(format!("{}/{path}", place.source));
            }
        }
    }
    slot::place(&mut json, &stack.web, place.slot);
    format!("{json:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Slot;
    use crate::runbooks::deploy::tests::{code, stack, staged};

    fn model(volumes: Value) -> Model {
        let json = json!({"name": "x", "services": {"odoo": {"image": "${I:-a}", "build": {}, "volumes": volumes},
            "db": {"image": "p", "volumes": [{"type": "bind", "source": "/opt/odoo/custom-addons", "target": "/x"}]}}});
        Model { project: "x".into(), json }
    }

    fn binds(paths: &[&str]) -> Value {
        paths
            .iter()
            .map(|p| json!({"type": "bind", "source": format!("/opt/odoo/{p}"), "target": format!("/{p}")}))
            .collect()
    }

    fn moves(paths: &[&str], tree: &[&str], unclean: Option<&[&str]>) -> Result<Vec<String>, String> {
        let mut staged = staged();
        staged.entries = Some(["custom-addons", "data", "odoo.conf", "etc"].map(String::from).into());
        staged.unclean = unclean.map(|list| list.iter().map(|s| s.to_string()).collect());
        let mut code = code();
        code.tree = tree.iter().map(|s| s.to_string()).collect();
        let found = super::moved(&stack(), &model(binds(paths)), &code, &staged);
        found.map(|list| list.into_iter().map(|m| m.path).collect()).map_err(|f| f.why)
    }

    #[test]
    fn declared_addons_and_clean_tracked_files_follow_the_release() {
        let tree = ["custom-addons/a/__manifest__.py", "odoo.conf"];
        assert_eq!(
            moves(&["custom-addons", "odoo.conf"], &tree, Some(&[])),
            Ok(vec!["custom-addons".into(), "odoo.conf".into()])
        );
        // Changed by hand on the droplet: it may hold the password.
        assert_eq!(moves(&["odoo.conf"], &tree, Some(&["odoo.conf"])), Ok(vec![]));
        // No checkout on the droplet: what stands there is not known to be code.
        assert_eq!(moves(&["odoo.conf"], &tree, None), Ok(vec![]));
        assert!(
            moves(&["custom-addons"], &["odoo.conf"], Some(&[])).unwrap_err().contains("does not have it")
        );
    }

    #[test]
    fn data_stays_where_it_is() {
        assert_eq!(moves(&["data"], &["data/.gitkeep"], Some(&["data/filestore"])), Ok(vec![]));
        assert_eq!(moves(&["data"], &["x"], Some(&["data"])), Ok(vec![]));
        assert!(
            moves(&["etc"], &["etc/a.conf", "etc/b.py"], Some(&["etc/secret"]))
                .unwrap_err()
                .contains("told apart")
        );
    }

    #[test]
    fn only_the_web_service_changes() {
        let moved = [Moved { path: "custom-addons".into(), target: "/custom-addons".into() }];
        let model = model(binds(&["custom-addons", "data"]));
        let place = Place {
            id: "r".into(),
            project: "p".into(),
            slot: Slot::A,
            state: "/s".into(),
            dir: "/s/r".into(),
            file: "/s/r/compose.json".into(),
            source: "/s/src".into(),
        };
        let twin: Value =
            serde_json::from_str(&render(&model, &place.clone().in_slot(Slot::B), &stack(), &moved)).unwrap();
        assert_eq!(twin["services"]["odoo-b"]["volumes"][0]["source"], "/s/src/custom-addons");
        let text = render(&model, &place, &stack(), &moved);
        let json: Value = serde_json::from_str(&text).unwrap();
        let web = &json["services"]["odoo"];
        assert_eq!(
            (&web["image"], &web["pull_policy"], web.get("build")),
            (&json!("ops/p:r-odoo"), &json!("never"), None)
        );
        assert_eq!(web["volumes"][0]["source"], "/s/src/custom-addons");
        assert_eq!(web["volumes"][1]["source"], "/opt/odoo/data");
        assert_eq!(json["services"]["db"], model.json["services"]["db"]);
    }
}
