//! `ops health` on a droplet that is well, and on one where things are broken on purpose: the right check, the right
//! severity, and nothing else.

use std::collections::BTreeMap;

use crate::droplet::{DEMO, Droplet, lab, net};
use crate::laptop::Laptop;

/// Load, memory and speed are the machine's, which other tests use too. What would take minutes takes seconds.
const HEALTH: &str = "    modules: [ipai_docs]
    health:
      load: { warn: 100000, crit: 100000 }
      pressure: { warn: 101, crit: 101 }
      memory: { warn: 0, crit: 0 }
      answer: { warn: 11s, crit: 12s }
      idle: { warn: 1s, crit: 1h }
      statement: { warn: 1s, crit: 1h }";

fn laptop() -> Laptop {
    Laptop::with(&[("    modules: [ipai_docs]", HEALTH), ("url: http://erp.lab", "url: https://erp.lab")])
}

/// A droplet with a release, a certificate and a backup. What ops keeps has a small disk of its own.
fn well(droplet: Droplet) -> Laptop {
    droplet.fresh();
    droplet.root("rm -f /run/reboot-required");
    droplet.root(
        "mkdir -p /var/lib/ops && mount -t tmpfs -o mode=700,size=400m,nr_inodes=4000 tmpfs /var/lib/ops",
    );
    let laptop = laptop();
    laptop.deploy(droplet.env, "standin", &[]).exits(0);
    droplet.root(&format!(
        "{CERTIFICATE} 20260901000000Z 20270901000000Z
         cp /etc/ssl/erp.pem /usr/local/share/ca-certificates/erp.crt && update-ca-certificates >/dev/null 2>&1
         sed -i 's#listen 80;#listen 80;\\n    listen 443 ssl;\\n    ssl_certificate /etc/ssl/erp.pem;\\n    ssl_certificate_key /etc/ssl/erp.key;#' /etc/nginx/sites-enabled/odoo
         systemctl reload nginx"
    ));
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    laptop
}

/// Written to /etc/ssl/erp.pem; its first and its last moment follow.
const CERTIFICATE: &str = "cert() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /etc/ssl/erp.key -out /etc/ssl/erp.pem -subj /CN=erp.lab \
    -addext subjectAltName=DNS:erp.lab -not_before \"$1\" -not_after \"$2\" 2>/dev/null
}
cert";

/// What is not well: the check, and how bad.
fn found(laptop: &Laptop, droplet: Droplet) -> BTreeMap<String, String> {
    let ran = laptop.ops(&["health", droplet.env, "--output", "json"]);
    let json: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"));
    let all = json["droplets"].as_array().unwrap().iter().flat_map(|one| one["checks"].as_array().unwrap());
    let bad = all.filter(|check| !["ok", "skipped"].contains(&check["status"].as_str().unwrap()));
    let bad: BTreeMap<String, String> = bad
        .map(|check| (check["id"].as_str().unwrap().to_owned(), check["status"].as_str().unwrap().to_owned()))
        .collect();
    let code = if bad.is_empty() {
        0
    } else if bad.contains_key("droplet") {
        4
    } else {
        9
    };
    assert_eq!(ran.code, Some(code), "{ran}");
    bad
}

#[track_caller]
fn finds(laptop: &Laptop, droplet: Droplet, wanted: &[(&str, &str)]) {
    let wanted: BTreeMap<String, String> =
        wanted.iter().map(|(id, status)| ((*id).to_owned(), (*status).to_owned())).collect();
    let seen = found(laptop, droplet);
    let said = || laptop.ops(&["health", droplet.env]).to_string();
    assert!(seen == wanted, "found {seen:?}\nwanted {wanted:?}\n{}", said());
}

/// A statement in a session of its own that stays for a minute.
fn session(droplet: Droplet, statements: &str) {
    droplet.root(&format!(
        "docker exec -d odoo-db-1 sh -c '(echo \"{statements}\"; sleep 60) | psql -q -U odoo -d odoo'"
    ));
}

