//! Rehearsals that do not come to their end: nothing of them stays.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Refs, production, rehearse, stand};
use crate::droplet::Droplet;
use crate::laptop::Laptop;
use crate::migrate::databases;

/// The disk of the database, which is another than Docker's here, belongs to production first.
pub fn the_disk_is_productions(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    droplet.root("rm -rf /root/data");
    let on_disk = |size: &str| {
        droplet.root(&format!(
            "v=$(docker volume inspect -f '{{{{.Mountpoint}}}}' odoo_db-data); docker stop odoo-db-1 >/dev/null
             [ -e /root/data ] || cp -a $v /root/data; while umount $v 2>/dev/null; do :; done
             mount -t tmpfs -o size={size},mode=700 tmpfs $v && cp -a /root/data/. $v/ && docker start odoo-db-1 >/dev/null
             n=0; until docker exec odoo-db-1 pg_isready -q -U odoo; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.2; done"
        ))
    };
    on_disk("400m");
    let before = production(droplet);
    rehearse(&laptop, droplet, refs.bump, &[]).exits(1).says(&["a dump and a copy want", "MB are free"]);
    assert_eq!(production(droplet), before, "what was refused changed production");
    on_disk("900m");
    let before = production(droplet);
    let mut child = at_step(&laptop, droplet, refs.slow, "rehearse.update");
    droplet.root(
        "v=$(docker volume inspect -f '{{.Mountpoint}}' odoo_db-data); head -c 600000000 /dev/zero >$v/fill",
    );
    let code = child.wait().unwrap().code();
    droplet.root("v=$(docker volume inspect -f '{{.Mountpoint}}' odoo_db-data); rm $v/fill");
    let after = settled(droplet);
    droplet.root("v=$(docker volume inspect -f '{{.Mountpoint}}' odoo_db-data); docker stop odoo-db-1; while umount $v 2>/dev/null; do :; done");
    let said = std::fs::read_to_string(laptop.file("out")).unwrap();
    assert!(code == Some(1) && flat(&said).contains("the rest is production's"), "{code:?}\n{said}");
    assert!(!said.contains("a deploy would fail"), "{said}");
    assert_eq!(after, before, "a disk that runs full");
}

/// A rehearsal that is at this step.
fn at_step(laptop: &Laptop, droplet: Droplet, git_ref: &str, step: &str) -> Child {
    let newest = "ls -td /var/lib/ops/odoo/runs/*/ | head -n 1";
    let old = droplet.root(newest);
    let mut command = laptop.command(&["rehearse", droplet.env, "--yes", "--ref", git_ref]);
    let log = std::fs::File::create(laptop.file("out")).unwrap();
    let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    droplet.root(&format!(
        "n=0; until r=$({newest}); [ \"$r\" != {old} ] && [ -e \"${{r}}steps/{step}.1/log\" ]; do n=$((n + 1)); [ $n -lt 1200 ] || exit 1; sleep 0.05; done; sleep 1"
    ));
    child
}

#[track_caller]
fn settles_as(droplet: Droplet, before: &str, what: &str) {
    assert_eq!(settled(droplet), before, "{what}");
}

/// Production, once the droplet has ended what was begun.
#[track_caller]
fn settled(droplet: Droplet) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    let left = "ls /var/lib/ops/odoo/runs/*/sections/rehearse/*/armed 2>/dev/null | wc -l";
    while droplet.root(left) != "0" {
        assert!(Instant::now() < deadline, "the droplet does not come to an end");
        std::thread::sleep(Duration::from_millis(500));
    }
    production(droplet)
}

/// Without the breaks of lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Ctrl-C, a laptop that dies, a worker that is killed: the droplet drops the copy.
pub fn nothing_stays(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    // Big enough that a dump is seen.
    droplet.sql("create table lab_big as select n, md5(n::text) || repeat(md5((n * 7)::text), 8) as text from generate_series(1, 400000) n");
    let before = production(droplet);
    for step in ["rehearse.dump", "rehearse.restore", "rehearse.update"] {
        let mut child = at_step(&laptop, droplet, refs.slow, step);
        let asked = Instant::now();
        interrupt(&child);
        let code = child.wait().unwrap().code();
        let said = std::fs::read_to_string(laptop.file("out")).unwrap();
        // What was over in the moment it was asked is followed by what is left.
        assert_eq!(code, Some(130), "{step}\n{said}");
        assert!(flat(&said).contains("its copy was dropped"), "{step}\n{said}");
        assert!(asked.elapsed() < Duration::from_secs(30), "{step} took {:?} to end", asked.elapsed());
        settles_as(droplet, &before, &format!("a Ctrl-C in {step}"));
        laptop.ops(&["lock", "status", droplet.env]).exits(0).says(&["free"]);
    }
    // The laptop dies, and the droplet ends the rehearsal as if it were there.
    let mut child = at_step(&laptop, droplet, refs.slow, "rehearse.update");
    child.kill().unwrap();
    child.wait().unwrap();
    Laptop::new().deploy(droplet.env, refs.code, &[]).exits(5);
    settles_as(droplet, &before, "a laptop that died");
    let run = droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
    laptop.ops(&["runs", "attach", &run]).says(&["done      rehearse.drop"]);
    laptop.ops(&["runs", "resume", &run, "--yes"]).exits(0);
    // Its worker is killed.
    let mut child = at_step(&laptop, droplet, refs.slow, "rehearse.update");
    droplet.root("systemctl kill -s KILL 'ops-*-rehearse-*.service'");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    settles_as(droplet, &before, "a worker that was killed");
}

#[expect(clippy::disallowed_methods, reason = "the test's own Ctrl-C")]
fn interrupt(child: &Child) {
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
}

/// The power goes in the middle: what comes back is production, and nothing else.
pub fn a_loss_of_power(droplet: Droplet, refs: &Refs) {
    let laptop = Laptop::new();
    stand(&laptop, droplet, refs);
    let held = |droplet: Droplet| {
        format!(
            "{}\n{:?}\n{}",
            // After a crash PostgreSQL's sequences are some numbers ahead.
            droplet.root("docker exec odoo-db-1 pg_dump -U odoo odoo | grep -v -E '^.(un)?restrict |setval' | sha256sum"),
            databases(droplet),
            droplet.root("docker ps --format '{{.Names}}' | sort; docker network ls --format '{{.Name}}' | sort; docker image ls -q 'ops/*' | sort; ls /var/lib/ops/odoo/releases; docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select rolname from pg_roles where rolname !~ '^pg_'\"")
        )
    };
    let before = held(droplet);
    for step in ["rehearse.restore", "rehearse.update"] {
        let mut child = at_step(&laptop, droplet, refs.slow, step);
        droplet.power_loss();
        child.kill().unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(180);
        while droplet.root("ls /var/lib/ops/odoo/runs/*/sections/rehearse/*/armed 2>/dev/null | wc -l") != "0"
        {
            assert!(Instant::now() < deadline, "the droplet does not come to an end");
            std::thread::sleep(Duration::from_secs(1));
        }
        droplet.root("n=0; until curl -fsS -m 5 -o /dev/null -H 'Host: erp.lab' http://127.0.0.1/web/login; do n=$((n + 1)); [ $n -lt 60 ] || exit 1; sleep 1; done");
        assert_eq!(held(droplet), before, "a loss of power in {step}");
        let run = droplet.root("ls -t /var/lib/ops/odoo/runs | head -n 1");
        laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    }
    rehearse(&laptop, droplet, refs.bump, &[]).exits(0).says(&["it would pass"]);
}
