//! A backup: ready, hold, dump, read, store, confirm, close.

use ops::cmd::Cmd;
use ops::record::BackupRecord;

use super::stack::{DIR, FAILS, FILES, FILESTORE, GARBAGE, HANGS, PATH, REPOSITORY, SITE, Stack};
use crate::sandbox::{Ran, Sandbox, Shell};

/// The commands of one backup, in order, without `close`.
pub fn commands(stack: &Stack) -> Vec<Cmd> {
    let tool = stack.tool();
    vec![
        tool.ready("prod", PATH, 0),
        tool.hold(),
        tool.dump(Some((SITE, None))),
        tool.read(),
        tool.store(),
        tool.confirm(),
    ]
}

/// One backup, whose id is given back.
pub fn back_up(stack: &mut Stack) -> String {
    attempt(stack).exits(0);
    stack.verified(REPOSITORY).pop().unwrap()
}

/// One backup to the step that fails, and its end in any case.
#[track_caller]
pub fn attempt(stack: &mut Stack) -> Ran {
    let ran = stack.run_all(&commands(stack));
    let close = stack.tool().close();
    stack.run(&close).exits(0);
    ran
}

/// Nothing is left of an attempt, and nothing counts as a backup.
#[track_caller]
fn nothing_counts(stack: &mut Stack, why: &str) {
    let why = format!("{why} ({:?})", stack.shell());
    assert_eq!(stack.verified(REPOSITORY), Vec::<String>::new(), "{why}: a snapshot counts as verified");
    assert!(!stack.exists(&format!("{DIR}/backup/now")), "{why}: the attempt leaves its directory");
    let left = stack
        .sh(&format!("ls {DIR}/backup | grep 'z.json'; /stubs/engine ps -aq --filter label=ops.backup=odoo"));
    assert_eq!(left.out, "", "{why}: a record or a container is left");
    let sessions =
        stack.sql("postgres", "select count(*) from pg_stat_activity where application_name = 'ops-backup'");
    assert_eq!(sessions, "0", "{why}: a session is left in the server");
}

#[test]
fn backup_becomes_verified_when_every_step_ends_well() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        let before = stack.production();
        let id = back_up(&mut stack);
        let record: BackupRecord =
            serde_json::from_str(&stack.read(&format!("{DIR}/backup/{id}.json"))).unwrap();
        assert_eq!(
            (record.id.as_str(), record.env.as_str(), record.release.as_str()),
            (id.as_str(), "prod", "r1")
        );
        assert_eq!((record.database.name.as_str(), record.database.counts["res_partner"]), ("odoo", 2));
        assert_eq!((record.attachments.named, record.attachments.missing), (2, 0));
        assert_eq!(record.database.modules["base"].as_deref(), Some("17.0.1.3"));
        assert_eq!(stack.production(), before);
        assert!(!stack.exists(&format!("{DIR}/backup/now")), "the dump stays on the disk");
        stack.calls_are_clean(&[&stack.read(&format!("{DIR}/backup/key"))]);
        let verbs: Vec<_> =
            stack.calls("restic").iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect();
        let order = ["forget", "init", "backup", "ls", "tag"];
        assert_eq!(verbs.iter().filter(|verb| *verb != "version").collect::<Vec<_>>(), order);
        // Database, files, configuration, stack, certificates; and no backup within the backup.
        let [one] = &stack.snapshots(REPOSITORY)[..] else { panic!("one snapshot") };
        let tree = format!("{REPOSITORY}/data/{}/run/ops-backup", one["tree"].as_str().unwrap());
        for file in [
            "db/toc.dat",
            "config/globals.sql",
            "config/site",
            "stack/.env",
            "letsencrypt/live/erp/fullchain.pem",
        ] {
            assert!(stack.exists(&format!("{tree}/{file}")), "{file} is not stored");
        }
        assert!(stack.exists(&format!("{tree}/filestore/{}", FILES[0].0)));
        assert!(!stack.exists(&format!("{tree}/ops/backup")));
    }
}

/// A tool, what its call holds, what it does instead, and what the backup says of that.
const FAULTS: [(&str, &str, &str, &str); 18] = [
    ("docker", "--filter label=ops.backup=odoo", FAILS, ""),
    ("psql", "pg_database_size", FAILS, "the database odoo does not answer"),
    ("psql", "pg_database_size", GARBAGE, ""),
    ("restic", "unverified", "exit 12", "does not open the repository"),
    ("psql", "ON_ERROR_STOP", FAILS, "cannot be held"),
    ("psql", "ON_ERROR_STOP", GARBAGE, "cannot be held"),
    ("pg_dump", "--snapshot", FAILS, "odoo could not be dumped"),
    ("pg_dump", "--snapshot", GARBAGE, ""),
    ("pg_dumpall", "", FAILS, "odoo could not be dumped"),
    ("pg_restore", "-f /dev/null", FAILS, "the dump cannot be read to its end"),
    ("pg_restore", "-f /dev/null", "kill -9 $$", "the dump could not be read (code 137)"),
    ("docker", "ops-backup-odoo-files", "exit 125", "the files could not be read (code 125)"),
    ("docker", "ops-backup-odoo-files", GARBAGE, "the files could not be read"),
    ("restic", "backup --json", FAILS, "restic failed with 1"),
    (
        "restic",
        "backup --json",
        "/usr/bin/python3 -IS /stubs/restic.pyc \"$@\"; exit 3",
        "restic failed with 3",
    ),
    ("restic", "backup --json", GARBAGE, "restic does not say what it stored"),
    ("restic", "ls", GARBAGE, "what was stored cannot be listed"),
    ("restic", "tag", FAILS, ""),
];

