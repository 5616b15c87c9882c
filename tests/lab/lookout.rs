//! A droplet that looks at its own health: an `ops` of its own tells what changed, and no laptop is there.

use std::path::PathBuf;
use std::process::Command;

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;

const SERVICE: &str = "ops-health-odoo.service";
/// The address that hears of health; it must be nowhere but in its file.
const CANARY: &str = "canary4712";
/// What the machine below the lab does, and how long it takes, is no news of the droplet.
const NOT_OURS: &str =
    "backup.fresh, host.load, host.memory, host.pressure, host.disk, host.killed, web.login, web.site";
/// What a schedule leaves on a droplet.
const SUMS: &str =
    "cd /var/lib/ops/odoo/schedule; sha256sum [inops]* /etc/systemd/system/ops-[bh]* 2>/dev/null; :";

/// A program on the droplet that hears: a line in /root/told for each message.
const HEARER: &str = r#"
cat >/root/hear.py <<'PY'
import http.server
class Hear(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers['Content-Length'])).decode()
        with open('/root/told', 'a') as file: file.write(self.path + ' ' + text + '\n')
        self.send_response(200); self.end_headers()
    do_GET = lambda self: (self.send_response(200), self.end_headers())
    def log_message(self, *words): pass
http.server.HTTPServer(('127.0.0.1', 8901), Hear).serve_forever()
PY
: >/root/told; systemd-run --quiet --unit=ops-test-lookout python3 /root/hear.py
until curl -s http://127.0.0.1:8901/up; do sleep 0.1; done; mkdir -p /srv/metrics
"#;

/// The lab's inventory with a channel that hears of health, and looks so often.
fn laptop(health: &str) -> Laptop {
    let more = format!(
        "modules: [ipai_docs]\n    notify: [{{ kind: webhook, url: {{ file: hook }}, on: [health] }}]
    backup: {{ textfile: /srv/metrics }}\n    health: {{ {health}skip: [{NOT_OURS}] }}"
    );
    let laptop = Laptop::with(&[("modules: [ipai_docs]", &more)]);
    std::fs::write(laptop.file("hook"), format!("http://127.0.0.1:8901/{CANARY}\n")).unwrap();
    laptop
}

/// This ops, without what a debugger reads.
fn program(laptop: &Laptop) -> PathBuf {
    let file = laptop.file("ops-for-linux");
    let stripped = Command::new("strip").arg("-o").arg(&file).arg(env!("CARGO_BIN_EXE_ops")).status();
    assert!(stripped.unwrap().success());
    file
}

/// A look, now; what was told, and how the unit took it.
fn look(droplet: Droplet) -> (String, String) {
    let unit = droplet.root(&format!("systemctl start {SERVICE} && echo well || echo failed"));
    (droplet.root("cat /root/told; : >/root/told"), unit)
}

