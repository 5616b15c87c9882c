//! Backups are made, listed and brought back the same, whatever the order of keys.

use ops::frames;
use ops::record::{BackupCheck, BackupRecord};
use ops::tools::backup::Return;
use ops::tools::export::Export;
use serde_json::{Value, json};

use super::{ID, STORE, backup, droplet, each, made, making, manifest, stored, variants};
use crate::sandbox::{Ran, Sandbox, Shell};

/// The record that `confirm` writes, of lines of `restic ls` and the last line of `restic backup`.
fn confirm(sandbox: &mut Sandbox, nodes: &str, summary: &str) -> Ran {
    making(sandbox);
    sandbox.write("/srv/restic.ls.json", nodes);
    sandbox.write(
        &format!("{STORE}/now/stored"),
        format!("{{\"message_type\":\"status\",\"percent_done\":0.5}}\n{summary}"),
    );
    sandbox.run(&backup().confirm())
}

fn nodes() -> String {
    let sizes = [
        ("db/toc.dat", 3),
        ("db/1.dat", 1),
        ("config/odoo.conf", 9),
        ("config/certificates/a\"b\\c \u{e9}\td", 4),
        ("filestore/aa/1", 7),
    ];
    let manifest = ("config/manifest.json", manifest().len());
    let node = |(path, size): (&str, usize)| {
        let name = path.rsplit('/').next();
        json!({"name": name, "type": "file", "path": format!("/run/ops-backup/{path}"), "uid": 0, "size": size, "mode": 384, "struct_type": "node"}).to_string() + "\n"
    };
    let mut all = "{\"time\":\"2026-11-21T16:20:01Z\",\"paths\":[\"/run/ops-backup/db\"],\"struct_type\":\"snapshot\"}\n".to_owned();
    all.extend(sizes.into_iter().chain([manifest]).map(node));
    all
}

const SUMMARY: &str = r#"{"message_type":"summary","files_new":5,"data_added":99,"data_added_packed":4321,"total_files_processed":5,"total_bytes_processed":987654,"total_duration":1.2,"snapshot_id":"beef"}
"#;

pub fn record() -> String {
    let mut sandbox = droplet(Shell::Dash);
    confirm(&mut sandbox, &nodes(), SUMMARY).exits(0);
    sandbox.read(&format!("{STORE}/{ID}.json"))
}

#[test]
fn backup_confirm_writes_the_same_record_of_whatever_restic_prints() {
    let wanted: BackupRecord = serde_json::from_str(&record()).unwrap();
    assert_eq!(
        (wanted.bytes, wanted.added, wanted.database.bytes, wanted.env.as_str()),
        (987_654, 4321, 5_000_000_000, "pro\"d")
    );
    let (nodes, summaries) = (variants(&nodes(), true), variants(SUMMARY, true));
    for (n, (nodes, summary)) in nodes.iter().zip(&summaries).enumerate() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        confirm(&mut sandbox, nodes, summary).exits(0);
        let mut record: BackupRecord =
            serde_json::from_str(&sandbox.read(&format!("{STORE}/{ID}.json"))).unwrap();
        record.verified = wanted.verified;
        assert_eq!(record, wanted);
        assert_eq!(
            sandbox.calls("restic").last().unwrap(),
            &format!("tag --set ops,verified,{ID},image-aa11,image-bb22,image-cc33 beef")
        );
        if n > 0 {
            continue;
        }
        // One file that the repository does not have.
        let fewer: String =
            nodes.lines().filter(|line| !line.contains("1.dat")).map(|line| format!("{line}\n")).collect();
        confirm(&mut droplet(Shell::ALL[n % 3]), &fewer, summary)
            .exits(1)
            .says(&["not there:", "db/1.dat 1"]);
        confirm(&mut droplet(Shell::ALL[n % 3]), &nodes[..nodes.len() - 9], summary)
            .exits(1)
            .says(&["cannot be listed"]);
    }
}

#[test]
fn backup_list_reads_the_same_records_checks_and_snapshots() {
    let checks = "{\"at\":5,\"by\":\"drill\",\"place\":\"droplet\",\"ok\":true,\"why\":\"\",\"seconds\":90}\n{\"at\":9,\"by\":\"verify\",\"place\":\"box\",\"ok\":false,\"why\":\"cut\",\"seconds\":7}\n";
    let record = record();
    let wanted: BackupRecord = serde_json::from_str(&record).unwrap();
    let records = variants(&record, false);
    for (n, (record, checks)) in records.iter().zip(variants(checks, true)).enumerate() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write(&format!("{STORE}/{ID}.json"), record);
        sandbox.write(&format!("{STORE}/{ID}.checks"), checks);
        sandbox.write("/srv/restic.snapshots.json", "[]");
        let ran = sandbox.run(&backup().list("f00d", "droplet")).exits(0);
        let parts = frames::parse("f00d", ran.out.as_bytes());
        assert_eq!(
            serde_json::from_slice::<BackupRecord>(&parts[&format!("{ID}.json")].bytes).unwrap(),
            wanted
        );
        let checks: Vec<BackupCheck> = parts[&format!("{ID}.checks")]
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!((checks[0].seconds, checks[1].place.as_str(), checks[1].ok), (90, "box", false));
    }
}

