//! Deploys that update a module in the database: who waits how long, and what becomes of the data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::load::Request;

/// A family of refs: before, with a migration, with one that fails.
pub struct Family {
    pub base: &'static str,
    pub bump: &'static str,
    pub bad: &'static str,
}

pub const STANDIN: Family = Family { base: "standin", bump: "standin-bump", bad: "standin-bad-migration" };
pub const ODOO: Family = Family { base: "main", bump: "bump", bad: "bad-migration" };

/// A user who asks all the time, and what came: when, and with which status.
pub struct Prober {
    stop: Arc<AtomicBool>,
    asks: JoinHandle<Vec<(Instant, u16)>>,
}

impl Prober {
    pub fn on(droplet: Droplet) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let asks = thread::spawn(move || {
            let mut seen = Vec::new();
            while !told.load(Ordering::SeqCst) {
                let answer = Request::get("/ipai_docs/release").send(droplet).join().unwrap();
                seen.push((Instant::now(), answer.map_or(0, |answer| answer.status)));
                thread::sleep(Duration::from_millis(20));
            }
            seen
        });
        Self { stop, asks }
    }

    /// How long users were kept away: everything else was answered.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "the figure is what was asked for")]
    pub fn interruption(self, what: &str) -> Duration {
        thread::sleep(Duration::from_millis(300));
        self.stop.store(true, Ordering::SeqCst);
        let seen = self.asks.join().unwrap();
        let strange: Vec<_> = seen.iter().filter(|(_, status)| ![200, 503].contains(status)).collect();
        assert!(strange.is_empty(), "{what}: {strange:?}");
        let first = seen.iter().position(|(_, status)| *status == 503);
        let last = seen.iter().rposition(|(_, status)| *status == 503);
        let (Some(first), Some(last)) = (first, last) else { return Duration::ZERO };
        assert!(
            seen[first..=last].iter().all(|(_, status)| *status == 503),
            "{what}: opened and closed again"
        );
        let long = seen[(last + 1).min(seen.len() - 1)].0 - seen[first.saturating_sub(1)].0;
        println!(
            "{what}: {} requests, {} of them told to come back, in {long:?}",
            seen.len(),
            last + 1 - first
        );
        long
    }
}

pub fn dump(droplet: Droplet, database: &str) -> String {
    // pg_dump draws a key of its own for \restrict; an Odoo that starts counts up a sequence.
    droplet.root(&format!(
        "docker exec odoo-db-1 pg_dump -U odoo {database} | grep -v -E '^.(un)?restrict |setval.*base_cache_signaling' | sha256sum"
    ))
}

pub fn databases(droplet: Droplet) -> Vec<(String, bool)> {
    let said = droplet.root(
        "docker exec odoo-db-1 psql -XAtq -F ' ' -U odoo -d postgres -c \"select datname, datallowconn from pg_database where datname like 'odoo%' order by 1\"",
    );
    said.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, open)| (name.into(), open == "t"))
        .collect()
}

