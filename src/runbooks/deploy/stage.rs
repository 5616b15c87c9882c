//! The stage: one round trip that fetches the new ref into ops' own cache and reads it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::kept;
use super::staged::{Change, Code, Commit, Model, Resolved, Staged};
use crate::cmd::{Cmd, quote};
use crate::facts::{Facts, Probe, ProbeFailure};
use crate::frames::{self, Part};
use crate::inventory::{Droplet, Environment, Role, Stack, Value};
use crate::plan::Layer;
use crate::plan::env_quote;
use crate::program::Program;
use crate::text;
use crate::tools::odoo::ADDONS;

pub(crate) const STAGE: Program = Program::shell(
    "deploy.stage",
    &[frames::SHELL, include_str!("../../tools/json.sh"), include_str!("stage.sh")],
)
.reads(&[
    "nonce",
    "dir",
    "project",
    "path",
    "remote",
    "ref",
    "running",
    "owner",
    "image",
    "web",
    "compose",
    "profiles",
    "config_files",
    "pulled",
    "planned_env",
    "known",
    "kept",
    "kept_sha",
    "since",
    "catalog",
    "live",
    "db",
    "database",
]);

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Branch, tag or commit; the inventory's where it is None.
    pub git_ref: Option<String>,
    /// Instead of the compose file's image of the web service.
    pub image: Option<String>,
    /// A release that the droplets kept, instead of anything new.
    pub release: Option<Held>,
}

/// A kept release, and whose data is left for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    pub id: String,
    pub sha: Option<String>,
    /// The release that let users in to the data that would be left.
    pub since: Option<String>,
    /// Its modules are asked for.
    pub modules: bool,
}

impl Wanted {
    /// The same once more on a command line, with a blank before each option.
    pub(super) fn options(&self) -> String {
        let option = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(" {name} {}", quote(value))).unwrap_or_default()
        };
        option("--ref", &self.git_ref) + &option("--image", &self.image)
    }
}