#[test]
fn backup_counts_for_nothing_when_a_tool_fails_or_prints_garbage() {
    // A fault in one shell each, the next one in another.
    let mut stack = Stack::new(Shell::Dash);
    for (at, shell) in Shell::ALL.into_iter().enumerate() {
        stack.again(shell);
        let before = stack.production();
        for (tool, matching, then, says) in FAULTS.iter().skip(at).step_by(3) {
            stack.fault(tool, matching, 0, then);
            let ran = stack.run_all(&commands(&stack));
            assert!(stack.met(tool) > 0, "{tool} {matching}: the fault was not met\n{ran}");
            assert!(ran.code != Some(0), "{tool} {matching}: the backup goes on\n{ran}");
            ran.says(&[says]);
            stack.mend(tool);
            let close = stack.tool().close();
            let closed = stack.run(&close);
            assert_eq!(closed.code, Some(0), "{tool} {matching} {then}: {closed}");
            nothing_counts(&mut stack, &format!("{tool} {matching} {then}"));
        }
        assert_eq!(stack.production(), before);
        // What the attempts stored is removed by the next backup, which ends well.
        back_up(&mut stack);
        assert_eq!(stack.snapshots(REPOSITORY).len(), 1, "snapshots of failed attempts stay");
        stack.calls_are_clean(&[&stack.read(&format!("{DIR}/backup/key"))]);
    }
}

#[test]
fn backup_is_refused_when_dump_or_stored_files_are_cut() {
    let cut = "/stubs/postgresql/pg_dump \"$@\" || exit\n\
        file=$(ls -S /backup/db.partial/*.dat | grep -v toc | head -n 1); truncate -s -4 \"$file\"; exit 0";
    let short = "/usr/bin/python3 -IS /stubs/restic.pyc \"$@\" | grep -v \"$(cat /etc/lost)\"; exit 0";
    let mut stack = Stack::new(Shell::Dash);
    for (at, shell) in Shell::ALL.into_iter().enumerate() {
        stack.again(shell);
        // One of the dump, one of the filestore, one of the configuration.
        stack.write("/etc/lost", ["db/toc.dat", FILES[1].0, "config/manifest.json"][at]);
        stack.fault("restic", "ls", 0, short);
        attempt(&mut stack).exits(1).says(&["what was stored is not all that was to be kept"]);
        assert!(
            stack.calls("restic").iter().all(|call| !call.starts_with("tag")),
            "a short store is confirmed"
        );
        nothing_counts(&mut stack, "short");
        stack.mend("restic");
        stack.fault("pg_dump", "", 0, cut);
        attempt(&mut stack).exits(1).says(&["is cut"]);
        assert_eq!(stack.snapshots(REPOSITORY).len(), 0);
        nothing_counts(&mut stack, "cut");
        stack.mend("pg_dump");
    }
}

#[test]
fn backup_counts_missing_and_damaged_files_of_the_filestore() {
    let mut stack = Stack::new(Shell::Busybox);
    stack.write(&format!("{FILESTORE}/odoo/{}", FILES[0].0), "other");
    attempt(&mut stack).exits(1).says(&["of 2 files that the database names, 1 are missing", FILES[0].0]);
    nothing_counts(&mut stack, "damaged");
    let mut all = commands(&stack);
    all[0] = stack.tool().ready("prod", PATH, 1);
    stack.run_all(&all).exits(0);
    let close = stack.tool().close();
    stack.run(&close).exits(0);
    let id = stack.verified(REPOSITORY).pop().unwrap();
    let record: BackupRecord = serde_json::from_str(&stack.read(&format!("{DIR}/backup/{id}.json"))).unwrap();
    assert_eq!((record.attachments.named, record.attachments.missing), (2, 1));
}

