//! What every plan must satisfy, whoever made it.

use super::{Action, Plan, Section, Step, Undo};

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
    for sections in [&plan.sections, &plan.on_failure] {
        for (i, section) in sections.iter().enumerate() {
            faults_of_section(section, &sections[..i], &mut add);
        }
    }
    let steps: Vec<_> = plan.steps().chain(plan.on_failure.iter().flat_map(|s| &s.steps)).collect();
    for (i, &step) in steps.iter().enumerate() {
        if !is_id(&step.id) {
            add(&step.id, "a step id has only a-z, 0-9, '.' and '-'".into());
        }
        if steps[..i].iter().any(|s| s.id == step.id && s.droplet == step.droplet) {
            add(&step.id, format!("stands twice for droplet {}", step.droplet));
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
            Undo::By(actions) if runs_hook(actions) => add(&step.id, "its undo needs the laptop".into()),
            _ => {}
        }
    }
    faults
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

fn faults_of_section(section: &Section, before: &[Section], add: &mut impl FnMut(&str, String)) {
    let id = section.id.as_str();
    if !is_id(id) {
        add(id, "a section id has only a-z, 0-9, '.' and '-'".into());
    }
    if section.steps.is_empty() || section.steps.iter().any(|step| step.droplet != section.droplet) {
        add(id, format!("a section has steps, all of them of its droplet {}", section.droplet));
    }
    if before.iter().any(|one| one.id == section.id && one.droplet == section.droplet) {
        add(id, format!("the section stands twice for droplet {}", section.droplet));
    }
    for pair in section.steps.windows(2) {
        if pair[1].phase < pair[0].phase {
            add(&pair[1].id, format!("phase {} comes after a later one", pair[1].phase));
        }
        let onward = |step: &Step| matches!(step.undo, Undo::Onward(_));
        if onward(&pair[0]) && !onward(&pair[1]) {
            add(&pair[1].id, "could be taken back, after one that cannot".into());
        }
    }
    let asks = section.steps.iter().flat_map(|step| &step.actions).any(|a| matches!(a, Action::OwnChecks));
    if section.critical && (section.needs_secrets() || asks) {
        add(id, "a critical section needs the laptop".into());
    }
    let proof =
        section.steps.iter().position(|step| step.actions.iter().any(|a| matches!(a, Action::Prove { .. })));
    if proof.is_some_and(|at| !section.critical || at + 1 != section.steps.len()) {
        add(id, "a new login is the last proof of a critical section".into());
    }
    if !section.critical && section.point_of_no_return().is_some() {
        add(id, "nobody finishes it: a section with a point of no return is critical".into());
    }
    if asks && !section.only_asks() {
        add(id, "checks asked from the laptop stand beside other work".into());
    }
    if section.steps.iter().any(|step| runs_hook(&step.actions))
        && (section.critical || section.laptop_hook().is_none())
    {
        add(id, "a hook of the laptop stands beside other work".into());
    }
}

fn runs_hook(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Hook(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::Cmd;
    use crate::plan::Phase;

    fn step(id: &str, undo: Undo) -> Step {
        let (droplet, title) = ("erp-1".to_owned(), id.to_owned());
        let actions = vec![Action::Run(Cmd::new("true"))];
        Step { id: id.into(), phase: Phase::Switch, droplet, title, actions, undo, timeout: 1 }
    }

    fn said(critical: bool, steps: Vec<Step>) -> Vec<String> {
        let section = Section { id: "web".into(), droplet: "erp-1".into(), critical, steps };
        let mut said = Vec::new();
        faults_of_section(&section, &[], &mut |step, what| said.push(format!("{step} {what}")));
        said
    }

    #[test]
    fn past_the_point_of_no_return_nothing_can_be_taken_back() {
        let (back, onward) =
            (|id| step(id, Undo::NotNeeded("n".into())), |id| step(id, Undo::Onward("o".into())));
        assert_eq!(said(true, vec![back("a"), onward("b"), onward("c")]), [""; 0]);
        assert_eq!(
            said(true, vec![onward("b"), back("a")]),
            ["a could be taken back, after one that cannot"]
        );
        assert!(said(false, vec![onward("b")])[0].starts_with("web nobody finishes it"));
    }

    #[test]
    fn nothing_comes_after_the_proof_that_a_login_still_works() {
        let (work, proof) = (
            || step("a", Undo::NotNeeded("n".into())),
            || {
                let (wait, proof) = (Cmd::new("true"), Cmd::new("true"));
                let actions = vec![Action::Prove { wait, proof, ports: Vec::new() }];
                Step { actions, ..step("p", Undo::NotNeeded("it only waits".into())) }
            },
        );
        assert_eq!(said(true, vec![work(), proof()]), [""; 0]);
        for (critical, steps) in [(true, vec![proof(), work()]), (false, vec![work(), proof()])] {
            assert_eq!(said(critical, steps), ["web a new login is the last proof of a critical section"]);
        }
    }
}