lab_test!(lab, demo, a_droplet_tells_of_its_own_health_without_a_laptop);
fn a_droplet_tells_of_its_own_health_without_a_laptop() {
    let droplet = DEMO.seeded(&["standin"]);
    droplet.root(HEARER);
    let laptop = laptop("every: 1h, ");
    let program = program(&laptop);
    let program = program.to_str().unwrap();
    not_one_of_ours(droplet, &laptop);

    let install = ["schedule", "install", "demo", "--yes", "--program", program];
    laptop.ops(&[&install[..], &["-vv"]].concat()).exits(0).says(&[
        "health is looked at every 60 min by an ops on the droplet itself",
        "done schedule.notify",
        "done schedule.program",
        "done schedule.look",
    ]);
    let before = droplet.root(SUMS);
    laptop.ops(&install).exits(0).says(&["nothing to do"]);
    assert_eq!(droplet.root(SUMS), before);
    assert_eq!(droplet.root("ls /var/lib/ops/odoo/schedule/sent"), "");
    // Its first look begins by itself, and is over.
    droplet.root(&format!(
        "n=0; until [ -e /srv/metrics/ops-health-odoo.prom ] && ! systemctl is-active -q {SERVICE} && [ \"$(systemctl show -p ActiveState --value {SERVICE})\" = inactive ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done; : >/root/told"
    ));
    let first = droplet.root("grep '^ops_up{' /srv/metrics/ops-health-odoo.prom");
    assert!(first.ends_with(" 1"), "{first}");
    let (told, unit) = look(droplet);
    assert_eq!((told.as_str(), unit.as_str()), ("", "well"), "what is as it was is told once");

    droplet.root("docker stop odoo-odoo-1");
    let (told, unit) = look(droplet);
    assert!(unit == "well" && told.contains(CANARY) && told.contains("\"check\":\"ct.running\""), "{told}");
    assert!(told.contains("\"operator\":\"schedule@"), "{told}");
    laptop
        .ops(&["schedule", "status", "demo"])
        .exits(0)
        .says(&["a look every 60 min by ops", "something is wrong"]);
    droplet.root("docker start odoo-odoo-1; until docker exec odoo-odoo-1 python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8069/web/health\")'; do sleep 0.3; done");
    let (told, _) = look(droplet);
    assert!(told.contains("\"check\":\"ct.running\"") && told.contains("\"now\":\"ok\""), "{told}");
    assert_eq!(look(droplet).0, "");
    let metrics = droplet.root("stat -c %a /srv/metrics/*; cat /srv/metrics/ops-health-odoo.prom");
    assert!(metrics.starts_with("644\n") && metrics.contains("ops_check_status{"), "{metrics}");

    let places = droplet.root(&format!(
        "grep -rl {CANARY} /etc/systemd /var/lib/ops /run/systemd 2>/dev/null; journalctl -o cat | grep -c {CANARY}; :"
    ));
    assert_eq!(places, "/var/lib/ops/odoo/schedule/notify\n0");
    let modes = "stat -c %a /var/lib/ops/odoo/schedule /var/lib/ops/odoo/schedule/notify /var/lib/ops/odoo/schedule/inventory.yaml";
    assert_eq!(droplet.root(modes), "700\n600\n600");
    let health = |laptop: &Laptop| laptop.ops(&["health", "demo", "--only", "ops.lookout", "-v"]);
    health(&laptop).exits(0).says(&["the last look is"]);
    droplet.root("systemctl stop ops-health-odoo.timer");
    health(&laptop).exits(9).says(&["its timer does not run"]);
    laptop.ops(&["schedule", "status", "demo"]).exits(9).says(&["ops-health-odoo.timer does not run"]);
    changed_and_removed(droplet, &laptop);
}

/// What is no ops, and what does not run there, is said, and nothing of it stays.
fn not_one_of_ours(droplet: Droplet, laptop: &Laptop) {
    let text = laptop.file("text");
    std::fs::write(&text, "#!/bin/sh\necho ops 9\n").unwrap();
    let install = |file: &str| laptop.ops(&["schedule", "install", "demo", "--yes", "--program", file]);
    install(text.to_str().unwrap()).exits(2).says(&["no program that a Linux droplet could run"]);
    install("/nowhere").exits(2).says(&["cannot be read"]);
    install("/bin/true").exits(1).says(&["it does not run here: true (GNU", "--program FILE"]);
    // Backups are a section before it, which is undone as well.
    assert_eq!(droplet.root(SUMS), "");
    assert_eq!(droplet.root("ls /etc/systemd/system | grep ops-health; :"), "");
}

/// An inventory without looks takes them away; so does `remove`, and a program is sent once more only where it is another.
fn changed_and_removed(droplet: Droplet, laptop: &Laptop) {
    let own = self::laptop("");
    own.ops(&["schedule", "status", "demo"]).exits(9).says(&["is there, and health.every is not"]);
    own.ops(&["schedule", "install", "demo", "--yes"]).exits(0);
    let left = "ls /etc/systemd/system | grep ops-health; systemctl list-units --all --no-legend 'ops-health*'; ls -A /var/lib/ops/odoo/schedule";
    assert_eq!(droplet.root(left), "before\nnight\nplan.json\nsections");
    let program = program(laptop);
    laptop.ops(&["schedule", "install", "demo", "--yes", "--program", program.to_str().unwrap()]).exits(0);
    laptop.ops(&["schedule", "status", "demo"]).exits(0);
    let run = laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert!(!droplet.root(left).contains("inventory.yaml"), "{}", droplet.root(left));
    laptop.ops(&["schedule", "install", "demo", "--yes", "--program", program.to_str().unwrap()]).exits(0);
    laptop.ops(&["schedule", "remove", "demo", "--yes"]).exits(0);
    assert_eq!(droplet.root(left), "before");
}
