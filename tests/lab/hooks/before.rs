//! Hooks before a deploy: what they stop, and their time.

use super::{deployed, is_quiet, last_run, with};

lab_test!(lab, demo, one_that_fails_before_the_deploy_changes_nothing);
fn one_that_fails_before_the_deploy_changes_nothing() {
    let droplet = deployed();
    let before = droplet.state();
    let fails = |hooks: &str, says: &[&str]| {
        let laptop = with(&format!("      pre_deploy:\n{hooks}"));
        let ran = laptop.deploy("demo", "standin-code", &["--reason", "it's $(id)"]).exits(1);
        ran.says(says).says(&["State: nothing that runs was changed.", "not reached checkout"]);
        assert_eq!(droplet.state(), before);
        laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
        laptop
    };
    let laptop = fails(
        r#"        - { name: freeze, cmd: [sh, -c, 'echo "$OPS_HOOK $OPS_ENV: $OPS_REASON"; pwd; exit 3'] }
        - { name: never, cmd: [touch, never] }"#,
        &[
            "hook \"freeze\"",
            "(on the laptop) failed (step hook.pre.1, droplet demo-1)",
            "because exit code 3",
            "| pre_deploy demo: it's $(id)",
            "FAILED hook.pre.1",
            "not reached hook.pre.2",
        ],
    );
    assert!(!laptop.file("never").exists());
    let run = last_run(&laptop);
    laptop.ops(&["runs", "show", &run]).exits(0).says(&["FAILED hook.pre.1"]);
    let here = laptop.file(".").canonicalize().unwrap();
    laptop
        .ops(&["runs", "logs", &run])
        .exits(0)
        .says(&["pre_deploy demo: it's $(id)", here.to_str().unwrap()]);
    fails(
        r#"        - { cmd: [sh, -c, 'echo "$OPS_HOOK $OPS_ENV: $OPS_REASON"; pwd; exit 4'], on: droplet }"#,
        &[
            "hook \"sh\"",
            "(on the droplet) failed",
            "exit code 4",
            "| pre_deploy demo: it's $(id)",
            "| /opt/odoo",
        ],
    );
    fails("        - { cmd: [./no/such/program] }", &["exit code 127", "No such file or directory"]);
}

lab_test!(lab, demo, one_that_takes_too_long_ends_with_all_that_it_started);
fn one_that_takes_too_long_ends_with_all_that_it_started() {
    let droplet = deployed();
    let script = "(trap \"\" TERM; while :; do date >$0; sleep 0.1; done) & echo waiting; sleep 60";
    let late = |on: &str, file: &str| {
        let laptop = with(&format!(
            "      pre_deploy: [{{ cmd: [sh, -c, '{script}', {file}], on: {on}, timeout: 1s }}]"
        ));
        laptop.deploy("demo", "standin-code", &[]).exits(1).says(&["it took longer than 1 s", "| waiting"]);
        laptop
    };
    let laptop = late("laptop", "alive");
    is_quiet(&laptop.file("alive"));
    late("droplet", "/root/alive");
    // There systemd ends what the section left behind: by force, 20 s after it was asked to end.
    let quiet = "n=0; while [ $n -lt 40 ]; do n=$((n + 1)); rm -f /root/alive; sleep 1; [ -e /root/alive ] || break; done; [ ! -e /root/alive ] && echo quiet";
    assert_eq!(droplet.root(quiet), "quiet");
    assert_eq!(droplet.release(), "base");
}
