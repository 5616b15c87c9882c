//! Rehearsals: what they find, and what they leave alone.

mod ended;

use std::time::Duration;

use crate::droplet::Droplet;
use crate::laptop::{Laptop, Ran};
use crate::migrate::{Prober, databases, dump};

pub use ended::{a_loss_of_power, nothing_stays, the_disk_is_productions};

/// A family of refs.
pub struct Refs {
    pub base: &'static str,
    pub bump: &'static str,
    pub bad: &'static str,
    pub calls: &'static str,
    pub slow: &'static str,
    pub code: &'static str,
}

pub const STANDIN: Refs = Refs {
    base: "standin",
    bump: "standin-bump",
    bad: "standin-bad-migration",
    calls: "standin-calls-out",
    slow: "standin-slow-migration",
    code: "standin-code",
};
pub const ODOO: Refs = Refs {
    base: "main",
    bump: "bump",
    bad: "bad-migration",
    calls: "calls-out",
    slow: "slow-migration",
    code: "code-only",
};

fn rehearse(laptop: &Laptop, droplet: Droplet, git_ref: &str, more: &[&str]) -> Ran {
    laptop.ops(&[&["rehearse", droplet.env, "--yes", "--ref", git_ref], more].concat())
}

/// Everything of production that a rehearsal could touch.
#[track_caller]
fn production(droplet: Droplet) -> String {
    let more = droplet.root(
        "docker inspect -f '{{.Name}} {{.State.StartedAt}} {{range $name, $x := .NetworkSettings.Networks}}{{$name}} {{$x.IPAddress}} {{end}}' $(docker ps -aq) | sort
         docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select datname, datallowconn, pg_get_userbyid(datdba), datacl from pg_database order by 1\" \
           -c \"select rolname from pg_roles where rolname !~ '^pg_' order by 1\" \
           -c 'select * from pg_auth_members order by 1, 2' -c 'select * from pg_db_role_setting order by 1, 2'
         cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data) && find . -type f ! -path '*/sessions/*' -exec sha256sum {} + | sort
         docker exec odoo-db-1 ls /tmp /var/tmp /var/lib/postgresql; ls /var/lib/ops/odoo/releases
         docker ps --filter status=exited -q; ls /var/lib/ops/odoo/runs/*/sections/*/*/armed 2>/dev/null; :",
    );
    format!("{}\n{more}\n{}\n{:?}", droplet.state(), dump(droplet, "odoo"), databases(droplet))
}

