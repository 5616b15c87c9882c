//! Backups are tried, forgotten, copied and told of the same, whatever the order of keys.

use ops::inventory::Retention;
use ops::record::{BackupCheck, BackupStatus};
use ops::tools::backup::Backup;
use ops::tools::verify::{Trial, Tried};
use serde_json::{Value, json};

use super::backups::record;
use super::{ID, STORE, backup, droplet, manifest, stored, variants};
use crate::sandbox::{Ran, Sandbox, Shell};

const OLDER: &str = "20261120t162001z";

/// restic's list: two verified backups and two images, one of which no backup needs.
fn snapshots() -> String {
    let one = |id: &str, tags: &[&str]| json!({"time": "2026-11-21T16:20:01Z", "tree": "0", "paths": ["/a,b"], "hostname": "shop", "tags": tags, "summary": {"total_bytes_processed": 2_000_000}, "id": id, "short_id": &id[..4]});
    json!([
        one("aaaa1111", &["ops", "verified", OLDER, "image-0123456789abcdef"]),
        one("bbbb2222", &["ops", "verified", ID, "image-aa11"]),
        one("cccc3333", &["ops", "image", "image-aa11"]),
        one("dddd4444", &["ops", "image", "image-ffff"]),
    ])
    .to_string()
}

fn tried() -> Tried<'static> {
    Tried { id: ID, place: "droplet", drilled: true, parts: 1 }
}

#[test]
#[expect(clippy::needless_range_loop, reason = "one number chooses a variant of several texts")]
fn verify_reads_the_same_manifest_record_and_snapshots() {
    let all = json!([serde_json::from_str::<Value>(&snapshots()).unwrap()[1]]).to_string();
    let parts = [manifest(), record(), all].map(|text| variants(&text, false));
    for n in 0..parts[0].len() {
        let [manifest, record, all] = [0, 1, 2].map(|part| parts[part][n].as_str());
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        stored(&mut sandbox, manifest);
        sandbox.write("/srv/restic.snapshots.json", all);
        sandbox.write(&format!("{STORE}/{ID}.json"), record);
        sandbox.run(&backup().verify(Trial::Check, tried())).exits(0);
        assert_eq!(sandbox.read(&format!("{STORE}/check/snapshot")), "bbbb2222\n");
        sandbox.run(&backup().verify(Trial::Fetch, tried())).exits(0);
        // The database of the record comes on top: (2000000 + 5000000000) / 1024 + 524288 kilobytes.
        sandbox.stub("df", "echo head; echo x 1 1 7000 1 /");
        sandbox
            .run(&backup().verify(Trial::Fetch, tried()))
            .exits(2)
            .says(&["to try it, 5282 MB are wanted"]);
        sandbox.run(&backup().verify(Trial::Record, tried())).exits(0);
        let check: BackupCheck =
            serde_json::from_str(&sandbox.read(&format!("{STORE}/{ID}.checks"))).unwrap();
        assert!(check.ok && check.by == "drill" && check.place == "droplet");
    }
    let mut sandbox = droplet(Shell::Dash);
    stored(&mut sandbox, &manifest());
    sandbox.write("/srv/restic.snapshots.json", "[{\"id\":\"bbbb2222\"");
    // What cannot be read says nothing of the backup.
    sandbox.run(&backup().verify(Trial::Check, tried())).exits(2).says(&["what restic lists cannot be read"]);
    assert!(!sandbox.exists(&format!("{STORE}/{ID}.checks")));
}

#[test]
#[expect(clippy::needless_range_loop, reason = "one number chooses a variant of several texts")]
fn forget_removes_the_records_of_snapshots_that_are_gone_and_no_others() {
    let forgot = "[{\"tags\":null,\"host\":\"shop\",\"keep\":[{\"id\":\"bbbb2222\"}],\"remove\":[{\"id\":\"aaaa1111\"}],\"reasons\":[]}]\n";
    let left = json!([serde_json::from_str::<Value>(&snapshots()).unwrap()[1]]).to_string();
    let wrong = "{\"at\":5,\"by\":\"verify\",\"place\":\"droplet\",\"ok\":true,\"why\":\"\",\"seconds\":9}\n{\"at\":7,\"by\":\"verify\",\"ok\":false,\"why\":\"of before there were places\",\"seconds\":9}\n{\"at\":8,\"by\":\"verify\",\"place\":\"box\",\"ok\":true,\"why\":\"\",\"seconds\":9}\n";
    let keep = Retention { daily: 7, weekly: 4, monthly: 12 };
    let texts = [variants(forgot, true), variants(&left, false), variants(wrong, true)];
    for n in 0..texts[0].len() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        for id in [ID, OLDER] {
            sandbox.write(&format!("{STORE}/{id}.json"), "{}");
        }
        sandbox.write(&format!("{STORE}/{ID}.checks"), format!("{}{{\"at\":9,\"pla", texts[2][n]));
        sandbox.write("/srv/restic.forget.json", format!("{}some words of pruning\n", texts[0][n]));
        sandbox.write("/srv/restic.snapshots.json", &texts[1][n]);
        sandbox.run(&backup().forget(keep)).exits(0);
        assert!(
            sandbox.exists(&format!("{STORE}/{ID}.json"))
                && !sandbox.exists(&format!("{STORE}/{OLDER}.json"))
        );
        let calls = sandbox.calls("restic");
        assert!(calls.iter().any(|call| call.contains("--keep-last 4 ")), "{calls:?}");
        // A list that is cut takes no record away.
        sandbox.write("/srv/restic.snapshots.json", "[{\"id\":\"");
        let ran = sandbox.run(&backup().forget(keep));
        assert!(ran.code != Some(0) && sandbox.exists(&format!("{STORE}/{ID}.json")), "{ran}");
    }
}

