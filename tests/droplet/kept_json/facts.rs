//! Facts, releases, the stage and `daemon.json` are read the same, whatever the order of keys.

use ops::facts::{self, Facts};
use ops::frames;
use ops::inventory::Environment;
use ops::record::{Holder, Slot};
use serde_json::{Value, json};

use super::backups::record;
use super::recovery::release;
use super::{ID, STORE, droplet, variants};
use crate::sandbox::{Sandbox, Shell};

const INVENTORY: &str = "version: 1
project: shop
environments:
  prod:
    droplets: [{ name: web, host: local }]
    stack: { path: /opt/odoo, compose: [compose.yaml], web: odoo, db: db, database: odoo }
    backup: { path: /srv/backups, keep: { daily: 7 } }
";

fn environment() -> Environment {
    let home = std::path::Path::new("/root");
    let inventory = ops::inventory::parse(INVENTORY, std::path::Path::new("/x.yaml"), home).unwrap();
    inventory.environments.into_values().next().unwrap()
}

/// What a droplet tells of itself.
fn asked(sandbox: &mut Sandbox) -> Facts {
    let env = environment();
    let ran = sandbox.run(&facts::script(&env, &env.droplets[0], "f00df00df00df00d", None));
    facts::parse(&env, &env.droplets[0], "f00df00df00df00d", ran.out.as_bytes())
}

#[test]
fn facts_of_releases_runs_lock_backups_and_schedule_are_the_same_in_any_order() {
    let run = json!({"schema": "ops.run/1", "id": "run1", "env": "prod", "command": "ops deploy prod", "title": "t", "operator": "o", "reason": null, "started": "2026-11-21T16:20:01Z",
        "ended": "2026-11-21T16:21:01Z", "exit": 0, "release": "r1", "ledger": [{"droplet": "web", "step": "switch", "title": "s", "outcome": "done", "millis": 7}]});
    let holder = json!({"run": "run1", "command": "ops deploy prod", "operator": "o", "reason": null, "since": 5, "heartbeat": 6, "fence": 7});
    let status = json!({"schema": "ops.backup-status/1", "env": "prod", "project": "shop", "run": "n", "started": "2026-11-21T16:20:01Z", "ended": null, "ok": null, "exit": null, "why": null,
        "seconds": null, "backup": ID, "bytes": 1, "added": 1});
    let mut second = release();
    (second["slot"], second["id"]) = (json!("b"), json!("r2"));
    let checks =
        "{\"at\":5,\"by\":\"drill\",\"place\":\"droplet\",\"ok\":true,\"why\":\"\",\"seconds\":90}\n";
    let texts =
        [release(), second, run, holder.clone(), status].map(|value| variants(&value.to_string(), false));
    let (records, checks) = (variants(&record(), false), variants(checks, true));
    let mut first: Option<Facts> = None;
    for n in 0..records.len() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write("/opt/odoo/compose.yaml", "");
        for (file, text) in [
            ("stack", "/opt/odoo\n"),
            ("releases/current", "r2\n"),
            ("releases/r1/release.json", &texts[0][n]),
            ("releases/r2/release.json", &texts[1][n]),
            ("runs/run1/run.json", &texts[2][n]),
            ("lock/holder.json", &texts[3][n]),
            ("backup/status.json", &texts[4][n]),
        ] {
            sandbox.write(&format!("/var/lib/ops/shop/{file}"), text);
        }
        sandbox.write(&format!("{STORE}/{ID}.json"), &records[n]);
        sandbox.write(&format!("{STORE}/{ID}.checks"), &checks[n]);
        sandbox.write("/srv/backups/shop/config", "");
        let mut said = asked(&mut sandbox);
        said.state.as_mut().unwrap().now = 0;
        let wanted = first.get_or_insert_with(|| said.clone());
        assert_eq!(
            (&said.state, &said.backups, &said.schedule),
            (&wanted.state, &wanted.backups, &wanted.schedule)
        );
    }
    let facts = first.unwrap();
    assert_eq!(facts.slot(), Slot::B);
    let state = facts.state.unwrap();
    assert!(state.unreadable.is_empty() && state.releases.len() == 2 && state.runs.len() == 1, "{state:?}");
    assert_eq!(state.lock, Some(serde_json::from_value::<Holder>(holder).unwrap()));
    let backups = facts.backups.unwrap();
    let row = &backups.rows[0];
    assert_eq!(
        (row.bytes, row.added, row.database, row.drilled.is_some()),
        (Some(987_654), Some(4321), Some(5_000_000_000), true)
    );
    assert_eq!(facts.schedule.unwrap().status.unwrap().backup.as_deref(), Some(ID));
}

