//! Releases that go live, fail, and go back.

use crate::backups::deployed;
use crate::droplet::{DEMO, OLD};
use crate::failures::Bench;
use crate::laptop::Laptop;
use crate::load::Load;
use crate::migrate::{Prober, databases, dump};
use crate::{adopt, deploy, joined, migrate, modules, real, rehearse, states};

const REFERENCES: &str = "select count(*) from information_schema.columns where column_name = 'reference' and table_name = 'ipai_document'";

lab_test!(guarantee, demo, first_deploy_serves_and_is_recorded);
fn first_deploy_serves_and_is_recorded() {
    deploy::first_on_an_empty_droplet(DEMO);
}

lab_test!(guarantee, old, first_deploy_works_for_a_sudo_user_on_an_old_engine);
fn first_deploy_works_for_a_sudo_user_on_an_old_engine() {
    deploy::first_on_an_empty_droplet(OLD);
}

lab_test!(guarantee, demo, first_deploy_of_real_odoo_serves_its_login_page);
fn first_deploy_of_real_odoo_serves_its_login_page() {
    real::first_deploy(DEMO);
}

lab_test!(guarantee, demo, takeover_keeps_data_and_files_of_a_manual_stack);
fn takeover_keeps_data_and_files_of_a_manual_stack() {
    adopt::a_hand_made_stack(DEMO, &["standin"], "", "standin-code");
}

lab_test!(guarantee, demo, failed_release_is_put_back);
fn failed_release_is_put_back() {
    let bench = Bench::new(DEMO);
    let load = Load::on(DEMO);
    bench.puts_back("standin-crash", &["did not become healthy", "the stand-in image was made to crash"]);
    load.end().none_failed("a release that crashes at its start");
    assert_eq!(DEMO.release(), "base");
}

lab_test!(guarantee, demo, switch_to_new_code_fails_no_request);
fn switch_to_new_code_fails_no_request() {
    let laptop = deployed(DEMO, "standin");
    let load = Load::on(DEMO);
    laptop.deploy("demo", "standin-code", &[]).exits(0).says(&["blue-green"]);
    load.end().none_failed("a switch to new code");
    assert_eq!(DEMO.release(), "standin-code");
}

lab_test!(guarantee, demo, deploy_is_refused_while_the_droplet_is_locked);
fn deploy_is_refused_while_the_droplet_is_locked() {
    states::locked(&Bench::new(DEMO));
}

lab_test!(guarantee, demo, migrating_deploy_keeps_the_previous_database);
fn migrating_deploy_keeps_the_previous_database() {
    migrate::a_migration_keeps_what_was(DEMO, &migrate::STANDIN);
}

lab_test!(guarantee, demo, failed_migration_restores_the_database);
fn failed_migration_restores_the_database() {
    let laptop = deployed(DEMO, "standin");
    DEMO.sql("insert into ipai_document (name) values ('one'), ('two')");
    DEMO.sql("update ir_cron set active = false");
    let before = dump(DEMO, "odoo");
    let says = ["this migration was made to fail", "everything was put back as it was before"];
    laptop.deploy("demo", "standin-bad-migration", &[]).exits(6).says(&says);
    assert_eq!(dump(DEMO, "odoo"), before, "the database differs from the one before the deploy");
    assert_eq!(DEMO.release(), "base");
    let all = databases(DEMO);
    let [(live, true), (broken, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && broken.starts_with("odoo_broken_"), "{all:?}");
}

lab_test!(guarantee, demo, code_only_rollback_fails_no_request);
fn code_only_rollback_fails_no_request() {
    let laptop = deployed(DEMO, "standin");
    laptop.deploy("demo", "standin-code", &[]).exits(0);
    // A laptop that never saw the deploys rolls back.
    let load = Load::on(DEMO);
    Laptop::new().ops(&["rollback", "demo", "--yes"]).exits(0).says(&["blue-green"]);
    load.end().none_failed("a code-only rollback");
    assert_eq!(DEMO.release(), "base");
}

lab_test!(guarantee, demo, rollback_with_data_restores_the_previous_database);
fn rollback_with_data_restores_the_previous_database() {
    let laptop = deployed(DEMO, "standin");
    DEMO.sql("insert into ipai_document (name) values ('before')");
    laptop.deploy("demo", "standin-bump", &[]).exits(0);
    DEMO.sql("insert into ipai_document (name) values ('after')");
    laptop.ops(&["rollback", "demo", "--yes"]).exits(3).says(&["Data is lost", "--confirm"]);
    assert_eq!(DEMO.release(), "bump");
    let prober = Prober::on(DEMO);
    laptop.ops(&["rollback", "demo", "--confirm", "demo"]).exits(0).says(&["code and data"]);
    prober.interruption("a rollback with data");
    assert_eq!(DEMO.release(), "base");
    assert_eq!(DEMO.sql(REFERENCES), "0");
    assert_eq!(DEMO.sql("select string_agg(name, ',') from ipai_document"), "before");
    let all = databases(DEMO);
    let [(live, true), (left, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && left.starts_with("odoo_after_"), "{all:?}");
}

lab_test!(guarantee, demo, install_modules_installs_and_verifies_them);
fn install_modules_installs_and_verifies_them() {
    let laptop = deployed(DEMO, "standin");
    laptop.ops(&["install-modules", "demo", "no_such_module", "--yes"]).exits(2);
    laptop.ops(&["install-modules", "demo", "ipai_*", "--yes"]).exits(0).says(&["install ipai_expense"]);
    assert_eq!(modules::state(DEMO, "ipai_expense"), "installed 14.0.1.0.0");
    modules::failed_installation_is_put_back(DEMO, &laptop);
}

lab_test!(guarantee, demo, rehearsal_finds_a_failing_migration_and_leaves_production_unchanged);
fn rehearsal_finds_a_failing_migration_and_leaves_production_unchanged() {
    rehearse::a_failure_is_found(DEMO, &rehearse::STANDIN);
}

lab_test!(guarantee, demo, another_laptop_resumes_a_run_that_lost_its_laptop);
fn another_laptop_resumes_a_run_that_lost_its_laptop() {
    joined::a_run_that_nobody_is_at_says_how_to_go_on();
}
