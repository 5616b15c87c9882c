//! What goes wrong while a backup is made, and while one comes back: the set of verified backups is what it was, what
//! serves is what it was, nothing stays, and the next one works.

use std::process::{Child, Stdio};

use crate::backups::{Family, nothing_left};
use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::migrate::{databases, dump};
use crate::walk::{SHIM, await_hold, go_on, hold};

const KILL: &str = "for u in $(systemctl list-units --plain --no-legend 'ops-demo-*' | cut -d' ' -f1); do systemctl kill -s KILL $u; done";
const STORE: &str = "/var/lib/ops/odoo/backup";

struct Bench {
    droplet: Droplet,
    laptop: Laptop,
}

impl Bench {
    /// With a verified backup, and rows enough that a dump takes a moment.
    fn new(droplet: Droplet, family: &Family) -> Self {
        droplet.fresh();
        let laptop = Laptop::new();
        laptop.deploy(droplet.env, family.base[0], &[]).exits(0);
        droplet.root(SHIM);
        droplet.sql("create table bulk as select n, md5(n::text) || md5((n * 7)::text) as text from generate_series(1, 600000) n");
        laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
        Self { droplet, laptop }
    }

    fn verified(&self) -> usize {
        let listed = self.laptop.json(&["backup", "list", self.droplet.env]);
        listed["backups"].as_array().unwrap().iter().filter(|one| one["verified"] == true).count()
    }

    fn start(&self, args: &[&str]) -> Child {
        let out = std::fs::File::create(self.laptop.file("out")).unwrap();
        self.laptop.command(args).stdout(Stdio::null()).stderr(out).spawn().unwrap()
    }

    #[track_caller]
    fn ended(&self, mut child: Child, codes: &[i32], what: &str) {
        let code = child.wait().unwrap().code().unwrap();
        let said = std::fs::read_to_string(self.laptop.file("out")).unwrap();
        assert!(codes.contains(&code), "{what}: exit {code}\n{said}");
    }

    fn backup(&self) -> Child {
        self.start(&["backup", self.droplet.env, "--yes"])
    }

    fn restore(&self) -> Child {
        self.start(&["restore", self.droplet.env, "--confirm", self.droplet.env])
    }

    /// Before a step of a backup, something happens; then it fails, and is nothing.
    #[track_caller]
    fn spoilt(&self, step: &str, fault: &str, mend: &str) {
        let before = self.verified();
        hold(self.droplet, step);
        let child = self.backup();
        await_hold(self.droplet);
        self.droplet.root(fault);
        go_on(self.droplet);
        self.ended(child, &[1], step);
        self.droplet.root(mend);
        assert_eq!(self.verified(), before, "{step}: {fault}");
        nothing_left(self.droplet);
    }
}

/// The worker is killed before every step, and programs in the middle of their work; disks run full; the power goes.
pub fn of_a_backup(droplet: Droplet, family: &Family) {
    let bench = Bench::new(droplet, family);
    for step in ["backup.hold", "backup.dump", "backup.read", "backup.store", "backup.confirm"] {
        bench.spoilt(step, KILL, "");
    }
    let soon = |what: &str| format!("nohup sh -c '{what}' >/dev/null 2>&1 &");
    let until =
        |what: &str| format!("n=0; until {what} || [ $n -gt 400 ]; do n=$((n + 1)); sleep 0.02; done");
    let pg_dump =
        format!("{}; docker kill ops-backup-odoo", until(&format!("[ -e {STORE}/now/db.partial ]")));
    bench.spoilt("backup.dump", &soon(&pg_dump), "");
    let restic = until(&format!("[ -e {STORE}/now/stored ] && pkill -KILL -x restic"));
    bench.spoilt("backup.store", &soon(&restic), "");
    let server = format!("{}; docker kill odoo-db-1", until(&format!("[ -e {STORE}/now/db.partial ]")));
    bench.spoilt("backup.dump", &soon(&server), "docker start odoo-db-1; until docker exec odoo-db-1 pg_isready -q -U odoo; do sleep 0.3; done; sleep 1");

    // Full: where the dump goes, and where the repository is.
    let dumps = format!(
        "mkdir -p /run/full; mount -t tmpfs -o size=16m tmpfs /run/full; cp -a {STORE}/. /run/full/; mount --bind /run/full {STORE}"
    );
    bench.spoilt("backup.dump", &dumps, &format!("umount {STORE}; umount /run/full; rm -rf {STORE}/now"));
    let repository = "cp -a /var/backups/ops/odoo /run/repo; mkdir -p /run/small; mount -t tmpfs -o size=$(($(du -sk /run/repo | cut -f1) + 400))k tmpfs /run/small; cp -a /run/repo/. /run/small/; mount --bind /run/small /var/backups/ops/odoo";
    droplet.sql("update bulk set text = md5(text) || md5(n::text)");
    bench.spoilt(
        "backup.store",
        repository,
        "umount /var/backups/ops/odoo; umount /run/small; rm -rf /run/repo",
    );

    for step in ["backup.dump", "backup.store", "backup.confirm"] {
        let before = bench.verified();
        hold(droplet, step);
        let mut child = bench.backup();
        await_hold(droplet);
        child.kill().unwrap();
        child.wait().unwrap();
        droplet.power_loss();
        droplet.root("n=0; until [ ! -e /var/lib/ops/odoo/backup/now ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.2; done; until docker exec odoo-db-1 pg_isready -q -U odoo; do sleep 0.3; done");
        assert_eq!(bench.verified(), before, "power lost before {step}");
        nothing_left(droplet);
    }
    bench.laptop.ops(&["backup", droplet.env, "--yes", "--wait-lock", "3m"]).exits(0);
}

/// The worker is killed before every step: database and files that serve are what they were, to the byte.
pub fn of_a_restore(droplet: Droplet, family: &Family) {
    let bench = Bench::new(droplet, family);
    droplet.sql("update ipai_document set name = 'later'");
    let files = || {
        droplet.root("cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo; find . -type f -exec sha1sum {} + | sort | sha1sum")
    };
    let before = (dump(droplet, "odoo"), files(), droplet.release());
    for step in [
        "restore.ready",
        "restore.fetch",
        "restore.database",
        "restore.files",
        "restore.close",
        "switch.close",
        "switch.stop",
        "switch.data",
        "switch.web",
        "record",
    ] {
        hold(droplet, step);
        let child = bench.restore();
        await_hold(droplet);
        droplet.root(KILL);
        go_on(droplet);
        bench.ended(child, &[1, 6], step);
        droplet.login_page();
        assert_eq!((dump(droplet, "odoo"), files(), droplet.release()), before, "killed before {step}");
        // What was live for a moment is kept aside, as everything is that users could have written to.
        let aside: Vec<_> = databases(droplet).into_iter().filter(|(name, _)| name != "odoo").collect();
        match step {
            "switch.web" | "record" => {
                assert!(
                    !aside.is_empty()
                        && aside.iter().all(|(name, open)| name.contains("_restored_") && !open),
                    "{step}: {aside:?}"
                );
            }
            _ => assert_eq!(aside, [], "killed before {step}"),
        }
        nothing_left(droplet);
    }
    bench.ended(bench.restore(), &[0], "at last");
}
