//! Hooks after a deploy, good or bad: they change nothing of how it ended.

use super::{deployed, last_run, with};

lab_test!(lab, demo, one_that_fails_after_the_deploy_only_warns);
fn one_that_fails_after_the_deploy_only_warns() {
    let droplet = deployed();
    let laptop = with(
        r#"      post_deploy:
        - { name: warm, cmd: [sh, -c, 'echo cold; exit 5'] }
        - { name: warm there, cmd: [sh, -c, 'echo cold there; exit 6'], on: droplet }
        - { name: tell, cmd: [sh, -c, 'echo "$OPS_HOOK $OPS_RUN $OPS_RELEASE $OPS_REF_SHA $OPS_OPERATOR" >told'] }
      on_failure: [{ cmd: [touch, failed] }]"#,
    );
    laptop.deploy("demo", "standin-code", &[]).exits(0).says(&[
        "Warning: hook \"warm\"",
        "failed; exit code 5; cold; what was deployed serves and is on record",
        "failed; exit code 6; cold there; what was deployed serves",
        "only if the run fails",
    ]);
    assert_eq!(droplet.release(), "standin-code");
    let run = last_run(&laptop);
    let shown = ["FAILED hook.post.1", "FAILED hook.post.2", "done hook.post.3"];
    laptop.ops(&["runs", "show", &run]).exits(0).says(&shown);
    assert_eq!(laptop.json(&["runs", "show", &run])["exit"], 0);
    let told = std::fs::read_to_string(laptop.file("told")).unwrap();
    let told: Vec<_> = told.split_whitespace().collect();
    let current = droplet.root("cat /var/lib/ops/odoo/releases/current");
    assert_eq!(told[..3], ["post_deploy", &run, &current]);
    assert!(told[3].len() == 40 && told[3].starts_with(&current[current.len() - 7..]), "{told:?}");
    assert!(told[4].starts_with("alice@"), "{told:?}");
    assert!(!laptop.file("failed").exists());
    // What runs already runs no hook.
    std::fs::remove_file(laptop.file("told")).unwrap();
    laptop.deploy("demo", "standin-code", &[]).exits(0).says(&["nothing to do"]);
    assert!(!laptop.file("told").exists());
}

lab_test!(lab, demo, those_of_a_failed_run_are_told_why_and_hide_nothing);
fn those_of_a_failed_run_are_told_why_and_hide_nothing() {
    let droplet = deployed();
    let laptop = with(
        r#"      pre_deploy: [{ cmd: [sh, -c, '[ ! -e refuse ]'] }]
      on_failure:
        - { name: broken, cmd: [sh, -c, 'echo no mail; exit 9'] }
        - { name: there, cmd: [sh, -c, 'env | grep ^OPS_ >/root/told'], on: droplet }
        - { name: here, cmd: [sh, -c, 'env | grep ^OPS_ >told'] }"#,
    );
    let ran = laptop.deploy("demo", "standin-never-healthy", &[]).exits(6).says(&[
        "Error: not so:",
        "(step verify.healthy, droplet demo-1)",
        "Warning: on_failure: hook \"broken\"",
        "failed; exit code 9",
        "FAILED hook.failure.1",
        "done hook.failure.2",
        "done hook.failure.3",
        "State: everything was put back as it was before.",
    ]);
    assert!(!ran.err.contains("hook.failure.1, droplet"), "the first error is hidden\n{ran}");
    assert_eq!(droplet.release(), "base");
    let run = last_run(&laptop);
    let here = std::fs::read_to_string(laptop.file("told")).unwrap();
    for told in [droplet.root("cat /root/told"), here] {
        for line in ["EXIT=6", "FAILED_STEP=verify.healthy", "FAILED_DROPLET=demo-1", "HOOK=on_failure"] {
            assert!(told.contains(&format!("OPS_{line}\n")), "{line}\n{told}");
        }
        assert!(told.contains(&format!("OPS_RUN={run}")) && told.contains("OPS_ERROR=not so: "), "{told}");
    }
    laptop.ops(&["runs", "show", &run]).exits(0).says(&["FAILED hook.failure.1", "put back switch.web"]);
    laptop.ops(&["runs", "logs", &run, "--step", "hook.failure.1"]).exits(0).says(&["no mail"]);
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);

    // Before anything was changed, and where the run is taken up and fails once more.
    std::fs::write(laptop.file("refuse"), "").unwrap();
    std::fs::remove_file(laptop.file("told")).unwrap();
    let told = || std::fs::read_to_string(laptop.file("told")).unwrap();
    laptop.deploy("demo", "standin-code", &[]).exits(1);
    assert!(told().contains("OPS_EXIT=1\n") && told().contains("OPS_FAILED_STEP=hook.pre.1\n"), "{}", told());
    std::fs::remove_file(laptop.file("told")).unwrap();
    let run = last_run(&laptop);
    laptop.ops(&["runs", "resume", &run, "--yes"]).exits(1).says(&["no good end of it is on record"]);
    assert!(told().contains("OPS_EXIT=1\n") && told().contains(&format!("OPS_RUN={run}\n")), "{}", told());
    std::fs::remove_file(laptop.file("refuse")).unwrap();
    laptop.ops(&["runs", "resume", &run, "--yes"]).exits(0);
    assert_eq!(droplet.release(), "standin-code");
}
