//! On demo-1: root, a new engine.

use crate::droplet::DEMO;
use crate::{adopt, checks, deploy, failures, real, states, stopped};

#[test]
fn a_first_deploy_and_the_next_ones() {
    deploy::first_on_an_empty_droplet(DEMO);
    deploy::again_and_new_code(DEMO);
}

#[test]
fn a_hand_made_stack_with_data_in_named_volumes_is_taken_over() {
    adopt::a_hand_made_stack(DEMO, &["standin"], "", "standin-code");
}

#[test]
fn a_hand_made_stack_with_data_in_bind_mounts_is_taken_over() {
    adopt::a_hand_made_stack(DEMO, &["standin", "--bind-data"], "standin-", "standin-bind-data-code");
}

#[test]
fn a_failed_first_deploy_can_be_repeated() {
    failures::a_failed_first_deploy_can_be_repeated(DEMO);
}

#[test]
fn a_stack_that_has_grown_is_taken_over() {
    adopt::a_grown_stack(DEMO);
}

#[test]
fn what_cannot_be_deployed_changes_nothing() {
    failures::impossible_deploys_change_nothing(DEMO);
}

#[test]
fn a_stopped_stack_keeps_its_data() {
    stopped::a_stopped_stack_keeps_its_data(DEMO);
}

#[test]
fn a_failed_takeover_leaves_the_old_code_under_the_old_container() {
    stopped::a_failed_takeover_leaves_the_old_code_under_the_old_container(DEMO);
}

#[test]
fn the_users_own_checks_decide_after_a_switch() {
    checks::own_checks_decide_after_a_switch(DEMO);
}

#[test]
fn real_odoo_is_deployed_and_gets_new_code() {
    real::first_deploy_and_new_code(DEMO);
}

#[test]
fn a_lock_a_change_by_hand_and_another_image_are_seen() {
    let bench = failures::Bench::new(DEMO);
    states::locked(&bench);
    states::drift(&bench);
    states::another_image(&bench);
}

#[test]
fn the_runner_keeps_a_lock_a_journal_and_runs_a_step_once() {
    let droplet = DEMO.fresh();
    let runner =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/execute/runner.sh")).unwrap();
    let script = r#"
set -e
d=/var/lib/ops/t; r=/root/runner; mkdir -p $d
printf '"command":"x"' | sh $r take $d one
printf '"command":"x"' | sh $r take $d two >/dev/null && exit 9 || [ $? = 75 ]
step='echo ran >>/root/mark; sleep 0.3; echo out; exit 3'
for again in 1 2 3; do printf '%s\n%s' ${#step} "$step" | sh $r start $d one 1 s1 1 30 5 detached; done
wc -l </root/mark
sh $r beat $d one 2 2>/dev/null && exit 9 || [ $? = 72 ]
long='sleep 30'
printf '%s\n%s' ${#long} "$long" | sh $r start $d one 1 s2 1 60 0 detached
systemctl kill -s KILL ops-one-s2-1.service
sh $r poll $d one s2 1 0 5
cat $d/runs/one/journal.jsonl
"#;
    droplet.root(&format!("cat >/root/runner <<'RUNNER'\n{runner}\nRUNNER\nrm -f /root/mark"));
    let said = droplet.root(script);
    assert!(said.starts_with("taken 1\ndone 3 4\nout\ndone 3 4\nout\ndone 3 4\nout\n1\n"), "{said}");
    // Killed from outside, all of it: the end is on record all the same.
    assert!(said.contains("running - 0\ndone 137 0\n"), "{said}");
    assert_eq!(said.matches("\"begin\"").count(), 2, "{said}");
    assert_eq!(said.matches("\"end\"").count(), 2, "{said}");
}
