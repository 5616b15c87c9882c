//! Backups every night: the droplet makes them by itself, waits for others, and says what became of them.

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;

const SERVICE: &str = "ops-backup-odoo.service";
/// The address that hears of backups; it must be nowhere but in its file.
const CANARY: &str = "canary4711";

/// Something on the droplet that hears: a line in /root/heard for each path.
const HEARER: &str = r#"
cat >/root/hear.py <<'PY'
import http.server
class Hear(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open('/root/heard', 'a') as file: file.write(self.path + '\n')
        self.send_response(200); self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(('127.0.0.1', 8900), Hear).serve_forever()
PY
: >/root/heard; systemd-run --quiet --unit=ops-test-hearer python3 /root/hear.py
until curl -s http://127.0.0.1:8900/up; do sleep 0.1; done; : >/root/heard
"#;

/// The lab's inventory with an address that hears, and what else is changed below `backup:`.
fn laptop(backup: &str) -> Laptop {
    let notify = "modules: [ipai_docs]\n    notify: [{ kind: healthchecks, url: { file: ping } }]";
    let laptop = Laptop::with(&[("modules: [ipai_docs]", &format!("{notify}\n    backup: {{ {backup} }}"))]);
    std::fs::write(laptop.file("ping"), format!("http://127.0.0.1:8900/{CANARY}\n")).unwrap();
    laptop
}

fn seeded() -> Droplet {
    let droplet = DEMO.seeded(&["standin"]);
    droplet.root("mkdir -p /var/lib/prometheus/node-exporter");
    droplet.root(HEARER);
    droplet
}

/// A night, now: whether its unit was content.
fn night(droplet: Droplet) -> bool {
    droplet.root(&format!("systemctl reset-failed {SERVICE} 2>/dev/null; systemctl start {SERVICE} 2>/dev/null && echo well || echo failed")) == "well"
}

fn status(droplet: Droplet) -> serde_json::Value {
    serde_json::from_str(&droplet.root("cat /var/lib/ops/odoo/backup/status.json")).unwrap()
}

/// What was heard since the last time; of a failure another unit tells, a moment later.
fn heard(droplet: Droplet) -> String {
    let text = droplet.root(
        "for i in 1 2 3 4 5 6; do systemctl is-active -q ops-backup-odoo-failed.service || break; sleep 0.5; done
         sleep 0.5; paste -sd' ' /root/heard; : >/root/heard",
    );
    text.replace(CANARY, "")
}

fn backups(laptop: &Laptop) -> usize {
    let listed = laptop.json(&["backup", "list", "demo"]);
    let rows = listed["backups"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["verified"] == true), "{listed}");
    rows.len()
}

fn is_free(droplet: Droplet) {
    droplet.root("[ ! -e /var/lib/ops/odoo/lock/run ] && [ ! -d /var/lib/ops/odoo/backup/now ]");
}

pub fn the_droplet_makes_backups_without_a_laptop() {
    let droplet = seeded();
    let laptop = laptop("schedule: \"03:17\"");
    laptop.ops(&["schedule", "status", "demo"]).exits(0).says(&["no: ops schedule install demo"]);
    laptop.ops(&["schedule", "install", "demo"]).exits(3);
    laptop
        .ops(&["schedule", "install", "demo", "--yes", "-vv"])
        .exits(0)
        .says(&["OnCalendar=*-*-* 03:17:00"])
        .never_says(&[CANARY]);
    let timers = droplet.root("systemctl list-timers --all --no-legend ops-backup-odoo.timer; systemctl is-enabled ops-backup-odoo.timer");
    assert!(timers.contains(SERVICE) && timers.ends_with("enabled"), "{timers}");
    let before = droplet
        .root("sha256sum /var/lib/ops/odoo/schedule/[nps]* /etc/systemd/system/ops-backup* 2>/dev/null; :");
    laptop.ops(&["schedule", "install", "demo", "--yes"]).exits(0).says(&["nothing to do"]);
    assert_eq!(
        droplet.root(
            "sha256sum /var/lib/ops/odoo/schedule/[nps]* /etc/systemd/system/ops-backup* 2>/dev/null; :"
        ),
        before
    );

    assert!(night(droplet), "{}", droplet.root(&format!("journalctl -o cat -u {SERVICE}")));
    is_free(droplet);
    let (said, newest) = (status(droplet), droplet.root("ls /var/lib/ops/odoo/backup/*z.json"));
    assert!(said["ok"] == true && said["exit"] == 0 && said["schema"] == "ops.backup-status/1", "{said}");
    assert!(newest.ends_with(&format!("/{}.json", said["backup"].as_str().unwrap())), "{newest}\n{said}");
    assert!(said["bytes"].as_u64() > Some(0) && said["added"].as_u64() > Some(0), "{said}");
    assert_eq!(heard(droplet), "//start /");
    assert_eq!(backups(&laptop), 1);
    let runs = laptop.json(&["runs", "list", "demo"]);
    let run = &runs["runs"][0];
    assert!(run["operator"] == "schedule" && run["command"] == "backup create" && run["exit"] == 0, "{run}");
    let id = run["id"].as_str().unwrap().to_owned();
    assert!(id.ends_with("-night") && said["run"] == id.as_str(), "{id}");
    laptop.ops(&["runs", "show", &id]).exits(0).says(&["done backup.store", "done backup.close"]);
    laptop.ops(&["runs", "logs", &id]).exits(0).says(&["is verified and kept"]);
    laptop.ops(&["audit", "demo", "--verify"]).exits(0).says(&["The audit is whole"]);
    laptop
        .ops(&["schedule", "status", "demo"])
        .exits(0)
        .says(&["as this ops would install it", "was verified"]);
    metrics(droplet);
    let places = droplet.root(&format!(
        "grep -rl {CANARY} /etc/systemd /var/lib/ops /run/systemd 2>/dev/null; journalctl -o cat | grep -c {CANARY}; :"
    ));
    assert_eq!(places, "/var/lib/ops/odoo/schedule/ping\n0");
    assert_eq!(droplet.root("stat -c %a /var/lib/ops/odoo/schedule/ping"), "600");
    by_its_timer(droplet);
    assert_eq!(backups(&laptop), 2);
}