#[test]
fn restore_reads_the_same_manifest_in_any_order() {
    let text = manifest();
    each(&text, false, |sandbox, manifest| {
        stored(sandbox, manifest);
        sandbox.run(&backup().restore(Return::Ready, "beef", "odoo_restored")).exits(0);
        let said: Value = serde_json::from_str(&sandbox.read(&format!("{STORE}/coming/said"))).unwrap();
        assert_eq!((said["owner"].as_str(), &said["counts"]["res_users"]), (Some("o\"d"), &json!(7)));
        assert_eq!(sandbox.read(&format!("{STORE}/coming/sums")).lines().count(), 4);
        sandbox
            .run(&backup().restore(Return::Fetch, "beef", "odoo_restored"))
            .exits(0)
            .says(&["ops.compared sums 4"]);
        // (2000000 + 5000000000) / 1024 + 262144 kilobytes.
        sandbox.stub("df", "echo head; echo x 1 1 7000 1 /");
        let ran = sandbox.run(&backup().restore(Return::Ready, "beef", "odoo_restored"));
        ran.exits(1).says(&["the backup wants 5026 MB, and 6 MB are free"]);
    });
    let mut sandbox = droplet(Shell::Dash);
    stored(&mut sandbox, &text[..text.len() - 20]);
    sandbox.run(&backup().restore(Return::Ready, "beef", "odoo_restored")).exits(1);
    // A damaged file with a name that needs escapes is found.
    stored(&mut sandbox, &text);
    sandbox.run(&backup().restore(Return::Ready, "beef", "odoo_restored")).exits(0);
    sandbox.write("/srv/tree/config/certificates/a\"b\\c \u{e9}\td", "other");
    sandbox
        .run(&backup().restore(Return::Fetch, "beef", "odoo_restored"))
        .exits(1)
        .says(&["not what was stored"]);
}

#[test]
fn export_compares_the_files_of_a_manifest_in_any_order() {
    each(&manifest(), false, |sandbox, manifest| {
        stored(sandbox, manifest);
        sandbox.write(&format!("{STORE}/exporting/got/x"), "");
        sandbox.run(&backup().export(Export::Fetch, ID, "beef")).exits(0);
        sandbox.write("/srv/tree/db/1.dat", "y");
        let ran = sandbox.run(&backup().export(Export::Fetch, ID, "beef"));
        ran.exits(1).says(&["db/1.dat: FAILED", "not what was stored"]);
    });
}

#[test]
fn imported_backup_says_what_its_file_was_called() {
    let mut sandbox = droplet(Shell::Dash);
    sandbox.write(&format!("{STORE}/now/name"), "a \"b\".zip\n");
    made(&mut sandbox, "imported=imported");
    let manifest = sandbox.read(&format!("{STORE}/now/config/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["imported"], "a__b_.zip");
    assert_eq!(manifest["attachments"], json!({"named": 2, "missing": 1, "elsewhere": 4}));
}

#[test]
fn database_that_came_back_is_compared_by_name_and_not_by_place() {
    let parts =
        ["json", "whole"].map(|name| std::fs::read_to_string(format!("src/tools/{name}.sh")).unwrap());
    let manifest = manifest();
    let said: Value = serde_json::from_str(&manifest).unwrap();
    let said = variants(&said["database"].to_string(), false);
    for (n, text) in variants(&manifest, false).iter().enumerate() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        sandbox.write("/srv/m.json", text);
        sandbox.write("/srv/now/x", "");
        let mut compared = |said: &str| {
            sandbox.write("/srv/said", said);
            sandbox
                .sh(&format!("now=/srv/now\n{}\ndiffering /srv/m.json </srv/said", parts.join("\n")))
                .out
                .trim_end()
                .to_owned()
        };
        assert_eq!(compared(&said[n]), "");
        let other =
            said[0].replace("\"res_users\":7", "\"res_users\":8").replace("\"sale\":null", "\"sale\":\"\"");
        assert_eq!(
            compared(&other),
            "counts/res_users: 7;\tcounts/res_users: 8;\tmodules/sale: ;modules/sale: null"
        );
        assert!(compared("").contains("counts/res_users: 7"));
    }
}
