//! The end of the slot that no longer serves (`retire.sh`): it waits for requests and clients, and stops for good.

use ops::tools::slots::Retiring;

use crate::container_stubs::{container, docker};
use crate::nginx_stub::nginx;
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, in_every_shell, quick_sleep, tell};

const KEEP: &str = "/var/lib/ops/p/runs/r/stopped";
const OLD: Retiring<'_> = Retiring { project: "p", service: "odoo", drain: 0, container: None };
/// A process with connections of its own, as those of a container: `/proc/PID/net/tcp` is the sandbox's, so that the
/// stub's table of connections stands in the container instead.
const TABLE: &str =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

/// A row of `/proc/net/tcp`: local port, remote address, state.
fn row(port: &str, remote: &str, state: &str) -> String {
    format!(
        "   0: 020011AC:{port} {remote}:C350 {state} 00000000:00000000 00:00000000 00000000     0        0 1\n"
    )
}

/// A slot that runs with these connections.
fn slot(sandbox: &Sandbox, rows: &str, others: &[(&str, &str)]) {
    quick_sleep(sandbox);
    docker(sandbox);
    std::fs::create_dir_all(sandbox.path("/var/lib/ops/p/runs/r")).unwrap();
    sandbox.write("/stubs/connections", format!("{TABLE}{rows}"));
    sandbox.stub(
        "cat",
        "case $1 in /proc/net/tcp) shift 2; set -- /stubs/connections ;; esac; exec /usr/bin/cat \"$@\"",
    );
    // No process of this machine: the container is asked.
    container(sandbox, "0ld", "odoo", &[("pid", "4000000"), ("health", "healthy")]);
    for (name, text) in others {
        container(sandbox, "0ld", "odoo", &[(name, text)]);
    }
}

fn status(sandbox: &Sandbox) -> (String, String) {
    let of = |name: &str| sandbox.read(&format!("/stubs/containers/0ld/{name}")).trim().to_owned();
    (of("status"), of("policy"))
}

#[test]
fn idle_slot_stops_for_good_and_starts_again_as_it_was() {
    let policies = [
        ("always:0", "always"),
        ("unless-stopped:0", "unless-stopped"),
        ("on-failure:0", "on-failure"),
        ("on-failure:5", "on-failure:5"),
        ("no:0", "no"),
        (":0", "no"),
    ];
    for (at, (policy, again)) in policies.into_iter().enumerate() {
        let sandbox = &mut Sandbox::new(Shell::ALL[at % 3]);
        slot(sandbox, "", &[("policy", policy)]);
        sandbox.run(&OLD.start(KEEP, 5)).exits(0);
        assert_eq!(sandbox.calls("docker").len(), 0, "nothing was stopped, so nothing is started");
        for _ in 0..2 {
            sandbox.run(&OLD.stop(KEEP)).exits(0);
            assert_eq!(status(sandbox), ("exited".into(), "no".into()));
        }
        assert_eq!(sandbox.read(KEEP), format!("0ld {policy}\n"));
        assert_eq!(sandbox.read(&format!("{KEEP}.idle")), "0ld\n");
        for _ in 0..2 {
            sandbox.run(&OLD.start(KEEP, 5)).exits(0);
            assert_eq!(status(sandbox), ("running".into(), again.into()));
        }
    }
}

#[test]
fn stop_says_which_requests_it_cuts() {
    in_every_shell(|sandbox| {
        let outside = "010011AC";
        let rows = row("1F85", outside, "01")
            + &row("1F85", "00000000000000000000FFFF010011AC", "01")
            + &row("1F88", outside, "01")
            // Docker's own health check, a socket that listens, one that is closed, another port.
            + &row("1F85", "0100007F", "01")
            + &row("1F85", "0000000000000000FFFF00000100007F", "01")
            + &row("1F85", "00000000", "0A")
            + &row("1F85", outside, "06")
            + &row("0050", outside, "01");
        slot(sandbox, &rows, &[]);
        let ran = sandbox.run(&OLD.stop(KEEP)).exits(0);
        assert_eq!(
            ran.out,
            "CUT: 2 request(s) that odoo still worked on after 0 s\n\
             cut: 1 connection(s) of the bus (websocket or long poll) to odoo; browsers connect again by themselves\n"
        );
        assert_eq!(status(sandbox).0, "exited");
    });
}

