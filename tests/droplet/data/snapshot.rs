//! A database is put aside and comes back: take, back, dump, restore, exchange, drop, expire.

use ops::tools::snapshot::Snapshot;

use super::stack::{DIR, FAILS, FILES, FILESTORE, Stack};
use crate::sandbox::{Sandbox, Shell};

const HOLDER: &str = "/var/lib/ops/odoo/holder";

fn snapshot(database: &str) -> Snapshot<'_> {
    Snapshot { project: "odoo", service: "db", database, stamp: "20261201t000000z", web: HOLDER }
}

fn stack(database: &str) -> Stack {
    let stack = Stack::with(Sandbox::new(Shell::Dash), database);
    stack.write(HOLDER, format!("{}\n", "2".repeat(64)));
    stack
}

fn databases(stack: &mut Stack) -> String {
    stack.sql("postgres", "select string_agg(datname || case when datallowconn then '' else ' closed' end, ', ' order by datname) from pg_database where datname like '%o%d%o%'")
}

#[test]
fn take_keeps_the_original_and_back_brings_it_back() {
    for name in ["odoo", "-o'd \"d\" $(touch pwned)o"] {
        let mut stack = stack(name);
        let it = snapshot(name);
        for shell in if name == "odoo" { &Shell::ALL[..] } else { &Shell::ALL[2..] } {
            stack.use_shell(*shell);
            let before = stack.production();
            stack.run(&it.take()).exits(0);
            stack.run(&it.take()).exits(0);
            assert_eq!(databases(&mut stack), format!("{name}, {} closed", it.kept()));
            assert_eq!(
                stack.sql("postgres", "select count(*) from pg_db_role_setting where setdatabase <> 0"),
                "2",
                "settings of the database are lost"
            );
            // Users write, Odoo's vacuum removes a file.
            stack.sql(name, "update res_partner set name = 'changed'");
            std::fs::remove_file(stack.path(&format!("{FILESTORE}/{name}/{}", FILES[0].0))).unwrap();
            stack.run(&it.back()).exits(0);
            stack.run(&it.back()).exits(0);
            assert_eq!(databases(&mut stack), format!("{name}, {} closed", it.broken()));
            let broken = it.broken();
            stack.run(&Snapshot { web: "web", ..it.clone() }.drop(&[broken])).exits(0);
            assert_eq!(stack.production(), before);
        }
        stack.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn take_that_fails_half_way_is_taken_back() {
    let mut stack = stack("odoo");
    let it = snapshot("odoo");
    let before = stack.production();
    for (at, (tool, matching, call)) in
        [("psql", "", 1), ("psql", "", 3), ("docker", "run --rm", 0), ("docker", "ps -q", 1)]
            .iter()
            .enumerate()
    {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.fault(tool, matching, *call, FAILS);
        stack.run(&it.take()).exits(1);
        stack.mend(tool);
        stack.run(&it.back()).exits(0);
        assert_eq!(stack.production(), before, "{tool} {call}");
    }
    // The server ends in the middle of the statements: names are as they were, or both are changed.
    stack.fault("psql", "", 3, "head -n 4 | /stubs/postgresql/psql \"$@\"; exit 1");
    stack.run(&it.take()).exits(1);
    stack.mend("psql");
    stack.run(&it.back()).exits(0);
    assert_eq!(stack.production(), before);
}

#[test]
fn dump_is_a_way_back_only_when_it_was_read_to_its_end() {
    let mut stack = stack("odoo");
    let it = snapshot("odoo");
    let file = &format!("{DIR}/before $(touch pwned).dump");
    for shell in Shell::each() {
        stack.use_shell(shell);
        let before = stack.production();
        for (tool, then) in [
            ("pg_dump", FAILS),
            ("pg_dump", "/stubs/postgresql/pg_dump \"$@\" | head -c 2000; exit 0"),
            ("pg_restore", FAILS),
        ] {
            stack.fault(tool, "", 0, then);
            stack.run(&it.dump(file)).exits(1);
            stack.mend(tool);
            assert!(!stack.exists(file) && !stack.exists(&format!("{file}.new")), "{tool} {then}");
        }
        stack.run(&it.dump(file)).exits(0);
        stack.sql("odoo", "update res_partner set name = 'changed'; delete from ir_cron");
        stack.fault("pg_restore", "--create", 0, FAILS);
        stack.run(&it.restore(file)).exits(1).says(&["could not be restored", "which stays"]);
        assert!(stack.exists(file), "the only way back is gone");
        stack.mend("pg_restore");
        stack.run(&it.restore(file)).exits(0);
        // Users write again: the file is no way back any more.
        stack.sql("odoo", "insert into ir_cron (active) values (false)");
        stack.run(&it.restore(file)).exits(0);
        assert_eq!(stack.sql("odoo", "select count(*) from ir_cron"), "2");
        stack.sql("odoo", "delete from ir_cron where not active");
        std::fs::remove_file(stack.path(&format!("{file}.restored"))).unwrap();
        assert_eq!(stack.production(), before);
    }
}

#[test]
fn exchange_is_its_own_undo_and_drop_keeps_what_is_open() {
    let mut stack = stack("odoo");
    let it = snapshot("odoo");
    let (comes, goes) = (it.restored(), it.left());
    for shell in Shell::each() {
        stack.use_shell(shell);
        let before = stack.production();
        stack.sql("postgres", &format!("create database {comes} template odoo owner odoo allow_connections false; comment on database {comes} is 'made by ops for a restore'"));
        stack.write(&format!("{FILESTORE}/{comes}/new"), "new");
        for _ in 0..2 {
            stack.run(&it.exchange(&comes, &goes)).exits(0);
        }
        assert_eq!(databases(&mut stack), format!("odoo, {goes} closed"));
        assert_eq!(stack.read(&format!("{FILESTORE}/odoo/new")), "new");
        for _ in 0..2 {
            stack.run(&it.exchange(&goes, &comes)).exits(0);
        }
        assert_eq!(databases(&mut stack), format!("odoo, {comes} closed"));
        let by_service = Snapshot { web: "web", ..it.clone() };
        // What is open is live, or somebody else's.
        stack.run(&by_service.drop(&["odoo".into()])).exits(1).says(&["odoo is open to connections"]);
        stack
            .run(&by_service.expire(&["odoo".into(), comes.clone(), "not there".into()]))
            .exits(0)
            .says(&["kept odoo"]);
        assert_eq!(stack.production(), before);
    }
}
