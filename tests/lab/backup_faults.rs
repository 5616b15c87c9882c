//! What goes wrong while a backup is made, and while one comes back: the set of verified backups is what it was, what
//! serves is what it was, nothing stays, and the next one works.

use std::process::{Child, Stdio};

use crate::backups::{self, Family, nothing_left};
use crate::droplet::{Droplet, lab};
use crate::laptop::Laptop;
use crate::migrate::{databases, dump};
use crate::walk::{SHIM, await_hold, go_on, hold, is_held};

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

    /// New rows, so that there is something to store, and the bytes that a dump of them has.
    fn grown(&self) -> u64 {
        self.droplet.sql("truncate bulk; insert into bulk select n, md5(random()::text) || md5(random()::text) from generate_series(1, 600000) n");
        self.droplet
            .sql("select sum(octet_length(n::text) + octet_length(text) + 2) from bulk")
            .parse()
            .unwrap()
    }

    /// Records of backups, which none may have that is not verified.
    fn records(&self) -> usize {
        self.droplet.root(&format!("ls {STORE}/*z.json | wc -l")).parse().unwrap()
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

    /// Of a run whose laptop died the lock is somebody's for two minutes more.
    fn backup(&self) -> Child {
        self.start(&["backup", self.droplet.env, "--yes", "--wait-lock", "3m"])
    }

    fn restore(&self) -> Child {
        self.start(&["restore", self.droplet.env, "--confirm", self.droplet.env])
    }

    /// Before a step of a backup, something happens; then it fails, and is nothing.
    #[track_caller]
    fn spoilt(&self, step: &str, fault: &str, mend: &str) {
        let before = self.verified();
        self.ended(self.meeting(step, fault), &[1], step);
        self.droplet.root(mend);
        self.is_as_before(before, &format!("{step}: {fault}"));
    }

    /// The same with a fault in the middle of the step: where the work was over before it came, it is tried again.
    fn spoilt_midway(&self, step: &str, fault: impl Fn() -> String) {
        for _ in 0..5 {
            let (fault, before) = (fault(), self.verified());
            let mut child = self.meeting(step, &fault);
            if child.wait().unwrap().success() {
                continue;
            }
            self.ended(child, &[1], step);
            return self.is_as_before(before, &format!("{step}: {fault}"));
        }
        panic!("{step} was always over before the fault came");
    }

    /// A backup that has met something before a step.
    fn meeting(&self, step: &str, fault: &str) -> Child {
        let child = self.held(step);
        self.droplet.root(fault);
        go_on(self.droplet);
        child
    }

    /// A backup that waits before a step.
    fn held(&self, step: &str) -> Child {
        hold(self.droplet, step);
        let child = self.backup();
        let said = || std::fs::read_to_string(self.laptop.file("out")).unwrap();
        assert!(is_held(self.droplet), "{step} was never reached\n{}", said());
        child
    }

    #[track_caller]
    fn is_as_before(&self, before: usize, after: &str) {
        assert_eq!((self.verified(), self.records()), (before, before), "{after}");
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
        let mut child = bench.held(step);
        child.kill().unwrap();
        child.wait().unwrap();
        droplet.power_loss();
        droplet.root("n=0; until [ ! -e /var/lib/ops/odoo/backup/now ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.2; done; until docker exec odoo-db-1 pg_isready -q -U odoo; do sleep 0.3; done");
        assert_eq!(bench.verified(), before, "power lost before {step}");
        nothing_left(droplet);
    }
    bench.laptop.ops(&["backup", droplet.env, "--yes", "--wait-lock", "3m"]).exits(0);
}

const SOON: &str = "n=0; until [ $(du -sb WHAT 2>/dev/null | cut -f1 | grep . || echo 0) -ge SIZE ] || [ $n -gt 4000 ]; do n=$((n + 1)); sleep 0.005; done; pkill -KILL -x PROGRAM";