/// The update runs on a copy, users are told to come back, and what was is kept to the byte.
pub fn a_migration_keeps_what_was(droplet: Droplet, family: &Family) {
    let laptop = Laptop::new();
    droplet.fresh();
    laptop.deploy(droplet.env, family.base, &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two')");
    // What a copy by TEMPLATE loses.
    droplet.sql("alter database odoo set work_mem to '7MB'; alter database odoo set search_path to public, pg_catalog");
    droplet.sql("alter database odoo connection limit 77; create role reader; grant connect on database odoo to reader; comment on database odoo is 'it''s ours'");
    let settings = "select array_agg(unnest order by 1) from pg_db_role_setting, unnest(setconfig) where setdatabase = (select oid from pg_database where datname = current_database())";
    let rights = "select datconnlimit, shobj_description(oid, 'pg_database'), (select array_agg(a::text order by a::text) from unnest(datacl) a) from pg_database where datname = current_database()";
    let (set, may) = (droplet.sql(settings), droplet.sql(rights));
    let prober = Prober::on(droplet);
    laptop.deploy(droplet.env, family.bump, &[]).exits(0).says(&[
        "1 module updated in the database",
        "custom-addons/ipai_docs/__manifest__.py",
        "nginx shows a page meanwhile (503, Retry-After)",
        "let users in to",
    ]);
    prober.interruption("a deploy with a migration");
    assert_eq!(droplet.release(), "bump");
    assert_eq!(
        droplet.sql("select latest_version from ir_module_module where name = 'ipai_docs'"),
        "14.0.1.1.0"
    );
    assert_eq!(
        droplet.sql(
            "select count(*) from ipai_document where reference like 'DOC-%' and name in ('one', 'two')"
        ),
        "2"
    );
    assert_eq!((droplet.sql(settings), droplet.sql(rights)), (set, may), "lost with the copy");

    let all = databases(droplet);
    let [(live, true), (kept, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && kept.starts_with("odoo_before_"), "{all:?}");
    let files = |name: &str| {
        droplet.root(&format!("d=$(docker volume inspect -f '{{{{.Mountpoint}}}}' odoo_odoo-data)/filestore; cd $d/{name} && find . -type f | sort"))
    };
    let (kept_files, live_files) = (files(kept), files("odoo"));
    assert!(!kept_files.is_empty(), "no filestore was kept");
    assert!(kept_files.lines().all(|file| live_files.contains(file)), "{kept_files}\n{live_files}");
    let release = droplet.root("s=/var/lib/ops/odoo/releases; cat $s/$(cat $s/current)/release.json");
    let release: serde_json::Value = serde_json::from_str(&release).unwrap();
    assert_eq!(release["restore"]["database"], *kept, "{release}");
    assert_eq!(release["modules"]["ipai_docs"], "14.0.1.1.0", "{release}");
    laptop.deploy(droplet.env, family.bump, &[]).exits(0).says(&["nothing to do"]);
}

/// Odoo is started again, and answers: who asks then counts every error.
const AGAIN: &str = "docker stop odoo-odoo-1 && docker start odoo-odoo-1; n=0
    until curl -sf -m 5 -o /dev/null -H 'Host: erp.lab' http://127.0.0.1/web/login || [ $n -gt 300 ]; do n=$((n + 1)); sleep 0.2; done";

/// On a droplet with the base release: everything is as it was, to the byte, and what broke is kept.
pub fn a_migration_that_fails_is_put_back(droplet: Droplet, family: &Family) {
    let laptop = Laptop::new();
    droplet.fresh();
    laptop.deploy(droplet.env, family.base, &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two')");
    droplet.root(AGAIN);
    let before = dump(droplet, "odoo");
    let prober = Prober::on(droplet);
    laptop.deploy(droplet.env, family.bad, &[]).exits(6).says(&[
        "this migration was made to fail",
        "update ipai_docs failed",
        "everything was put back as it was before",
    ]);
    prober.interruption("a migration that fails");
    assert_eq!(dump(droplet, "odoo"), before, "the database is not what it was");
    let all = databases(droplet);
    let [(live, true), (broken, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && broken.starts_with("odoo_broken_"), "{all:?}");
    droplet.login_page();
    // What broke is looked at as long as somebody wants, and then dropped.
    let listed = laptop.json(&["snapshots", "list", droplet.env]);
    assert_eq!(
        (&listed["snapshots"][0]["name"], &listed["snapshots"][0]["needed"]),
        (&broken.as_str().into(), &false.into())
    );
    laptop.ops(&["snapshots", "drop", droplet.env, broken, "--yes"]).exits(3).says(&["Data is lost", broken]);
    laptop.ops(&["snapshots", "drop", droplet.env, "odoo", "--confirm", droplet.env]).exits(2);
    laptop.ops(&["snapshots", "drop", droplet.env, broken, "--confirm", droplet.env]).exits(0);
    assert_eq!(databases(droplet).len(), 1);
    // The same with another cause: the schema is new, and the own check says no before users are in.
    let picky = Laptop::with(&[(
        "    modules: [ipai_docs]",
        "    modules: [ipai_docs]\n    checks: [{ name: no reference yet, sql: \"select count(*) from information_schema.columns where column_name = 'reference' and table_name = 'ipai_document'\", expect: \"= 0\", severity: critical, when: [verify] }]",
    )]);
    picky
        .deploy(droplet.env, family.bump, &[])
        .exits(6)
        .says(&["your check no reference yet: 1 (wanted = 0)"]);
    assert_eq!(dump(droplet, "odoo"), before, "the database is not what it was");
    // Those that broke go when their days are over, with the next deploy; the one that a rollback needs stays.
    let tidy = Laptop::with(&[("keep_releases: 5", "keep_releases: 5, snapshot_days: 0")]);
    tidy.deploy(droplet.env, family.bump, &[]).exits(0).says(&["drop odoo_broken_"]);
    assert_eq!(droplet.release(), "bump");
    let all = databases(droplet);
    let [(live, true), (kept, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && kept.starts_with("odoo_before_"), "{all:?}");
}

/// Without room for a copy: back from a dump to the byte, and on with nothing left of it but the file.
pub fn a_migration_by_a_dump(droplet: Droplet, family: &Family) {
    let laptop = Laptop::with(&[("keep_releases: 5", "keep_releases: 5, snapshot: dump")]);
    droplet.fresh();
    laptop.deploy(droplet.env, family.base, &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two')");
    droplet.sql("alter database odoo set work_mem = '5MB'; alter database odoo connection limit 90");
    droplet.root(AGAIN);
    let about = "select pg_get_userbyid(datdba), datcollate, datacl, datconnlimit, setconfig from pg_database
        left join pg_db_role_setting on setdatabase = pg_database.oid where datname = 'odoo'";
    let before = (dump(droplet, "odoo"), droplet.sql(about));
    laptop.deploy(droplet.env, family.bad, &[]).exits(6).says(&[
        "dump odoo to /var/lib/ops/odoo/releases/",
        "this migration was made to fail",
        "everything was put back as it was before",
    ]);
    assert!((dump(droplet, "odoo"), droplet.sql(about)) == before, "the database is not what it was");
    droplet.login_page();

    laptop.deploy(droplet.env, family.bump, &[]).exits(0).says(&["can bring back the code only"]);
    assert_eq!(droplet.release(), "bump");
    assert_eq!(databases(droplet), [("odoo".to_owned(), true)]);
    assert_eq!(droplet.root("ls /var/lib/ops/odoo/releases/*/before.dump | wc -l"), "1");
    let files = format!("docker exec {} ls /var/lib/odoo/filestore 2>/dev/null; :", droplet.web());
    assert!(
        !droplet.root(&files).contains("odoo_before"),
        "links to the files of the database before are left"
    );
    laptop
        .ops(&["rollback", droplet.env, "--with-data", "--confirm", droplet.env])
        .exits(2)
        .says(&["no database was put aside"]);
    assert_eq!(droplet.release(), "bump");
}

/// A laptop that never comes back, and a loss of power in the middle of Odoo's own work.
pub fn the_droplet_decides_alone(droplet: Droplet, slow: &str, base: &str) {
    let laptop = Laptop::new();
    droplet.fresh();
    laptop.deploy(droplet.env, base, &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one')");
    let in_the_middle = || {
        let mut child = laptop.command(&["deploy", droplet.env, "--yes", "--ref", slow]).spawn().unwrap();
        droplet.root("n=0; until docker ps --format '{{.Names}}' | grep -q ops-update; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done; sleep 4");
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let settled = || {
        droplet.root("n=0; until ! ls /var/lib/ops/odoo/runs/*/sections/web/*/armed 2>/dev/null; do n=$((n + 1)); [ $n -lt 1200 ] || exit 1; sleep 0.1; done >/dev/null");
    };
    in_the_middle();
    droplet.power_loss();
    settled();
    droplet.login_page();
    assert_eq!(
        droplet.sql("select latest_version from ir_module_module where name = 'ipai_docs'"),
        "14.0.1.0.0"
    );
    let run = droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);

    in_the_middle();
    settled();
    assert_eq!(droplet.release(), "slow-migration");
    assert_eq!(
        droplet.sql("select latest_version from ir_module_module where name = 'ipai_docs'"),
        "14.0.1.1.0"
    );
    let run = droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
    laptop.ops(&["runs", "resume", &run, "--yes"]).exits(0);
    assert_eq!(droplet.sql("select count(*) from ipai_document where name = 'one'"), "1");
}
