//! A copy of the live database for a rehearsal: made, switched off from the world, watched, dropped.

use ops::cmd::Cmd;
use ops::tools::rehearsal::{Rehearsal, copy, network};

use super::stack::{FAILS, HANGS, Stack};
use crate::sandbox::{Sandbox, Shell};

fn rehearsal<'a>(database: &'a str, copy: &'a str, network: &'a str) -> Rehearsal<'a> {
    Rehearsal { project: "odoo", service: "db", web: "web-rehearsal", database, copy, network }
}

#[test]
fn rehearsal_leaves_nothing_but_what_was_there() {
    for name in ["odoo", "-o'd \"d\" $(touch pwned)"] {
        let mut stack = Stack::with(Sandbox::new(Shell::Dash), name);
        let (copy, network) = (copy(name), network("odoo"));
        let it = rehearsal(name, &copy, &network);
        for shell in if name == "odoo" { &Shell::ALL[..] } else { &Shell::ALL[..1] } {
            stack.use_shell(*shell);
            let before = stack.production();
            stack.run_all(&[it.open(), it.dump(), it.restore(), it.neutralize(None)]).exits(0);
            let says =
                "select (select count(*) from res_partner), (select count(*) from ir_cron where active),
                (select value from ir_config_parameter where key = 'database.is_neutralized')";
            assert_eq!(stack.sql(&copy, says), "2|0|true");
            // What is tried in it has its exit code and its figures.
            stack.write("/opt/log", "2026-12-01 01:00:00,000 7 ERROR odoo x: bad\n2026-12-01 01:00:00,001 7 WARNING odoo x: \u{1b}[31m\n");
            let work = Cmd::script("echo \"at $1\"; exit \"$2\"", ["work $(touch pwned)", "7"]);
            stack.run(&it.guard("/opt/log", &work)).exits(7).says(&["at work", "errors=1 warnings=1"]);
            std::fs::remove_file(stack.path("/opt/log")).unwrap();
            for _ in 0..2 {
                stack.run(&it.close()).exits(0);
            }
            assert_eq!(stack.production(), before);
        }
        stack.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn rehearsal_takes_no_database_role_or_container_of_somebody_else() {
    let mut stack = Stack::new(Shell::Dash);
    let (copy, network) = (copy("odoo"), network("odoo"));
    let it = rehearsal("odoo", &copy, &network);
    for (shell, made) in Shell::ALL.into_iter().zip([
        "create database odoo_rehearsal owner odoo",
        "create role odoo_rehearsal",
        "create role odoo_rehearsal; create database odoo_rehearsal owner odoo_rehearsal",
    ]) {
        stack.use_shell(shell);
        for one in made.split("; ") {
            stack.sql("postgres", one);
        }
        let before = stack.production();
        stack.run(&it.open()).exits(1).says(&["is there, and no rehearsal made it"]);
        stack.run(&it.close()).exits(0);
        assert_eq!(stack.production(), before, "{made}");
        if made.contains("database") {
            stack.sql("postgres", "drop database odoo_rehearsal");
        }
        if made.contains("role") {
            stack.sql("postgres", "drop role odoo_rehearsal");
        }
    }
}

#[test]
fn rehearsal_ends_when_a_tool_fails_the_disk_runs_full_or_somebody_asks() {
    let mut stack = Stack::new(Shell::Dash);
    let (copy, network) = (copy("odoo"), network("odoo"));
    let it = rehearsal("odoo", &copy, &network);
    let before = stack.production();
    let all = [it.open(), it.dump(), it.restore(), it.neutralize(None)];
    let faults = [
        ("psql", "copy=", 3, FAILS),
        ("psql", "copy=", 4, FAILS),
        ("docker", "network create", 0, FAILS),
        ("docker", "network connect", 0, FAILS),
        ("pg_dump", "", 0, FAILS),
        ("pg_restore", "", 0, FAILS),
        ("pg_restore", "", 0, "kill -9 $$"),
    ];
    for (at, (tool, matching, call, then)) in faults.into_iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.fault(tool, matching, call, then);
        let ran = stack.run_all(&all);
        assert!(stack.met(tool) > 0 && ran.code != Some(0), "{tool} {matching} {call}\n{ran}");
        stack.mend(tool);
        stack.run(&it.close()).exits(0);
        assert_eq!(stack.production(), before, "{tool} {matching} {call}");
    }
    // No room: before anything is made, and while it is made.
    stack.write("/etc/free", "500000");
    stack.run(&it.open()).exits(1).says(&["a dump and a copy want"]);
    assert_eq!(stack.production(), before);
    for (shell, halt) in Shell::ALL.into_iter().zip([true, false, true]) {
        stack.use_shell(shell);
        stack.write("/etc/free", "5000000");
        stack.run(&it.open()).exits(0);
        stack.fault("pg_dump", "", 0, HANGS);
        let dump = if halt { it.dump().env("OPS_HALT", "/run/halt") } else { it.dump() };
        let hangs = stack.start(&dump);
        while stack.met("pg_dump") == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        if halt {
            stack.write("/run/halt", "")
        } else {
            stack.write("/etc/free", "1000")
        }
        let says = if halt {
            "ended early, as it was asked for"
        } else {
            "the disk of the database has only 0 MB left"
        };
        // What hangs in the container ends with its session only: the test ends it.
        let _ = stack.sh("n=0; until [ $n = 20 ]; do n=$((n + 1)); sleep 0.1; done; for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in '/usr/bin/sleep 1000 ') kill ${p#/proc/} ;; esac; done");
        stack.wait(hangs).exits(1).says(&[says]);
        stack.mend("pg_dump");
        let _ = std::fs::remove_file(stack.path("/run/halt"));
        std::fs::remove_file(stack.path("/etc/free")).unwrap();
        stack.run(&it.close()).exits(0);
        assert_eq!(stack.production(), before);
    }
}