/// The base release with rows in it. Scheduled actions of real Odoo write by themselves, and are stopped.
fn stand(laptop: &Laptop, droplet: Droplet, refs: &Refs) {
    droplet.fresh();
    laptop.deploy(droplet.env, refs.base, &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two')");
    droplet.sql("update ir_cron set active = false");
    droplet.sql("alter database odoo set work_mem to '7MB'");
    droplet.login_page();
}

/// A session of production that asks without a pause; one that is cut ends it.
struct Steady(Droplet);

impl Steady {
    fn on(droplet: Droplet) -> Self {
        let script = "import os, psycopg2, time\nlink = psycopg2.connect(host=os.environ[\"HOST\"], user=os.environ[\"USER\"], password=os.environ[\"PASSWORD\"], dbname=\"odoo\")\nlink.autocommit = True\ncr = link.cursor()\nend = time.time() + 400\nwhile time.time() < end and not os.path.exists(\"/tmp/enough\"):\n    cr.execute(\"select 1\")\n    time.sleep(0.02)\nopen(\"/tmp/steady\", \"w\").write(\"whole\")";
        let web = droplet.web();
        droplet.root(&format!("docker exec -d {web} python3 -c '{script}'; sleep 1"));
        Self(droplet)
    }

    #[track_caller]
    fn was_never_cut(self) {
        let web = self.0.web();
        self.0.root(&format!(
            "docker exec {web} touch /tmp/enough; sleep 1; docker exec {web} grep -q whole /tmp/steady && docker exec {web} rm /tmp/steady /tmp/enough"
        ));
    }
}

/// The update is tried, timed and judged, nobody notices, and nothing of it stays.
pub fn an_update_is_tried(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::with(&[(
        "    modules: [ipai_docs]",
        "    modules: [ipai_docs]\n    checks:\n      - { name: references, sql: \"select count(*) from ipai_document where reference like 'DOC-%'\", expect: \"= 2\", severity: critical, when: [verify] }\n      - { name: page, http: \"/web/login\", severity: high, when: [verify] }\n      - { name: no document, sql: \"select count(*) from ipai_document\", expect: \"= 0\", severity: low, when: [verify] }\n      - { name: ssh, tcp: \"127.0.0.1:22\", severity: low, when: [verify] }",
    )]);
    stand(&Laptop::new(), droplet, refs);
    let before = production(droplet);
    let (prober, steady) = (Prober::on(droplet), Steady::on(droplet));
    let ran = rehearse(&laptop, droplet, refs.bump, &["--rollback"]).exits(0).says(&[
        "what a deploy of it would update ipai_docs: custom-addons/ipai_docs/__manifest__.py",
        "not asked of the copy: ssh",
        "verdict: it would pass; read the findings first",
        "modules: ipai_docs",
        "in a deploy (copy, update and 5 s)",
        "warning: your check no document: 2 (wanted = 0)",
        "locks: waited for 0 s",
    ]);
    assert!(ran.out.contains("dump ") && ran.out.contains("back "), "{ran}");
    assert_eq!(prober.interruption("a rehearsal"), Duration::ZERO, "users were kept away");
    steady.was_never_cut();
    assert_eq!(production(droplet), before, "a rehearsal changed production");

    // Any laptop sees it, and the next deploy knows what it took.
    let runs = laptop.json(&["runs", "list", droplet.env]);
    let run = runs["runs"][0].clone();
    assert_eq!((&run["command"], &run["exit"]), (&"rehearse".into(), &0.into()), "{run}");
    let (id, at) = (run["id"].as_str().unwrap(), run["started"].as_str().unwrap());
    let other = Laptop::new();
    other.ops(&["runs", "show", id]).exits(0).says(&["it would pass", "rehearse.dump"]);
    other.ops(&["runs", "attach", id]).exits(0).says(&["rehearse.update", "rehearse.drop"]);
    other.ops(&["runs", "logs", id, "--step", "rehearse.update"]).exits(0).says(&["ipai_docs"]);
    let wanted = format!("as the rehearsal of {at} took");
    other.deploy(droplet.env, refs.bump, &["--dry-run"]).exits(0).says(&[&wanted]);

    // For a program.
    let ran = rehearse(&laptop, droplet, refs.bump, &["--output", "json"]).exits(0);
    let lines: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = lines.iter().find(|line| line["schema"] == "ops.rehearsal/1").unwrap();
    assert_eq!((&found["verdict"], &found["errors"]), (&"passes-with-findings".into(), &0.into()), "{found}");
    assert!(found["interruption"].as_u64().unwrap() >= 5 && found["modules"][0] == "ipai_docs", "{found}");
    assert_eq!(lines.last().unwrap()["exit"], 0);
    assert_eq!(production(droplet), before, "a rehearsal changed production");

    // It was right.
    laptop.deploy(droplet.env, refs.bump, &[]).exits(0);
    assert_eq!(droplet.release().trim_start_matches("standin-"), "bump");
}

/// What would fail is told with Odoo's own words; production never hears of it.
pub fn a_failure_is_found(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.bad, &[])
        .exits(9)
        .says(&[
            "IT WOULD FAIL",
            "a deploy would fail: update ipai_docs failed",
            "this migration was made to fail",
            "nothing that runs was changed",
        ])
        .never_says(&["ops.figures"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
    let picky = Laptop::with(&[(
        "    modules: [ipai_docs]",
        "    modules: [ipai_docs]\n    checks: [{ name: no column, sql: \"select count(*) from information_schema.columns where column_name = 'reference' and table_name = 'ipai_document'\", expect: \"= 0\", severity: critical, when: [verify] }]",
    )]);
    rehearse(&picky, droplet, refs.bump, &[]).exits(9).says(&[
        "IT WOULD FAIL",
        "your check no column: 1 (wanted = 0)",
        "away for about",
    ]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
    laptop.ops(&["runs", "list", droplet.env]).exits(0).says(&["would fail"]);
    // No deploy is told figures of what failed.
    laptop.deploy(droplet.env, refs.bump, &["--dry-run"]).exits(0).never_says(&["rehearsal of"]);
}

/// Whatever the copy calls, nobody answers; the same migration reaches all of them in a deploy.
pub fn nothing_gets_out(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    // A mail server on the droplet, by each of its addresses; others of the outside; the web container that serves.
    droplet.root("systemd-run -q --collect -u lab-mail python3 -m http.server 2525 2>/dev/null || systemd-run -q --collect -u lab-mail sh -c 'while :; do nc -l -p 2525 >/dev/null; done'; sleep 1; ss -ltn | grep -q :2525");
    let mut targets: Vec<String> = droplet
        .root("ip -4 -o addr | awk '$4 !~ /^127/ {sub(\"/.*\", \"\", $4); print $4 \":2525\"}'; getent hosts registry.lab | awk '{print $1 \":5000\"}'; getent hosts git.lab | awk '{print $1 \":22\"}'")
        .lines().map(str::to_owned).collect();
    targets.push(format!(
        "{}:8069",
        droplet
            .root("docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' odoo-odoo-1")
    ));
    targets.push("registry.lab:5000".into());
    assert!(targets.len() >= 6, "{targets:?}");
    let named = targets.join(" ");
    droplet.sql(&format!(
        "insert into ir_config_parameter (key, value) values ('lab.targets', '{named} odoo:8069 db:5432')"
    ));
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.calls, &[]).exits(0).says(&["verdict:"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    let said = laptop.ops(&["runs", "logs", &run, "--step", "rehearse.update"]).exits(0).out;
    let calls: Vec<&str> = said.lines().filter(|line| line.starts_with("lab: ")).collect();
    assert_eq!(calls.len(), targets.len() + 2, "{said}");
    let reached: Vec<_> = calls.iter().filter(|line| line.ends_with(" reached")).collect();
    assert_eq!(reached, [&"lab: db:5432 reached"], "{said}");
    // They are there.
    laptop.deploy(droplet.env, refs.calls, &[]).exits(0);
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    let said = laptop.ops(&["runs", "logs", &run, "--step", "switch.update"]).exits(0).out;
    let reached = said.lines().filter(|line| line.starts_with("lab: ") && line.ends_with(" reached")).count();
    assert!(reached >= 4, "nobody could have been reached\n{said}");
    droplet.root("systemctl stop lab-mail");
}

/// What is wrong is said before anything is copied, and what is left over is removed.
pub fn what_cannot_be_rehearsed(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    droplet.fresh();
    rehearse(&laptop, droplet, refs.base, &[]).exits(1).says(&["no Odoo runs in demo", "ops deploy demo"]);
    stand(&laptop, droplet, refs);
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.code, &[])
        .exits(0)
        .says(&["nothing to rehearse", "changes nothing in the database"]);
    rehearse(&laptop, droplet, "no-such-ref", &[]).exits(2).says(&["the ref does not exist"]);
    rehearse(&laptop, droplet, refs.base, &["--update", "no_such_module"])
        .exits(2)
        .says(&["is not installed"]);
    laptop.ops(&["rehearse", "nowhere", "--yes"]).exits(2);
    laptop
        .ops(&["rehearse", droplet.env, "--ref", refs.bump])
        .exits(3)
        .says(&["nobody is there to say yes", "--yes"]);
    rehearse(&laptop, droplet, refs.bump, &["--dry-run"]).exits(0).says(&["rehearse.dump", "Dry run"]);
    let misspelt = Laptop::with(&[("database: odoo", "database: odoo_x")]);
    rehearse(&misspelt, droplet, refs.bump, &[]).exits(2).says(&["no Odoo in a database odoo_x"]);
    laptop.ops(&["lock", "take", droplet.env, "--reason", "me"]).exits(0);
    rehearse(&laptop, droplet, refs.bump, &[]).exits(5);
    laptop.ops(&["lock", "release", droplet.env, "--yes"]).exits(0);
    // A database of that name that is somebody's own is left alone.
    let ask =
        |sql: &str| droplet.root(&format!("docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c '{sql}'"));
    ask("create database odoo_rehearsal");
    rehearse(&laptop, droplet, refs.bump, &[])
        .exits(1)
        .says(&["the database odoo_rehearsal is there, and no rehearsal made it"]);
    assert_eq!(ask("select count(*) from pg_database where datname = $$odoo_rehearsal$$"), "1");
    ask("drop database odoo_rehearsal");
    assert_eq!(production(droplet), before, "what was refused changed production");
    // What a rehearsal of before could not remove goes with the next one.
    ask("create role odoo_rehearsal");
    ask("comment on role odoo_rehearsal is $$made by ops for a rehearsal$$");
    ask("create database odoo_rehearsal owner odoo_rehearsal");
    droplet.root("docker network create --internal odoo-ops-rehearsal && docker network connect odoo-ops-rehearsal odoo-db-1 && docker exec odoo-db-1 touch /var/tmp/ops-rehearsal-odoo.dump");
    rehearse(&laptop, droplet, refs.bump, &[]).exits(0).says(&["it would pass"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
}

/// Odoo's own tests, of real Odoo.
pub fn own_tests(droplet: Droplet) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, &ODOO);
    let before = production(droplet);
    rehearse(&laptop, droplet, "tested", &["--test-tags", "/ipai_docs"])
        .exits(0)
        .says(&["it would pass", "0 failed, 0 error(s) of 1 tests"]);
    rehearse(&laptop, droplet, "tested-bad", &["--test-tags", "/ipai_docs"])
        .exits(9)
        .says(&["IT WOULD FAIL", "AssertionError: 'one' != 'two'"]);
    rehearse(&laptop, droplet, "tested", &["--test-tags", "/no_such_module"])
        .exits(0)
        .says(&["does not say that it ran any test"]);
    // Code that needs no update can be tested, too.
    rehearse(&laptop, droplet, "code-only", &["--test-tags", "/no_such_module"])
        .exits(0)
        .says(&["rehearse.tests"]);
    assert_eq!(production(droplet), before, "a rehearsal changed production");
}

/// From 16 on Odoo switches off its own copies; where it fails, what ops does by itself holds.
pub fn odoo_neutralizes(droplet: Droplet) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, &STANDIN);
    droplet.sql("update ir_module_module set latest_version = '16.0.1.3' where name = 'base'");
    rehearse(&laptop, droplet, STANDIN.bump, &[]).exits(0).says(&["(odoo neutralize)", "it would pass"]);
    let run = laptop.json(&["runs", "list", droplet.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop
        .ops(&["runs", "logs", &run, "--step", "rehearse.neutralize"])
        .exits(0)
        .says(&["odoo_rehearsal odoo.modules.neutralize: Neutralizing database"]);
    droplet.sql("alter table ir_cron rename to ir_cron_gone");
    droplet.sql("create view ir_cron as select 1 as one");
    rehearse(&laptop, droplet, STANDIN.bump, &[])
        .exits(0)
        .says(&["Odoo's own neutralize failed, and what ops switches off by itself holds alone"]);
}