/// The timer itself, told to elapse within seconds.
fn by_its_timer(droplet: Droplet) {
    droplet.root(&format!(
        "d=/etc/systemd/system/ops-backup-odoo.timer.d; mkdir $d
         printf '[Timer]\\nOnCalendar=*:*:0/5\\nRandomizedDelaySec=0\\nAccuracySec=1s\\n' >$d/test.conf; systemctl daemon-reload; systemctl restart ops-backup-odoo.timer
         n=0; until systemctl show -p ActiveState --value {SERVICE} | grep -q activating; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done
         systemctl stop ops-backup-odoo.timer
         while systemctl show -p ActiveState --value {SERVICE} | grep -q activating; do sleep 0.2; done; rm -r $d; systemctl daemon-reload"
    ));
}

fn metrics(droplet: Droplet) {
    let text = droplet.root("cd /var/lib/prometheus/node-exporter; stat -c %a *; ls -A | wc -l; cat *.prom");
    assert!(text.starts_with("644\n1\n"), "{text}");
    for line in
        ["ops_backup_last_ok{env=\"demo\",project=\"odoo\"} 1", "# TYPE ops_backup_verified_bytes gauge"]
    {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("place=\"droplet\"} 1") && !text.contains("ops_backup_rpo_seconds{"), "{text}");
    let verified =
        text.lines().find(|line| line.starts_with("ops_backup_verified_timestamp_seconds")).unwrap();
    let at: i64 = verified.rsplit(' ').next().unwrap().parse().unwrap();
    let now: i64 = droplet.root("date +%s").parse().unwrap();
    assert!((0..300).contains(&(now - at)), "{verified} {now}");
}

lab_test!(lab, demo, what_differs_is_said_and_what_is_removed_leaves_the_backups);
fn what_differs_is_said_and_what_is_removed_leaves_the_backups() {
    let droplet = seeded();
    let first = laptop("schedule: \"02:30\"");
    first.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    assert!(night(droplet));
    // Somebody edits the program, or stops the timer; another inventory wants it otherwise.
    droplet.root("echo '# mine' >>/var/lib/ops/odoo/schedule/night; systemctl stop ops-backup-odoo.timer");
    let differs = ["schedule/night is another", "ops-backup-odoo.timer does not run"];
    first.ops(&["schedule", "status", "demo"]).exits(9).says(&differs);
    first.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    first.ops(&["schedule", "status", "demo"]).exits(0);
    let later = laptop("schedule: \"Mon..Sat *-*-* 04:00\", keep: { daily: 30 }");
    later
        .ops(&["schedule", "status", "demo"])
        .exits(9)
        .says(&["ops-backup-odoo.timer is another", "sections"]);

    // What the droplet does not know changes nothing.
    let before = droplet.root("sha256sum /var/lib/ops/odoo/schedule/[nps]* /etc/systemd/system/ops-backup*");
    laptop("schedule: someday")
        .ops(&["schedule", "install", "demo", "--yes"])
        .exits(1)
        .says(&["systemd does not know"]);
    laptop("textfile: /nowhere").ops(&["schedule", "install", "demo", "--yes"]).exits(1).says(&["/nowhere"]);
    assert_eq!(
        droplet.root("sha256sum /var/lib/ops/odoo/schedule/[nps]* /etc/systemd/system/ops-backup*"),
        before
    );
    first.ops(&["schedule", "status", "demo"]).exits(0);

    // Undone, what was before is there again.
    later.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    let run = later.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    later.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    first.ops(&["schedule", "status", "demo"]).exits(0);

    first.ops(&["schedule", "remove", "demo", "--yes"]).exits(0);
    let left = droplet.root("ls /etc/systemd/system | grep ops-backup; systemctl list-timers --all --no-legend | grep ops-backup; systemctl list-units --all --no-legend 'ops-backup*'; ls /var/lib/ops/odoo/schedule");
    assert_eq!(left, "before");
    assert_eq!(backups(&first), 1);
    first.ops(&["schedule", "status", "demo"]).exits(0).says(&["no: ops schedule install demo"]);
    first.ops(&["schedule", "remove", "demo", "--yes"]).exits(0).says(&["nothing to do"]);
    // And again, with its secret.
    first.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    assert!(night(droplet));
    assert_eq!(backups(&first), 2);
}