/// pg_dump and restic are killed at 10, 50 and 99 % of their work; then ops itself is, which changes nothing.
pub fn at_parts_of_the_work(droplet: Droplet, family: &Family) {
    let bench = Bench::new(droplet, family);
    let soon = |what: &str, size: u64, program: &str| {
        let script =
            SOON.replace("WHAT", what).replace("SIZE", &size.to_string()).replace("PROGRAM", program);
        format!("nohup sh -c '{script}' >/dev/null 2>&1 &")
    };
    for percent in [10, 50, 99] {
        let at = || bench.grown() * percent / 100;
        bench.spoilt_midway("backup.dump", || soon(&format!("{STORE}/now/db.partial"), at(), "pg_dump"));
    }
    let repository = "/var/backups/ops/odoo/data";
    let has = || droplet.root(&format!("du -sb {repository} | cut -f1")).parse::<u64>().unwrap();
    bench.grown();
    let before = has();
    bench.ended(bench.backup(), &[0], "to see what one adds");
    let adds = has() - before;
    for percent in [10, 50, 99] {
        bench.spoilt_midway("backup.store", || {
            bench.grown();
            soon(repository, has() + adds * percent / 100, "restic")
        });
    }
    let (before, size) = (bench.verified(), bench.grown() / 2);
    let mut child = bench.backup();
    droplet.root(
        &SOON
            .replace("WHAT", &format!("{STORE}/now/db.partial"))
            .replace("SIZE", &size.to_string())
            .replace("PROGRAM", "nothing-of-it || :"),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    bench.laptop.ops(&["backup", droplet.env, "--yes", "--wait-lock", "5m"]).exits(0);
    assert_eq!((bench.verified(), bench.records()), (before + 2, before + 2));
}

/// Far away nothing answers, uploads are cut, a key or a secret is wrong: what is here is verified, nothing there looks
/// whole that is not, and the next one makes up for it.
pub fn of_a_copy(droplet: Droplet, family: &Family) {
    droplet.fresh();
    let laptop = backups::with_two_places("faults");
    laptop.deploy(droplet.env, family.base[0], &[]).exits(0);
    laptop.ops(&["backup", "init", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let places = || {
        let listed = laptop.json(&["backup", "list", droplet.env]);
        let all = listed["backups"].as_array().unwrap().iter();
        all.map(|one| (one["verified"].clone(), one["places"].as_array().unwrap().len())).collect::<Vec<_>>()
    };
    let fault = |on: &dyn Fn(), off: &dyn Fn(), told: &str| {
        droplet.sql("drop table if exists bulk; create table bulk as select md5(random()::text) as text from generate_series(1, 300000)");
        on();
        let ran = laptop.ops(&["backup", droplet.env, "--yes"]).exits(1).says(&[told]);
        off();
        nothing_left(droplet);
        let there = places();
        // Whoever is not asked may have it: the places are copied to one after the other.
        assert!(there[0].0 == true && there[0].1 < 3, "{there:?}\n{ran}");
        assert!(there[1..].iter().all(|one| one.0 == true), "{there:?}");
        laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
        assert!(places().iter().all(|one| *one == (true.into(), 3)), "{:?}", places());
    };
    let s3 = |how: &'static str| move || drop(lab(&["s3", how]));
    fault(&s3("broken"), &s3("on"), "spaces");
    fault(&s3("off"), &s3("on"), "spaces");
    fault(&|| drop(lab(&["sftp", "off"])), &|| drop(lab(&["sftp", "on"])), "box");
    let of_spaces = "/var/lib/ops/odoo/backup/offsite/spaces.env";
    let wrong =
        || {
            drop(droplet.root(&format!(
                "cp -a {of_spaces} /root/kept; sed -i s/lab-offsite-secret/wrong/ {of_spaces}"
            )))
        };
    fault(&wrong, &|| drop(droplet.root(&format!("cp -a /root/kept {of_spaces}"))), "spaces");

    // The key is not the repository's: nothing is made, and nothing is made anew in its place.
    let before = places();
    droplet.root(&format!("cp -a {STORE}/key /root/key; chmod 600 {STORE}/key; echo other >{STORE}/key"));
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(1).says(&["does not open the repository"]);
    droplet.root(&format!("cp -a /root/key {STORE}/key"));
    nothing_left(droplet);
    assert_eq!(places(), before);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
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
        "restore.own",
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
