//! Every step of a deploy with every fault: the laptop dies, the worker is killed, the link is cut, the
//! power goes. Afterwards the site answers with one release, entire, and nothing ran twice.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::droplet::{DEMO, Droplet};
use crate::faults::{FAULTS, Fault, drawn};
use crate::laptop::Laptop;
use crate::seed::Seed;

/// A way of redeploying new code, and its steps; the first three only prepare.
pub struct Path {
    strategy: &'static str,
    steps: &'static [&'static str],
}

pub const IN_PLACE: Path = Path {
    strategy: "recreate",
    steps: &[
        "checkout",
        "pull.odoo",
        "render",
        "switch.web",
        "switch.link",
        "verify.healthy",
        "verify.login",
        "verify.proxy",
        "verify.log",
        "verify.modules",
        "record",
    ],
};

pub const BESIDE: Path = Path {
    strategy: "blue-green",
    steps: &[
        "checkout",
        "pull.odoo",
        "render",
        "switch.slot",
        "verify.healthy",
        "verify.login",
        "verify.log",
        "switch.proxy",
        "switch.link",
        "verify.proxy",
        "verify.modules",
        "drain",
        "record",
    ],
};

/// A deploy that updates a module: past `open` it is finished, and not taken back.
pub const MIGRATING: Path = Path {
    strategy: "auto",
    steps: &[
        "checkout",
        "pull.odoo",
        "render",
        "switch.close",
        "switch.stop",
        "switch.snapshot",
        "switch.update",
        "verify.modules",
        "switch.web",
        "verify.healthy",
        "verify.login",
        "verify.log",
        "switch.link",
        "record",
        "open",
        "verify.proxy",
    ],
};

/// The same without room for a copy of the database.
pub const DUMPING: Path = Path { strategy: "auto, snapshot: dump", steps: MIGRATING.steps };

/// The runner starts every step by `timeout`. This one stops before a chosen step, so that a fault can
/// meet it, and marks each that it starts: by the log it writes to, which every attempt has of its own.
pub const SHIM: &str = r#"cat >/usr/local/bin/timeout <<'SHIM'
#!/bin/sh
script=${5:-}
case $script in
  */sections/*)
    kind=${script##*.} index=${script##*/}
    id=$(awk -v i="${index%.*}" '$1 == i {print $2}' "${script%/*}/list")
    log=$(readlink /proc/$$/fd/1); echo "$log" >>/root/marks
    if [ "$(cat /run/walk 2>/dev/null)" = "$kind.$id" ]; then
      echo "$id" >/run/walk.reached
      n=0
      while [ -e /run/walk ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done
    fi ;;
esac
exec /usr/bin/timeout "$@"
SHIM
chmod 755 /usr/local/bin/timeout; : >/root/marks"#;

const STANDIN: [[&str; 2]; 2] = [["standin-code"; 2], ["standin-code-2"; 2]];
const BUMP: [[&str; 2]; 2] = [["standin", "base"], ["standin-bump", "bump"]];
const ODOO: [[&str; 2]; 2] = [["code-only"; 2], ["main", "base"]];
const ODOO_BUMP: [[&str; 2]; 2] = [["main", "base"], ["bump", "bump"]];

/// Whether the droplet has let users in to the new release when somebody comes back: then nothing is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    No,
    /// It goes on meanwhile, and how far it is nobody knows.
    Perhaps,
    Yes,
}

/// The next run waits before this step, on a droplet with the shim.
pub fn hold(droplet: Droplet, step: &str) {
    droplet.root(&format!("rm -f /run/walk.reached; echo do.{step} >/run/walk"));
}

pub fn await_hold(droplet: Droplet) {
    assert!(is_held(droplet), "the step was never reached");
}

/// It waits at the step, within minutes.
pub fn is_held(droplet: Droplet) -> bool {
    let wait = "n=0; until [ -s /run/walk.reached ] || [ $n -gt 1800 ]; do n=$((n + 1)); sleep 0.1; done; [ ! -s /run/walk.reached ] || echo held";
    droplet.root(wait) == "held"
}