#[test]
fn backup_ends_when_halt_is_asked_for_and_close_ends_what_hangs() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        stack.mend("pg_dump");
        let _ = std::fs::remove_file(stack.path("/run/halt"));
        let all = commands(&stack);
        stack.run_all(&all[..2]).exits(0);
        stack.fault("pg_dump", "", 0, HANGS);
        let hangs = stack.start(&all[2].clone().env("OPS_HALT", "/run/halt"));
        while stack.met("pg_dump") == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        stack.write("/run/halt", "");
        stack
            .wait(hangs)
            .exits(1)
            .says(&["ops.ended ended early, as it was asked for", "could not be dumped"]);
        // Nobody is told; the worker is gone, the dump hangs on, and `close` comes.
        let _hangs = stack.start(&all[2]);
        while stack.met("pg_dump") < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let close = stack.tool().close();
        stack.run(&close).exits(0);
        stack.run(&close).exits(0);
        nothing_counts(&mut stack, "close");
    }
}

#[test]
fn close_leaves_other_containers_and_sessions_alone() {
    let mut stack = Stack::new(Shell::Dash);
    let before = stack.production();
    stack
        .sh("/stubs/engine run -d --name other --label ops.backup=other --network none odoo:17 >/dev/null")
        .exits(0);
    let others = "/stubs/engine exec -i odoo-db-1 sh -c 'PGAPPNAME=psql exec /stubs/postgresql/psql -U postgres -d odoo -c \"select pg_sleep(100)\"' >/dev/null 2>&1 &
        n=0; until [ $n = 100 ] || /stubs/engine exec -i odoo-db-1 psql -XAtq -U postgres -c 'select query from pg_stat_activity' | grep -q '^select pg_sleep'; do n=$((n + 1)); sleep 0.1; done; [ $n -lt 100 ]";
    stack.sh(others).exits(0);
    let close = stack.tool().close();
    stack.run(&close).exits(0);
    stack.run(&close).exits(0);
    let count = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'";
    assert_eq!(stack.sql("postgres", count), "1", "the session of somebody else is ended");
    stack.sh("[ -n \"$(/stubs/engine ps -q --filter label=ops.backup=other)\" ]").exits(0);
    stack.sh("/stubs/engine rm -f other").exits(0);
    assert_eq!(stack.production(), before);
}

#[test]
fn backup_keeps_strange_names_as_they_are() {
    let strange = "-o'd \"d\" $(touch pwned) `touch pwned`; %s\\n";
    let mut stack = Stack::with(Sandbox::new(Shell::Dash), strange);
    for shell in Shell::each() {
        stack.again(shell);
        let site = "/etc/nginx/sites-enabled/-a $(touch pwned) 'b\".conf";
        stack.write(site, "server {}\n");
        let before = stack.production();
        let mut all = commands(&stack);
        all[0] = stack.tool().ready("pr'od\"\\ $(touch pwned)", "/opt/odoo", 0);
        all[2] = stack.tool().dump(Some((site, None)));
        stack.run_all(&all).exits(0);
        let close = stack.tool().close();
        stack.run(&close).exits(0);
        let id = stack.verified(REPOSITORY).pop().unwrap();
        let record: BackupRecord =
            serde_json::from_str(&stack.read(&format!("{DIR}/backup/{id}.json"))).unwrap();
        assert_eq!(
            (record.database.name.as_str(), record.env.as_str()),
            (strange, "pr'od\"\\ $(touch pwned)")
        );
        assert_eq!(record.database.counts["res_partner"], 2);
        assert_eq!(stack.production(), before);
        stack.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn backup_says_how_much_room_it_wants_and_survives_a_full_disk() {
    let mut stack = Stack::with(Sandbox::with_disks(Shell::Bash, &[("/srv/backups", 40_000)]), "odoo");
    stack.write("/etc/free", "9000");
    attempt(&mut stack).exits(1).says(&["a dump of odoo may want", "8 MB are free"]);
    // The repository is on a disk of its own, which restic fills.
    stack.write("/etc/free", "9000000");
    stack.write(&format!("{PATH}/large"), "x".repeat(90_000));
    attempt(&mut stack).exits(1).says(&["restic failed with 1", "No space left on device"]);
    let left =
        stack.sh(&format!("grep -l '\"verified\"' {REPOSITORY}/snapshots/*; ls {DIR}/backup | grep z.json"));
    assert_eq!(left.out, "");
}

#[test]
fn close_removes_the_dump_when_an_ended_step_makes_one_more_file() {
    let mut stack = Stack::new(Shell::Dash);
    // What `rm` finds when a file comes into a directory that it has just emptied.
    stack.stub(
        "rm",
        "[ \"$1\" != -rf ] || [ -e /etc/late ] || { : >/etc/late; exit 1; }\nexec /usr/bin/rm \"$@\"",
    );
    for shell in Shell::each() {
        stack.again(shell);
        let _ = std::fs::remove_file(stack.path("/etc/late"));
        stack.write(&format!("{DIR}/backup/now/sizes"), "");
        let close = stack.tool().close();
        stack.run(&close).exits(0);
        assert!(stack.exists("/etc/late") && !stack.exists(&format!("{DIR}/backup/now")));
    }
}
