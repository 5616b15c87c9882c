//! `ops health` and `ops harden`: what they find, and what they put back.

use crate::{health, lockouts, mended};

lab_test!(guarantee, demo, health_is_quiet_on_a_healthy_droplet_and_finds_faults);
fn health_is_quiet_on_a_healthy_droplet_and_finds_faults() {
    health::a_droplet_that_is_well_has_no_findings_and_what_breaks_is_named();
}

lab_test!(guarantee, demo, harden_fixes_rules_once_and_users_notice_nothing);
fn harden_fixes_rules_once_and_users_notice_nothing() {
    mended::what_may_be_mended_is_once_and_users_notice_nothing();
}

lab_test!(guarantee, demo, harden_reverts_a_change_that_locks_the_engineer_out);
fn harden_reverts_a_change_that_locks_the_engineer_out() {
    lockouts::who_is_locked_out_is_let_in_again_by_the_droplet();
}