pub fn go_on(droplet: Droplet) {
    droplet.root("rm -f /run/walk");
}

struct Walk {
    path: &'static Path,
    droplet: Droplet,
    laptop: Laptop,
    /// What runs, and what runs next: a ref, and what its code says of itself.
    refs: [[&'static str; 2]; 2],
    /// Rows that users wrote, every one of them acknowledged.
    written: u32,
}

impl Walk {
    fn new(path: &'static Path, droplet: Droplet, refs: [[&'static str; 2]; 2]) -> Self {
        droplet.fresh();
        let strategy = format!("strategy: {}", path.strategy);
        let laptop = Laptop::with(&[("strategy: auto", &strategy)]);
        laptop.deploy(droplet.env, refs[0][0], &[]).exits(0);
        droplet.root(SHIM);
        Self { path, droplet, laptop, refs, written: 0 }
    }

    /// A deploy that has come to the step and waits there.
    fn held(&self, step: &str) -> Child {
        hold(self.droplet, step);
        let args = ["deploy", self.droplet.env, "--yes", "--allow-downgrade", "--ref", self.refs[1][0]];
        let log = || std::fs::File::create(self.laptop.file("out")).unwrap();
        let child = self.laptop.command(&args).stdout(Stdio::null()).stderr(log()).spawn().unwrap();
        await_hold(self.droplet);
        child
    }

    fn last_run(&self) -> String {
        self.droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1")
    }

    /// The fault, and whoever has to finishes the work: how the laptop's command ended, where it did.
    fn meets(&mut self, step: &str, fault: Fault, finish: &str) {
        self.written += 1;
        self.droplet.sql("insert into ipai_document (name) values ('acknowledged')");
        let mut child = self.held(step);
        let place = self.path.steps.iter().position(|one| *one == step);
        let critical = place > Some(2);
        let opens = self.path.steps.iter().position(|one| *one == "open");
        let open = opens.is_some() && place >= opens;
        let run = self.last_run();
        match fault {
            Fault::LaptopKilled => {
                child.kill().unwrap();
                go_on(self.droplet);
                let open = if opens.is_some() && critical { Open::Perhaps } else { Open::No };
                self.finishes(&run, finish, open);
            }
            Fault::WorkerKilled => {
                self.droplet.root("for u in $(systemctl list-units --plain --no-legend 'ops-demo-*' | cut -d' ' -f1); do systemctl kill -s KILL $u; done");
                go_on(self.droplet);
                self.ended(
                    &mut child,
                    if open {
                        0
                    } else if critical {
                        6
                    } else {
                        1
                    },
                );
                if open {
                    self.refs.reverse();
                }
            }
            Fault::LinkCut => {
                self.droplet.root("pkill -KILL -x sshd-session");
                std::thread::sleep(Duration::from_secs(1));
                go_on(self.droplet);
                self.ended(&mut child, 0);
                self.refs.reverse();
            }
            Fault::LinkSilent => {
                self.droplet.root("iptables -I INPUT -p tcp --dport 22 -j DROP");
                go_on(self.droplet);
                std::thread::sleep(Duration::from_secs(25));
                self.droplet.root("iptables -D INPUT -p tcp --dport 22 -j DROP");
                self.ended(&mut child, 0);
                self.refs.reverse();
            }
            Fault::PowerLost => {
                child.kill().unwrap();
                self.droplet.power_loss();
                self.finishes(&run, finish, if open { Open::Yes } else { Open::No });
            }
        }
        child.wait().unwrap();
        self.one_release_entire(&format!("{fault:?} at {step}, then {finish}"));
    }

