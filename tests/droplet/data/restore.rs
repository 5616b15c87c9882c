//! A backup comes back beside the live database, or its files into the live filestore; both can be taken back.

use ops::cmd::Cmd;
use ops::inventory::Mask;
use ops::tools::backup::Return;

use super::backup::back_up;
use super::stack::{DIR, FAILS, FILES, FILESTORE, GARBAGE, REPOSITORY, Stack};
use crate::sandbox::{Sandbox, Shell};

const COPY: &str = "odoo_restored_20261201t000000z";
/// With the files of the backup; without them `Database`, then `Linked`.
const STEPS: [Return; 5] = [Return::Ready, Return::Fetch, Return::Both, Return::Files, Return::Own];

/// restic's id of the newest snapshot.
pub fn newest(stack: &Stack) -> String {
    stack.snapshots(REPOSITORY).pop().unwrap()["id"].as_str().unwrap().to_owned()
}

fn steps(stack: &Stack, steps: &[Return], copy: &str) -> Vec<Cmd> {
    let snapshot = newest(stack);
    steps.iter().map(|step| stack.tool().restore(*step, &snapshot, copy)).collect()
}

#[track_caller]
fn drop(stack: &mut Stack, copy: &str) {
    let cmd = steps(stack, &[Return::Drop], copy);
    stack.run_all(&cmd).exits(0);
}

