//! On demo-1: root, a new engine.

use crate::droplet::DEMO;
use crate::{
    adopt, backups, carried, checks, checksums, deploy, failures, migrate, modules, real, rehearse,
    retention, rollback, slots, states, stopped,
};

lab_test!(lab, demo, a_first_deploy_and_the_next_ones);
fn a_first_deploy_and_the_next_ones() {
    deploy::first_on_an_empty_droplet(DEMO);
    deploy::again_and_new_code(DEMO);
}

lab_test!(lab, demo, a_hand_made_stack_with_data_in_bind_mounts_is_taken_over);
fn a_hand_made_stack_with_data_in_bind_mounts_is_taken_over() {
    adopt::a_hand_made_stack(DEMO, &["standin", "--bind-data"], "standin-", "standin-bind-data-code");
}

lab_test!(lab, demo, a_failed_first_deploy_can_be_repeated);
fn a_failed_first_deploy_can_be_repeated() {
    failures::a_failed_first_deploy_can_be_repeated(DEMO);
}

lab_test!(lab, demo, a_stack_that_has_grown_is_taken_over);
fn a_stack_that_has_grown_is_taken_over() {
    adopt::a_grown_stack(DEMO);
}

lab_test!(lab, demo, what_cannot_be_deployed_changes_nothing);
fn what_cannot_be_deployed_changes_nothing() {
    failures::impossible_deploys_change_nothing(DEMO);
}

lab_test!(lab, demo, a_stopped_stack_keeps_its_data);
fn a_stopped_stack_keeps_its_data() {
    stopped::a_stopped_stack_keeps_its_data(DEMO);
}

lab_test!(lab, demo, a_failed_takeover_leaves_the_old_code_under_the_old_container);
fn a_failed_takeover_leaves_the_old_code_under_the_old_container() {
    stopped::a_failed_takeover_leaves_the_old_code_under_the_old_container(DEMO);
}

lab_test!(lab, demo, the_users_own_checks_decide_after_a_switch);
fn the_users_own_checks_decide_after_a_switch() {
    checks::own_checks_decide_after_a_switch(DEMO);
}

lab_test!(lab, demo, a_new_release_is_started_beside_the_old_one_and_nobody_notices);
fn a_new_release_is_started_beside_the_old_one_and_nobody_notices() {
    slots::nobody_notices(DEMO, &slots::STANDIN);
    slots::sick_releases_are_not_noticed(DEMO, &slots::STANDIN);
    slots::the_way_is_said_and_can_be_chosen(DEMO);
}

lab_test!(lab, demo, nginx_in_a_container_is_switched_and_nobody_notices);
fn nginx_in_a_container_is_switched_and_nobody_notices() {
    slots::nginx_in_a_container(DEMO);
}

lab_test!(lab, demo, real_odoo_is_deployed_and_gets_new_code);
fn real_odoo_is_deployed_and_gets_new_code() {
    real::first_deploy_and_new_code(DEMO);
}

lab_test!(lab, demo, a_lock_a_change_by_hand_and_another_image_are_seen);
fn a_lock_a_change_by_hand_and_another_image_are_seen() {
    let bench = failures::Bench::new(DEMO);
    states::locked(&bench);
    states::drift(&bench);
    states::another_image(&bench);
}

lab_test!(lab, demo, a_migration_that_fails_is_put_back_to_the_byte);
fn a_migration_that_fails_is_put_back_to_the_byte() {
    migrate::a_migration_that_fails_is_put_back(DEMO, &migrate::STANDIN);
}

lab_test!(lab, demo, without_room_for_a_copy_a_migration_goes_back_by_a_dump);
fn without_room_for_a_copy_a_migration_goes_back_by_a_dump() {
    migrate::a_migration_by_a_dump(DEMO, &migrate::STANDIN);
}

lab_test!(lab, demo, a_rollback_takes_back_code_alone_and_nobody_notices);
fn a_rollback_takes_back_code_alone_and_nobody_notices() {
    rollback::code_alone(DEMO, &rollback::STANDIN);
}

lab_test!(lab, demo, a_rollback_takes_back_code_and_data_and_says_what_that_loses);
fn a_rollback_takes_back_code_and_data_and_says_what_that_loses() {
    rollback::code_and_data(DEMO, &rollback::STANDIN);
}

