//! Scheduled actions of Odoo: how they are held, and for how long they are waited for.

use ops::tools::crons;

use crate::sandbox::{Ran, Sandbox, Shell};

/// PostgreSQL's answers. /etc/held has those about the lock, one a question; the last one stays.
const DOCKER: &str = r#"
case "$*" in
  ps*) cat /etc/containers; exit ;;
esac
question=$(cat)
printf '%s\n' "$question" >>/etc/asked
case $question in
  *pg_terminate_backend*) echo 0 ;;
  *to_regclass*) cat /etc/cron ;;
  *'lock table'*) exec /usr/bin/sleep 30 ;;
  *bool_or*)
    head -n 1 /etc/held
    [ "$(wc -l </etc/held)" = 1 ] || sed -i 1d /etc/held ;;
esac
"#;

fn droplet(shell: Shell, cron: &str, held: &str) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    sandbox.stub("docker", DOCKER);
    sandbox.stub("sleep", "exec /usr/bin/sleep 0.02");
    sandbox.write("/etc/containers", "c1\n");
    sandbox.write("/etc/cron", cron);
    sandbox.write("/etc/held", held);
    sandbox.write("/etc/asked", "");
    sandbox
}

fn hold(sandbox: &mut Sandbox, seconds: u64) -> Ran {
    sandbox.run(&crons::hold("odoo", "db", "shop", seconds))
}

#[test]
fn hold_ends_when_no_scheduled_action_runs() {
    for shell in Shell::each() {
        let mut sandbox = droplet(shell, "t\n", "\nf\nf\nt\n");
        let ran = hold(&mut sandbox, 20).exits(0);
        assert_eq!(ran.out, "a scheduled action runs; at most 20 s are waited for\n", "{shell:?}");
        let asked = sandbox.read("/etc/asked");
        assert!(asked.contains("set lock_timeout = '20s';"), "{asked}");
        let at = |text: &str| asked.find(text).unwrap_or_else(|| panic!("{text} is not asked: {asked}"));
        assert!(at("pg_terminate_backend") < at("lock table ir_cron in exclusive mode"), "{asked}");
        let exec =
            sandbox.calls("docker").into_iter().filter(|call| call.starts_with("exec")).collect::<Vec<_>>();
        assert!(exec.iter().skip(1).all(|call| call.ends_with(" sh shop")), "{exec:?}");
    }
}

#[test]
fn hold_goes_on_after_its_time_and_says_that_an_action_is_cut() {
    for shell in Shell::each() {
        let mut sandbox = droplet(shell, "t\n", "f\n");
        hold(&mut sandbox, 0).exits(0).says(&["CUT: a scheduled action still runs after 0 s"]);
    }
}

#[test]
fn hold_asks_for_no_lock_in_a_database_without_scheduled_actions() {
    for shell in Shell::each() {
        for cron in ["f\n", ""] {
            let mut sandbox = droplet(shell, cron, "f\n");
            assert_eq!(hold(&mut sandbox, 20).exits(0).out, "");
            assert!(!sandbox.read("/etc/asked").contains("lock table"));
        }
    }
}

#[test]
fn hold_fails_without_a_database_container_or_an_answer() {
    for shell in Shell::each() {
        let mut sandbox = droplet(shell, "t\n", "f\n");
        sandbox.write("/etc/containers", "");
        hold(&mut sandbox, 20).exits(1).says(&["no running container of db"]);
        let mut sandbox = droplet(shell, "t\n", "f\n");
        sandbox.stub("docker", "case \"$*\" in ps*) echo c1 ;; *) exit 2 ;; esac");
        hold(&mut sandbox, 20).exits(2);
    }
}

#[test]
fn release_ends_the_session_that_holds_the_lock() {
    for shell in Shell::each() {
        let mut sandbox = droplet(shell, "t\n", "t\n");
        sandbox.run(&crons::release("odoo", "db", "shop")).exits(0);
        let asked = sandbox.read("/etc/asked");
        assert!(asked.contains("pg_terminate_backend") && asked.contains("application_name = 'ops-crons'"));
        assert!(!asked.contains("lock table"));
        sandbox.stub("docker", "case \"$*\" in ps*) echo c1 ;; *) exit 2 ;; esac");
        sandbox.run(&crons::release("odoo", "db", "shop")).exits(2);
    }
}
