//! Rehearsals: what they find, and what they leave alone.

mod apart;
mod ended;
mod own;
mod refused;

use std::time::Duration;

use crate::droplet::Droplet;
use crate::laptop::{Laptop, Ran};
use crate::migrate::{Prober, databases, dump};

pub use apart::nothing_gets_out;
pub use ended::{a_loss_of_power, nothing_stays, the_disk_is_productions};
pub use own::{odoo_neutralizes, own_tests, sick_code_is_found};
pub use refused::what_cannot_be_rehearsed;

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
        "    modules: [ipai_docs]\n    checks:\n      - { name: references, sql: \"select count(*) from ipai_document where reference like 'DOC-%'\", expect: \"= 2\", severity: critical, when: [verify] }\n      - { name: page, http: \"/web/login?debug=1\", contains: oe_login_form, severity: high, when: [verify] }\n      - { name: no document, sql: \"select count(*) from ipai_document\", expect: \"= 0\", severity: low, when: [verify] }\n      - { name: ssh, tcp: \"127.0.0.1:22\", severity: low, when: [verify] }",
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
