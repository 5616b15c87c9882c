//! Backups: made, copied, brought back, tried, imported, scheduled, cloned.

use crate::backups::{FILES, NAMES, STANDIN, attach, deployed, nothing_left, with_place};
use crate::droplet::{DEMO, lab};
use crate::laptop::Laptop;
use crate::{clones, imported, schedule, verify};

/// A release with a row and an attachment; the attachment's path below the filestore.
fn with_data(laptop: &Laptop) -> String {
    laptop.deploy("demo", "standin", &[]).exits(0);
    DEMO.sql("insert into ipai_document (name) values ('kept')");
    attach(DEMO, "an attachment")
}

/// What people do to it: the row is another one, the file is gone.
fn spoil(path: &str) {
    DEMO.sql("update ipai_document set name = 'spoilt' where name = 'kept'");
    DEMO.root(&format!("{FILES} rm odoo/{path}"));
}

#[track_caller]
fn is_back(path: &str) {
    assert_eq!(DEMO.sql(NAMES), "kept");
    DEMO.root(&format!("{FILES} [ \"$(cat odoo/{path})\" = 'an attachment' ]"));
    nothing_left(DEMO);
}

lab_test!(guarantee, demo, restore_brings_back_rows_and_files_of_a_verified_backup);
fn restore_brings_back_rows_and_files_of_a_verified_backup() {
    DEMO.fresh();
    let laptop = Laptop::new();
    let path = with_data(&laptop);
    laptop.ops(&["restore", "demo", "--yes"]).exits(2).says(&["no verified backup", "ops backup"]);
    let before = DEMO.state();
    laptop.ops(&["backup", "demo", "--yes"]).exits(0);
    assert_eq!(DEMO.state(), before, "the backup changed the stack");
    nothing_left(DEMO);
    let listed = laptop.json(&["backup", "list", "demo"]);
    assert_eq!(listed["backups"][0]["verified"], true, "{listed}");
    spoil(&path);
    let other = Laptop::new();
    other.ops(&["restore", "demo", "--yes"]).exits(3).says(&["Data is lost", "--confirm"]);
    other.ops(&["restore", "demo", "--confirm", "demo"]).exits(0);
    is_back(&path);
    // The database that the restore replaced is kept.
    let kept = "select count(*) from pg_database where datname like 'odoo_after_%' and not datallowconn";
    assert_eq!(DEMO.sql(kept), "1");
}

lab_test!(guarantee, demo, offsite_copy_restores_after_the_local_repository_is_lost);
fn offsite_copy_restores_after_the_local_repository_is_lost() {
    DEMO.fresh();
    lab(&["s3", "reset"]);
    let laptop = with_place();
    let path = with_data(&laptop);
    laptop.ops(&["backup", "demo", "--yes"]).exits(1).says(&["ops backup init"]);
    laptop.ops(&["backup", "init", "demo", "--yes"]).exits(0);
    laptop.ops(&["backup", "demo", "--yes"]).exits(0).never_says(&["lab-offsite-secret"]);
    DEMO.root("rm -rf /var/backups/ops");
    spoil(&path);
    laptop.ops(&["restore", "demo", "--from", "spaces", "--confirm", "demo"]).exits(0);
    is_back(&path);
}

lab_test!(guarantee, demo, clone_of_production_is_neutralized);
fn clone_of_production_is_neutralized() {
    clones::another_environments_backup_comes(DEMO, &STANDIN);
}

lab_test!(guarantee, demo, import_restores_a_zip_of_odoo_and_refuses_a_hostile_one);
fn import_restores_a_zip_of_odoo_and_refuses_a_hostile_one() {
    imported::a_zip_comes_back(DEMO, &STANDIN);
}

lab_test!(guarantee, demo, drill_restores_a_backup_starts_odoo_and_finds_damage);
fn drill_restores_a_backup_starts_odoo_and_finds_damage() {
    let laptop = deployed(DEMO, "standin");
    laptop.ops(&["backup", "demo", "--yes"]).exits(0);
    let before = verify::held();
    let done = ["done drill.database", "done drill.files", "done drill.odoo"];
    laptop.ops(&["backup", "verify", "demo", "--drill", "--yes"]).exits(0).says(&done);
    assert_eq!(verify::held(), before, "the drill left something on the droplet");
    let listed = laptop.json(&["backup", "list", "demo"]);
    assert_eq!(listed["backups"][0]["drilled"]["by"], "drill", "{listed}");
    verify::damage(
        "p=$(find data -type f -printf '%s %p\\n' | sort -rn | head -n 1 | cut -d ' ' -f 2); printf 'XXXX' | dd of=$p bs=1 seek=100 conv=notrunc status=none",
    );
    laptop.ops(&["backup", "verify", "demo", "--yes"]).exits(9).says(&["no longer counts as verified"]);
}

lab_test!(guarantee, demo, schedule_makes_backups_without_a_laptop);
fn schedule_makes_backups_without_a_laptop() {
    schedule::the_droplet_makes_backups_without_a_laptop();
}
