//! Waiting for a healthy container: what ends it, and what it says.

use ops::tools::{healthy, images};

use crate::sandbox::{Ran, Sandbox, Shell};

/// `docker` with one container, whose state is the last line of /etc/state; a line is used up by each look.
const DOCKER: &str = r#"
case "$*" in
  'ps -aq'*) [ ! -s /etc/state ] || echo c1 ;;
  *Status*RestartCount*)
    [ -s /etc/state ] || exit 1
    head -n 1 /etc/state
    [ "$(wc -l </etc/state)" = 1 ] || sed -i 1d /etc/state ;;
  *Healthcheck*) printf '%s\n' CMD-SHELL 'exit 1' ;;
  'exec c1 /bin/sh -c exit 1') [ -e /etc/asked ] ;;
  *Log*) echo 'refused by port 8069' ;;
  logs*) echo 'Traceback of Odoo' ;;
  events*) exec /usr/bin/sleep 30 ;;
  version) [ ! -e /etc/down ] ;;
esac
"#;

fn wait(shell: Shell, states: &str, files: &[&str], seconds: u64) -> Ran {
    let mut sandbox = Sandbox::new(shell);
    sandbox.stub("docker", DOCKER);
    sandbox.stub("sleep", "exec /usr/bin/sleep 0.02");
    sandbox.write("/etc/state", states);
    files.iter().for_each(|file| sandbox.write(file, ""));
    let ran = sandbox.run(&healthy::wait("odoo", "web", seconds));
    let left = sandbox.sh("ls /tmp; ps -e 2>/dev/null | grep -c '[d]ocker'").out;
    assert_eq!(left, "0\n", "{shell:?}: files or processes are left behind");
    ran
}

#[test]
fn wait_ends_well_when_the_container_is_healthy_or_has_no_check() {
    for shell in Shell::each() {
        wait(shell, "running healthy 0 0 false\n", &[], 9).exits(0);
        wait(shell, "running none 0 0 false\n", &[], 9).exits(0);
        let later = "created none 0 0 false\nrunning starting 0 0 false\nrunning starting 0 1 false\nrunning healthy 0 1 false\n";
        wait(shell, later, &[], 9).exits(0);
        // The container's own check says so before Docker asks it again.
        wait(shell, "running starting 0 0 false\n", &["/etc/asked"], 9).exits(0);
    }
}

#[test]
fn wait_fails_at_once_when_waiting_is_hopeless() {
    let cases = [
        ("exited unhealthy 3 0 false\n", "it stopped with exit code 3"),
        ("dead none 1 0 false\n", "it stopped with exit code 1"),
        ("running starting 0 0 true\n", "killed because it ran out of memory"),
        ("restarting starting 1 2 false\n", "it stops and is restarted again and again (exit code 1)"),
    ];
    for (state, why) in cases {
        for shell in Shell::each() {
            let started = std::time::Instant::now();
            let said = [
                &format!("web did not become healthy: {why}\n"),
                "last health probe: refused by port 8069",
                "Traceback of Odoo",
            ];
            wait(shell, &format!("running starting 0 0 false\n{state}"), &[], 600).exits(1).says(&said);
            assert!(started.elapsed().as_secs() < 30);
        }
    }
}

#[test]
fn wait_fails_when_its_time_is_over() {
    for shell in Shell::each() {
        let said = "web did not become healthy in 1 s: running, health: unhealthy\n";
        wait(shell, "running unhealthy 0 0 false\n", &[], 1).exits(1).says(&[said, "Traceback of Odoo"]);
        wait(shell, "", &[], 1).exits(1).says(&["web did not become healthy in 1 s: no container yet\n"]);
        // Nobody could look: that is no verdict about the container.
        let ran = wait(shell, "", &["/etc/down"], 1).exits(1);
        assert_eq!(ran.out, "Docker does not answer\n");
    }
}

#[test]
fn tags_that_are_there_are_removed() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub("docker", "case \"$*\" in 'image inspect '*gone) exit 1 ;; esac");
        let tags = ["ops/odoo:r1-gone", "ops/odoo:r1-web", "ops/odoo:r1-db"].map(str::to_owned);
        sandbox.run(&images::untag(&tags)).exits(0);
        let removed: Vec<_> =
            sandbox.calls("docker").into_iter().filter(|call| call.contains(" rm ")).collect();
        assert_eq!(removed, ["image rm --no-prune ops/odoo:r1-web", "image rm --no-prune ops/odoo:r1-db"]);
    }
}
