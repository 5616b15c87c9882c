//! How a container is looked at before users reach it (`web`, `healthy`, `own`, `compose`), and nginx's first site.

use ops::cmd::Cmd;
use ops::inventory::{Expect, Op, Severity, UserCheck, UserProbe, When};
use ops::program::Program;
use ops::tools::compose::Project;
use ops::tools::{healthy, own, site, web};

use crate::container_stubs::{container, docker};
use crate::nginx_stub::nginx;
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, quick_sleep, stub, systemctl, tell};

/// A probe that prints what it was given.
const SAYS: Program = Program::shell("test.says", &["printf '%s\\n' \"$1\" \"$OPS_WEB $OPS_DB\""]);
/// A probe that succeeds at its second try.
const LATE: Program =
    Program::shell("test.late", &["[ -e /srv/tried ] && echo 6 || { : >/srv/tried; echo late; exit 1; }"]);

const FILE: &str = "/etc/nginx/sites-enabled/odoo";

/// A container of Odoo; curl says what `/stubs/page` and `/stubs/answer` hold.
fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    quick_sleep(&sandbox);
    docker(&sandbox);
    stub(
        &sandbox,
        "curl",
        "while [ \"$1\" != -o ]; do shift; done; cat /stubs/answer >\"$2\"; cat /stubs/page",
    );
    sandbox.write("/stubs/page", "200");
    sandbox.write("/stubs/answer", "<form class=\"oe_login_form\">");
    container(&sandbox, "0d00", "odoo", &[("address", "10.0.0.6")]);
    container(&sandbox, "db00", "db", &[]);
    sandbox
}

#[test]
fn login_page_is_wanted_with_its_form_and_nothing_is_left_of_it() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let host = "erp'$(touch /tmp/hacked).lab";
        let login = || web::login("p", "odoo", host, 0);
        sandbox.run(&login()).exits(0);
        let call = sandbox.calls("curl").pop().unwrap();
        assert!(
            call.contains(&format!("-H Host: {host}")) && call.ends_with("http://10.0.0.6:8069/web/login"),
            "{call}"
        );
        sandbox.write("/stubs/answer", "<h1>Internal\x1b[31m Error</h1>");
        sandbox
            .run(&login())
            .exits(1)
            .says(&["200 without a login form", "last lines of the container's log:"]);
        sandbox.write("/stubs/page", "502");
        sandbox.run(&login()).exits(1).says(&[": 502\n", "Internal"]);
        tell(sandbox, "curl", Trouble::Fails, " ");
        sandbox.run(&login()).exits(1);
        sandbox
            .run(&web::login("p", "gone", host, 0))
            .exits(1)
            .says(&["no running container of service gone"]);
        assert_eq!(sandbox.sh("ls -A /tmp").out, "");
    }
}

#[test]
fn login_page_through_nginx_is_asked_at_the_ports_that_the_droplet_publishes() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.run(&web::login_through_proxy("p", "odoo", None, "erp.lab", 0)).exits(0);
        container(
            sandbox,
            "c0ffee",
            "proxy",
            &[("address", "10.0.0.5"), ("ports", "80 8080/tcp\n443 8443/tcp")],
        );
        sandbox.run(&web::login_through_proxy("p", "odoo", Some("proxy"), "erp.lab", 0)).exits(0);
        let calls = sandbox.calls("curl");
        assert!(
            calls[0].contains("--connect-to erp.lab:80:127.0.0.1:80 --connect-to erp.lab:443:127.0.0.1:443"),
            "{calls:?}"
        );
        assert!(
            calls[1].contains("--connect-to erp.lab:80:10.0.0.5:8080 --connect-to erp.lab:443:10.0.0.5:8443"),
            "{calls:?}"
        );
        sandbox.write("/stubs/page", "503");
        sandbox
            .run(&web::login_through_proxy("p", "odoo", None, "erp.lab", 0))
            .exits(1)
            .says(&["http://erp.lab/web/login through the proxy: 503"]);
    }
}

