//! A release that is watched (`watch.sh`, `watch.awk`, `access.awk`): pages, nginx's log, and the verdict.

use ops::tools::watch::{Page, Site, Worse};

use crate::container_stubs::{container, docker};
use crate::sandbox::{Ran, Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, quick_sleep, stub, tell};

const DIR: &str = "/var/lib/ops/p/runs/r/watch";
const LOG: &str = "/var/log/nginx/access.log";

/// curl says what `/stubs/page` holds; nginx logs to [`LOG`].
fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    quick_sleep(&sandbox);
    docker(&sandbox);
    stub(
        &sandbox,
        "curl",
        "while [ \"$1\" != -o ]; do shift; done; echo '<form class=\"oe_login_form\">' >\"$2\"; cat /stubs/page",
    );
    stub(&sandbox, "nginx", "cat /stubs/conf");
    sandbox.write("/stubs/conf", format!("server {{ server_name erp.lab; access_log {LOG}; }}\n"));
    sandbox.write("/stubs/page", "200 0.010");
    sandbox.write(LOG, "");
    sandbox
}

fn site(pages: &[Page]) -> Site<'_> {
    Site { dir: DIR, project: "p", service: None, container: None, host: "erp.lab", pages }
}

const FAILS: Worse<'_> = Worse { undo: "ops runs undo r", fails: true };

/// `combined` lines of now.
fn log(sandbox: &mut Sandbox, status: u16, lines: usize) {
    let line = format!(
        "printf '10.0.0.1 - - [%s] \"GET / HTTP/1.1\" {status} 5 \"-\" \"Firefox\"\\n' \"$(date '+%d/%b/%Y:%H:%M:%S +0000')\""
    );
    sandbox
        .sh(&format!(
            "mkdir -p /var/log/nginx; n=0; while [ $n -lt {lines} ]; do n=$((n + 1)); {line}; done >>{LOG}"
        ))
        .exits(0);
}

fn row(ran: &Ran) -> String {
    let row = ran
        .out
        .lines()
        .find(|line| line.starts_with("nginx "))
        .unwrap_or_else(|| panic!("no row of nginx: {ran}"));
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn watch_measures_before_and_after_and_finds_a_worse_release() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let pages = [Page::login()];
        log(sandbox, 200, 3);
        log(sandbox, 404, 1);
        sandbox
            .run(&site(&pages).before())
            .exits(0)
            .says(&["/web/login p50 10 ms, p95 10 ms (n 30)", "nginx 4 requests, 0 5xx, 404 25.0 %"]);
        // In each shell another verdict: twenty samples take their time on a machine that is busy.
        match shell {
            Shell::Dash => {
                sandbox.run(&site(&pages).after(3, FAILS)).exits(0).says(&["no worse than before"])
            }
            Shell::Bash => {
                sandbox.write("/stubs/page", "200 0.250");
                let ran = sandbox.run(&site(&pages).after(3, FAILS)).exits(1);
                ran.says(&["\nworse: /web/login p50 10 -> 250 ms", "it goes back\n"])
            }
            Shell::Busybox => {
                sandbox.write("/stubs/page", "200 0.250");
                let ran = sandbox.run(&site(&pages).after(3, Worse { fails: false, ..FAILS })).exits(0);
                ran.says(&["\nworse: /web/login p50 10 -> 250 ms", "to go back: ops runs undo r\n"])
            }
        };
        sandbox.write("/stubs/page", "502 0.001");
        sandbox
            .run(&site(&pages).after(60, FAILS))
            .exits(1)
            .says(&["worse: /web/login failed 3 times in a row"]);
        // Asked to end, it takes nothing back.
        sandbox.write("/srv/halt", "");
        let asked = site(&pages).after(60, FAILS).env("OPS_HALT", "/srv/halt");
        sandbox.run(&asked).exits(0).says(&["watching ended early, after 0 s: the release stays"]);
    }
}

#[test]
fn log_is_followed_through_its_rotation_and_its_emptying() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let pages = [Page::login()];
        for (rotate, counted) in [
            // By another name, copied and emptied, and gone altogether.
            (format!("mv {LOG} {LOG}.1"), "6 - - 1 50.0 %"),
            (format!("cp {LOG} {LOG}.1; : >{LOG}"), "1 - - 1 0.0 %"),
            (format!("rm {LOG}"), "1 - - 1 0.0 %"),
        ] {
            sandbox.sh(&format!("rm -rf {DIR}")).exits(0);
            // Of before, and longer than what comes after the rotation.
            log(sandbox, 500, 7);
            let watch = sandbox.start(&site(&pages).after(2, FAILS));
            sandbox.sh(&format!("until [ -s {DIR}/after ]; do /usr/bin/sleep 0.01; done")).exits(0);
            log(sandbox, 200, 2);
            log(sandbox, 404, 3);
            sandbox.sh(&rotate).exits(0);
            log(sandbox, 503, 1);
            let ran = sandbox.wait(watch);
            let row = row(&ran);
            assert!(row.starts_with(&format!("nginx {counted}")), "{rotate}: {row}\n{ran}");
        }
    }
}

