//! The files of a schedule and its timer: put, taken back, and the program that a droplet looks at itself with.

use ops::tools::schedule::{Schedule, UNITS};

use crate::sandbox::{Sandbox, Shell};

const DIR: &str = "/var/lib/ops/odoo";
const UNIT: &str = "ops-odoo";

fn sandbox(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    sandbox.stub("systemctl", "[ ! -e /etc/systemctl-fails ] || exit 1");
    sandbox.stub("systemd-analyze", "[ \"$2\" = '*-*-* 02:30:00' ]");
    std::fs::create_dir_all(sandbox.path(UNITS)).unwrap();
    std::fs::create_dir_all(sandbox.path(&format!("{DIR}/schedule"))).unwrap();
    sandbox
}

#[test]
fn schedule_files_go_back_to_what_the_change_found() {
    for shell in Shell::each() {
        let mut sandbox = sandbox(shell);
        let it = |change| Schedule { dir: DIR, unit: UNIT, change };
        let odd = format!("{DIR}/schedule/-a $(touch pwned) 'b");
        let files = [format!("{UNITS}/{UNIT}.timer"), odd.clone(), format!("{DIR}/schedule/new")];
        sandbox.write(&files[0], "old timer");
        sandbox.write(&odd, "old");
        sandbox.run(&it("r1").aside(&files)).exits(0);
        for file in &files {
            sandbox.write(file, "changed");
        }
        for _ in 0..2 {
            sandbox.run(&it("r1").back(&files)).exits(0);
            assert_eq!((sandbox.read(&files[0]).as_str(), sandbox.read(&odd).as_str()), ("old timer", "old"));
            assert!(!sandbox.exists(&files[2]));
        }
        // A later change: an undo of the first one that comes too late has nothing of it to bring back.
        sandbox.write(&odd, "newer");
        sandbox.run(&it("r2").aside(&files)).exits(0);
        sandbox.write(&odd, "newest");
        sandbox.run(&it("r1").back(&files)).exits(0);
        assert_eq!(sandbox.read(&odd), "newest");
        sandbox.run(&it("r2").back(&files)).exits(0);
        assert_eq!(sandbox.read(&odd), "newer");
        sandbox.sh("! find / -xdev -name pwned | grep .").exits(0);
    }
}

#[test]
fn timer_runs_as_its_file_says_or_not_at_all() {
    for shell in Shell::each() {
        let mut sandbox = sandbox(shell);
        let it = Schedule { dir: DIR, unit: UNIT, change: "r1" };
        sandbox.run(&it.check("*-*-* 02:30:00", None)).exits(0);
        sandbox
            .run(&it.check("never $(touch pwned)", None))
            .exits(1)
            .says(&["systemd does not know the time never"]);
        sandbox
            .run(&it.check("*-*-* 02:30:00", Some("/none")))
            .exits(1)
            .says(&["there is no directory /none"]);
        sandbox.write(&format!("{UNITS}/{UNIT}.timer"), "[Timer]\n");
        sandbox.run(&it.settle()).exits(0);
        let enabled = ["daemon-reload", "enable --quiet ops-odoo.timer", "restart ops-odoo.timer"];
        assert_eq!(sandbox.calls("systemctl"), enabled);
        sandbox.write("/etc/systemctl-fails", "");
        sandbox.run(&it.settle()).exits(1);
        std::fs::remove_file(sandbox.path("/etc/systemctl-fails")).unwrap();
        std::fs::remove_file(sandbox.path(&format!("{UNITS}/{UNIT}.timer"))).unwrap();
        sandbox.write(&format!("{UNITS}/timers.target.wants/{UNIT}.timer"), "");
        sandbox.write(&format!("{UNITS}/timers.target.wants/other.timer"), "");
        sandbox.run(&it.settle()).exits(0);
        sandbox.run(&it.end()).exits(0);
        assert!(!sandbox.exists(&format!("{UNITS}/timers.target.wants/{UNIT}.timer")));
        assert!(sandbox.exists(&format!("{UNITS}/timers.target.wants/other.timer")));
    }
}

#[test]
fn program_gets_its_name_only_when_it_is_an_ops_that_runs_here() {
    for shell in Shell::each() {
        let mut sandbox = sandbox(shell);
        let it = Schedule { dir: DIR, unit: UNIT, change: "r1" };
        let sent = format!("{DIR}/schedule/sent 'x");
        let ours = "#!/bin/sh\ncase $1 in --version) echo ops 1.2.3 ;; *) [ \"$HOME\" = /var/lib/ops/odoo/schedule/home ] && grep -q good \"$2\" || { echo bad inventory >&2; exit 2; } ;; esac\n";
        sandbox.write(&format!("{DIR}/schedule/ops"), "the one before");
        for bad in [
            "not a program",
            "#!/bin/sh\necho something else\n",
            "#!/bin/sh\nexec sleep 100\n",
            "#!/bin/sh\nexit 3\n",
        ] {
            sandbox.stub("timeout", "shift; exec /usr/bin/timeout 0.3 \"$@\"");
            sandbox.write(&sent, bad);
            sandbox.run(&it.program(&sent, "sum")).exits(1).says(&["it does not run here"]);
            assert_eq!(sandbox.read(&format!("{DIR}/schedule/ops")), "the one before");
            assert!(!sandbox.exists(&sent), "what was sent stays");
        }
        std::fs::remove_file(sandbox.path("/stubs/timeout")).unwrap();
        sandbox.write(&sent, ours);
        sandbox.run(&it.program(&sent, "sum")).exits(0);
        assert_eq!(sandbox.read(&format!("{DIR}/schedule/program")), "ops 1.2.3 sum\n");
        sandbox.write(&format!("{DIR}/schedule/inventory.yaml"), "bad");
        // Words of the program are `--config FILE config check`.
        sandbox.run(&it.understood()).exits(1).says(&["bad inventory", "does not understand this inventory"]);
        sandbox.write(&format!("{DIR}/schedule/inventory.yaml"), "good");
        sandbox.run(&it.understood()).exits(0);
        sandbox.run(&it.forget()).exits(0);
        assert!(
            !sandbox.exists(&format!("{DIR}/schedule/home"))
                && sandbox.exists(&format!("{DIR}/schedule/ops"))
        );
    }
}