#[test]
fn slot_that_works_is_waited_for() {
    in_every_shell(|sandbox| {
        slot(sandbox, &row("1F85", "010011AC", "01"), &[]);
        // The request ends while it is waited for.
        sandbox.stub("sleep", "head -n 1 /stubs/connections >/stubs/next; mv /stubs/next /stubs/connections");
        let ran = sandbox.run(&Retiring { drain: 30, ..OLD }.idle()).exits(0);
        assert_eq!(ran.out, "odoo still works on 1 request(s); at most 30 s are waited for\n");
        assert_eq!(status(sandbox).0, "running");
        // Twice nothing: between two requests of one connection there is a moment of nothing.
        assert!(sandbox.calls("sleep").len() >= 2, "{:?}", sandbox.calls("sleep"));
    });
}

#[test]
fn client_that_still_sends_to_an_old_worker_is_waited_for() {
    in_every_shell(|sandbox| {
        slot(sandbox, "", &[]);
        nginx(sandbox, "/etc/nginx/sites-enabled/odoo", "server { listen 80; }\n");
        // Two clients stay with the worker: one sends still, one was given a server of its own (and counts there).
        let clients = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 4<>/dev/tcp/127.0.0.1/80; echo to 8069 >&4; read -r _ <&4; nginx -s reload; \
            until grep -q shutt[i]ng /proc/[0-9]*/cmdline 2>/dev/null; do /usr/bin/sleep 0.01; done; echo >/tmp/leaving; read -r _ </tmp/end' &
            mkfifo /tmp/end; until [ -s /tmp/leaving ]; do /usr/bin/sleep 0.01; done";
        sandbox.sh(&format!("{{ {clients}; }} >/dev/null")).exits(0);
        // The program counts whole seconds: of one, a busy machine leaves nothing for the first look.
        let ran = sandbox.run(&Retiring { drain: 4, ..OLD }.stop(KEEP)).exits(0);
        ran.says(&[
            "1 client(s) still send a request to odoo, or read an answer; at most 4 s are waited for",
        ]);
    });
}

#[test]
fn stop_leaves_the_slot_serving_when_docker_fails() {
    in_every_shell(|sandbox| {
        slot(sandbox, "", &[]);
        for words in ["RestartPolicy", " update "] {
            tell(sandbox, "docker", Trouble::Fails, words);
            sandbox.run(&OLD.stop(KEEP)).exits(1);
            assert_eq!(status(sandbox), ("running".into(), "always:0".into()), "{words}");
            cure(sandbox, "docker");
        }
        tell(sandbox, "docker", Trouble::Fails, " stop ");
        sandbox.run(&OLD.stop(KEEP)).exits(1);
        cure(sandbox, "docker");
        // Its undo gives it back its policy.
        sandbox.run(&OLD.start(KEEP, 5)).exits(0);
        assert_eq!(status(sandbox), ("running".into(), "always".into()));
    });
}

#[test]
fn start_fails_when_the_slot_stays_unhealthy() {
    in_every_shell(|sandbox| {
        slot(sandbox, "", &[("health", "unhealthy")]);
        sandbox.run(&OLD.stop(KEEP)).exits(0);
        sandbox
            .run(&OLD.start(KEEP, 0))
            .exits(1)
            .says(&["odoo was started again and is running unhealthy after 0 s"]);
        for words in [" start ", "State.Status"] {
            tell(sandbox, "docker", Trouble::Fails, words);
            sandbox.run(&OLD.start(KEEP, 0)).exits(1);
            cure(sandbox, "docker");
        }
    });
}

#[test]
fn stop_stops_nothing_when_its_memory_cannot_be_written() {
    for shell in Shell::each() {
        let sandbox = &mut Sandbox::with_disks(shell, &[("/mnt", 4096)]);
        slot(sandbox, "", &[]);
        sandbox.sh("cat /dev/zero >/mnt/full 2>/dev/null; :").exits(0);
        sandbox.run(&OLD.stop("/mnt/stopped")).exits(1);
        assert_eq!(status(sandbox), ("running".into(), "always:0".into()));
    }
}
