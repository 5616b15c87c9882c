//! A stored backup is tried: without production, in a server of its own, with a verdict only where the backup is to blame.

use ops::cmd::Cmd;
use ops::record::BackupCheck;
use ops::tools::inside;
use ops::tools::verify::{Trial, Tried, drill};

use super::backup::back_up;
use super::stack::{DIR, FAILS, FILES, GARBAGE, REPOSITORY, Stack};
use crate::sandbox::{Ran, Shell};

fn steps(stack: &Stack, id: &str, drilled: bool) -> Vec<Cmd> {
    let login = inside::login(&drill("odoo"), "web", "erp.example.com", 20);
    let tried = Tried { id, place: "droplet", drilled, parts: 1 };
    let mut all = vec![Trial::Check, Trial::Fetch, Trial::Read];
    if drilled {
        all.extend([Trial::Database, Trial::Files, Trial::Odoo { login: &login }]);
    }
    all.push(Trial::Record);
    all.into_iter().map(|trial| stack.tool().verify(trial, tried)).collect()
}

/// All steps to the first that fails, then the end of it.
fn attempt(stack: &mut Stack, id: &str, drilled: bool) -> Ran {
    let all = steps(stack, id, drilled);
    let ran = stack.run_all(&all);
    let close = stack.tool().verify(Trial::Close, Tried { id, place: "droplet", drilled, parts: 1 });
    stack.run(&close).exits(0);
    stack.run(&close).exits(0);
    let left =
        stack.sh(&format!("ls -d {DIR}/backup/check; /stubs/engine ps -aq --filter label=ops.backup=odoo"));
    assert_eq!(left.out, "", "something of the trial is left");
    ran
}

fn checks(stack: &Stack, id: &str) -> Vec<BackupCheck> {
    let text = std::fs::read_to_string(stack.path(&format!("{DIR}/backup/{id}.checks"))).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Breaks what the repository has of a file.
fn damage(stack: &Stack, file: &str, then: fn(Vec<u8>) -> Vec<u8>) -> impl FnOnce() + use<> {
    let one = stack.snapshots(REPOSITORY).pop().unwrap();
    let tree = format!("{REPOSITORY}/data/{}", one["tree"].as_str().unwrap());
    let path = stack.path(&format!("{tree}/run/ops-backup/{file}"));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, then(bytes.clone())).unwrap();
    move || std::fs::write(path, bytes).unwrap()
}

#[test]
fn drill_restores_a_backup_away_from_production() {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    for shell in Shell::each() {
        stack.again(shell);
        let id = back_up(&mut stack);
        let before = stack.production();
        attempt(&mut stack, &id, true).exits(0).says(&["can come back"]);
        assert_eq!(stack.production(), before);
        let [one] = &checks(&stack, &id)[..] else { panic!("one try") };
        assert!(one.ok && one.by == "drill" && one.place == "droplet" && one.why.is_empty());
        // Servers of the drill are in no network but their own, and have nothing of production's to write to.
        for call in stack.calls("docker").iter().filter(|call| call.starts_with("run -d")) {
            let alone =
                call.contains("--network none") || call.contains("--network container:ops-drill-odoo");
            let read_only = !call.contains("--volumes-from") || call.contains(":ro ");
            assert!(alone && read_only && !call.contains("/srv/docker/volumes"), "{call}");
        }
        // No statement of the drill reached production's server.
        assert_eq!(stack.sql("odoo", "select count(*) from ir_cron where active"), "1");
        stack.calls_are_clean(&[&stack.read(&format!("{DIR}/backup/key"))]);
    }
}

/// A tool, what its call holds, what it does, what is said, and whether that is a verdict of the backup.
const FAULTS: [(&str, &str, &str, &str, bool); 16] = [
    ("restic", "snapshots", "exit 10", "there is no repository", true),
    ("restic", "snapshots", "exit 12", "does not open the repository", true),
    ("restic", "snapshots", FAILS, "cannot be reached", false),
    ("docker", "inspect -f {{.Image}}", FAILS, "", false),
    ("restic", "check", FAILS, "the repository is damaged", true),
    ("restic", "check", "kill -9 $$", "", false),
    ("restic", "restore", FAILS, "it cannot be read out of the repository", true),
    ("restic", "restore", "exit 130", "", false),
    ("restic", "restore", GARBAGE, "it has no manifest", true),
    ("pg_restore", "-f /dev/null", "exit 1", "the dump cannot be read to its end", true),
    ("pg_restore", "-f /dev/null", "kill -9 $$", "code 137", false),
    ("docker", "ops-backup-odoo-files", "exit 125", "the files could not be read", false),
    ("docker", "run -d --name ops-drill-odoo --label", "exit 125", "", false),
    ("pg_restore", "-C -e", "exit 1", "it cannot be restored", true),
    ("pg_restore", "-C -e", "kill -9 $$", "it could not be told (code 137)", false),
    (
        "pg_restore",
        "-C -e",
        "/stubs/postgresql/pg_restore \"$@\"; /stubs/postgresql/psql -q -h 127.0.0.1 -U postgres -d odoo -c 'drop table ir_cron'; exit 0",
        "what came back is not what was kept",
        true,
    ),
];

#[test]
fn trial_blames_the_backup_only_for_what_the_backup_is_to_blame_for() {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    let id = back_up(&mut stack);
    let before = stack.production();
    for (at, (tool, matching, then, says, verdict)) in FAULTS.iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        let _ = std::fs::remove_file(stack.path(&format!("{DIR}/backup/{id}.checks")));
        stack.fault(tool, matching, 0, then);
        let ran = attempt(&mut stack, &id, at > 11);
        assert!(stack.met(tool) > 0 && ran.code != Some(0), "{tool} {matching} {then}: it goes on\n{ran}");
        assert_eq!(ran.out.contains("ops.wrong "), *verdict, "{tool} {matching} {then}\n{ran}");
        let bad = checks(&stack, &id);
        assert_eq!(bad.len(), usize::from(*verdict), "{tool} {matching} {then}: {bad:?}");
        assert!(bad.iter().all(|one| !one.ok && one.why.contains(says)), "{tool} {matching} {then}: {bad:?}");
        ran.says(&[says]);
        stack.mend(tool);
    }
    assert_eq!(stack.production(), before);
}

#[test]
fn damaged_backup_is_found_wrong_whatever_is_damaged() {
    let mut stack = Stack::new(Shell::Bash);
    let id = back_up(&mut stack);
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    for (at, file) in
        ["db/toc.dat", "config/globals.sql", &format!("filestore/{}", FILES[0].0)].into_iter().enumerate()
    {
        stack.use_shell(Shell::ALL[at]);
        let mend = damage(&stack, file, cut);
        attempt(&mut stack, &id, false).exits(1).says(&["ops.wrong the repository is damaged"]);
        // The repository says that all is well, and gives something else.
        stack.fault("restic", "check", 0, "exit 0");
        stack.write("/etc/restic-lies", "");
        attempt(&mut stack, &id, false).exits(1).says(&["ops.wrong"]);
        stack.mend("restic");
        std::fs::remove_file(stack.path("/etc/restic-lies")).unwrap();
        mend();
        attempt(&mut stack, &id, false).exits(0);
        assert_eq!(
            checks(&stack, &id).iter().map(|one| one.ok).collect::<Vec<_>>()[at * 3..],
            [false, false, true]
        );
    }
}
