//! A person's own programs on a droplet: streams, exit codes, what is refused before it begins, what is kept of it.

use std::io::Write;
use std::process::Stdio;

use super::Laptop;

fn audit(laptop: &Laptop) -> String {
    std::fs::read_to_string(laptop.sshd.path("droplet-state/stack/audit.jsonl")).unwrap_or_default()
}

#[test]
fn streams_and_the_exit_code_are_those_of_the_program() {
    let laptop = Laptop::new();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137)] {
        let ran = laptop.ops(&["exec", "prod", "--", "sh", "-c", script]).exits(code);
        assert!(ran.out.is_empty() && !ran.err.contains("Error"), "{ran}");
    }
    laptop.ops(&["exec", "prod", "--", "there-is-no-such-program"]).exits(127);
    let mut child = laptop
        .command(&["exec", "prod", "--", "sh", "-c", "tr a-z A-Z; echo talk >&2; exit 3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = [b"hello \x00\xff ".repeat(50_000), b"end".to_vec()].concat();
    let mut stdin = child.stdin.take().unwrap();
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || stdin.write_all(&sent).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.stdout, bytes.to_ascii_uppercase());
    assert_eq!(output.stderr, b"talk\n");
    let kept = audit(&laptop);
    assert!(kept.contains("tr a-z A-Z") && kept.contains("alice@") && !kept.contains("hello"), "{kept}");
}

#[test]
fn words_are_passed_on_as_they_are_and_secrets_are_not_kept() {
    let laptop = Laptop::new();
    let words =
        ["$(canary_ran)", "`canary_ran`", "; canary_ran", "a b", "'", "\"", "x\ny", "-n", "", "%s\\n", "*"];
    let ran = laptop.ops(&[&["exec", "prod", "--", "printf", "[%s]\n"], &words[..]].concat()).exits(0);
    assert_eq!(ran.out, words.map(|word| format!("[{word}]\n")).concat());
    laptop.nothing_was_executed("a word of a command");
    laptop.ops(&["exec", "prod", "--", "env", "PGPASSWORD=s3cret", "true", "--token", "s3cret"]).exits(0);
    let kept = audit(&laptop);
    assert!(kept.contains("PGPASSWORD=") && !kept.contains("s3cret"), "{kept}");
    laptop.ops(&["audit", "prod", "--verify"]).exits(0).says("The audit is whole").says("alice");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let laptop = Laptop::new();
    laptop.ops(&["exec", "prod"]).exits(2);
    laptop.ops(&["exec", "prod", "ls"]).exits(2);
    laptop.ops(&["exec", "prod", "--droplet", "erp-2", "--", "ls"]).exits(2).says("it has: erp-1");
    for args in
        [&["exec", "prod", "--service", "odo", "--", "ls"][..], &["shell", "prod", "odo"], &["psql", "prod"]]
    {
        laptop.ops(args).exits(2).says("has no service").says("erp-1");
    }
    assert_eq!(audit(&laptop), "", "nothing began");
    laptop.change("/protected", true);
    let ask = "--confirm prod";
    laptop.ops(&["odoo-shell", "prod"]).exits(3).says(ask);
    let next = "psql prod --write --confirm prod -- -c 'select 1'";
    laptop.ops(&["psql", "prod", "--write", "--", "-c", "select 1"]).exits(3).says(next);
    let (ip, port) = (laptop.sshd.ip.clone(), laptop.sshd.port);
    let other = crate::transport::sshd::free_port("127.0.0.1");
    let two = serde_json::json!([
        { "name": "erp-1", "host": ip, "port": port, "roles": ["web"] },
        { "name": "erp-2", "host": ip, "port": other, "roles": ["db"] },
    ]);
    laptop.change("/droplets", two);
    laptop.ops(&["exec", "prod", "--", "ls"]).exits(2).says("choose one of erp-1, erp-2");
    laptop.ops(&["exec", "prod", "--droplet", "erp-1", "--", "true"]).exits(0);
    laptop.ops(&["exec", "prod", "--droplet", "erp-2", "--", "true"]).exits(4).says("cannot reach erp-2");
}

#[test]
fn an_audit_that_cannot_be_written_keeps_nobody_from_looking() {
    let laptop = Laptop::new();
    // Also for root: a file where a directory should be.
    std::fs::write(laptop.sshd.path("droplet-state"), "").unwrap();
    laptop
        .ops(&["exec", "prod", "--", "echo", "there"])
        .exits(0)
        .says("there")
        .says("not stand in the audit");
}

#[test]
fn a_connection_that_breaks_is_said_and_is_no_exit_code_of_the_program() {
    let laptop = Laptop::new();
    // The login's own process is the parent of what runs.
    let cut = "p=$PPID; kill -9 \"$(ps -o ppid= -p \"$p\" | tr -d ' ')\" \"$p\"; sleep 5";
    let ran = laptop.ops(&["exec", "prod", "--", "sh", "-c", cut]);
    assert!(ran.code == Some(8), "{ran}");
    ran.says("the link was lost").says("erp-1");
}