#[test]
fn restore_makes_a_closed_copy_and_drop_removes_it() {
    let strange = "-o'd \"d\" $(touch pwned)";
    for name in ["odoo", strange] {
        let mut stack = Stack::with(Sandbox::new(Shell::Dash), name);
        let copy = &format!("{name}_restored");
        for shell in if name == "odoo" { &Shell::ALL[..] } else { &Shell::ALL[1..2] } {
            stack.again(*shell);
            back_up(&mut stack);
            let before = stack.production();
            let (database, files) = match shell {
                Shell::Bash => (Return::Database, Return::Linked),
                _ => (Return::Both, Return::Files),
            };
            let all = steps(
                &stack,
                &[Return::Ready, Return::Fetch, database, files, Return::Own, Return::Close],
                copy,
            );
            stack.run_all(&all).exits(0);
            let made = stack.sql("postgres", "select pg_get_userbyid(datdba), datallowconn, shobj_description(oid, 'pg_database') from pg_database where datname like '%restored'");
            assert_eq!(made, "odoo|f|made by ops for a restore");
            for (file, text) in FILES {
                assert_eq!(stack.read(&format!("{FILESTORE}/{copy}/{file}")), text);
            }
            stack.sql(
                "postgres",
                &format!("alter database \"{}\" allow_connections true", copy.replace('"', "\"\"")),
            );
            let rows = "select string_agg(name || email, ',' order by id) from res_partner";
            assert_eq!(stack.sql(copy, rows), stack.sql(name, rows));
            stack.sql(
                "postgres",
                &format!("alter database \"{}\" allow_connections false", copy.replace('"', "\"\"")),
            );
            assert!(!stack.exists(&format!("{DIR}/backup/coming")));
            drop(&mut stack, copy);
            drop(&mut stack, copy);
            assert_eq!(stack.production(), before);
            stack.calls_are_clean(&[&stack.read(&format!("{DIR}/backup/key"))]);
        }
        stack.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn drop_keeps_databases_that_are_live_or_were_let_in() {
    let mut stack = Stack::new(Shell::Dash);
    back_up(&mut stack);
    for shell in Shell::each() {
        stack.use_shell(shell);
        let before = stack.production();
        // The live one, by whatever mistake.
        let cmd = steps(&stack, &[Return::Drop], "odoo");
        stack.run_all(&cmd).exits(0).says(&["odoo was live, and is kept"]);
        assert_eq!(stack.production(), before);
        // Somebody else's, closed as well.
        stack.sql("postgres", "create database other allow_connections false owner odoo");
        let cmd = steps(&stack, &[Return::Drop], "other");
        stack.run_all(&cmd).exits(0).says(&["other was live, and is kept"]);
        // One that came back and that users were let in to.
        let all = steps(&stack, &STEPS, COPY);
        stack.run_all(&all).exits(0);
        stack.sql(
            "postgres",
            &format!("alter database {COPY} allow_connections true; comment on database {COPY} is null"),
        );
        drop(&mut stack, COPY);
        assert_eq!(stack.sql("postgres", "select count(*) from pg_database where datname in ('other', 'odoo_restored_20261201t000000z')"), "2");
        assert!(stack.exists(&format!("{FILESTORE}/{COPY}/{}", FILES[0].0)));
        stack.sql("postgres", "drop database other");
        stack.sql("postgres", &format!("drop database {COPY}"));
        std::fs::remove_dir_all(stack.path(&format!("{FILESTORE}/{COPY}"))).unwrap();
    }
}

/// A tool, what its call holds, which call, what it does instead, and what the restore says.
const FAULTS: [(&str, &str, u32, &str, &str); 14] = [
    ("restic", "dump", 0, FAILS, "cannot be read"),
    ("restic", "dump", 0, GARBAGE, ""),
    ("restic", "--include /db", 0, FAILS, "fails on purpose"),
    ("restic", "--include /db", 0, GARBAGE, "what was fetched is not what was stored"),
    (
        "restic",
        "--include /db",
        0,
        "$RESTIC \"$@\"; printf x >>/var/lib/ops/odoo/backup/coming/db/toc.dat; exit 0",
        "what was fetched is not what was stored",
    ),
    ("pg_restore", "-l", 0, FAILS, "the dump has no list"),
    ("pg_restore", "-j 2", 0, FAILS, "could not be restored"),
    ("pg_restore", "-j 2", 0, "/stubs/postgresql/pg_restore \"$@\"; kill -9 $$", "could not be restored"),
    ("pg_restore", "-j 2", 0, GARBAGE, "what came back is not what was kept"),
    (
        "pg_restore",
        "-j 2",
        0,
        "/stubs/postgresql/pg_restore \"$@\"; /stubs/postgresql/psql -qU postgres -d odoo_restored_20261201t000000z -c 'delete from res_partner'; exit 0",
        "res_partner: 2 rows were kept, 0 came back",
    ),
    ("psql", "copy=", 3, FAILS, ""),
    ("psql", "copy=", 9, FAILS, ""),
    ("restic", "ops-backup/filestore --target", 0, FAILS, "did not come back"),
    (
        "restic",
        "ops-backup/filestore --target",
        0,
        "$RESTIC \"$@\"; rm -r /srv/docker/volumes/odoo_web/_data/filestore/odoo_restored_20261201t000000z.new/fe; exit 0",
        "of 2 files that the database names, 1 did not come back",
    ),
];

#[test]
fn restore_leaves_production_alone_when_a_tool_fails_or_brings_something_else() {
    let mut stack = Stack::new(Shell::Dash);
    back_up(&mut stack);
    let before = stack.production();
    for (at, (tool, matching, call, then, says)) in FAULTS.iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.fault(
            tool,
            matching,
            *call,
            &then.replace("$RESTIC", "/usr/bin/python3 -IS /stubs/restic.pyc"),
        );
        let all = steps(&stack, &STEPS, COPY);
        let ran = stack.run_all(&all);
        assert!(stack.met(tool) > 0 && ran.code != Some(0), "{tool} {matching} {then}: it goes on\n{ran}");
        if !says.is_empty() && *says != "did not come back" {
            ran.says(&[says]);
        }
        stack.mend(tool);
        drop(&mut stack, COPY);
        assert_eq!(stack.production(), before, "{tool} {matching} {then}");
    }
}

#[test]
fn copy_of_another_environment_is_quiet_masked_and_has_no_say_outside_it() {
    let mut stack = Stack::new(Shell::Dash);
    back_up(&mut stack);
    let sql = vec!["update res_users set password = 'it''s'".to_owned()];
    let mask = Mask { emails: true, phones: true, names: true, sql };
    for shell in Shell::each() {
        stack.use_shell(shell);
        let before = stack.production();
        let all = steps(&stack, &STEPS[..3], COPY);
        stack.run_all(&all).exits(0);
        let snapshot = newest(&stack);
        let url = "https://test.example.com/'; drop table res_partner; --";
        let quiet = stack.tool().quiet(&snapshot, COPY, Some(url), &mask);
        stack.run(&quiet).exits(0);
        let says = "select string_agg(name || '|' || email || '|' || phone, ' ' order by id) from res_partner;
            select count(*) from ir_cron where active; select count(*) from ir_mail_server where active and smtp_host <> 'invalid';
            select value from ir_config_parameter where key = 'web.base.url';
            select value = 'of-production' from ir_config_parameter where key = 'database.uuid'; select password from res_users;";
        let wanted = format!(
            "My Company|masked-1@example.invalid|+000001 Partner 2|masked-2@example.invalid|+000002\n0\n0\n{url}\nf\nit's"
        );
        assert_eq!(stack.sql(COPY, says), wanted);
        // Statements of the user have the data, and nothing else.
        for bad in [
            "create role intruder superuser",
            "copy res_users to program 'touch /etc/pwned'",
            "no sql at all",
        ] {
            let mask = Mask { sql: vec![bad.to_owned()], ..Mask::default() };
            let cmd = stack.tool().quiet(&snapshot, COPY, None, &mask);
            stack.run(&cmd).exits(1).says(&["a statement of `mask` failed"]);
        }
        drop(&mut stack, COPY);
        assert_eq!(stack.production(), before);
    }
}

#[test]
fn missing_files_come_back_and_damaged_ones_are_kept_aside() {
    let mut stack = Stack::new(Shell::Dash);
    back_up(&mut stack);
    let before = stack.production();
    let [(lost, _), (damaged, _)] = FILES;
    let live = format!("{FILESTORE}/odoo");
    for shell in Shell::each() {
        stack.use_shell(shell);
        std::fs::remove_file(stack.path(&format!("{live}/{lost}"))).unwrap();
        stack.write(&format!("{live}/{damaged}"), "damaged");
        stack.write(&format!("{live}/01/not-named"), "whatever");
        let aside = "odoo_damaged_x";
        let lacking = steps(&stack, &[Return::Lacking], aside);
        stack
            .run_all(&lacking)
            .exits(0)
            .says(&["of 2 files that the database names, 2 are missing or damaged"]);
        // restic that fails changes nothing.
        stack.fault("restic", "restore", 0, FAILS);
        let found = steps(&stack, &[Return::Found], aside);
        stack.run_all(&found).exits(1);
        assert_eq!(stack.read(&format!("{live}/{damaged}")), "damaged");
        stack.mend("restic");
        let rest = steps(&stack, &[Return::Found, Return::Close], aside);
        stack.run_all(&rest).exits(0);
        assert_eq!(stack.read(&format!("{FILESTORE}/{aside}/{damaged}")), "damaged");
        assert_eq!(stack.read(&format!("{live}/01/not-named")), "whatever");
        std::fs::remove_dir_all(stack.path(&format!("{FILESTORE}/{aside}"))).unwrap();
        std::fs::remove_dir_all(stack.path(&format!("{live}/01"))).unwrap();
        assert_eq!(stack.production(), before);
    }
}
