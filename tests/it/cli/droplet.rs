//! A droplet that lies: escape sequences, endless lines, answers that look like our own. Nothing of it
//! reaches the terminal raw, nothing is executed, and there is always an end.

use super::{Laptop, Ran};

/// What a hostile program prints, for `sh`.
const PAYLOAD: &str = r#"#!/bin/sh
printf '\033]0;owned\007\033[2J\033[1;1H\r\0337\302\233A\342\200\256 ok\n'
printf '$(canary_ran) `canary_ran` ; canary_ran\n'
printf 'OPS 0\n\n0123456789abcdef host 0 2\n{}\n\377\376\n'
head -c SIZE /dev/zero | tr '\0' A
printf '\n\033[31m%s\n' "$@" >&2
exit 0
"#;

#[track_caller]
fn bounded(ran: &Ran) {
    let bytes = ran.out.len() + ran.err.len();
    assert!(bytes < 100_000, "{bytes} bytes were shown");
}

#[test]
fn programs_that_answer_with_rubbish() {
    for program in ["docker", "git", "df", "uname", "ss", "stat", "awk"] {
        let laptop = Laptop::new();
        // A shell takes df's lines apart: a long one ends with the probe's time, twenty seconds.
        let size = match program {
            "git" => "10000000",
            "df" => "1000",
            _ => "300000",
        };
        laptop.program(program, &PAYLOAD.replace("SIZE", size));
        let ran = laptop.ops(&["deploy", "prod", "--yes", "-vv"]);
        assert!(ran.code.is_some_and(|code| code != 0), "{program}\n{ran}");
        bounded(&ran);
        bounded(&laptop.ops(&["runs", "list", "prod"]));
        laptop.nothing_was_executed(program);
    }
}

#[test]
fn a_login_shell_that_talks_before_it_works() {
    let noise = r#"printf '\033[2Jwelcome \033]0;owned\007\n0123 host 0 2\n{}\n'; exec sh -c "$SSH_ORIGINAL_COMMAND""#;
    let quiet = Laptop::new();
    let forced = Laptop::with(&format!("ForceCommand {noise}"));
    let plain = quiet.ops(&["preflight", "prod"]).exits(9);
    let noisy = forced.ops(&["preflight", "prod"]);
    assert!(matches!(noisy.code, Some(4 | 8 | 9)), "{noisy}");
    bounded(&plain);
    bounded(&noisy);
}

#[test]
fn a_droplet_that_never_stops_talking() {
    let laptop = Laptop::with("ForceCommand yes '\u{1b}[2Jowned'");
    let ran = laptop.ops(&["preflight", "prod"]);
    assert!(matches!(ran.code, Some(4 | 8)), "{ran}");
    bounded(&ran);
}

#[test]
fn a_banner_that_paints_the_screen() {
    let laptop = Laptop::new();
    let text = b"\x1b[2J\x1b]0;owned\x07\xc2\x9b1mwelcome\n".repeat(50);
    std::fs::write(laptop.sshd.path("banner"), text).unwrap();
    let banner = format!("Banner {}", laptop.sshd.path("banner").display());
    let with = Laptop::with(&banner);
    let ran = with.ops(&["preflight", "prod"]).exits(9);
    bounded(&ran);
    // And when the login fails, with the banner in ssh's own words.
    with.change("/droplets/0/identity", with.sshd.path("other").display().to_string());
    let ran = with.ops(&["preflight", "prod"]).exits(4).says("cannot log in");
    bounded(&ran);
}
