//! Backups that are tried again: what can come back does, what cannot is found, and nothing of it stays. And dumps that are
//! damaged while a backup is made never become one.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::droplet::{DEMO, lab};
use crate::laptop::Laptop;
use crate::walk::{SHIM, await_hold, go_on, hold};

const STATE: &str = "/var/lib/ops/odoo/backup";
const REPOSITORY: &str = "/var/backups/ops/odoo";
const RESTIC: &str =
    "restic -q -r /var/backups/ops/odoo --password-file /var/lib/ops/odoo/backup/key --no-cache --host odoo";

/// A release with rows and files, and one backup of it; its id.
fn stand(laptop: &Laptop) -> String {
    DEMO.fresh();
    laptop.deploy(DEMO.env, "standin", &[]).exits(0);
    DEMO.sql("insert into ipai_document (name) values ('one'), ('two'); update ir_cron set active = false");
    // Beside a text that looks like the end of the rows.
    DEMO.sql("create table lab_text as select E'\\\\.\\n' || n as text from generate_series(1, 2000) n");
    let files = "d=$(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo
        for n in 1 2 3 4 5; do
          s=$(echo \"file $n\" | sha1sum | cut -c 1-40); f=$(echo $s | cut -c 1-2)/$s
          mkdir -p $d/${f%/*} && echo \"file $n\" >$d/$f && echo $f
        done";
    for name in DEMO.root(files).lines() {
        DEMO.sql(&format!("insert into ir_attachment (name, store_fname) values ('lab', '{name}')"));
    }
    laptop.ops(&["backup", DEMO.env, "--yes"]).exits(0);
    verified(laptop).remove(0)
}

/// Those that count, the newest first.
fn verified(laptop: &Laptop) -> Vec<String> {
    let list = laptop.json(&["backup", "list", DEMO.env]);
    let rows = list["backups"].as_array().unwrap().iter().filter(|row| row["verified"] == true);
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// All that could be left, or touched.
pub fn held() -> String {
    DEMO.root(&format!(
        "docker inspect -f '{{{{.Name}}}} {{{{.State.StartedAt}}}} {{{{.State.Running}}}}' $(docker ps -aq) | sort
         docker volume ls -q | sort; docker network ls -q --no-trunc | sort
         docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c 'select datname from pg_database order by 1' -c 'select rolname from pg_roles order by 1'
         docker exec odoo-db-1 pg_dump -U odoo odoo | grep -v -E '^.(un)?restrict ' | sha256sum
         cd $(docker volume inspect -f '{{{{.Mountpoint}}}}' odoo_odoo-data) && find . -type f ! -path '*/sessions/*' -exec sha256sum {{}} + | sort
         find {STATE} -mindepth 1 -maxdepth 1 ! -name '*.checks' | sort; ls {REPOSITORY}/locks; find {REPOSITORY} -type f | sort
         ls -d /run/ops-backup/* 2>/dev/null; :"
    ))
}

lab_test!(lab, demo, a_good_backup_is_verified_and_drilled_and_nothing_of_it_stays);
fn a_good_backup_is_verified_and_drilled_and_nothing_of_it_stays() {
    let laptop = Laptop::new();
    let id = stand(&laptop);
    let before = held();
    laptop
        .ops(&["backup", "verify", DEMO.env, "--dry-run"])
        .exits(0)
        .says(&["verify.check", "Dry run"])
        .never_says(&["drill.database"]);
    laptop.ops(&["backup", "verify", DEMO.env, "--yes"]).exits(0).says(&["done verify.read"]);
    assert_eq!(held(), before, "a verification left something");
    laptop.ops(&["backup", "verify", DEMO.env, &id[..9], "--drill", "--yes"]).exits(0).says(&[
        "done drill.database",
        "done drill.files",
        "done drill.odoo",
        "Result sheet: ",
    ]);
    assert_eq!(held(), before, "a drill left something");
    let sheet = DEMO.root("cat /var/lib/ops/odoo/runs/*/sheet.md");
    for line in ["| verdict | **it can come back** |", "| from | droplet |", "| RTO | nothing promised, "] {
        assert!(sheet.contains(line), "{line}\n{sheet}");
    }
    assert!(
        ["- files: ", "- rows: ", "- sums: ", "- tables: ", "| drill.odoo | "]
            .iter()
            .all(|one| sheet.contains(one)),
        "{sheet}"
    );
    let run = laptop.json(&["runs", "list", DEMO.env])["runs"][0].clone();
    assert_eq!(
        (&run["sheet"]["what"], &run["sheet"]["schema"]),
        (&"drill".into(), &"ops.sheet/1".into()),
        "{run}"
    );
    let row = laptop.json(&["backup", "list", DEMO.env])["backups"][0].clone();
    assert_eq!((&row["verified"], &row["drilled"]["by"]), (&true.into(), &"drill".into()), "{row}");
    assert!(row["drilled"]["seconds"].as_u64().unwrap() > 0, "{row}");
    laptop.ops(&["backup", "list", DEMO.env]).exits(0).says(&["drilled 20"]);
    // Odoo did start, on the copy and nowhere else.
    let run = laptop.json(&["runs", "list", DEMO.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "logs", &run, "--step", "drill.odoo"]).exits(0).never_says(&["Odoo is not started"]);
    // Another release may run by now: then it is said that Odoo is not started.
    laptop.deploy(DEMO.env, "standin-code", &[]).exits(0);
    laptop.ops(&["backup", "verify", DEMO.env, "--drill", "--yes"]).exits(0);
    let run = laptop.json(&["runs", "list", DEMO.env])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop
        .ops(&["runs", "logs", &run, "--step", "drill.odoo"])
        .exits(0)
        .says(&["Odoo is not started: the backup is of release"]);
    laptop.ops(&["backup", "verify", DEMO.env, "2019", "--yes"]).exits(2).says(&["no verified backup 2019"]);
}

/// Damages the repository: a script run in its directory.
pub fn damage(script: &str) {
    DEMO.root(&format!("cd {REPOSITORY} && {script}"));
}

/// The repository as it was after a damage: what verify says of it.
#[track_caller]
fn found(laptop: &Laptop, what: &str, damage: &str, words: &[&str]) {
    DEMO.root(&format!(
        "rm -rf /root/repository && cp -a {REPOSITORY} /root/repository && cd {REPOSITORY} && {{ {damage}; }}"
    ));
    let before = held();
    laptop
        .ops(&["backup", "verify", DEMO.env, "--yes"])
        .exits(9)
        .says(&["cannot come back", "no longer counts as verified"])
        .says(words);
    assert_eq!(held(), before, "{what}: something was left");
    assert!(verified(laptop).is_empty(), "{what}: it still counts");
    laptop.ops(&["backup", "list", DEMO.env]).exits(0).says(&["no: it was found wrong"]);
    laptop.ops(&["restore", DEMO.env, "--yes", "--confirm", DEMO.env]).exits(2);
    // It is whole again, and that is found as well.
    DEMO.root(&format!("rm -rf {REPOSITORY} && mv /root/repository {REPOSITORY}"));
    laptop.ops(&["backup", "verify", DEMO.env, "--yes"]).exits(0);
    assert_eq!(verified(laptop).len(), 1, "{what}");
}

lab_test!(lab, demo, a_damaged_repository_is_found);
fn a_damaged_repository_is_found() {
    let laptop = Laptop::new();
    stand(&laptop);
    let largest = "p=$(find data -type f -printf '%s %p\\n' | sort -rn | head -n 1 | cut -d ' ' -f 2)";
    let flip = format!("{largest}; printf 'XXXX' | dd of=$p bs=1 seek=100 conv=notrunc status=none");
    found(&laptop, "flipped bytes", &flip, &["the repository is damaged", "ciphertext verification failed"]);
    let gone = format!("{largest}; rm -f $p");
    found(&laptop, "a missing pack", &gone, &["the repository is damaged", "does not exist"]);
    found(
        &laptop,
        "a missing index",
        "rm -f index/*",
        &["the repository is damaged", "not found in repository"],
    );
    found(&laptop, "a cut pack", &format!("{largest}; truncate -s -100 $p"), &["the repository is damaged"]);
    // Without its key nothing can be read; the backups are still there.
    DEMO.root(&format!("mv {STATE}/key /root/key; echo other >{STATE}/key"));
    laptop.ops(&["backup", "verify", DEMO.env, "--yes"]).exits(1);
    DEMO.root(&format!("rm -f {STATE}/key; mv /root/key {STATE}/key"));
    laptop.ops(&["backup", "verify", DEMO.env, "--yes"]).exits(0);
}

const PLACES: &str = "modules: [ipai_docs]
    backup:
      offsite:
        - { name: disk, repository: /srv/far }
        - { name: box, repository: \"sftp:backup@sftp.lab:/srv/backup/demo\" }";
const DAMAGE: &str = "p=$(find data -type f -printf '%s %p\\n' | sort -rn | head -n 1 | cut -d ' ' -f 2) && printf XXXX | dd of=$p bs=1 seek=100 conv=notrunc status=none";

/// A droplet with a backup that is in three places.
fn spread() -> Laptop {
    lab(&["sftp", "reset"]);
    let laptop = Laptop::with(&[("modules: [ipai_docs]", PLACES)]);
    DEMO.fresh();
    laptop.deploy(DEMO.env, "standin", &[]).exits(0);
    laptop.ops(&["backup", "init", DEMO.env, "--yes"]).exits(0);
    laptop.ops(&["backup", DEMO.env, "--yes"]).exits(0);
    laptop
}

fn newest(laptop: &Laptop) -> serde_json::Value {
    laptop.json(&["backup", "list", DEMO.env])["backups"][0].clone()
}

#[track_caller]
fn tried(laptop: &Laptop, place: &str, more: &[&str]) -> crate::laptop::Ran {
    laptop.ops(&[&["backup", "verify", DEMO.env, "--from", place, "--yes"], more].concat())
}

lab_test!(lab, demo, what_is_damaged_in_one_place_is_whole_in_another);
fn what_is_damaged_in_one_place_is_whole_in_another() {
    let laptop = spread();
    tried(&laptop, "moon", &[]).exits(2).says(&["droplet, disk, box"]);
    tried(&laptop, "disk", &["--one-of", "2"]).exits(0).says(&["read one part of 2 of /srv/far"]);
    DEMO.root(&format!("cd /srv/far && {DAMAGE}"));
    tried(&laptop, "disk", &[]).exits(9).says(&[
        "cannot come back from disk",
        "asked once more",
        "is damaged",
    ]);
    let row = newest(&laptop);
    assert!(row["verified"] == true && row["wrong"]["disk"]["ok"] == false, "{row}");
    DEMO.root(&format!("cd {REPOSITORY} && {DAMAGE}"));
    laptop.ops(&["backup", "verify", DEMO.env, "--yes"]).exits(9);
    laptop.ops(&["backup", "list", DEMO.env]).exits(0).says(&["droplet (wrong), disk (wrong), box"]);
    laptop.ops(&["restore", DEMO.env, "--from", "disk", "--dry-run"]).exits(2).says(&["no verified backup"]);
    laptop.ops(&["restore", DEMO.env, "--dry-run"]).exits(0).says(&["from box"]);
}

/// A place that falls silent, before it is asked and in the middle, and one that is drilled and restored from.
pub fn from_a_place_that_is_not_always_there() {
    let laptop = spread();
    tried(&laptop, "box", &["--drill"]).exits(0).says(&["done drill.odoo"]);
    assert_eq!(newest(&laptop)["drilled"]["place"], "box");
    lab(&["sftp", "off"]);
    tried(&laptop, "box", &[]).exits(1).says(&["the backups at box cannot be read"]);
    lab(&["sftp", "on"]);
    DEMO.root(SHIM);
    for step in ["verify.check", "verify.fetch"] {
        hold(DEMO, step);
        let out = std::fs::File::create(laptop.file("out")).unwrap();
        let mut command = laptop.command(&["backup", "verify", DEMO.env, "--from", "box", "--yes"]);
        let mut child = command.stdout(Stdio::null()).stderr(out).spawn().unwrap();
        await_hold(DEMO);
        lab(&["sftp", "off"]);
        go_on(DEMO);
        let code = child.wait().unwrap().code();
        let said = std::fs::read_to_string(laptop.file("out")).unwrap();
        assert!(code == Some(1) && said.contains("cannot be reached"), "{step}: {code:?}\n{said}");
        lab(&["sftp", "on"]);
        let row = newest(&laptop);
        assert!(row["verified"] == true && row["wrong"].as_object().unwrap().is_empty(), "{step}: {row}");
    }
    DEMO.root(&format!("cd {REPOSITORY} && {DAMAGE}; cd /srv/far && {DAMAGE}"));
    for place in ["droplet", "disk"] {
        tried(&laptop, place, &[]).exits(9);
    }
    laptop.ops(&["restore", DEMO.env, "--confirm", DEMO.env]).exits(0);
}

/// A whole repository with a snapshot in it whose content is not what it says: `damage` in its directory.
#[track_caller]
fn rejected(laptop: &Laptop, nth: usize, damage: &str, words: &[&str]) {
    let id = format!("20300101t00000{nth}z");
    DEMO.root(&format!(
        "mkdir -p /run/ops-backup && {RESTIC} restore latest:/run/ops-backup --tag lab-good --target /run/ops-backup && cd /run/ops-backup && {{ {damage}; }} &&
         {RESTIC} backup --tag ops,verified,{id} --group-by host --force /run/ops-backup && rm -rf /run/ops-backup"
    ));
    laptop
        .ops(&["backup", "verify", DEMO.env, &id, "--drill", "--yes"])
        .exits(9)
        .says(&["cannot come back"])
        .says(words);
    assert!(!verified(laptop).contains(&id), "{damage}");
}

lab_test!(lab, demo, a_snapshot_that_is_not_what_it_says_is_found);
fn a_snapshot_that_is_not_what_it_says_is_found() {
    let laptop = Laptop::new();
    let id = stand(&laptop);
    DEMO.root(&format!("{RESTIC} tag --add lab-good --tag {id}"));
    let before = held().lines().filter(|line| !line.contains(REPOSITORY)).collect::<Vec<_>>().join("\n");
    let data = "f=$(ls -S db/*.dat | head -n 1)";
    let size = "$(stat -c %s $f)";
    let cut = format!("{data}; truncate -s $(({size} * 6 / 10)) $f");
    rejected(&laptop, 1, &cut, &["not what its manifest says", ".dat: FAILED"]);
    rejected(
        &laptop,
        2,
        &format!("{data}; truncate -s -100 $f"),
        &["not what its manifest says", ".dat: FAILED"],
    );
    let flip = format!("{data}; printf X | dd of=$f bs=1 seek=1000 conv=notrunc status=none");
    rejected(&laptop, 3, &flip, &["not what its manifest says", ".dat: FAILED"]);
    rejected(
        &laptop,
        4,
        &format!("{data}; rm -f $f"),
        &["not what its manifest says", "FAILED open or read"],
    );
    let file = "f=$(find filestore -type f | sort | head -n 1)";
    rejected(&laptop, 5, &format!("{file}; rm -f $f"), &["1 are missing or not what their names say"]);
    rejected(&laptop, 6, &format!("{file}; echo x >>$f"), &["1 are missing or not what their names say"]);
    rejected(&laptop, 7, "rm -f config/manifest.json", &["it has no manifest"]);
    // Whole to the last byte, and still other rows than those that were counted.
    let counts = "sed -i 's/\"res_users\" : 2/\"res_users\" : 3/' config/manifest.json";
    rejected(&laptop, 8, counts, &["what came back is not what was kept", "counts/res_users: 3"]);
    let after = held().lines().filter(|line| !line.contains(REPOSITORY)).collect::<Vec<_>>().join("\n");
    assert_eq!(after, before, "something was left");
    assert_eq!(verified(&laptop), [id.as_str()]);
    laptop.ops(&["backup", "verify", DEMO.env, "--yes", &id, "--drill"]).exits(0);
}

lab_test!(lab, demo, what_is_damaged_while_it_is_made_never_becomes_a_backup);
fn what_is_damaged_while_it_is_made_never_becomes_a_backup() {
    let laptop = Laptop::new();
    let id = stand(&laptop);
    let data = format!("cd {STATE}/now/db.partial; f=$(ls -S *.dat | grep -v toc.dat | head -n 1)");
    let files = "cd $(/usr/bin/docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo; f=$(find . -type f | sort | head -n 1)";
    let damages = [
        (format!("{data}; truncate -s $(($(stat -c %s $f) * 6 / 10)) $f"), "is cut"),
        (format!("{data}; truncate -s -100 $f"), "is cut"),
        (format!("{data}; rm -f $f"), "the dump cannot be read to its end"),
        (format!("{data}; truncate -s -100 toc.dat"), "the dump cannot be read to its end"),
        (format!("{files}; mv $f /root/lost"), "1 are missing or not what their names say"),
        (format!("{files}; cp -p $f /root/lost; echo x >>$f"), "1 are missing or not what their names say"),
    ];
    let snapshots = format!("{RESTIC} snapshots --json");
    let before = (DEMO.root(&snapshots), verified(&laptop));
    for (damage, word) in &damages {
        DEMO.root(&format!(
            "cat >/usr/local/bin/docker <<'EOF'\n#!/bin/sh\n/usr/bin/docker \"$@\"\ncode=$?\ncase \" $* \" in *' pg_dump '*) {damage} ;; esac\nexit \"$code\"\nEOF\nchmod 755 /usr/local/bin/docker"
        ));
        laptop.ops(&["backup", DEMO.env, "--yes"]).exits(1).says(&[word]);
        DEMO.root(&format!(
            "rm -f /usr/local/bin/docker; [ ! -e /root/lost ] || {{ {files}; \
            s=$(sha1sum </root/lost | cut -c 1-40); mv -f /root/lost $(echo $s | cut -c 1-2)/$s; }}"
        ));
        assert_eq!((DEMO.root(&snapshots), verified(&laptop)), before, "{damage}");
        assert_eq!(DEMO.root(&format!("ls {STATE} | grep -c -x now || :")), "0", "{damage}");
    }
    assert_eq!(before.1, [id]);
    laptop.ops(&["backup", DEMO.env, "--yes"]).exits(0);
    assert_eq!(verified(&laptop).len(), 2);
    laptop.ops(&["backup", "verify", DEMO.env, "--drill", "--yes"]).exits(0);
}

lab_test!(lab, demo, a_drill_that_is_ended_early_leaves_nothing);
fn a_drill_that_is_ended_early_leaves_nothing() {
    let laptop = Laptop::new();
    stand(&laptop);
    // Big enough that restoring it is seen.
    DEMO.sql("create table lab_big as select n, md5(n::text) || repeat(md5((n * 7)::text), 8) as text from generate_series(1, 400000) n");
    laptop.ops(&["backup", DEMO.env, "--yes"]).exits(0);
    let (before, counted) = (held(), verified(&laptop));
    for step in ["verify.fetch", "drill.database"] {
        let mut child = at_step(&laptop, step);
        if step == "drill.database" {
            let seen = DEMO.root("n=0; until docker inspect -f '{{.HostConfig.NetworkMode}} {{range .Config.Env}}{{println .}}{{end}}' ops-drill-odoo 2>/dev/null; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.05; done");
            assert!(seen.contains("none ") && !seen.contains("PASSWORD="), "{seen}");
        }
        let asked = Instant::now();
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let code = child.wait().unwrap().code();
        let said = std::fs::read_to_string(laptop.file("out")).unwrap();
        assert_eq!(code, Some(130), "{step}\n{said}");
        assert!(said.contains("nothing of it stays"), "{step}\n{said}");
        assert!(asked.elapsed() < Duration::from_secs(30), "{step} took {:?} to end", asked.elapsed());
        assert_eq!(held(), before, "{step}");
        assert_eq!(verified(&laptop), counted, "{step}: an interrupted drill says nothing of the backup");
        laptop.ops(&["lock", "status", DEMO.env]).exits(0).says(&["free"]);
    }
    // The power goes: when it is back, the droplet removes what it was at.
    let mut child = at_step(&laptop, "drill.database");
    DEMO.power_loss();
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(180);
    while DEMO.root("ls /var/lib/ops/odoo/runs/*/sections/verify/*/armed 2>/dev/null | wc -l") != "0" {
        assert!(Instant::now() < deadline, "the droplet does not come to an end");
        std::thread::sleep(Duration::from_secs(1));
    }
    let left = DEMO
        .root(&format!("docker ps -aq --filter label=ops.backup=odoo; ls -d {STATE}/check 2>/dev/null; :"));
    assert_eq!(left, "", "a loss of power");
    let run = DEMO.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert_eq!(verified(&laptop), counted);
    laptop.ops(&["backup", "verify", DEMO.env, "--drill", "--yes"]).exits(0);
}

/// A drill that is at this step.
fn at_step(laptop: &Laptop, step: &str) -> Child {
    let newest = "ls -td /var/lib/ops/odoo/runs/*/ | head -n 1";
    let old = DEMO.root(newest);
    let out = std::fs::File::create(laptop.file("out")).unwrap();
    let mut command = laptop.command(&["backup", "verify", DEMO.env, "--drill", "--yes"]);
    let child = command.stdout(Stdio::null()).stderr(out).spawn().unwrap();
    DEMO.root(&format!(
        "n=0; until r=$({newest}); [ \"$r\" != {old} ] && [ -e \"${{r}}steps/{step}.1/log\" ]; do n=$((n + 1)); [ $n -lt 1200 ] || exit 1; sleep 0.05; done; sleep 0.5"
    ));
    child
}