#[test]
fn only_errors_that_the_old_container_did_not_log_are_new() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let line =
            |level: &str, text: &str| format!("2026-11-21 09:52:10,925 7 {level} odoo werkzeug: {text}\n");
        sandbox.write("/stubs/containers/logs", line("ERROR", "known 12 times") + &line("INFO", "fine"));
        sandbox.run(&web::remember_errors("p", "odoo", "/srv/errors")).exits(0);
        sandbox.write("/stubs/containers/logs", line("ERROR", "known 99 times") + &line("WARNING", "fine"));
        sandbox.run(&web::no_new_errors("p", "odoo", "/srv/errors")).exits(0);
        sandbox.write(
            "/stubs/containers/logs",
            line("ERROR", "known 1 times") + &line("CRITICAL", "$(touch /tmp/hacked)"),
        );
        sandbox
            .run(&web::no_new_errors("p", "odoo", "/srv/errors"))
            .exits(1)
            .says(&["new errors in the log of odoo:", "$(touch /tmp/hacked)"]);
        // Where nothing ran before, every error is new.
        sandbox.run(&web::remember_errors("p", "gone", "/srv/none")).exits(0);
        sandbox.run(&web::no_new_errors("p", "odoo", "/srv/none")).exits(1).says(&["known N times"]);
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

/// `docker` of a container with these words for `inspect`, and events that never come.
fn waiting(sandbox: &Sandbox, state: &str) {
    sandbox.write("/stubs/state", state);
    stub(
        sandbox,
        "docker",
        r#"case "$*" in
	'ps '*) echo 0d00 ;;
	*Healthcheck.Test*) printf 'CMD-SHELL\nexit "$(cat /stubs/asked)"\n' ;;
	*State.Status*) cat /stubs/state ;;
	*Health*Output*) echo 'curl: (7) refused' ;;
	'exec 0d00 /bin/sh -c '*) shift 2; exec "$@" ;;
	'logs '*) echo 'the last line' ;;
	'events '*) exec /usr/bin/sleep 100 ;;
	version) ;;
	*) exit 64 ;;
esac"#,
    );
}

#[test]
fn container_is_waited_for_until_it_is_healthy_or_hopeless() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        for (state, asked, code, says) in [
            ("running healthy 0 0 false", "1", 0, ""),
            ("running none 0 0 false", "1", 0, ""),
            // Docker asks at its own interval; the same question has its answer now.
            ("running starting 0 0 false", "0", 0, ""),
            (
                "running starting 0 0 false",
                "1",
                1,
                "odoo did not become healthy in 0 s: running, health: starting\nlast health probe: curl: (7) refused\nlast lines of its log:\nthe last line\n",
            ),
            ("exited none 3 0 false", "1", 1, "odoo did not become healthy: it stopped with exit code 3"),
            ("restarting none 1 2 false", "1", 1, "it stops and is restarted again and again (exit code 1)"),
            ("exited none 137 0 true", "1", 1, "killed because it ran out of memory"),
        ] {
            waiting(sandbox, state);
            sandbox.write("/stubs/asked", asked);
            sandbox.run(&healthy::wait("p", "odoo", 0)).exits(code).says(&[says]);
        }
        // It becomes healthy while it is waited for; what helped to wait is gone afterwards.
        waiting(sandbox, "running unhealthy 0 0 false");
        let wait = sandbox.start(&healthy::wait("p", "odoo", 30));
        sandbox.sh("until [ -e /tmp/*/events ]; do /usr/bin/sleep 0.01; done; echo 'running healthy 0 0 false' >/stubs/state").exits(0);
        sandbox.wait(wait).exits(0);
        waiting(sandbox, "running starting 0 0 false");
        tell(sandbox, "docker", Trouble::Fails, " ");
        sandbox.run(&healthy::wait("p", "odoo", 0)).exits(1).says(&["Docker does not answer"]);
        assert_eq!(sandbox.sh("ls -A /tmp").out, "");
    }
}

