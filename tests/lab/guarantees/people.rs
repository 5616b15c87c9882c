//! What a person at a terminal can rely on: refusals, Ctrl-C, errors of a login, secrets.

use crate::{hostile, login, pty};

lab_test!(guarantee, demo, refusal_at_a_terminal_changes_nothing);
fn refusal_at_a_terminal_changes_nothing() {
    pty::whoever_does_not_say_yes_changes_nothing();
}

lab_test!(guarantee, demo, ctrl_c_during_the_switch_never_leaves_it_half_done);
fn ctrl_c_during_the_switch_never_leaves_it_half_done() {
    pty::ctrl_c_during_the_switch_and_undo();
}

lab_test!(guarantee, login, failed_login_names_the_cause_and_the_next_command);
fn failed_login_names_the_cause_and_the_next_command() {
    login::logins_that_fail_and_the_penalty_for_them();
}

lab_test!(guarantee, demo, secret_is_in_no_output_log_or_process_list);
fn secret_is_in_no_output_log_or_process_list() {
    hostile::a_secret_is_nowhere_but_in_its_file();
}
