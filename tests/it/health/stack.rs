//! Containers, the database, and what Odoo has to do.

use ops::facts::{Log, ProbeFailure, Session, Traceback};

use super::{Case, does_not_know, fails, lost, passes, skips, warns};
use crate::sample;

#[test]
fn ct_running() {
    let state = |state: &'static str| move |case: &mut Case| case.web().state = state.into();
    passes("ct.running", "db, odoo run", |_| ());
    fails("ct.running", "odoo has exited with code 0", state("exited"));
    fails("ct.running", "odoo is restarting", state("restarting"));
    fails("ct.running", "odoo is paused", state("paused"));
    fails("ct.running", "code 137, killed for memory", |case| {
        let web = case.web();
        (web.state, web.exit_code, web.oom_killed) = ("exited".into(), 137, true);
    });
    fails("ct.running", "odoo has no container", |case| case.facts.containers.as_mut().unwrap().truncate(1));
    fails("ct.running", "db has no container, odoo has no container", |case| {
        case.facts.containers = Ok(vec![])
    });
    // A service that only the release knows.
    fails("ct.running", "superset has no container", |case| {
        let image = case.release().images["db"].clone();
        case.release().images.insert("superset".into(), image);
    });
    does_not_know("ct.running", |case| case.facts.containers = lost());
}

#[test]
fn a_slot_that_was_drained_is_not_missed() {
    let drained = |case: &mut Case| {
        let mut other = sample::container("odoo-b");
        (other.state, other.exit_code, other.restarts) = ("exited".into(), 0, 7);
        case.facts.containers.as_mut().unwrap().push(other);
    };
    passes("ct.running", "db, odoo run", drained);
    passes("ct.restarts", "none", drained);
}

#[test]
fn ct_health() {
    let started = |ago: i64, health: &'static str| {
        move |case: &mut Case| {
            let at = jiff::Timestamp::from_second(sample::NOW - ago).unwrap().to_string();
            let web = case.web();
            (web.started, web.health) = (at, Some(health.into()));
        }
    };
    passes("ct.health", "db, odoo healthy", |_| ());
    passes("ct.health", "db, odoo", started(100, "starting"));
    warns("ct.health", "odoo is starting", started(400, "starting"));
    fails("ct.health", "odoo is unhealthy", started(400, "unhealthy"));
    skips("ct.health", |case| {
        case.facts.containers.as_mut().unwrap().iter_mut().for_each(|one| one.health = None)
    });
    does_not_know("ct.health", |case| case.facts.containers = lost());
    let again = |times: u32, ago: i64| {
        move |case: &mut Case| {
            started(ago, "healthy")(case);
            case.web().restarts = times;
        }
    };
    passes("ct.restarts", "none", |_| ());
    passes("ct.restarts", "none", again(40, 3600));
    warns("ct.restarts", "1 time", again(1, 60));
    fails("ct.restarts", "3 times", again(3, 60));
    fails("ct.restarts", "1 time", |case| {
        again(1, 3600)(case);
        case.web().state = "restarting".into();
    });
    // A moment that cannot be read is no reason to think that it is long ago.
    warns("ct.restarts", "1 time", |case| (case.web().restarts, case.web().started) = (1, "then".into()));
    does_not_know("ct.restarts", |case| case.facts.containers = lost());
    passes("ct.memory", "none", |_| ());
    fails("ct.memory", "odoo", |case| case.web().oom_killed = true);
    does_not_know("ct.memory", |case| case.facts.containers = lost());
}

#[test]
fn ct_logs() {
    let log = |bytes: u64| {
        move |case: &mut Case| {
            case.vitals().logs.as_mut().unwrap().insert("odoo-odoo-1".into(), Some(bytes));
        }
    };
    passes("ct.logs", "odoo-odoo-1 has 5 MB", |_| ());
    warns("ct.logs", "600 MB", log(600_000_000));
    fails("ct.logs", "3 GB", log(3_000_000_000));
    skips("ct.logs", |case| case.vitals().logs.as_mut().unwrap().values_mut().for_each(|size| *size = None));
    does_not_know("ct.logs", |case| case.vitals().logs = lost());
}

