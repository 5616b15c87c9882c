//! The user's hooks around a deploy: what they are told, and where they stand in the plan.

use super::Inputs;
use super::work::Work;
use crate::inventory::HookWhen;
use crate::plan::{self, Note, NoteKind, Plan, Told, VARIABLES};
use crate::text::printable;

/// Before anything else, after everything else, and where the run fails.
pub(super) fn add(plan: &mut Plan, inputs: &Inputs<'_>, works: &[Work<'_>]) {
    if inputs.request.command() == "rollback" {
        // A way back waits for nothing that is not needed for it.
        return;
    }
    let told = told(inputs, works);
    let hooks = |when| plan::hooks(inputs.env, when, &told);
    plan.sections.splice(0..0, hooks(HookWhen::PreDeploy));
    plan.sections.extend(hooks(HookWhen::PostDeploy));
    plan.on_failure = hooks(HookWhen::OnFailure);
    let lines: Vec<_> = plan.on_failure.iter().flat_map(|section| &section.steps).collect();
    if !lines.is_empty() {
        let lines = lines.iter().map(|step| format!("{}: {}", step.id, step.title)).collect();
        plan.notes.push(Note { kind: NoteKind::Info, title: "only if the run fails".into(), lines });
    }
}

fn told(inputs: &Inputs<'_>, works: &[Work<'_>]) -> Told {
    let sha = works.iter().find_map(|work| work.code).map(|code| code.sha.clone());
    let told = [
        ("ENV", Some(inputs.env.name.clone())),
        ("RUN", Some(inputs.run.clone())),
        ("RELEASE", Some(inputs.release.clone())),
        ("REF_SHA", sha),
        ("OPERATOR", Some(inputs.operator.clone())),
        ("REASON", inputs.request.reason.clone()),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| (format!("{VARIABLES}{name}"), printable(&value))).collect()
}
