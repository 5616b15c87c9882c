//! The compose file of the ref, as `docker compose config` on the droplet sees it.

use crate::checks::{Check, Subject, Verdict, some_of};
use crate::inventory::{Role, Severity};
use crate::runbooks::deploy::Staged;

pub(super) const CHECK: Check =
    Check { id: "compose.model", title: "compose file", severity: Severity::Critical, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let Some(staged) = subject.staged else { return Verdict::skip("nothing was fetched") };
    let files = some_of(subject.droplet.compose.iter().map(|file| file.as_str()), 5);
    let model = match &staged.model {
        Ok(model) => model,
        Err(failure) if matches!(staged.code, Some(Err(_))) => return Verdict::skip(&failure.why),
        Err(failure) => {
            if let Some(verdict) = absent(subject, staged) {
                return verdict;
            }
            let fix = format!(
                "in a checkout of the ref: docker compose config; stack.compose in the inventory names {files}"
            );
            return Verdict::fail(&failure.why, fix);
        }
    };
    let services: Vec<&str> = model
        .json
        .get("services")
        .and_then(|s| s.as_object())
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let stack = &subject.env.stack;
    let (key, name) = match subject.has(Role::Web) {
        true => ("stack.web", stack.web.as_str()),
        false => ("stack.db", stack.db.as_str()),
    };
    if !services.contains(&name) {
        return Verdict::fail(
            format!("{files} has no service {name}, but {}", some_of(services, 8)),
            format!(
                "{key} in the inventory must name a service of these files; a droplet can have `compose` of its own"
            ),
        );
    }
    if let Some(other) = other_files(subject) {
        return Verdict::warn(
            format!("the running containers were made from {other}, and the inventory names {files}"),
            "compare the two in the plan before you approve it; name the right files in stack.compose, or in the droplet's own compose",
        );
    }
    Verdict::pass(format!("{files}, project {}: {}", model.project, some_of(services, 8)))
}

/// A compose file of the inventory that the commit does not have.
fn absent(subject: &Subject<'_>, staged: &Staged) -> Option<Verdict> {
    let code = staged.code.as_ref()?.as_ref().ok()?;
    let file = subject.droplet.compose.iter().find(|file| !code.has(file.as_str()))?;
    Some(Verdict::fail(
        format!("{} has no {file}", code.r#ref),
        "stack.compose in the inventory names the compose files; add the file to the ref, or deploy another ref",
    ))
}

/// Files by hand that are not the inventory's: a stack of which another part runs here. Only before the
/// first release, because a release has its own file.
fn other_files(subject: &Subject<'_>) -> Option<String> {
    let Ok(state) = &subject.facts.state else { return None };
    if !state.releases.is_empty() {
        return None;
    }
    let name = if subject.has(Role::Web) { &subject.env.stack.web } else { &subject.env.stack.db };
    let running = &subject.facts.container(name)?.config_files;
    let wanted: Vec<String> =
        subject.droplet.compose.iter().map(|file| format!("{}/{file}", subject.env.stack.path)).collect();
    (!running.is_empty() && *running != wanted).then(|| some_of(running.iter(), 5))
}