lab_test!(lab, demo, whoever_works_on_the_stack_is_waited_for);
fn whoever_works_on_the_stack_is_waited_for() {
    let droplet = seeded();
    let laptop = laptop("missing_files: 0");
    laptop.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    laptop.ops(&["lock", "take", "demo"]).exits(0);
    droplet.root("systemctl set-environment OPS_NIGHT_WAIT=3 OPS_NIGHT_AGAIN=1");
    assert!(!night(droplet));
    let said = status(droplet);
    assert!(said["ok"] == false && said["exit"] == 5, "{said}");
    assert!(said["why"].as_str().unwrap().starts_with("manual-"), "{said}");
    assert_eq!(heard(droplet), "//start //fail");
    laptop.ops(&["schedule", "status", "demo"]).exits(0).says(&["FAILED: manual-", "none"]);

    droplet.root("systemctl unset-environment OPS_NIGHT_WAIT");
    droplet.root(&format!("systemctl reset-failed {SERVICE}; systemctl start --no-block {SERVICE}; sleep 3"));
    laptop.ops(&["schedule", "status", "demo"]).exits(0).says(&["it is at work, or waits"]);
    laptop.ops(&["lock", "release", "demo"]).exits(0);
    droplet.root(
        "n=0; until [ -e /var/lib/ops/odoo/lock/run ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1; done",
    );
    laptop.ops(&["backup", "demo", "--yes"]).exits(5).says(&["schedule", "-night"]);
    laptop.ops(&["backup", "demo", "--yes", "--wait-lock", "2m"]).exits(0);
    assert_eq!(status(droplet)["ok"], true);
    assert_eq!(backups(&laptop), 2);
    is_free(droplet);
    droplet.root("systemctl unset-environment OPS_NIGHT_AGAIN");
}

lab_test!(lab, demo, a_night_that_fails_says_so_and_the_next_one_works);
fn a_night_that_fails_says_so_and_the_next_one_works() {
    let droplet = seeded();
    let laptop = laptop("missing_files: 0");
    laptop.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    droplet.root("docker stop odoo-db-1");
    assert!(!night(droplet));
    let said = status(droplet);
    assert!(said["ok"] == false && said["exit"] == 6 && said["backup"].is_null(), "{said}");
    assert_eq!(said["why"], "backup.ready failed with code 1");
    assert_eq!(heard(droplet), "//start //fail");
    is_free(droplet);
    let runs = laptop.json(&["runs", "list", "demo"]);
    assert!(runs["runs"][0]["exit"] == 6 && runs["runs"][0]["ledger"][0]["outcome"] == "failed", "{runs}");
    let metrics = droplet.root("cat /var/lib/prometheus/node-exporter/*.prom");
    assert!(metrics.contains("project=\"odoo\"} 6\n") && !metrics.contains("verified_bytes"), "{metrics}");
    droplet.root("docker start odoo-db-1; until docker exec odoo-db-1 pg_isready -q; do sleep 0.2; done");
    assert!(night(droplet));
    assert_eq!(backups(&laptop), 1);

    asked_to_end(droplet, &laptop);
    killed(droplet, &laptop);
}