/// The script of the stage for one droplet.
pub fn script(
    env: &Environment,
    droplet: &Droplet,
    facts: &Facts,
    wanted: &Wanted,
    project: &str,
    nonce: &str,
) -> Cmd {
    let stack = &env.stack;
    let git = stack.git.as_ref();
    let lines =
        |paths: &[camino::Utf8PathBuf]| paths.iter().map(|p| p.as_str()).collect::<Vec<_>>().join("\n");
    let (web, held) = (facts.web(&stack.web), wanted.release.as_ref());
    let values = [
        ("nonce", nonce.to_owned()),
        ("dir", format!("{}/{project}", env.state_dir)),
        ("project", project.to_owned()),
        ("path", stack.path.to_string()),
        ("remote", git.map(|git| git.remote.clone()).unwrap_or_default()),
        ("ref", wanted.git_ref.clone().or_else(|| git.map(|git| git.r#ref.clone())).unwrap_or_default()),
        ("running", running(facts).unwrap_or_default()),
        ("owner", facts.stack.as_ref().map(|stack| stack.owner.clone()).unwrap_or_default()),
        ("image", wanted.image.clone().unwrap_or_default()),
        ("web", stack.web.clone()),
        ("compose", lines(&droplet.compose)),
        ("profiles", stack.profiles.join("\n")),
        ("config_files", web.map(|c| c.config_files.join("\n")).unwrap_or_default()),
        ("pulled", services(env, droplet, facts)),
        ("planned_env", planned_env(stack)),
        ("known", known(facts)),
        ("kept", held.map(|held| held.id.clone()).unwrap_or_default()),
        ("kept_sha", held.and_then(|held| held.sha.clone()).unwrap_or_default()),
        ("since", held.and_then(|held| held.since.clone()).unwrap_or_default()),
        ("catalog", if held.is_some_and(|held| held.modules) { ADDONS.text() } else { String::new() }),
        ("live", web.map(|c| c.service.clone()).unwrap_or_default()),
        ("db", stack.db.clone()),
        ("database", stack.database.clone()),
    ];
    Cmd::piped_script(STAGE, &values)
}

/// What the running release means by its image references: `reference id`, one a line.
fn known(facts: &Facts) -> String {
    let images = facts.current_release().into_iter().flat_map(|release| release.images.values());
    images.map(|image| format!("{} {}", image.name, image.id)).collect::<Vec<_>>().join("\n")
}

/// The `.env` that a first deploy would write, without its secrets.
fn planned_env(stack: &Stack) -> String {
    let line = |(name, value): (&String, &Value)| match value {
        Value::Plain(text) => format!("{name}={}", env_quote(text)),
        Value::Secret(_) => format!("{name}=secret"),
    };
    stack.env.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Services whose image this droplet pulls: Odoo's, and the database's where none was started yet.
fn services(env: &Environment, droplet: &Droplet, facts: &Facts) -> String {
    let stack = &env.stack;
    let web = droplet.roles.contains(&Role::Web).then_some(stack.web.as_str());
    let starts = droplet.roles.contains(&Role::Db) && facts.container(&stack.db).is_none();
    let db = starts.then_some(stack.db.as_str());
    web.into_iter().chain(db).collect::<Vec<_>>().join("\n")
}

/// The commit that runs: of the current release, else of the checkout the stack was started from.
pub fn running(facts: &Facts) -> Option<String> {
    if let Some(release) = facts.current_release() {
        return release.sha.clone();
    }
    facts.container_any()?;
    Some(facts.stack.as_ref().ok()?.git.as_ref()?.head.clone())
}

/// The repository was read and has no such ref; said by `stage.sh`.
const NO_SUCH_REF: i32 = 44;
/// A part that `stage.sh` had to cut.
const CUT: i32 = 90;

pub(super) type Parts = BTreeMap<String, Part>;

/// Reads the stage's answer of a droplet with these facts.
pub fn parse(nonce: &str, stdout: &[u8], wanted: &Wanted, git_ref: &str, of: (&Facts, &Droplet)) -> Staged {
    let parts = frames::parse(nonce, stdout);
    match &wanted.release {
        Some(held) => kept::parse(&parts, of.0, &of.1.roles, &held.id),
        None => fetched(&parts, git_ref),
    }
}

fn fetched(parts: &Parts, wanted: &str) -> Staged {
    let has_code = parts.contains_key("fetch");
    Staged {
        code: has_code.then(|| code(parts, wanted)),
        unknown_ref: parts.get("sha").is_some_and(|part| part.code == NO_SUCH_REF),
        model: model(parts, "model", ["volumes", "ports"]),
        running_model: running_model(parts),
        images: images(parts),
        entries: good(parts, "entries").ok().map(|part| part.text().lines().map(str::to_owned).collect()),
        unclean: good(parts, "status").ok().map(|part| unclean(&part.text())),
        kept: None,
        checksums: None,
    }
}

pub(super) fn running_model(parts: &Parts) -> Option<Probe<Model>> {
    let lists = ["running_volumes", "running_ports"];
    parts.contains_key("running_model").then(|| model(parts, "running_model", lists))
}

/// Commits of a part, none where it is not there.
pub(super) fn commits(parts: &Parts, name: &str) -> Vec<Commit> {
    let text = good(parts, name).map(Part::text).unwrap_or_default();
    text.lines().filter_map(commit).collect()
}

pub(super) fn good<'a>(parts: &'a Parts, name: &str) -> Probe<&'a Part> {
    match parts.get(name) {
        Some(part) if part.code == 0 => Ok(part),
        Some(part) => Err(ProbeFailure { why: reason(name, part) }),
        None => Err(ProbeFailure { why: format!("not reached ({name})") }),
    }
}

fn reason(name: &str, part: &Part) -> String {
    let lines: Vec<_> = text::lines(&part.bytes).into_iter().filter(|line| !line.trim().is_empty()).collect();
    let said = lines[lines.len().saturating_sub(4)..].join(" / ");
    match (name, part.code) {
        ("fetch", 124) => "git did not answer within 300 s".into(),
        // The reason comes first; git's advice after it fits every reason.
        ("fetch", _) => format!("git cannot fetch: {}", lines[..lines.len().min(2)].join(" / ")),
        (_, CUT) => format!("its answer is longer than 4 MB ({name})"),
        ("sha", NO_SUCH_REF) => "no such branch, tag or commit".into(),
        _ => said,
    }
}

fn code(parts: &Parts, wanted: &str) -> Probe<Code> {
    good(parts, "fetch")?;
    let sha = good(parts, "sha")
        .map_err(|failure| ProbeFailure {
            why: format!("{} in the repository: {}", failure.why, text::printable(wanted)),
        })?
        .text()
        .trim()
        .to_owned();
    let kilobytes: u64 = good(parts, "checkout")?.text().trim().parse().unwrap_or_default();
    let lines = |name: &str| -> Probe<Vec<String>> {
        Ok(good(parts, name)?.text().lines().map(str::to_owned).collect())
    };
    // Without the commit that runs there is nothing to compare with; with it, a comparison that failed is
    // no "nothing changed".
    let running = parts.contains_key("running");
    let compared = |name: &str| if running { lines(name) } else { Ok(Vec::new()) };
    Ok(Code {
        r#ref: wanted.to_owned(),
        sha,
        subject: lines("subject")?.first().map(|line| text::printable(line)).unwrap_or_default(),
        running: compared("running")?.first().cloned(),
        incoming: compared("incoming")?.iter().filter_map(|line| commit(line)).collect(),
        dropped: compared("dropped")?.iter().filter_map(|line| commit(line)).collect(),
        changed: compared("changed")?.iter().filter_map(|line| change(line)).collect(),
        models: compared("models")?.into_iter().collect(),
        submodules: compared("submodules")?.into_iter().collect(),
        versions: compared("versions")?.into_iter().collect(),
        tree: lines("tree")?,
        bytes: kilobytes * 1024,
    })
}

fn commit(line: &str) -> Option<Commit> {
    let (sha, subject) = line.split_once(' ')?;
    Some(Commit { sha: sha.to_owned(), subject: text::printable(subject) })
}

fn change(line: &str) -> Option<Change> {
    let (kind, path) = line.split_once('\t')?;
    Some(Change { kind: kind.chars().next()?, path: path.to_owned() })
}

/// Paths of `git status --porcelain`: two letters, a blank, the path.
fn unclean(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.get(3..)).map(|path| path.trim_end_matches('/').to_owned()).collect()
}

/// `lists`: the parts with the resolved volumes and ports.
fn model(parts: &Parts, name: &str, lists: [&str; 2]) -> Probe<Model> {
    let part = good(parts, name)?;
    // The names part fails where a variable is missing, which makes the model as useless.
    if name == "model" {
        good(parts, "names")?;
    }
    let mut json: Json = serde_json::from_slice(&part.bytes)
        .map_err(|error| ProbeFailure { why: format!("docker compose config printed no JSON: {error}") })?;
    for (part, key) in lists.into_iter().zip(["volumes", "ports"]) {
        let text = good(parts, part)?.text();
        for (service, list) in text.lines().filter_map(|line| line.split_once('\t')) {
            let list: Json = serde_json::from_str(list)
                .map_err(|error| ProbeFailure { why: format!("the {key} cannot be read: {error}") })?;
            if let Some(service) = json.pointer_mut("/services").and_then(|all| all.get_mut(service)) {
                service[key] = list;
            }
        }
    }
    let project = json.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Model { project, json })
}