#[test]
fn images_and_copies_far_away_are_told_by_tags_in_any_order() {
    let (lists, records) = (variants(&snapshots(), false), variants(&record(), false));
    for n in 0..lists.len() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write("/srv/restic.snapshots.json", &lists[n]);
        sandbox.write(
            &format!("{STORE}/{ID}.json"),
            records[n].replace("sha256:bb22", "sha256:aa11").replace("sha256:cc33", "sha256:aa11"),
        );
        sandbox.run(&backup().images()).exits(0);
        let calls = sandbox.calls("restic");
        assert_eq!(calls.last().unwrap(), "forget dddd4444", "{calls:?}");
        let far = Backup { repository: "s3:far/shop", ..backup() };
        sandbox
            .run(&far.copy("box", "/srv/backups/shop", Retention { daily: 7, weekly: 4, monthly: 12 }))
            .exits(0);
        assert_eq!(sandbox.read(&format!("{STORE}/places/box")), format!("{OLDER}\n{ID}\n"));
        sandbox.write(&format!("{STORE}/20261122t162001z.json"), "{}");
        let ran = sandbox.run(&far.copy(
            "box",
            "/srv/backups/shop",
            Retention { daily: 7, weekly: 4, monthly: 12 },
        ));
        ran.exits(1).says(&["20261122t162001z is not in box after copying"]);
    }
}

/// The program of a schedule, with a verb.
fn night(sandbox: &mut Sandbox, verb: &str) -> Ran {
    let parts = ["src/tools/json.sh", "src/tools/checks.sh", "src/execute/night.sh"]
        .map(|file| std::fs::read_to_string(file).unwrap());
    sandbox.sh(&format!(
        "set -- /var/lib/ops/shop /srv/runner backup prod shop x x x x /srv/metrics 86400 3600 {verb}\n{}",
        parts.join("\n")
    ))
}

#[test]
#[expect(clippy::needless_range_loop, reason = "one number chooses a variant of several texts")]
fn scheduled_backup_tells_the_same_of_records_checks_and_its_own_status() {
    let status = json!({"schema": "ops.backup-status/1", "env": "prod", "project": "shop", "run": "prod-20261121T162001Z-night", "started": "2026-11-21T16:20:01Z",
        "ended": null, "ok": null, "exit": null, "why": null, "seconds": null, "backup": "old", "bytes": 1, "added": 1, "places": {"droplet": "old"}, "drill": null, "rpo": 1, "rto": 1}).to_string();
    let checks = "{\"at\":1795300000,\"by\":\"drill\",\"place\":\"droplet\",\"ok\":true,\"why\":\"\",\"seconds\":90}\n{\"at\":1795300100,\"by\":\"verify\",\"place\":\"box\",\"ok\":false,\"why\":\"\\\"ok\\\":true\",\"seconds\":7}\n";
    let texts = [variants(&status, false), variants(&record(), false), variants(checks, true)];
    let mut first: Option<(BackupStatus, Value, String)> = None;
    for n in 0..texts[0].len() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write(&format!("{STORE}/status.json"), &texts[0][n]);
        sandbox.write(&format!("{STORE}/{ID}.json"), &texts[1][n]);
        sandbox.write(&format!("{STORE}/{OLDER}.json"), &texts[1][n]);
        sandbox.write(&format!("{STORE}/{ID}.checks"), &texts[2][n]);
        sandbox.write(&format!("{STORE}/{OLDER}.checks"), "{\"at\":1,\"by\":\"drill\",\"cut");
        sandbox.write(&format!("{STORE}/places/box"), format!("{OLDER}\n{ID}\n"));
        sandbox.write("/srv/metrics/x", "");
        night(&mut sandbox, "failed")
            .exits(0)
            .says(&["failed: it was killed from outside (run prod-20261121T162001Z-night)"]);
        let text = sandbox.read(&format!("{STORE}/status.json"));
        let mut said: BackupStatus = serde_json::from_str(&text).unwrap();
        assert!(said.ended.take().is_some() && said.ok == Some(false) && said.exit == Some(8));
        let more: Value = serde_json::from_str(&text).unwrap();
        let more = json!([more["places"], more["drill"], more["rpo"]]);
        let metrics: String = sandbox
            .read("/srv/metrics/ops-backup-shop.prom")
            .lines()
            .filter(|line| !line.contains("last_end"))
            .map(|line| format!("{line}\n"))
            .collect();
        let (wanted_status, wanted_more, wanted_metrics) =
            first.get_or_insert_with(|| (said.clone(), more.clone(), metrics.clone()));
        assert_eq!((&said, &more, &metrics), (&*wanted_status, &*wanted_more, &*wanted_metrics));
        // A second call changes nothing of it.
        night(&mut sandbox, "failed").exits(0);
        assert_eq!(sandbox.read(&format!("{STORE}/status.json")), text);
    }
    let (status, more, metrics) = first.unwrap();
    assert_eq!((status.backup.as_deref(), status.bytes, status.added), (Some(ID), Some(987_654), Some(4321)));
    assert_eq!(
        more,
        json!([{"droplet": ID, "box": OLDER}, {"at": 1_795_300_000, "passed": true, "took": 90}, 86400])
    );
    for line in [
        "verified_bytes{env=\"prod\",project=\"shop\"} 987654",
        "last_exit_code{env=\"prod\",project=\"shop\"} 8",
        "drill_duration_seconds{env=\"prod\",project=\"shop\"} 90",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
