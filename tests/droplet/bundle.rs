//! What a droplet tells of a run for a colleague (`bundle.sh`): no value of the stack's `.env` leaves it.

use ops::frames;
use ops::queries::bundle_script;

use crate::container_stubs::docker;
use crate::sandbox::{Ran, Sandbox, Shell};
use crate::site_stubs::{Trouble, stub, tell};

const DIR: &str = "/var/lib/ops/p";
const NONCE: &str = "3f1c0a9d5b7e2846";

/// A `.env` as Compose reads it, and the values that are secrets of it.
const ENV: &str = r#"# A comment with nothing in it
PLAIN=plain-s3cret
SINGLE='single $s3cret # one'
DOUBLE="double \"s3cret\" \\ back \$lash"
export EXPORTED=exported-s3cret
  INDENTED = indented-s3cret
COMMENTED=commented-s3cret # not of the value
SHORTER=abcdef-s3cret
LONGER=abcdef-s3cret-and-more
INSIDE=xx-abcdef-s3cret-and-more-xx
WINDOWS=windows-s3cret
KEY="-----BEGIN KEY-----
first-line-of-the-key
second-line-of-the-key
-----END KEY-----"
COLON: colon-s3cret
STARS=***s3cret***
COMPOSE_PROJECT_NAME=insightpulse
SHORT=odoo
REGEX=.*[a-z]+s3cret
LAST=last-s3cret"#;

const SECRETS: [&str; 17] = [
    "plain-s3cret",
    "single $s3cret # one",
    "double \"s3cret\" \\ back $lash",
    "double \\\"s3cret\\\" \\\\ back $lash",
    "exported-s3cret",
    "indented-s3cret",
    "commented-s3cret",
    "abcdef-s3cret",
    "xx-abcdef-s3cret-and-more-xx",
    "abcdef-s3cret-and-more",
    "windows-s3cret",
    "first-line-of-the-key",
    "second-line-of-the-key",
    "colon-s3cret",
    "***s3cret***",
    ".*[a-z]+s3cret",
    "last-s3cret",
];

/// A run whose every file has every secret in it.
fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    docker(&sandbox);
    let leaks = SECRETS.map(|secret| format!("it says {secret} there: {secret}{secret}\n")).concat()
        + "insightpulse and odoo stay\n";
    sandbox.write("/opt/odoo/.env", ENV.replace("windows-s3cret", "windows-s3cret\r"));
    for file in [
        "run.json",
        "plan.json",
        "journal.jsonl",
        "steps/a.b/log",
        "steps/undo.web~2/log",
        "steps/undo.web~2/code",
    ] {
        sandbox.write(&format!("{DIR}/runs/r1/{file}"), &leaks);
    }
    sandbox.write(&format!("{DIR}/audit.jsonl"), &leaks);
    sandbox.write("/etc/os-release", &leaks);
    sandbox.write("/stubs/leaks", &leaks);
    stub(&sandbox, "docker", "cat /stubs/leaks");
    for name in ["df", "free", "uptime", "uname"] {
        stub(&sandbox, name, "cat /stubs/leaks");
    }
    sandbox
}

fn bundle(sandbox: &mut Sandbox) -> Ran {
    let ran = sandbox.run(&bundle_script(DIR, "r1", NONCE, "/opt/odoo"));
    // A part of each that no other text has.
    for part in ["s3cret", "-and-more", "-of-the-key", "xx-"] {
        let lines = ran.out.lines().chain(ran.err.lines()).filter(|line| line.contains(part));
        assert_eq!(lines.take(5).collect::<Vec<_>>(), [""; 0], "{part} left the droplet");
    }
    assert_eq!(sandbox.sh("ls -A /tmp").out, "", "the values of .env stay in a file");
    ran
}

#[test]
fn bundle_has_no_value_of_the_env_file() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        for _ in 0..2 {
            let ran = bundle(sandbox).exits(0);
            let parts = frames::parse(NONCE, &ran.stdout);
            let names: Vec<_> = parts.keys().map(String::as_str).collect();
            let wanted = [
                "droplet/audit.jsonl",
                "droplet/current.txt",
                "droplet/docker.txt",
                "droplet/machine.txt",
                "droplet/versions.txt",
                "journal.jsonl",
                "plan.json",
                "run.json",
                "steps/a.b.log",
                "steps/undo.web~2.log",
            ];
            assert_eq!(names, wanted);
            assert!(
                parts["run.json"].text().contains("it says *** there: ******\n"),
                "{}",
                parts["run.json"].text()
            );
            assert!(parts["run.json"].text().ends_with("insightpulse and odoo stay\n"));
        }
    }
}

#[test]
fn bundle_keeps_the_end_of_a_long_log() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let log = format!("{DIR}/runs/r1/steps/a.b/log");
        sandbox.write(&log, "it says plain-s3cret\n".repeat(20_000) + "\nthe end\n");
        let ran = bundle(sandbox);
        let parts = frames::parse(NONCE, &ran.stdout);
        let text = parts["steps/a.b.log"].text();
        assert!(text.len() <= 200_000 && text.ends_with("\nthe end\n"), "{} bytes", text.len());
    }
}

#[test]
fn bundle_of_a_run_that_is_not_there_has_nothing() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        for run in ["gone", "../../../../etc/x", "-n", "$(id)"] {
            let ran = sandbox.run(&bundle_script(DIR, run, NONCE, "/opt/odoo"));
            assert_eq!((ran.code, ran.out.as_str()), (Some(44), ""), "{run}: {ran}");
        }
    }
}

#[test]
fn bundle_tells_the_rest_when_a_tool_fails() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        tell(sandbox, "docker", Trouble::Fails, " ");
        tell(sandbox, "df", Trouble::Garbage, " ");
        let ran = bundle(sandbox).exits(0);
        let parts = frames::parse(NONCE, &ran.stdout);
        assert!(parts["droplet/docker.txt"].text().contains("docker: told to fail"));
        assert_eq!(parts.len(), 10);
        // Without a `.env` nothing has to be taken out.
        sandbox.sh("rm /opt/odoo/.env").exits(0);
        let ran = sandbox.run(&bundle_script(DIR, "r1", NONCE, "/opt/odoo")).exits(0);
        assert!(ran.out.contains("plain-s3cret"));
    }
}

#[test]
fn bundle_tells_nothing_when_the_values_cannot_be_kept() {
    for shell in Shell::each() {
        let sandbox = &mut Sandbox::with_disks(shell, &[("/tmp", 8192)]);
        sandbox.write("/opt/odoo/.env", "SECRET=plain-s3cret\n");
        sandbox.write(&format!("{DIR}/runs/r1/run.json"), "plain-s3cret\n");
        sandbox.sh("cat /dev/zero >/tmp/full 2>/dev/null; :").exits(0);
        let ran = sandbox.run(&bundle_script(DIR, "r1", NONCE, "/opt/odoo"));
        assert!(!ran.out.contains("s3cret"), "{ran}");
    }
}
