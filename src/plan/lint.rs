//! What every plan must satisfy, whoever made it.

use super::{Action, Plan, Undo};

/// A rule broken: the step's id (empty for the plan itself) and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub step: String,
    pub what: String,
}

/// All faults of a plan; an empty list lets it pass.
pub fn lint(plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |step: &str, what: String| faults.push(Fault { step: step.to_owned(), what });
    for (i, step) in plan.steps.iter().enumerate() {
        if step.id.is_empty()
            || !step.id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        {
            add(&step.id, "a step id has only a-z, 0-9, '.' and '-'".into());
        }
        if plan.steps[..i].iter().any(|s| s.id == step.id && s.droplet == step.droplet) {
            add(&step.id, format!("stands twice for droplet {}", step.droplet));
        }
        let before = plan.steps[..i].iter().rfind(|s| s.droplet == step.droplet);
        if before.is_some_and(|before| step.phase < before.phase) {
            add(&step.id, format!("phase {} comes after a later one", step.phase));
        }
        if step.timeout == 0 {
            add(&step.id, "has no time limit".into());
        }
        if step.actions.is_empty() {
            add(&step.id, "does nothing".into());
        }
        match &step.undo {
            Undo::Impossible(why) if plan.data_loss.is_none() => {
                add(&step.id, format!("cannot be undone ({why}) and nothing was put aside before it"));
            }
            Undo::By(actions) if actions.is_empty() => add(&step.id, "its undo does nothing".into()),
            Undo::By(actions) if actions.iter().any(|a| matches!(a, Action::Pull { .. })) => {
                add(&step.id, "its undo needs the registry".into());
            }
            _ => {}
        }
    }
    faults
}