#[test]
fn facts_choose_the_container_of_the_slot_on_record() {
    let program = ["src/tools/json.sh", "src/facts/gather.sh"]
        .map(|file| std::fs::read_to_string(file).unwrap())
        .join("\n");
    let mut on_record = release();
    let line = |id: &str, service: &str| {
        ["@", "running", "shop", service, "False", "/opt/odoo", ""].join("\x1f").replace('@', id)
    };
    let list = format!("{}\n{}", line("aaaa", "odoo"), line("bbbb", "odoo-b"));
    for (slot, wanted) in [("a", "aaaa"), ("b", "bbbb")] {
        on_record["slot"] = json!(slot);
        for (n, text) in variants(&on_record.to_string(), false).iter().enumerate() {
            let mut sandbox = droplet(Shell::ALL[n % 3]);
            sandbox.write("/srv/list", format!("{list}\n"));
            sandbox.stub(
                "docker",
                "case $1 in ps) cat /srv/list ;; info) printf 'engine\\t27\\nroot\\t/srv\\n' ;; esac",
            );
            sandbox.write("/var/lib/ops/shop/releases/current", "r1\n");
            sandbox.write("/var/lib/ops/shop/releases/r1/release.json", text);
            let words = [
                "f00d",
                "/opt/odoo",
                "/var/lib/ops",
                "odoo",
                "db",
                "",
                "compose.yaml",
                "--",
                "web",
                "echo web=$OPS_WEB",
            ];
            let words: String = words.iter().map(|word| format!(" '{word}'")).collect();
            sandbox.sh(&format!("set --{words}\n{program}")).says(&[&format!("web={wanted}\n")]);
        }
    }
}

#[test]
fn stage_reads_images_volumes_and_ports_of_whatever_compose_prints() {
    let model = json!({"name": "shop", "services": {
        "odoo": {"image": "odoo:14", "volumes": [{"type": "bind", "source": "/a \"b\"", "target": "/c"}], "ports": [{"target": 8069, "published": "8069"}], "environment": {"image": "no", "PASSWORD": "secret"}},
        "db": {"image": "postgres:16", "labels": {"volumes": "no"}}}, "volumes": {"image": {}}, "x-services": {"other": {"image": "no"}}});
    let script = format!(
        "{}\n{}\n{}",
        frames::SHELL,
        std::fs::read_to_string("src/tools/json.sh").unwrap(),
        std::fs::read_to_string("src/runbooks/deploy/stage.sh").unwrap()
    );
    let names = [
        "remote",
        "ref",
        "running",
        "owner",
        "image",
        "profiles",
        "config_files",
        "planned_env",
        "known",
        "kept",
        "kept_sha",
        "since",
        "catalog",
        "live",
        "database",
    ];
    let empty: String = names.iter().map(|name| format!("{name}=''\n")).collect();
    for (n, text) in variants(&model.to_string(), false).iter().enumerate() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write("/srv/model", text);
        sandbox.write("/opt/odoo/.env", "");
        sandbox.stub("docker", "case $1 in compose) cat /srv/model ;; *) exit 1 ;; esac");
        let set = "nonce=f00d dir=/var/lib/ops/shop project=shop path=/opt/odoo web=odoo db=db compose=c.yaml pulled='odoo\ndb'\n";
        let ran = sandbox.sh(&format!("{empty}{set}{script}")).exits(0);
        let parts = frames::parse("f00d", ran.out.as_bytes());
        assert_eq!(parts["images"].text(), "db postgres:16\nodoo odoo:14\n");
        let (service, list) = parts["volumes"]
            .text()
            .trim_end()
            .split_once('\t')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!((service.as_str(), &list[0]["source"]), ("odoo", &json!("/a \"b\"")));
        assert!(parts["ports"].text().starts_with("odoo\t[") && !parts["ports"].text().contains("secret"));
        sandbox.write("/srv/model", &text[..text.len() - 4]);
        let ran = sandbox.sh(&format!("{empty}{set}{script}"));
        assert_eq!(frames::parse("f00d", ran.out.as_bytes())["names"].code, 65);
    }
}

