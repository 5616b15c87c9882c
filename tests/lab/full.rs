//! The long tier: `make test-full` runs these as well.

mod demo {
    use crate::droplet::DEMO;
    use crate::{
        adopt, backup_faults, backups, carried, checksums, clones, disk, failures, gone, harden, health,
        imported, inside, migrate, modules, real, recover, rehearse, rollback, slots, walk, watch,
    };

    lab_test!(full, demo, what_breaks_is_found_and_nothing_else);
    fn what_breaks_is_found_and_nothing_else() {
        health::one_cause_after_the_other(DEMO);
    }

    lab_test!(full, demo, two_hundred_looks_at_a_droplet_that_is_well_find_nothing);
    fn two_hundred_looks_at_a_droplet_that_is_well_find_nothing() {
        health::two_hundred_looks(DEMO);
    }

    lab_test!(full, demo, no_fault_makes_a_backup_of_what_is_none);
    fn no_fault_makes_a_backup_of_what_is_none() {
        backup_faults::of_a_backup(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, pg_dump_and_restic_are_killed_at_ten_fifty_and_ninety_nine_percent);
    fn pg_dump_and_restic_are_killed_at_ten_fifty_and_ninety_nine_percent() {
        backup_faults::at_parts_of_the_work(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, whatever_happens_far_away_the_next_backup_makes_up_for_it);
    fn whatever_happens_far_away_the_next_backup_makes_up_for_it() {
        backup_faults::of_a_copy(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, a_place_far_away_that_falls_silent_says_nothing_of_a_backup);
    fn a_place_far_away_that_falls_silent_says_nothing_of_a_backup() {
        crate::verify::from_a_place_that_is_not_always_there();
    }

    lab_test!(full, demo, a_backup_is_exported_twice_to_the_same_bytes);
    fn a_backup_is_exported_twice_to_the_same_bytes() {
        carried::exported_twice_are_the_same(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, dumps_and_folders_are_imported_and_come_back);
    fn dumps_and_folders_are_imported_and_come_back() {
        imported::dumps_and_folders(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, odoo_takes_a_zip_of_ours_and_its_own_comes_back);
    fn odoo_takes_a_zip_of_ours_and_its_own_comes_back() {
        imported::odoo_takes_it_and_gives_it(DEMO, &backups::ODOO);
    }

    lab_test!(full, demo, whatever_means_harm_is_refused_and_leaves_nothing);
    fn whatever_means_harm_is_refused_and_leaves_nothing() {
        imported::what_means_harm_is_refused(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, a_stack_comes_back_onto_a_bare_droplet_without_git_and_registry);
    fn a_stack_comes_back_onto_a_bare_droplet_without_git_and_registry() {
        recover::of_the_standin();
    }

    lab_test!(full, demo, what_cannot_be_recovered_leaves_a_bare_droplet);
    fn what_cannot_be_recovered_leaves_a_bare_droplet() {
        recover::what_fails();
    }

    lab_test!(full, demo, a_loss_of_power_in_a_recovery_leaves_a_bare_droplet);
    fn a_loss_of_power_in_a_recovery_leaves_a_bare_droplet() {
        recover::a_loss_of_power();
    }

    lab_test!(full, demo, real_odoo_is_recovered_onto_a_bare_droplet);
    fn real_odoo_is_recovered_onto_a_bare_droplet() {
        recover::of_odoo();
    }

    lab_test!(full, demo, every_step_of_a_restore_meets_a_worker_that_is_killed);
    fn every_step_of_a_restore_meets_a_worker_that_is_killed() {
        backup_faults::of_a_restore(DEMO, &backups::STANDIN);
    }

    lab_test!(full, demo, a_backup_of_real_odoo_is_made_and_comes_back);
    fn a_backup_of_real_odoo_is_made_and_comes_back() {
        backups::made_and_brought_back(DEMO, &backups::ODOO);
        backups::with_the_code_that_fits(DEMO, &backups::ODOO);
        backups::over_what_is_broken(DEMO, &backups::ODOO);
    }

    lab_test!(full, demo, a_clone_of_real_odoo_sends_no_mail_and_runs_no_job);
    fn a_clone_of_real_odoo_sends_no_mail_and_runs_no_job() {
        clones::nothing_gets_out(DEMO);
    }

    lab_test!(full, demo, an_update_of_real_odoo_is_rehearsed_and_nobody_notices);
    fn an_update_of_real_odoo_is_rehearsed_and_nobody_notices() {
        rehearse::an_update_is_tried(DEMO, &rehearse::ODOO);
    }

    lab_test!(full, demo, a_rehearsal_of_real_odoo_finds_what_would_fail);
    fn a_rehearsal_of_real_odoo_finds_what_would_fail() {
        rehearse::a_failure_is_found(DEMO, &rehearse::ODOO);
    }

    lab_test!(full, demo, nothing_gets_out_of_a_rehearsal_of_real_odoo);
    fn nothing_gets_out_of_a_rehearsal_of_real_odoo() {
        rehearse::nothing_gets_out(DEMO, &rehearse::ODOO);
    }

    lab_test!(full, demo, a_rehearsal_of_real_odoo_runs_its_own_tests);
    fn a_rehearsal_of_real_odoo_runs_its_own_tests() {
        rehearse::own_tests(DEMO);
    }

    lab_test!(full, demo, nothing_of_a_rehearsal_of_real_odoo_stays_however_it_ends);
    fn nothing_of_a_rehearsal_of_real_odoo_stays_however_it_ends() {
        rehearse::nothing_stays(DEMO, &rehearse::ODOO);
        rehearse::a_loss_of_power(DEMO, &rehearse::ODOO);
    }

    lab_test!(full, demo, modules_of_real_odoo_are_installed_and_proven_and_uninstalled);
    fn modules_of_real_odoo_are_installed_and_proven_and_uninstalled() {
        modules::impossible_ones_change_nothing(DEMO, "main");
        modules::installed_and_proven(DEMO);
        modules::taken_back(DEMO);
        modules::uninstalled(DEMO);
        inside::odoos_own_shell(DEMO);
    }

    lab_test!(full, demo, people_in_real_odoo_are_told_by_what_they_log_in_with);
    fn people_in_real_odoo_are_told_by_what_they_log_in_with() {
        harden::odoos_own_people(DEMO.seeded(&["odoo"]));
    }

    lab_test!(full, demo, a_release_behind_nginx_in_a_container_is_watched);
    fn a_release_behind_nginx_in_a_container_is_watched() {
        watch::nginx_in_a_container();
    }

    lab_test!(full, demo, a_rollback_of_real_odoo_takes_back_code_alone_and_nobody_notices);
    fn a_rollback_of_real_odoo_takes_back_code_alone_and_nobody_notices() {
        rollback::code_alone(DEMO, &rollback::ODOO);
    }

    lab_test!(full, demo, a_rollback_of_real_odoo_takes_back_code_and_data);
    fn a_rollback_of_real_odoo_takes_back_code_and_data() {
        rollback::code_and_data(DEMO, &rollback::ODOO);
    }

    lab_test!(full, demo, four_steps_of_real_odoo_meet_every_fault);
    fn four_steps_of_real_odoo_meet_every_fault() {
        walk::four_steps_of_real_odoo_meet_every_fault();
    }

    lab_test!(full, demo, four_steps_of_a_migration_of_real_odoo_meet_every_fault);
    fn four_steps_of_a_migration_of_real_odoo_meet_every_fault() {
        walk::four_steps_of_a_migration_of_real_odoo_meet_every_fault();
    }

    lab_test!(full, demo, every_step_that_a_dump_changes_meets_every_fault);
    fn every_step_that_a_dump_changes_meets_every_fault() {
        walk::steps_of_a_migration_by_a_dump_meet_every_fault();
    }

    lab_test!(full, demo, every_step_meets_a_fault);
    fn every_step_meets_a_fault() {
        walk::every_step_meets_a_fault(&walk::IN_PLACE, "every_step_meets_a_fault");
    }

    lab_test!(full, demo, every_step_between_slots_meets_a_fault);
    fn every_step_between_slots_meets_a_fault() {
        walk::every_step_meets_a_fault(&walk::BESIDE, "every_step_between_slots_meets_a_fault");
    }

    lab_test!(full, demo, every_step_of_a_migration_meets_a_fault);
    fn every_step_of_a_migration_meets_a_fault() {
        walk::every_step_meets_a_fault(&walk::MIGRATING, "every_step_of_a_migration_meets_a_fault");
    }

    lab_test!(full, demo, a_deploy_of_real_odoo_that_updates_a_module_keeps_what_was);
    fn a_deploy_of_real_odoo_that_updates_a_module_keeps_what_was() {
        migrate::a_migration_keeps_what_was(DEMO, &migrate::ODOO);
    }

    lab_test!(full, demo, a_migration_of_real_odoo_that_fails_is_put_back_to_the_byte);
    fn a_migration_of_real_odoo_that_fails_is_put_back_to_the_byte() {
        migrate::a_migration_that_fails_is_put_back(DEMO, &migrate::ODOO);
    }

    lab_test!(full, demo, in_the_middle_of_an_update_of_real_odoo_the_droplet_decides_alone);
    fn in_the_middle_of_an_update_of_real_odoo_the_droplet_decides_alone() {
        migrate::the_droplet_decides_alone(DEMO, "slow-migration", "main");
    }

    lab_test!(full, demo, with_checksums_only_what_changed_is_updated_in_real_odoo);
    fn with_checksums_only_what_changed_is_updated_in_real_odoo() {
        checksums::only_what_changed_is_updated(DEMO, &checksums::ODOO);
        checksums::what_is_not_known_is_said_and_settled(DEMO, &checksums::ODOO);
    }

    lab_test!(full, demo, a_laptop_that_is_gone_leaves_a_stack_that_can_be_deployed_to);
    fn a_laptop_that_is_gone_leaves_a_stack_that_can_be_deployed_to() {
        gone::a_laptop_that_is_gone(DEMO);
    }

    lab_test!(full, demo, releases_that_never_serve_are_put_back);
    fn releases_that_never_serve_are_put_back() {
        failures::sick_releases_are_put_back(DEMO);
    }

    lab_test!(full, demo, a_new_release_of_real_odoo_is_started_beside_the_old_one_and_nobody_notices);
    fn a_new_release_of_real_odoo_is_started_beside_the_old_one_and_nobody_notices() {
        slots::nobody_notices(DEMO, &slots::ODOO);
        slots::sick_releases_are_not_noticed(DEMO, &slots::ODOO);
    }

    lab_test!(full, demo, full_disks_leave_the_old_release_serving);
    fn full_disks_leave_the_old_release_serving() {
        disk::full_disks(DEMO);
    }

    lab_test!(full, demo, a_hand_made_stack_of_real_odoo_is_taken_over);
    fn a_hand_made_stack_of_real_odoo_is_taken_over() {
        adopt::a_hand_made_stack(DEMO, &["odoo"], "", "code-only");
        real::failures(DEMO);
    }

    lab_test!(full, demo, a_hand_made_stack_of_real_odoo_with_bind_mounts_is_taken_over);
    fn a_hand_made_stack_of_real_odoo_with_bind_mounts_is_taken_over() {
        adopt::a_hand_made_stack(DEMO, &["odoo", "--bind-data"], "", "bind-data-code");
    }
}

mod old {
    use crate::droplet::OLD;
    use crate::{failures, real, rehearse, slots};

    lab_test!(full, old, nothing_gets_out_of_a_rehearsal_on_an_old_engine);
    fn nothing_gets_out_of_a_rehearsal_on_an_old_engine() {
        rehearse::an_update_is_tried(OLD, &rehearse::STANDIN);
        rehearse::nothing_gets_out(OLD, &rehearse::STANDIN);
    }

    lab_test!(full, old, a_new_release_of_real_odoo_is_started_beside_the_old_one_and_nobody_notices);
    fn a_new_release_of_real_odoo_is_started_beside_the_old_one_and_nobody_notices() {
        slots::nobody_notices(OLD, &slots::ODOO);
    }

    lab_test!(full, old, nginx_in_a_container_is_switched_and_nobody_notices);
    fn nginx_in_a_container_is_switched_and_nobody_notices() {
        slots::nginx_in_a_container(OLD);
    }

    lab_test!(full, old, real_odoo_is_deployed_and_gets_new_code);
    fn real_odoo_is_deployed_and_gets_new_code() {
        real::first_deploy_and_new_code(OLD);
    }

    lab_test!(full, old, what_cannot_be_deployed_changes_nothing);
    fn what_cannot_be_deployed_changes_nothing() {
        failures::impossible_deploys_change_nothing(OLD);
    }
}

mod trio {
    use crate::{several, slots, watch};

    lab_test!(full, trio, a_release_that_is_worse_on_one_of_three_droplets_goes_back_on_all);
    fn a_release_that_is_worse_on_one_of_three_droplets_goes_back_on_all() {
        watch::worse_on_one_of_three_goes_back_on_all();
    }

    lab_test!(full, trio, three_web_droplets_get_a_new_release_and_nobody_notices);
    fn three_web_droplets_get_a_new_release_and_nobody_notices() {
        slots::three_web_droplets();
    }

    lab_test!(full, trio, a_first_deploy_to_three_empty_droplets_and_their_database);
    fn a_first_deploy_to_three_empty_droplets_and_their_database() {
        several::first_on_empty_droplets();
    }

    lab_test!(full, trio, hand_made_stacks_are_taken_over_and_fail_as_one);
    fn hand_made_stacks_are_taken_over_and_fail_as_one() {
        several::hand_made_stacks_are_taken_over_and_fail_as_one();
    }
}
