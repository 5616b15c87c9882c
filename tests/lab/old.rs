//! On old-1: a sudo user, another port, an old engine.

use crate::droplet::OLD;
use crate::{adopt, backups, deploy, disk, failures, lockouts, slots, states};

lab_test!(lab, old, a_first_deploy_and_the_next_ones);
fn a_first_deploy_and_the_next_ones() {
    deploy::first_on_an_empty_droplet(OLD);
    deploy::again_and_new_code(OLD);
}

lab_test!(lab, old, a_backup_by_an_image_comes_back);
fn a_backup_by_an_image_comes_back() {
    backups::by_an_image(OLD, &backups::STANDIN);
}

lab_test!(lab, old, a_hand_made_stack_with_data_in_bind_mounts_is_taken_over);
fn a_hand_made_stack_with_data_in_bind_mounts_is_taken_over() {
    adopt::a_hand_made_stack(OLD, &["standin", "--bind-data"], "standin-", "standin-bind-data-code");
}

lab_test!(lab, old, a_new_release_is_started_beside_the_old_one_and_nobody_notices);
fn a_new_release_is_started_beside_the_old_one_and_nobody_notices() {
    slots::nobody_notices(OLD, &slots::STANDIN);
    slots::sick_releases_are_not_noticed(OLD, &slots::STANDIN);
}

lab_test!(lab, old, odd_names_and_hostile_text_are_only_text);
fn odd_names_and_hostile_text_are_only_text() {
    states::odd_names(OLD);
}

lab_test!(lab, old, releases_that_never_serve_are_put_back);
fn releases_that_never_serve_are_put_back() {
    failures::sick_releases_are_put_back(OLD);
}

lab_test!(lab, old, full_disks_leave_the_old_release_serving);
fn full_disks_leave_the_old_release_serving() {
    disk::full_disks(OLD);
}

lab_test!(lab, old, whoever_may_not_become_root_any_more_is_let_in_again);
fn whoever_may_not_become_root_any_more_is_let_in_again() {
    lockouts::wrong_sudoers_go_back(OLD);
}