#[test]
fn harden_takes_live_restore_back_in_any_form_of_daemon_json() {
    let program: String = ["json", "harden", "harden_logins", "harden_wall", "harden_proof"]
        .map(|name| std::fs::read_to_string(format!("src/tools/{name}.sh")).unwrap())
        .join("\n");
    for (n, text) in variants("{\"log-driver\":\"local\",\"live-restore\":true,\"iptables\":false}", false)
        .iter()
        .enumerate()
    {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write("/etc/docker/daemon.json", text);
        sandbox.write("/srv/kept/%2Fetc%2Fdocker%2Fdaemon.json.was", "none\n");
        // What the engine is told before the file is taken away.
        sandbox.stub("systemctl", "cat /etc/docker/daemon.json >>/srv/told 2>/dev/null; :");
        sandbox.sh(&format!("set -- unwrite /srv/kept /etc/docker/daemon.json docker\n{program}")).exits(0);
        let told: Value = serde_json::from_str(&sandbox.read("/srv/told")).unwrap();
        assert_eq!(
            (&told["live-restore"], &told["log-driver"], &told["iptables"]),
            (&json!(false), &json!("local"), &json!(false))
        );
        // The fact of the engine's firewall.
        sandbox.write("/etc/docker/daemon.json", text);
        let asks = "[ \"$(awk \"$OPS_JSON\" document rows - /iptables </etc/docker/daemon.json 2>/dev/null)\" = false ]";
        assert!(std::fs::read_to_string("src/facts/posture/daemon.rs").unwrap().contains(&asks[4..80]));
        let script = format!(
            "{}\nOPS_JSON=$json_parser$json_program\n{asks}",
            std::fs::read_to_string("src/tools/json.sh").unwrap()
        );
        sandbox.sh(&script).exits(0);
    }
}

#[test]
fn watch_counts_the_same_requests_of_a_log_in_json_in_any_order() {
    let line = |status: &str, time: &str| {
        format!(
            "{{\"time\":\"{time}\",\"status\":{status},\"args\":\"2020-01-01T00:00:00Z\",\"request\":\"GET /\\\" 500 x\",\"upstream_status\":\"502\",\"agent\":\"a\"}}\n"
        )
    };
    let log = line("\"404\"", "2026-11-21T07:45:44+00:00")
        + &line("200", "21/Nov/2026:07:45:44 +0000")
        + &line("503", "2026-11-21T07:45:43Z");
    // As nginx writes it where the format does not say escape=json, and what is no line of a log.
    let more = "{\"status\":200,\"time\":\"2026-11-21T07:45:44+00:00\",\"agent\":\"\\x22ops\\xC3\"}\n{\"status\":500,\"time\n";
    let program = format!(
        "{}\nfor since in 0 1795247144; do LC_ALL=C awk -v since=$since \"$json_parser$(cat /srv/access.awk)\" /srv/log; done",
        std::fs::read_to_string("src/tools/json.sh").unwrap()
    );
    for text in &variants(&log, true) {
        for awk in ["mawk", "gawk", "busybox"] {
            let mut sandbox = Sandbox::new(Shell::Dash);
            std::os::unix::fs::symlink(format!("/usr/bin/{awk}"), sandbox.path("/stubs/awk")).unwrap();
            sandbox.write("/srv/access.awk", std::fs::read_to_string("src/tools/access.awk").unwrap());
            sandbox.write("/srv/log", format!("{text}{more}"));
            assert_eq!(sandbox.sh(&program).out, "4 1 1\n3 0 1\n", "{awk} {text}");
        }
    }
}