#[test]
fn watch_says_why_nothing_is_known_of_the_log() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let pages = [Page::login()];
        let conf = |log: &str| format!("server {{ server_name erp.lab; access_log {log}; }}\n");
        for (text, why) in [
            (conf("off"), "access_log off"),
            (conf("/srv/none.log"), "its log cannot be read"),
            (conf("/srv/$host.log"), "its log is no plain file"),
            (conf("syslog:server=10.0.0.1"), "its log is no plain file"),
        ] {
            sandbox.write("/stubs/conf", text);
            let ran = sandbox.run(&site(&pages).after(0, FAILS)).exits(0);
            let row = row(&ran);
            assert!(row.ends_with(&format!("not known: {why}")), "{why}: {row}");
        }
        // A format that cannot be read, and bytes that are no text.
        sandbox.write("/stubs/conf", conf(LOG));
        sandbox.write(LOG, b"\xff\xfe\0 garbage\n$(touch /tmp/hacked)\n{\"a\n".as_slice());
        sandbox
            .run(&site(&pages).before())
            .exits(0)
            .says(&["nginx not known: its log has a format of its own"]);
        // Lines that can be read count among others that cannot.
        log(sandbox, 200, 2);
        sandbox.run(&site(&pages).before()).exits(0).says(&["nginx 2 requests, 0 5xx"]);
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

#[test]
fn watch_fails_no_deploy_when_a_tool_fails() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let pages = [Page::login()];
        for (tool, trouble) in [
            ("nginx", Trouble::Fails),
            ("nginx", Trouble::Garbage),
            ("curl", Trouble::Fails),
            ("curl", Trouble::Garbage),
        ] {
            tell(sandbox, tool, trouble, " ");
            sandbox.run(&site(&pages).before()).exits(0);
            cure(sandbox, tool);
        }
        sandbox.sh(&format!("rm -rf {DIR}; : >{DIR}")).exits(0);
        for cmd in [site(&pages).before(), site(&pages).after(5, FAILS)] {
            sandbox.run(&cmd).exits(0).says(&["nothing can be written, so nothing is measured"]);
        }
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

#[test]
fn watch_asks_the_container_and_reads_its_log() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let pages = [
            Page::login(),
            Page { name: "a 'b$(id)".into(), path: "/x?a=b&c".into(), status: 200, contains: String::new() },
        ];
        let proxy = Site { container: Some("proxy"), ..site(&pages) };
        container(
            sandbox,
            "c0ffee",
            "proxy",
            &[("address", "10.0.0.5"), ("ports", "80 8080/tcp\n443 8443/tcp")],
        );
        sandbox.write("/stubs/conf", "server { server_name erp.lab; access_log /dev/stdout; }\n");
        sandbox.write("/stubs/containers/logs", "x \"GET /\" 200 5\nx \"GET /\" 500 5\n");
        let ran = sandbox.run(&proxy.after(0, FAILS));
        assert_eq!(row(&ran), "nginx 2 - - 1 0.0 % nothing to compare with");
        sandbox.run(&proxy.before()).exits(0);
        let calls = sandbox.calls("curl");
        assert!(
            calls[0].contains("--connect-to :80:10.0.0.5:8080 --connect-to :443:10.0.0.5:8443"),
            "{calls:?}"
        );
        assert!(calls[1].ends_with("--url http://erp.lab/x?a=b&c"), "{calls:?}");
        // A web container itself, where nothing is in front of it.
        let web = Site { service: Some("odoo"), ..site(&pages) };
        sandbox
            .run(&web.before())
            .exits(0)
            .says(&["no running container of odoo", "nginx not known: no proxy"]);
        container(sandbox, "0d00", "odoo", &[("address", "10.0.0.6")]);
        sandbox.run(&web.before()).exits(0);
        let calls = sandbox.calls("curl");
        assert!(calls.last().unwrap().contains("--connect-to :80:10.0.0.6:8069"), "{calls:?}");
    }
}
