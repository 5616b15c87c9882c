//! On old-1: a sudo user, another port, an old engine.

use crate::droplet::OLD;
use crate::{adopt, backups, deploy, disk, failures, lockouts, slots, states};

#[test]
fn a_first_deploy_and_the_next_ones() {
    deploy::first_on_an_empty_droplet(OLD);
    deploy::again_and_new_code(OLD);
}

#[test]
fn a_backup_by_an_image_comes_back() {
    backups::by_an_image(OLD, &backups::STANDIN);
}

#[test]
fn a_hand_made_stack_with_data_in_bind_mounts_is_taken_over() {
    adopt::a_hand_made_stack(OLD, &["standin", "--bind-data"], "standin-", "standin-bind-data-code");
}

#[test]
fn a_new_release_is_started_beside_the_old_one_and_nobody_notices() {
    slots::nobody_notices(OLD, &slots::STANDIN);
    slots::sick_releases_are_not_noticed(OLD, &slots::STANDIN);
}

#[test]
fn odd_names_and_hostile_text_are_only_text() {
    states::odd_names(OLD);
}

#[test]
fn releases_that_never_serve_are_put_back() {
    failures::sick_releases_are_put_back(OLD);
}

#[test]
fn full_disks_leave_the_old_release_serving() {
    disk::full_disks(OLD);
}

#[test]
fn whoever_may_not_become_root_any_more_is_let_in_again() {
    lockouts::wrong_sudoers_go_back(OLD);
}