#[test]
fn pg_up() {
    passes("pg.up", "odoo on PostgreSQL 15.20, 944 MB", |_| ());
    fails("pg.up", "no database odoo", |case| {
        case.facts.database.as_mut().unwrap().as_mut().unwrap().exists = false
    });
    fails("pg.up", "no tables of Odoo", |case| {
        case.facts.database.as_mut().unwrap().as_mut().unwrap().odoo = false
    });
    fails("pg.up", "connection refused", |case| {
        case.facts.database = Err(ProbeFailure::new("connection refused"))
    });
    skips("pg.up", |case| case.facts.database = Ok(None));
    // A container that does not run is ct.running's.
    let down = |case: &mut Case| {
        case.facts.containers.as_mut().unwrap()[0].state = "exited".into();
        case.facts.database = Err(ProbeFailure::new("container is not running"));
        (case.vitals().sessions, case.vitals().odoo) = (Ok(None), Ok(None));
    };
    fails("ct.running", "db has exited", down);
    for id in ["pg.up", "pg.connections", "pg.idle", "odoo.crons", "odoo.modules"] {
        skips(id, down);
    }
}

#[test]
fn pg_connections_and_age() {
    passes("pg.connections", "6 of 97", |_| ());
    warns("pg.connections", "(82 %)", |case| case.sessions().used = 80);
    fails("pg.connections", "(100 %)", |case| case.sessions().used = 97);
    does_not_know("pg.connections", |case| case.vitals().sessions = lost());
    passes("pg.wraparound", "3 million", |_| ());
    warns("pg.wraparound", "600 million", |case| case.sessions().oldest = 600_000_000);
    fails("pg.wraparound", "1500 million", |case| case.sessions().oldest = 1_500_000_000);
    does_not_know("pg.wraparound", |case| case.vitals().sessions = lost());
    passes("pg.pages", "no broken page", |_| ());
    fails("pg.pages", "2 pages", |case| case.sessions().broken_pages = 2);
    does_not_know("pg.pages", |case| case.vitals().sessions = lost());
    let bloated = |tables: usize| move |case: &mut Case| case.odoo().bloated = vec!["mail".into(); tables];
    passes("pg.bloat", "no table", |_| ());
    warns("pg.bloat", "mail", bloated(1));
    fails("pg.bloat", "6 more", bloated(11));
    does_not_know("pg.bloat", |case| case.vitals().odoo = lost());
}

fn session(seconds: u64) -> Session {
    Session { pid: 812, seconds, user: Some("odoo".into()), application: Some("psql".into()), database: None }
}

#[test]
fn pg_sessions() {
    passes("pg.statement", "none", |_| ());
    passes("pg.statement", "60 s", |case| case.sessions().longest = Some(session(60)));
    warns("pg.statement", "for 6 min: pid 812, psql of odoo in ?", |case| {
        case.sessions().longest = Some(session(400))
    });
    fails("pg.statement", "for 2 h", |case| case.sessions().longest = Some(session(7200)));
    passes("pg.idle", "none", |_| ());
    warns("pg.idle", "does nothing for 5 min", |case| case.sessions().idle = Some(session(300)));
    fails("pg.idle", "20 min", |case| case.sessions().idle = Some(session(1200)));
    let blocked = |sessions: u64| {
        move |case: &mut Case| {
            case.sessions().blocked = sessions;
            case.sessions().blocker = Some(session(90));
        }
    };
    passes("pg.blocked", "none", |_| ());
    warns("pg.blocked", "1 session for a lock, held for 90 s by pid 812", blocked(1));
    fails("pg.blocked", "12 sessions", blocked(12));
    for id in ["pg.statement", "pg.idle", "pg.blocked"] {
        does_not_know(id, |case| case.sessions().sees_all = false);
        does_not_know(id, |case| case.vitals().sessions = lost());
        does_not_know(id, |case| case.facts.vitals = None);
    }
}