const TRACEBACK: &str = "docker exec odoo-odoo-1 sh -c 'printf \"%s\\n\" \"2026-11-21 09:52:10,925 1 ERROR odoo odoo.http: Exception\" \
    \"Traceback (most recent call last):\" \"  File \\\"/opt/x/main.py\\\", line 12, in page\" \"KeyError: 42\" \
    \"2026-11-21 09:52:11,925 1 INFO odoo odoo.http: next\" >/proc/1/fd/1'";

pub fn a_droplet_that_is_well_has_no_findings_and_what_breaks_is_named() {
    let (droplet, laptop) = (DEMO, well(DEMO));
    for _ in 0..2 {
        finds(&laptop, droplet, &[]);
    }
    laptop.ops(&["health", droplet.env]).exits(0).says(&["ok demo-1:", "1 droplet, all fine."]);

    // Things that do not touch each other, all at once.
    session(droplet, "begin; lock table res_lang in access exclusive mode;");
    session(droplet, "select pg_sleep(60), 1;");
    droplet.root(TRACEBACK);
    droplet.sql("update ir_cron set nextcall = now() at time zone 'utc' - interval '1 hour' where id = 1");
    droplet.sql("update ir_module_module set state = 'to upgrade' where name = 'base'");
    droplet.root(
        "sed -i 's/\"services\"/ \"services\"/' /var/lib/ops/odoo/releases/$(cat /var/lib/ops/odoo/releases/current)/compose.json
         rm -f /var/backups/ops/odoo/snapshots/*
         head -c 375m /dev/zero >/var/lib/ops/fill
         : >/run/reboot-required",
    );
    session(droplet, "select * from res_lang;");
    std::thread::sleep(std::time::Duration::from_secs(11));
    finds(
        &laptop,
        droplet,
        &[
            ("backup.there", "critical"),
            ("database.modules", "critical"),
            ("host.disk", "critical"),
            ("host.reboot", "warning"),
            ("odoo.crons", "warning"),
            ("odoo.errors", "warning"),
            ("pg.blocked", "warning"),
            ("pg.idle", "warning"),
            ("pg.statement", "warning"),
            ("release.compose", "warning"),
        ],
    );
    let ran = laptop.ops(&["health", droplet.env]).exits(9);
    ran.says(&[
        "KeyError: N (main.py in page) (new since release",
        "base is “to upgrade”",
        "pg_terminate_backend(",
    ]);
    forms(&laptop, droplet);
    growth(&laptop, droplet);
}

/// As if each of four nights had a backup, of a database that grew by a terabyte until the next one.
fn growth(laptop: &Laptop, droplet: Droplet) {
    let look = || laptop.ops(&["health", droplet.env, "--only", "pg.growth", "-v"]);
    look().exits(0).says(&["skipped", "1 backup over"]);
    droplet.root(
        "cd /var/lib/ops/odoo/backup && newest=$(ls [0-9]*z.json | tail -n 1)
         for day in 1 2 3 4; do
           id=$(date -u -d \"-$day days\" +%Y%m%dt%H%M%Sz)
           python3 -c 'import json, sys
record = json.load(open(sys.argv[1])); record[\"id\"] = sys.argv[2]
record[\"database\"][\"bytes\"] = (5 - int(sys.argv[3])) * 10**12; json.dump(record, open(sys.argv[2] + \".json\", \"w\"))' \"$newest\" \"$id\" $day
         done",
    );
    look().exits(9).says(&["CRITICAL", "TB a week, as 5 backups of 4 days have it", "for 0 days"]);
}

/// The same report for programs.
fn forms(laptop: &Laptop, droplet: Droplet) {
    let only = ["health", droplet.env, "--only", "host.reboot", "--output"];
    let with = |format: &str| laptop.ops(&[&only[..], &[format]].concat());
    with("nagios").exits(1).says(&[
        "OPS WARNING - host.reboot warning: wanted by the system",
        "'disk_free_ratio /var/lib/ops'=",
    ]);
    with("markdown").exits(9).says(&["- [ ] **warning** reboot (`host.reboot`, demo, demo-1)"]);
    laptop.ops(&["health", droplet.env, "--only", "host.reboot", "--fail-on", "crit"]).exits(0);
    laptop.ops(&["health", droplet.env, "--only", "host.rebot"]).exits(2).says(&["host.reboot"]);
    laptop.ops(&["health", "nowhere", "--output", "nagios"]).exits(3).says(&["OPS UNKNOWN"]);
    let file = laptop.file("ops.prom");
    let path = file.to_str().unwrap();
    laptop.ops(&["health", droplet.env, "--output", "prometheus", "--write", path]).exits(9);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("ops_up{env=\"demo\",droplet=\"demo-1\"} 1\n"), "{text}");
}

lab_test!(lab, demo, a_statement_that_takes_long_again_and_again_is_named_without_its_data);
/// The view's columns have had two names.
fn a_statement_that_takes_long_again_and_again_is_named_without_its_data() {
    let droplet = DEMO.fresh();
    let slow = "    modules: [ipai_docs]\n    health: { slow: { warn: 2ms, crit: 1h } }";
    let laptop = Laptop::with(&[("    modules: [ipai_docs]", slow)]);
    laptop.deploy(droplet.env, "standin", &[]).exits(0);
    let look = || laptop.ops(&["health", droplet.env, "--only", "pg.slow", "-v"]);
    look().exits(0).says(&["shared_preload_libraries"]);
    droplet.sql("alter system set shared_preload_libraries = pg_stat_statements");
    droplet.root(&format!("docker restart odoo-db-1 >/dev/null; {UP}"));
    look().exits(0).says(&["create extension pg_stat_statements"]);
    for (version, space) in [("1.7", "public"), ("1.10", "\"other place\"")] {
        droplet.sql(&format!(
            "create schema if not exists {space}; create extension pg_stat_statements schema {space} version '{version}'"
        ));
        droplet.root(
            "for i in $(seq 101); do
               echo \"select pg_sleep(0.003), 'secret-1';\"
               echo \"copy (select pg_sleep(0.005), 'secret-2') to '/dev/null';\"
             done | docker exec -i odoo-db-1 psql -qXAt -v ON_ERROR_STOP=1 -U odoo -d odoo >/dev/null",
        );
        look()
            .exits(9)
            .says(&["warning", "called 101 times (queryid", "select pg_sleep($1), $2"])
            .never_says(&["secret", "copy"]);
        droplet.sql(&format!("select {space}.pg_stat_statements_reset(); drop extension pg_stat_statements"));
    }
}

lab_test!(lab, demo, a_site_whose_name_leads_elsewhere_is_told_of);
/// Elsewhere ssh goes over this machine to the lab, here to the droplet's own address.
fn a_site_whose_name_leads_elsewhere_is_told_of() {
    let droplet = DEMO.fresh();
    let inventory = lab(&["inventory"]);
    let line = inventory.lines().find(|line| line.contains("name: demo-1")).unwrap();
    let at = format!("127.0.{}.11", net());
    let alias = if line.contains("port: 22,") { at } else { format!("[{at}]:20022") };
    let own = format!("10.213.{}.11", net());
    let look = |url: &str, edge: &str| {
        let laptop = Laptop::with(&[
            (line, "      - { name: demo-1, host: direct, config: ssh_config, roles: [web, db] }"),
            ("url: http://erp.lab", &format!("url: {url}")),
            ("server_name: erp.lab,", &format!("server_name: erp.lab, edge: [{edge}],")),
        ]);
        let config = format!("Host direct\n  HostName {own}\n  Port 22\n  HostKeyAlias {alias}\n");
        std::fs::write(laptop.file("ssh_config"), config).unwrap();
        laptop.ops(&["health", droplet.env, "--only", "dns", "-v"])
    };
    look(&format!("http://{own}:8069"), "").exits(0).says(&[&format!("is {own}, this droplet")]);
    look("http://nowhere.lab", "")
        .exits(9)
        .says(&["CRITICAL", "nowhere.lab has no address, for this machine and the droplet"]);
    // It has no address that others could reach.
    look("http://198.51.100.7", "").exits(0).says(&["skipped", "NAT?"]);
    droplet.root(
        "ip addr add 203.0.113.10/32 dev lo
         grep -q shop.lab /etc/hosts || echo '203.0.113.10 shop.lab' >>/etc/hosts",
    );
    look("http://198.51.100.7", "")
        .exits(9)
        .says(&["warning", "neither the droplet (203.0.113.10) nor in proxy.edge"]);
    look("http://198.51.100.7", "198.51.100.0/24").exits(0).says(&["198.51.100.7, of proxy.edge"]);
    look("http://shop.lab", "").exits(9).says(&["warning", "shop.lab has no address for this machine"]);
    droplet.root("ip addr del 203.0.113.10/32 dev lo");
    Laptop::new()
        .ops(&["health", droplet.env, "--only", "dns", "-v"])
        .exits(0)
        .says(&["over this machine itself"]);
}

/// One thing after the other, each put back before the next. All that was wrong is said at the end.
struct Trial {
    laptop: Laptop,
    droplet: Droplet,
    wrong: Vec<String>,
}

impl Trial {
    fn finds(&mut self, what: &str, wanted: &[(&str, &str)]) {
        let wanted: BTreeMap<String, String> =
            wanted.iter().map(|(id, status)| ((*id).to_owned(), (*status).to_owned())).collect();
        let seen = found(&self.laptop, self.droplet);
        if seen != wanted {
            self.wrong.push(format!("{what}\n  found {seen:?}\n  wanted {wanted:?}"));
        }
    }

    fn cause(&mut self, breaks: &str, wanted: &[(&str, &str)], mends: &str) {
        self.droplet.root(breaks);
        self.finds(breaks, wanted);
        self.droplet.root(mends);
    }
}

const UP: &str = "docker start odoo-db-1 odoo-odoo-1 >/dev/null; n=0
    until [ \"$(docker inspect -f '{{.State.Health.Status}}' odoo-odoo-1)\" = healthy ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done";

/// A check that cries wolf once in a night of looks is one that nobody reads any more.
pub fn two_hundred_looks(droplet: Droplet) {
    let laptop = well(droplet);
    for look in 0..200 {
        let seen = found(&laptop, droplet);
        assert!(seen.is_empty(), "look {look}: {seen:?}\n{}", laptop.ops(&["health", droplet.env]));
    }
}

pub fn one_cause_after_the_other(droplet: Droplet) {
    let mut trial = Trial { laptop: well(droplet), droplet, wrong: Vec::new() };
    let site = ("web.site", "critical");
    let down = ("ct.running", "critical");
    trial.cause("docker stop odoo-odoo-1", &[down, site], UP);
    trial.cause(
        "docker pause odoo-odoo-1",
        &[down, site],
        &format!("docker unpause odoo-odoo-1; sleep 6; {UP}"),
    );
    let proxy = ("proxy.config", "critical");
    trial.cause("systemctl stop nginx", &[proxy, ("tls.chain", "critical"), site], "systemctl start nginx");
    let file = "/etc/nginx/sites-enabled/odoo";
    trial.cause(
        &format!("cp {file} /root/site; echo broken >>{file}"),
        &[proxy],
        &format!("cat /root/site >{file}"),
    );
    inodes_and_certificates(&mut trial);
    trial.cause(
        "mv /var/backups/ops /var/backups/aside",
        &[("backup.there", "critical")],
        "mv /var/backups/aside /var/backups/ops",
    );
    trial.cause(
        "mv /var/lib/ops/odoo/backup /root/backup",
        &[("backup.fresh", "critical")],
        "mv /root/backup /var/lib/ops/odoo/backup",
    );
    too_much(&mut trial);
    gone(&mut trial);
    trial.cause(
        "systemctl stop docker.socket docker",
        &docker(),
        &format!("systemctl start docker; sleep 2; {UP}"),
    );
    // What asks for a page then makes Odoo log a traceback, which stays for a quarter of an hour. The look itself asks, and
    // reads the log meanwhile: somebody asks before.
    let login = ("web.login", "critical");
    let (way, logged) = (("odoo.database", "critical"), ("odoo.errors", "warning"));
    let stop =
        "docker stop odoo-db-1; curl -s -m 20 -H 'Host: erp.lab' http://127.0.0.1/web/login >/dev/null || :";
    trial.cause(stop, &[down, way, logged, login, site], UP);
    trial.cause(
        "kill -9 $(docker inspect -f '{{.State.Pid}}' odoo-odoo-1); sleep 3",
        &[("ct.restarts", "warning"), ("odoo.errors", "warning")],
        UP,
    );
    assert!(trial.wrong.is_empty(), "{}", trial.wrong.join("\n"));
}

/// Everything of the stack is unknown, for one reason; the site is seen to be down.
fn docker() -> Vec<(&'static str, &'static str)> {
    let unknown = "access.odoo ct.health ct.logs ct.memory ct.restarts ct.running odoo.bus odoo.crons odoo.database \
        odoo.errors odoo.health odoo.mails odoo.modules odoo.rpc pg.bloat pg.blocked pg.connections pg.growth pg.idle pg.pages pg.slow pg.statement pg.up pg.wraparound release.drift web.login";
    let unknown = unknown.split_whitespace().map(|id| (id, "unknown"));
    unknown.chain([("docker.engine", "critical"), ("web.site", "critical")]).collect()
}

fn inodes_and_certificates(trial: &mut Trial) {
    trial.cause(
        "mkdir /var/lib/ops/many; cd /var/lib/ops/many; i=0; while [ $i -lt 3450 ]; do : >$i; i=$((i + 1)); done",
        &[("host.inodes", "critical")],
        "rm -r /var/lib/ops/many",
    );
    // Renewed, and nginx not told; then told, and nobody trusts it.
    let renewed = format!(
        "cp /etc/ssl/erp.pem /root/old.pem; cp /etc/ssl/erp.key /root/old.key; {CERTIFICATE} 20260901000000Z 20270901000000Z"
    );
    let reload = "systemctl reload nginx; sleep 1";
    trial.cause(&renewed, &[("tls.served", "warning")], reload);
    let trust = "cp /etc/ssl/erp.pem /usr/local/share/ca-certificates/erp.crt; update-ca-certificates --fresh >/dev/null 2>&1";
    let over = format!("{CERTIFICATE} 20250901000000Z 20250909000000Z; {trust}; {reload}");
    trial.cause(":", &[("tls.chain", "critical")], &over);
    let back =
        format!("cp /root/old.pem /etc/ssl/erp.pem; cp /root/old.key /etc/ssl/erp.key; {trust}; {reload}");
    trial.cause(":", &[("tls.expiry", "critical")], &back);
    trial.finds("all put back", &[]);
}

/// Of connections, and of memory.
fn too_much(trial: &mut Trial) {
    let idle = "docker exec -d odoo-db-1 sh -c 'for i in $(seq 90); do sleep 200 | psql -XAtq -U odoo -d odoo & done; wait'; sleep 8";
    let end = "docker exec odoo-db-1 psql -XAtq -U odoo -d odoo -c \"select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = 'psql' and pid <> pg_backend_pid()\" >/dev/null; sleep 2";
    trial.cause(idle, &[("pg.connections", "warning")], end);
    let eats = "docker update --memory 150m --memory-swap 150m odoo-odoo-1 >/dev/null
        docker exec odoo-odoo-1 python3 -c 'b\"a\" * 10**9'; [ $? = 137 ]";
    let again = format!(
        "docker update --memory 8g --memory-swap 16g odoo-odoo-1 >/dev/null; docker restart -t 1 odoo-odoo-1 >/dev/null; {UP}"
    );
    trial.cause(eats, &[("ct.memory", "critical")], &again);
}

/// A droplet that hangs, and one that refuses.
fn gone(trial: &mut Trial) {
    let begin = std::time::Instant::now();
    trial.cause("pkill -STOP sshd", &[("droplet", "unknown")], "pkill -CONT sshd");
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    trial.droplet.root("systemctl stop ssh.socket ssh; pkill -9 sshd; :");
    trial.finds("no sshd", &[("droplet", "unknown")]);
    trial
        .laptop
        .ops(&["health", trial.droplet.env, "--output", "nagios"])
        .exits(3)
        .says(&["OPS UNKNOWN - droplet"]);
    trial.droplet.root("systemctl start ssh; sleep 1");
    trial.finds("sshd is back", &[]);
}
