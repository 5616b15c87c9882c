//! The files of a schedule and its timer (`schedule.sh`): installed, put back, and removed.

use ops::tools::schedule::{Schedule, UNITS};

use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, stub, systemctl, tell};

pub const DIR: &str = "/var/lib/ops/p";
const UNIT: &str = "ops-backup-p";

pub fn schedule(change: &str) -> Schedule<'_> {
    Schedule { dir: DIR, unit: UNIT, change }
}

pub fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    systemctl(&sandbox);
    stub(&sandbox, "systemd-analyze", "[ \"$2\" = daily ]");
    std::fs::create_dir_all(sandbox.path(&format!("{DIR}/schedule"))).unwrap();
    std::fs::create_dir_all(sandbox.path(UNITS)).unwrap();
    sandbox
}

fn files() -> Vec<String> {
    vec![
        format!("{DIR}/schedule/night"),
        format!("{UNITS}/{UNIT}.timer"),
        format!("{DIR}/schedule/-x 'y$(id)"),
    ]
}

fn texts(sandbox: &Sandbox) -> Vec<Option<String>> {
    files().iter().map(|file| sandbox.exists(file).then(|| sandbox.read(file))).collect()
}

#[test]
fn schedule_files_come_back_as_they_were_and_only_of_the_last_change() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.write(&files()[0], "first");
        sandbox.sh(&format!("chmod 640 {}", files()[0])).exits(0);
        let before = texts(sandbox);
        for _ in 0..2 {
            sandbox.run(&schedule("c1").aside(&files())).exits(0);
        }
        files().iter().for_each(|file| sandbox.write(file, "new"));
        sandbox.sh(&format!("chmod 600 {}", files()[0])).exits(0);
        for _ in 0..2 {
            sandbox.run(&schedule("c1").back(&files())).exits(0);
            assert_eq!(texts(sandbox), before);
        }
        sandbox.sh(&format!("[ $(stat -c %a {}) = 640 ]", files()[0])).exits(0);
        // A change that kept nothing puts nothing back, also where another one kept something.
        sandbox.run(&schedule("c2").back(&files())).exits(0);
        assert_eq!(texts(sandbox), before);
        files().iter().for_each(|file| sandbox.write(file, "second"));
        sandbox.run(&schedule("c2").aside(&files())).exits(0);
        sandbox.run(&schedule("c1").back(&files())).exits(0);
        assert_eq!(texts(sandbox), vec![Some("second".to_owned()); 3], "an undo that comes too late");
    }
}

#[test]
fn schedule_keeps_nothing_by_halves_when_the_disk_is_full() {
    for shell in Shell::each() {
        let sandbox = &mut Sandbox::with_disks(shell, &[("/mnt", 32768)]);
        systemctl(sandbox);
        let at = Schedule { dir: "/mnt", unit: UNIT, change: "c1" };
        let file = vec!["/srv/big".to_owned()];
        sandbox.write(&file[0], "x".repeat(60_000));
        sandbox.run(&at.aside(&file)).exits(1);
        sandbox.write(&file[0], "new");
        sandbox.run(&at.back(&file)).exits(0);
        assert_eq!(sandbox.read(&file[0]), "new", "half of a file is no file to put back");
    }
}

#[test]
fn timer_runs_as_its_file_says_and_not_at_all_without_one() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let timer = format!("{UNITS}/{UNIT}.timer");
        let unit = |what: &str| format!("/stubs/units/{UNIT}.timer.{what}");
        sandbox.write(&timer, "[Timer]\n");
        for (words, trouble) in
            [("daemon-reload", Trouble::Fails), ("enable", Trouble::Fails), ("restart", Trouble::Fails)]
        {
            tell(sandbox, "systemctl", trouble, words);
            sandbox.run(&schedule("c").settle()).exits(1);
            cure(sandbox, "systemctl");
        }
        for _ in 0..2 {
            sandbox.run(&schedule("c").settle()).exits(0);
            assert!(sandbox.exists(&unit("enabled")) && sandbox.exists(&unit("active")));
        }
        let stamp = format!("/var/lib/systemd/timers/stamp-{UNIT}.timer");
        sandbox.write(&stamp, "");
        sandbox.sh(&format!("rm {timer}; mkdir -p {UNITS}/timers.target.wants; ln -s {timer} {UNITS}/timers.target.wants/{UNIT}.timer")).exits(0);
        for _ in 0..2 {
            sandbox.run(&schedule("c").settle()).exits(0);
            assert!(!sandbox.exists(&unit("active")) && !sandbox.exists(&stamp));
            assert!(!sandbox.exists(&format!("{UNITS}/timers.target.wants/{UNIT}.timer")));
        }
        sandbox.sh(&format!("systemctl start {UNIT}.timer {UNIT}.service {UNIT}-failed.service")).exits(0);
        sandbox.run(&schedule("c").end()).exits(0);
        for one in ["timer", "service"] {
            assert!(!sandbox.exists(&format!("/stubs/units/{UNIT}.{one}.active")));
        }
        assert!(!sandbox.exists(&format!("/stubs/units/{UNIT}-failed.service.active")));
    }
}

#[test]
fn schedule_checks_the_time_and_the_directory_of_metrics() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.run(&schedule("c").check("daily", None)).exits(0);
        sandbox.run(&schedule("c").check("daily", Some("/srv"))).exits(0);
        sandbox
            .run(&schedule("c").check("da$(id)y", None))
            .exits(1)
            .says(&["systemd does not know the time da$(id)y"]);
        sandbox
            .run(&schedule("c").check("daily", Some("/srv/gone")))
            .exits(1)
            .says(&["there is no directory /srv/gone"]);
    }
}