    fn meets_all(&mut self, steps: &[&str]) {
        for (i, step) in steps.iter().enumerate() {
            self.meets(step, Fault::LaptopKilled, finish(i));
            self.meets(step, Fault::WorkerKilled, "");
            self.meets(step, Fault::LinkCut, "");
            self.meets(step, Fault::PowerLost, finish(i + 1));
        }
    }

    fn finishes(&mut self, run: &str, finish: &str, open: Open) {
        let ran = self.laptop.ops(&["runs", finish, run, "--yes"]);
        let late = open == Open::Yes || open == Open::Perhaps && ran.code == Some(9);
        if late && finish == "undo" {
            ran.exits(9).says(&["cannot be undone", "ops rollback demo"]);
            return self.finishes(run, "resume", open);
        }
        ran.exits(0);
        if finish == "resume" {
            self.refs.reverse();
        }
    }

    #[track_caller]
    fn ended(&self, child: &mut Child, code: i32) {
        let ended = child.wait().unwrap().code();
        let said = std::fs::read_to_string(self.laptop.file("out")).unwrap();
        assert_eq!(ended, Some(code), "{said}");
    }

    /// The site answers with the release that is on record, its files and its container belong to it, the
    /// lock is free, nothing of a run is at work, and no attempt of a step was started twice.
    #[track_caller]
    fn one_release_entire(&self, after: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.droplet.root(
            "curl -sS -o /dev/null -m 5 -w '%{http_code}' -H 'Host: erp.lab' http://127.0.0.1/web/login; :",
        ) != "200"
        {
            assert!(Instant::now() < deadline, "{after}: the site does not answer");
            std::thread::sleep(Duration::from_millis(500));
        }
        assert_eq!(self.droplet.release(), self.refs[0][1], "{after}");
        let said = self.droplet.root(
            r#"s=/var/lib/ops/odoo; r=$(cat $s/releases/current)
            # Only one of the two slots runs.
            c=$(docker ps -q --filter name=odoo-odoo | xargs)
            echo "$(docker inspect -f '{{range .Mounts}}{{println .Source}}{{end}}' $c | grep -c "releases/$r/src/custom-addons")"
            docker inspect -f '{{.Image}}' $c; docker image inspect -f '{{.Id}}' ops/odoo:$r-odoo
            grep -c "releases/$r/compose.json" /opt/odoo/.env
            ls $s/lock/run 2>/dev/null | wc -l
            systemctl list-units --plain --no-legend 'ops-*' | wc -l
            grep -v '/steps/.*/log$' /root/marks | wc -l; sort /root/marks | uniq -d | wc -l"#,
        );
        let lines: Vec<_> = said.lines().collect();
        let [mount, runs, kept, env, lock, units, strange, twice] = lines.as_slice() else {
            panic!("{after}\n{said}")
        };
        assert_eq!((*mount, *env), ("1", "1"), "{after}: code or .env of another release\n{said}");
        assert_eq!(runs, kept, "{after}: the image of another release\n{said}");
        assert_eq!((*lock, *units), ("0", "0"), "{after}: lock, units at work\n{said}");
        assert_eq!((*strange, *twice), ("0", "0"), "{after}: an attempt of a step ran twice\n{said}");
        let rows = self.droplet.sql("select count(*) from ipai_document where name = 'acknowledged'");
        assert_eq!(rows, self.written.to_string(), "{after}: rows that were acknowledged");
        self.one_generation(after);
    }

    /// Code and data belong together, and nothing of the site still says that it is being updated.
    #[track_caller]
    fn one_generation(&self, after: &str) {
        let version =
            self.droplet.sql("select latest_version from ir_module_module where name = 'ipai_docs'");
        let wanted = if self.refs[0][1] == "bump" { "14.0.1.1.0" } else { "14.0.1.0.0" };
        assert_eq!(version, wanted, "{after}: the database of another generation");
        let said = self.droplet.root(
            "grep -c 18068 /etc/nginx/sites-enabled/odoo; docker ps -aq --filter name=ops-update | wc -l
             docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select count(*) from pg_database where datallowconn and datname like 'odoo%' or datname like '%.new'\"
             docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select count(*) from pg_stat_activity where application_name = 'ops-crons'\"; :",
        );
        assert_eq!(
            said, "0\n0\n1\n0",
            "{after}: the page, an update at work, databases that are open, held crons"
        );
    }
}