fn images(parts: &Parts) -> BTreeMap<String, Probe<Resolved>> {
    let mut described = BTreeMap::new();
    for n in 1.. {
        let Some(name) = parts.get(&format!("imagename.{n}")) else { break };
        if let Some(part) = parts.get(&format!("image.{n}")) {
            described.insert(name.text(), resolved(&name.text(), part));
        }
    }
    let Some(list) = parts.get("images") else { return BTreeMap::new() };
    let pairs = list.text().lines().filter_map(|line| line.split_once(' ').map(own)).collect::<Vec<_>>();
    pairs
        .into_iter()
        .map(|(service, image)| {
            let answer = described.get(&image).cloned();
            (service, answer.unwrap_or_else(|| Err(ProbeFailure { why: "not reached".into() })))
        })
        .collect()
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

/// The registry's manifest, a line `--`, the droplet's own copy.
fn resolved(reference: &str, part: &Part) -> Probe<Resolved> {
    let text = part.text();
    let (remote, local) = text.rsplit_once("\n--\n").unwrap_or((&text, ""));
    let (local_id, digests) = match local.trim().split_once(' ') {
        Some((id, digests)) => (Some(id.to_owned()), digests.lines().next().unwrap_or_default().to_owned()),
        None => (None, String::new()),
    };
    if part.code != 0 {
        let fault = text::tail(remote.as_bytes(), 2).join(" / ");
        return match local_id {
            Some(id) => Ok(Resolved {
                reference: reference.to_owned(),
                digest: None,
                layers: Vec::new(),
                local_id: Some(id),
                present: true,
                registry_fault: Some(fault),
            }),
            None => Err(ProbeFailure { why: format!("{}: {fault}", text::printable(reference)) }),
        };
    }
    let manifest = manifest(remote).ok_or_else(|| ProbeFailure {
        why: format!("{}: the manifest cannot be read", text::printable(reference)),
    })?;
    let digest = manifest.pointer("/Descriptor/digest").and_then(Json::as_str).map(str::to_owned);
    let layers = layers(&manifest);
    let present = digest.as_deref().is_some_and(|digest| digests.contains(digest))
        || (local_id.is_some()
            && manifest_config(&manifest).is_some_and(|id| Some(id) == local_id.as_deref()));
    Ok(Resolved { reference: reference.to_owned(), digest, layers, local_id, present, registry_fault: None })
}

/// One manifest, or of several the one for Linux on the usual processor.
fn manifest(text: &str) -> Option<Json> {
    match serde_json::from_str(text).ok()? {
        Json::Array(list) => list.into_iter().find(|one| {
            let platform = |key| one.pointer(&format!("/Descriptor/platform/{key}")).and_then(Json::as_str);
            platform("os") == Some("linux") && platform("architecture") == Some("amd64")
        }),
        one => Some(one),
    }
}

fn manifest_config(manifest: &Json) -> Option<&str> {
    ["SchemaV2Manifest", "OCIManifest"]
        .iter()
        .find_map(|kind| manifest.pointer(&format!("/{kind}/config/digest"))?.as_str())
}

fn layers(manifest: &Json) -> Vec<Layer> {
    let list = ["SchemaV2Manifest", "OCIManifest"]
        .iter()
        .find_map(|kind| manifest.get(kind)?.get("layers")?.as_array());
    list.into_iter()
        .flatten()
        .filter_map(|layer| {
            let digest = layer.get("digest")?.as_str()?.strip_prefix("sha256:")?;
            Some(Layer { id: digest.get(..12)?.to_owned(), bytes: layer.get("size")?.as_u64()? })
        })
        .collect()
}