/// Waits until the step of the night is at work.
fn at_work(droplet: Droplet, step: &str) {
    droplet.root(&format!(
        ": >/root/heard; systemctl reset-failed {SERVICE} 2>/dev/null; systemctl start --no-block {SERVICE}
         n=0; until ls -d /var/lib/ops/odoo/runs/*-night/steps/{step}.1 2>/dev/null | grep -vxFf /root/seen; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done"
    ));
}

fn asked_to_end(droplet: Droplet, laptop: &Laptop) {
    droplet.root("ls -d /var/lib/ops/odoo/runs/*-night/steps/* >/root/seen");
    at_work(droplet, "backup.ready");
    droplet.root(&format!("systemctl stop {SERVICE}"));
    is_free(droplet);
    let said = status(droplet);
    // Between two steps it is not asked, so that a short backup may come to its end.
    assert!(said["ended"].is_string() && (said["exit"] == 6 || said["exit"] == 0), "{said}");
    assert!((1..=2).contains(&backups(laptop)));
}

/// The program is killed; its section goes on, the lock goes stale, and the next night takes it over.
fn killed(droplet: Droplet, laptop: &Laptop) {
    let before = backups(laptop);
    heard(droplet);
    droplet.root("ls -d /var/lib/ops/odoo/runs/*-night/steps/* >/root/seen");
    at_work(droplet, "backup.hold");
    droplet.root(&format!("systemctl kill -s KILL {SERVICE}; sleep 1"));
    let said = status(droplet);
    assert!(said["ok"] == false && said["why"] == "it was killed from outside", "{said}");
    assert_eq!(heard(droplet), "//start //fail");
    droplet.root("systemctl set-environment OPS_STALE_AFTER=5 OPS_NIGHT_AGAIN=1");
    assert!(night(droplet));
    droplet.root("systemctl unset-environment OPS_STALE_AFTER OPS_NIGHT_AGAIN");
    assert_eq!(backups(laptop), before + 2);
    laptop.ops(&["audit", "demo", "--verify"]).exits(0).says(&["lock-taken-over", "The audit is whole"]);
}

lab_test!(lab, demo, a_loss_of_power_is_said_and_the_next_night_works);
fn a_loss_of_power_is_said_and_the_next_night_works() {
    let droplet = seeded();
    let laptop = laptop("missing_files: 0");
    laptop.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    droplet.root(": >/root/seen");
    at_work(droplet, "backup.hold");
    droplet.power_loss();
    laptop.ops(&["schedule", "status", "demo"]).exits(0).says(&["never ended: the droplet lost its power"]);
    let restarted = "n=0; until docker start odoo-db-1 && docker exec odoo-db-1 pg_isready -q; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.3; done";
    droplet.root(restarted);
    droplet.root("systemctl set-environment OPS_STALE_AFTER=5 OPS_NIGHT_AGAIN=1");
    assert!(night(droplet), "{}", status(droplet));
    droplet.root("systemctl unset-environment OPS_STALE_AFTER OPS_NIGHT_AGAIN");
    is_free(droplet);
    assert_eq!(backups(&laptop), 1);
    laptop.ops(&["schedule", "status", "demo"]).exits(0).says(&["was verified"]);
}

lab_test!(lab, demo, a_deploy_that_updates_modules_makes_a_backup_first_where_none_is_young);
fn a_deploy_that_updates_modules_makes_a_backup_first_where_none_is_young() {
    let droplet = DEMO;
    droplet.fresh();
    let with = |more: &str| {
        let backups = "modules: [ipai_docs]\n    backup: { missing_files: 0 }";
        Laptop::with(&[
            ("modules: [ipai_docs]", backups),
            ("keep_releases: 5", &format!("keep_releases: 5{more}")),
        ])
    };
    let laptop = with("");
    // A first deploy has nothing to keep yet.
    laptop.deploy("demo", "standin", &[]).exits(0).never_says(&["backup.ready"]);
    laptop
        .ops(&["deploy", "demo", "--ref", "standin-code", "--dry-run"])
        .exits(0)
        .never_says(&["backup.ready"]);
    // What cannot be made keeps the deploy from beginning, and nothing was changed.
    droplet.root("mv /usr/bin/restic /usr/bin/restic.away");
    laptop.deploy("demo", "standin-bump", &[]).exits(1).says(&["there is no restic"]);
    assert_eq!(droplet.release(), "base");
    droplet.root("mv /usr/bin/restic.away /usr/bin/restic");
    laptop.deploy("demo", "standin-bump", &[]).exits(0).says(&["done backup.confirm", "done open"]);
    assert_eq!((droplet.release().as_str(), backups(&laptop)), ("bump", 1));
    is_free(droplet);
    // Young enough for the next one, and not for whoever wants it younger.
    let preflight = laptop.ops(&["preflight", "demo", "--ref", "standin-bump-2"]).exits(0);
    preflight.says(&["a verified backup", "never restored to try it"]);
    laptop
        .ops(&["deploy", "demo", "--ref", "standin-bump-2", "--dry-run"])
        .exits(0)
        .never_says(&["backup.ready"]);
    let strict = with(", backup: { before: always, max_age: 1m }");
    droplet.root("sleep 61");
    let dry = |more: &[&str]| {
        strict.ops(&[&["deploy", "demo", "--ref", "standin-bump-2", "--dry-run"], more].concat()).exits(0)
    };
    dry(&[]).says(&["backup.ready"]);
    dry(&["--no-backup"]).never_says(&["backup.ready"]);
}
