//! Statements that take long again and again.

use ops::facts::{Statement, Statements};

use super::{Case, does_not_know, fails, lost, passes, skips, verdict, warns};

fn statement(id: i64, calls: u64, mean: u64) -> Statement {
    Statement { id: Some(id), calls, millis: calls * mean, text: Some("select $1 from res_partner".into()) }
}

fn counted(statements: Statements) -> impl FnOnce(&mut Case) {
    move |case| case.odoo().statements = Some(statements)
}

fn top(all: &[Statement]) -> impl FnOnce(&mut Case) {
    counted(Statements::Top(all.to_vec()))
}

#[test]
fn pg_slow() {
    passes("pg.slow", "none was called", top(&[]));
    passes("pg.slow", "none was called more than 100 times", top(&[statement(1, 100, 9000)]));
    passes(
        "pg.slow",
        "takes 999 ms on average, called 101 times (queryid -7)",
        top(&[statement(-7, 101, 999)]),
    );
    warns(
        "pg.slow",
        "takes 1.4 s on average, called 2300 times (queryid 8): select $1 from res_partner; 1 more are slow",
        top(&[
            statement(7, 5000, 1000),
            statement(8, 2300, 1400),
            statement(9, 3, 90_000),
            statement(1, 9000, 2),
        ]),
    );
    fails("pg.slow", "takes 6 min on average", top(&[statement(1, 200, 360_000)]));
    fails("pg.slow", "takes 40 ms", |case| {
        case.env.health.slow.crit = std::time::Duration::from_millis(40);
        case.env.health.slow.warn = case.env.health.slow.crit;
        top(&[statement(1, 200, 40)])(case);
    });
    // What cannot be told apart, and what could hold data.
    let hidden = Statement { id: None, text: None, ..statement(1, 200, 2000) };
    warns("pg.slow", "takes 2.0 s on average, called 200 times", top(&[hidden]));
    // A factor of nonsense is no panic.
    fails(
        "pg.slow",
        "days on average",
        top(&[Statement { millis: u64::MAX, ..statement(1, u64::MAX / 1_000_000_000, 0) }]),
    );
}

#[test]
fn where_nothing_counts_statements_it_is_said_how_it_would() {
    let skipped = verdict("pg.slow", |_| ());
    assert!(skipped.evidence().contains("shared_preload_libraries"), "{skipped:?}");
    skips("pg.slow", |_| ());
    let created = verdict("pg.slow", counted(Statements::NotCreated));
    assert!(created.evidence().contains("ops psql prod --write -- -c 'create extension"), "{created:?}");
    skips("pg.slow", counted(Statements::NotCreated));
    does_not_know("pg.slow", counted(Statements::Hidden));
    does_not_know("pg.slow", counted(Statements::Silent));
    does_not_know("pg.slow", |case| case.odoo().statements = None);
    does_not_know("pg.slow", |case| case.vitals().odoo = lost());
    let fix = verdict("pg.slow", top(&[statement(8, 2300, 1400)]));
    assert!(
        fix.fix()
            .unwrap()
            .contains("ops psql prod -- -x -c 'select * from pg_stat_statements where queryid = 8'")
    );
}
