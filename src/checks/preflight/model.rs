//! The compose file of the ref, as `docker compose config` on the droplet sees it.

use crate::checks::{Check, Subject, Verdict, some_of};
use crate::inventory::Severity;
use crate::runbooks::deploy::Staged;

pub(super) const CHECK: Check =
    Check { id: "compose.model", title: "compose file", severity: Severity::Critical, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let Some(staged) = subject.staged else { return Verdict::skip("nothing was fetched") };
    let files = some_of(subject.env.stack.compose.iter().map(|file| file.as_str()), 5);
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
    let web = subject.env.stack.web.as_str();
    if !services.contains(&web) {
        return Verdict::fail(
            format!("{files} has no service {web}, but {}", some_of(services, 8)),
            "stack.web in the inventory must name the service of Odoo",
        );
    }
    Verdict::pass(format!("{files}, project {}: {}", model.project, some_of(services, 8)))
}

/// A compose file of the inventory that the commit does not have.
fn absent(subject: &Subject<'_>, staged: &Staged) -> Option<Verdict> {
    let code = staged.code.as_ref()?.as_ref().ok()?;
    let file = subject.env.stack.compose.iter().find(|file| !code.has(file.as_str()))?;
    Some(Verdict::fail(
        format!("{} has no {file}", code.r#ref),
        "stack.compose in the inventory names the compose files; add the file to the ref, or deploy another ref",
    ))
}