#[test]
fn odoo_modules() {
    let state = |name: &'static str, state: &'static str| {
        move |case: &mut Case| {
            let database = case.facts.database.as_mut().unwrap().as_mut().unwrap();
            database.modules.insert(name.into(), sample::module(state));
        }
    };
    passes("odoo.modules", "ipai_docs installed", |_| ());
    passes("odoo.modules", "installed", |case| {
        case.vitals()
            .versions
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .insert("ipai_docs".into(), Some("1.0".into()));
    });
    warns("odoo.modules", "ipai_docs is 14.0.1.0, and 14.0.2.0 on disk", |case| {
        case.vitals()
            .versions
            .as_mut()
            .unwrap()
            .as_mut()
            .unwrap()
            .insert("ipai_docs".into(), Some("2.0".into()));
    });
    fails("odoo.modules", "not on disk: ipai_docs", |case| {
        case.vitals().versions.as_mut().unwrap().as_mut().unwrap().insert("ipai_docs".into(), None);
    });
    fails("odoo.modules", "not installed: ipai_expense", |case| case.env.modules.push("ipai_expense".into()));
    fails("odoo.modules", "not installed: ipai_docs", state("ipai_docs", "to install"));
    does_not_know("odoo.modules", |case| case.vitals().versions = lost());
    skips("odoo.modules", |case| case.env.modules.clear());
    passes("database.modules", "none", |_| ());
    fails("database.modules", "sale is “to upgrade”", state("sale", "to upgrade"));
}

#[test]
fn odoo_crons_and_mails() {
    let late = |overdue: u64, late: u64| {
        move |case: &mut Case| {
            let odoo = case.odoo().crons.as_mut().unwrap();
            (odoo.overdue, odoo.late, odoo.late_names) = (overdue, late, vec!["Mail: queue".into()]);
        }
    };
    passes("odoo.crons", "12 actions, none overdue", |_| ());
    warns("odoo.crons", "1 of 12 overdue, for up to 66 min: Mail: queue", late(1, 4000));
    fails("odoo.crons", "6 of 12", late(6, 4000));
    fails("odoo.crons", "up to 5 h", late(1, 5 * 3600));
    does_not_know("odoo.crons", |case| case.vitals().odoo = lost());
    skips("odoo.crons", |case| case.odoo().crons = None);
    passes("odoo.mails", "0", |_| ());
    warns("odoo.mails", "12", |case| case.odoo().mails = Some(12));
    fails("odoo.mails", "100", |case| case.odoo().mails = Some(100));
    skips("odoo.mails", |case| case.odoo().mails = None);
    does_not_know("odoo.mails", |case| case.vitals().odoo = lost());
}

#[test]
fn odoo_errors() {
    let logged = |recent: u64, first: &'static str| {
        move |case: &mut Case| {
            let what = "odoo.http: KeyError: 'x' (main.py in page)".to_owned();
            let (first, last) = (first.to_owned(), "2026-11-18T11:00:00Z".to_owned());
            let tracebacks = vec![Traceback { count: recent + 3, recent, first, last, what }];
            case.vitals().log = Ok(Some(Log { tracebacks, refused: 0 }));
        }
    };
    passes("odoo.errors", "none", |_| ());
    passes("odoo.errors", "none", logged(0, "2026-11-18T11:00:00Z"));
    warns(
        "odoo.errors",
        "2 times odoo.http: KeyError: 'x' (main.py in page) (new since release r1)",
        logged(2, "2026-11-18T11:00:00Z"),
    );
    fails("odoo.errors", "30 times", logged(30, "2026-10-01T00:00:00Z"));
    skips("odoo.errors", |case| case.vitals().log = Ok(None));
    does_not_know("odoo.errors", |case| case.vitals().log = lost());
}