lab_test!(lab, demo, a_rollback_needs_neither_git_nor_a_registry_nor_a_site_that_answers);
fn a_rollback_needs_neither_git_nor_a_registry_nor_a_site_that_answers() {
    rollback::on_a_bad_day(DEMO);
}

lab_test!(lab, demo, modules_are_installed_and_proven_and_what_cannot_be_changes_nothing);
fn modules_are_installed_and_proven_and_what_cannot_be_changes_nothing() {
    modules::impossible_ones_change_nothing(DEMO, "standin");
    modules::installed_and_proven(DEMO);
    modules::taken_back(DEMO);
}

lab_test!(lab, demo, with_checksums_only_what_changed_is_updated);
fn with_checksums_only_what_changed_is_updated() {
    checksums::only_what_changed_is_updated(DEMO, &checksums::STANDIN);
    checksums::what_is_not_known_is_said_and_settled(DEMO, &checksums::STANDIN);
}

lab_test!(lab, demo, an_update_is_rehearsed_and_nobody_notices);
fn an_update_is_rehearsed_and_nobody_notices() {
    rehearse::an_update_is_tried(DEMO, &rehearse::STANDIN);
}

lab_test!(lab, demo, a_rehearsal_finds_what_would_fail);
fn a_rehearsal_finds_what_would_fail() {
    rehearse::a_failure_is_found(DEMO, &rehearse::STANDIN);
    rehearse::odoo_neutralizes(DEMO);
    rehearse::sick_code_is_found(DEMO);
}

lab_test!(lab, demo, nothing_gets_out_of_a_rehearsal);
fn nothing_gets_out_of_a_rehearsal() {
    rehearse::nothing_gets_out(DEMO, &rehearse::STANDIN);
}

lab_test!(lab, demo, what_cannot_be_rehearsed_is_said_and_what_is_left_over_removed);
fn what_cannot_be_rehearsed_is_said_and_what_is_left_over_removed() {
    rehearse::what_cannot_be_rehearsed(DEMO, &rehearse::STANDIN);
}

lab_test!(lab, demo, nothing_of_a_rehearsal_stays_however_it_ends);
fn nothing_of_a_rehearsal_stays_however_it_ends() {
    rehearse::nothing_stays(DEMO, &rehearse::STANDIN);
    rehearse::a_loss_of_power(DEMO, &rehearse::STANDIN);
}

lab_test!(lab, demo, a_rehearsal_leaves_the_disk_to_production);
fn a_rehearsal_leaves_the_disk_to_production() {
    rehearse::the_disk_is_productions(DEMO, &rehearse::STANDIN);
}

lab_test!(lab, demo, a_backup_is_made_and_comes_back_and_what_was_is_kept);
fn a_backup_is_made_and_comes_back_and_what_was_is_kept() {
    backups::made_and_brought_back(DEMO, &backups::STANDIN);
    backups::with_the_code_that_fits(DEMO, &backups::STANDIN);
}

lab_test!(lab, demo, a_backup_comes_back_over_what_is_broken_and_without_ops);
fn a_backup_comes_back_over_what_is_broken_and_without_ops() {
    backups::over_what_is_broken(DEMO, &backups::STANDIN);
    backups::with_plain_restic(DEMO, &backups::STANDIN);
}

lab_test!(lab, demo, copies_of_backups_are_kept_off_site);
fn copies_of_backups_are_kept_off_site() {
    backups::with_copies_off_site(DEMO, &backups::STANDIN);
}

lab_test!(lab, demo, retention_never_takes_the_newest_nor_leaves_under_three);
fn retention_never_takes_the_newest_nor_leaves_under_three() {
    retention::holds(DEMO, &backups::STANDIN);
}

lab_test!(lab, demo, a_part_of_a_backup_comes_back);
fn a_part_of_a_backup_comes_back() {
    backups::in_parts(DEMO, &backups::STANDIN);
}

lab_test!(lab, demo, a_backup_is_exported_and_pulled_over_a_bad_link);
fn a_backup_is_exported_and_pulled_over_a_bad_link() {
    carried::pulled_over_a_bad_link(DEMO, &backups::STANDIN);
}