#[test]
fn check_of_the_user_takes_back_or_warns() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let check = |severity| UserCheck {
            name: "o'rders $(touch /tmp/hacked)".into(),
            probe: UserProbe::Sql {
                query: "select 1".into(),
                expect: Expect { op: Op::Gt, value: "5".into() },
            },
            severity,
            when: vec![When::Verify],
        };
        let says = |text: &str| Cmd::script(SAYS, [text]);
        sandbox.run(&own::ask("p", "odoo", "db", &check(Severity::High), &says("6"))).exits(0);
        sandbox
            .run(&own::ask("p", "odoo", "db", &check(Severity::High), &says("5")))
            .exits(1)
            .says(&["your check o'rders $(touch /tmp/hacked): 5 (wanted > 5)"]);
        sandbox
            .run(&own::ask("p", "odoo", "db", &check(Severity::Low), &says("5")))
            .exits(0)
            .says(&["warning: your check"]);
        // A probe that fails once is asked again.
        let once = Cmd::script(LATE, [""; 0]);
        sandbox.run(&own::ask("p", "odoo", "db", &check(Severity::High), &once)).exits(0);
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

#[test]
fn first_site_is_read_and_its_removal_leaves_nginx_as_it_was() {
    for shell in Shell::each() {
        let sandbox = &mut Sandbox::new(shell);
        nginx(sandbox, "/etc/nginx/sites-enabled/other", "server { listen 81; }\n");
        sandbox.write(FILE, site::render("erp.example.com", "odoo", "chat", 8069, 8072));
        let loads = |sandbox: &mut Sandbox, there: bool| {
            let wanted = if there { "grep" } else { "! grep" };
            let seen = format!(
                "n=0; until {wanted} -q erp.example.com /run/nginx.loaded; do n=$((n + 1)); [ $n -lt 500 ] || exit 1; sleep 0.01; done"
            );
            sandbox.sh(&seen).exits(0);
        };
        sandbox.run(&site::reload()).exits(0);
        loads(sandbox, true);
        tell(sandbox, "nginx", Trouble::Fails, "-t");
        sandbox.run(&site::reload()).exits(1);
        cure(sandbox, "nginx");
        for _ in 0..2 {
            sandbox.run(&site::remove(FILE)).exits(0);
            assert!(!sandbox.exists(FILE));
        }
        loads(sandbox, false);
        // systemd has the reload where it runs.
        systemctl(sandbox);
        sandbox.sh("mkdir -p /run/systemd/system").exits(0);
        sandbox.run(&site::reload()).exits(0);
        assert_eq!(sandbox.calls("systemctl"), ["reload-or-restart nginx"]);
    }
}

#[test]
fn container_of_a_slot_is_made_without_what_it_depends_on() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let profiles = vec!["a b".to_owned()];
        let project = Project { name: "p", path: "/opt/o'doo", file: "/srv/-f.json", profiles: &profiles };
        sandbox.run(&project.up_anew("odoo")).exits(0);
        let head = "compose -p p --project-directory /opt/o'doo -f /srv/-f.json --profile a b";
        let calls = sandbox.calls("docker");
        assert_eq!(calls[0], format!("{head} rm --stop --force -- odoo"));
        assert_eq!(calls[1], format!("{head} create --no-recreate --no-build -- odoo"));
        assert_eq!(calls[3], "start 0d00");
        // An older Compose does not know the word: it is made with what it depends on left alone.
        tell(sandbox, "docker", Trouble::Fails, " create ");
        sandbox.run(&project.up_anew("odoo")).exits(0);
        assert_eq!(
            sandbox.calls("docker").last().unwrap(),
            &format!("{head} up --detach --no-deps --no-build -- odoo")
        );
        tell(sandbox, "docker", Trouble::Fails, " rm ");
        sandbox.run(&project.up_anew("odoo")).exits(1);
        cure(sandbox, "docker");
        sandbox.run(&project.up_anew("gone")).exits(1).says(&["no container of gone was made"]);
    }
}