/// Half of the faults are finished, the others are put back.
fn finish(i: usize) -> &'static str {
    ["resume", "undo"][i % 2]
}

lab_test!(lab, demo, some_steps_meet_every_fault);
fn some_steps_meet_every_fault() {
    let mut walk = Walk::new(&IN_PLACE, DEMO, STANDIN);
    walk.meets_all(&["pull.odoo", "switch.web"]);
    walk.meets("switch.web", Fault::LinkSilent, "");
}

lab_test!(lab, demo, some_steps_of_a_switch_between_slots_meet_every_fault);
fn some_steps_of_a_switch_between_slots_meet_every_fault() {
    Walk::new(&BESIDE, DEMO, STANDIN).meets_all(&["switch.proxy", "drain"]);
}

lab_test!(lab, demo, some_steps_of_a_migration_meet_every_fault);
fn some_steps_of_a_migration_meet_every_fault() {
    let mut walk = Walk::new(&MIGRATING, DEMO, BUMP);
    walk.meets_all(&["switch.stop", "switch.update", "open"]);
}

/// One fault a step, drawn by `OPS_SEED` or a random seed; with `OPS_WALK=all` every fault at every step.
pub fn every_step_meets_a_fault(path: &'static Path, test: &'static str) {
    let all = std::env::var("OPS_WALK").is_ok_and(|walk| walk == "all");
    let seed = Seed::of(test);
    let mut meetings = drawn(&seed, path.steps);
    if all {
        let every = |step: &&'static str| FAULTS.map(|(fault, finish)| (*step, fault, finish));
        meetings = path.steps.iter().flat_map(every).collect();
    }
    let refs = if path.steps.contains(&"open") { BUMP } else { STANDIN };
    let mut walk = Walk::new(path, DEMO, refs);
    for (step, fault, finish) in meetings {
        walk.meets(step, fault, finish);
    }
}

lab_test!(lab, machine, seed_chooses_the_same_faults_twice_and_another_seed_chooses_others);
/// Needs no droplet.
fn seed_chooses_the_same_faults_twice_and_another_seed_chooses_others() {
    crate::checked::once();
    let faults = |number| drawn(&Seed::from(number), IN_PLACE.steps);
    assert_eq!(faults(4711), faults(4711));
    for other in [0, 1, 4712] {
        assert_ne!(faults(4711), faults(other), "seed {other}");
    }
    // Eleven steps meet all seven faults, whatever the seed.
    for number in 0..20 {
        let met = faults(number);
        let missing =
            FAULTS.iter().find(|(fault, finish)| !met.iter().any(|one| (one.1, one.2) == (*fault, *finish)));
        assert_eq!((met.len(), missing), (IN_PLACE.steps.len(), None), "seed {number}");
    }
}

/// Real Odoo, which takes its time to start and to stop.
pub fn four_steps_of_real_odoo_meet_every_fault() {
    Walk::new(&IN_PLACE, DEMO, ODOO).meets_all(&["pull.odoo", "switch.web", "verify.healthy", "record"]);
}

pub fn four_steps_of_a_migration_of_real_odoo_meet_every_fault() {
    let mut walk = Walk::new(&MIGRATING, DEMO, ODOO_BUMP);
    walk.meets_all(&["switch.stop", "switch.snapshot", "switch.update", "open"]);
}

pub fn steps_of_a_migration_by_a_dump_meet_every_fault() {
    Walk::new(&DUMPING, DEMO, BUMP).meets_all(&["switch.snapshot", "switch.update", "switch.web"]);
}
