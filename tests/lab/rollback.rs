//! Going back to a kept release: code alone, code and data, and on days when nothing else works.

use std::time::Duration;

use crate::droplet::{Cut, Droplet};
use crate::laptop::Laptop;
use crate::load::Load;
use crate::migrate::{Prober, databases};

/// Refs: what runs first, new code, a module update; and what the code of each says of itself.
pub struct Family {
    pub base: [&'static str; 2],
    pub code: [&'static str; 2],
    pub bump: [&'static str; 2],
}

pub const STANDIN: Family = Family {
    base: ["standin", "base"],
    code: ["standin-code", "standin-code"],
    bump: ["standin-bump", "bump"],
};
pub const ODOO: Family =
    Family { base: ["main", "base"], code: ["code-only", "code-only"], bump: ["bump", "bump"] };

fn version(droplet: Droplet) -> String {
    droplet.sql("select latest_version from ir_module_module where name = 'ipai_docs'")
}

/// Back and forth under load; a laptop that never saw the deploy does it.
pub fn code_alone(droplet: Droplet, family: &Family) {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop.deploy(droplet.env, family.base[0], &[]).exits(0);
    laptop
        .ops(&["rollback", droplet.env, "--yes"])
        .exits(2)
        .says(&["no older release is kept", "ops releases list"]);
    laptop.deploy(droplet.env, family.code[0], &[]).exits(0);
    let before = droplet.state();
    laptop.ops(&["rollback", droplet.env, "--dry-run"]).exits(0).says(&["code only", "taken back: 1 commit"]);
    laptop.ops(&["rollback", droplet.env]).exits(3).says(&["rollback", "--yes"]);
    laptop.ops(&["rollback", droplet.env, "--yes", "--to", "nothing"]).exits(2).says(&["no kept release"]);
    assert_eq!(droplet.state(), before);

    let other = Laptop::new();
    let load = Load::on(droplet);
    other.ops(&["rollback", droplet.env, "--yes"]).exits(0).says(&["blue-green", "runs now: release"]);
    load.end().none_failed("a rollback of code alone");
    assert_eq!(droplet.release(), family.base[1]);
    // The release before is the one that runs under another name; the only older one is none.
    other.ops(&["rollback", droplet.env, "--yes"]).exits(2).says(&["no older release is kept"]);
    let ids = other.json(&["releases", "list", droplet.env]);
    let newest = ids["releases"].as_array().unwrap()[1]["id"].as_str().unwrap().to_owned();
    other.ops(&["rollback", droplet.env, "--yes", "--to", &newest]).exits(0);
    assert_eq!(droplet.release(), family.code[1]);
    let runs = other.json(&["runs", "list", droplet.env]);
    assert_eq!(runs["runs"][0]["command"], "rollback", "{runs}");
    // What was brought back is a release as any other: a hand-typed Compose sees it, a deploy goes on from it.
    let code = droplet
        .root("cd /opt/odoo && docker compose ps --services --status running | grep -c -x -E 'odoo(-b)?'");
    assert_eq!(code, "1");
    other.deploy(droplet.env, family.code[0], &[]).exits(0).says(&["nothing to do"]);
}

/// The database that was put aside comes back, files and all; nothing is lost without being said, and the way
/// forward is there as well.
pub fn code_and_data(droplet: Droplet, family: &Family) {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop.deploy(droplet.env, family.base[0], &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('before')");
    laptop.deploy(droplet.env, family.bump[0], &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('after 1'), ('after 2')");
    let files = "d=$(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo;";
    // Users attach a file, the vacuum takes one away that the old database still names.
    let gone = droplet.root(&format!(
        "{files} cd $d; f=$(find . -type f | head -n 1); mkdir -p aa; echo new >aa/new; chown -R --reference=. aa; rm $f; echo $f"
    ));

    laptop
        .ops(&["rollback", droplet.env, "--yes", "--code-only"])
        .exits(9)
        .says(&["ipai_docs is 14.0.1.1.0 in the database, and was 14.0.1.0.0 then", "--with-data"]);
    // `--yes` is no word for a loss.
    laptop.ops(&["rollback", droplet.env, "--yes"]).exits(3).says(&[
        "Data is lost: what was written in the last",
        "changed row",
        "--confirm",
    ]);
    assert_eq!(droplet.release(), family.bump[1]);

    let prober = Prober::on(droplet);
    laptop.ops(&["rollback", droplet.env, "--confirm", droplet.env]).exits(0).says(&["code and data"]);
    let long = prober.interruption("a rollback with data");
    assert!(long < Duration::from_secs(60), "{long:?}");
    assert_eq!(droplet.release(), family.base[1]);
    assert_eq!(version(droplet), "14.0.1.0.0");
    assert_eq!(droplet.sql("select string_agg(name, ',') from ipai_document"), "before");
    droplet.root(&format!("{files} cd $d; [ -s {gone} ] && [ -s aa/new ] && [ -s ../odoo_after_*/aa/new ]"));
    let all = databases(droplet);
    let [(live, true), (left, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && left.starts_with("odoo_after_"), "{all:?}");

    and_forward_again(droplet, &laptop, family);
}

/// With what users had written there; and a database that somebody dropped.
fn and_forward_again(droplet: Droplet, laptop: &Laptop, family: &Family) {
    droplet.sql("insert into ipai_document (name) values ('between')");
    let ids = laptop.json(&["releases", "list", droplet.env]);
    let newer = ids["releases"].as_array().unwrap()[1]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["rollback", droplet.env, "--confirm", droplet.env, "--to", &newer]).exits(0);
    assert_eq!((droplet.release(), version(droplet)), (family.bump[1].to_owned(), "14.0.1.1.0".to_owned()));
    assert_eq!(
        droplet.sql("select string_agg(name, ',' order by id) from ipai_document"),
        "before,after 1,after 2"
    );
    // What a rollback of what runs needs stays; its files go with what does not.
    let listed = laptop.json(&["snapshots", "list", droplet.env]);
    let kept = listed["snapshots"][0]["name"].as_str().unwrap().to_owned();
    laptop
        .ops(&["snapshots", "drop", droplet.env, &kept, "--confirm", droplet.env])
        .exits(9)
        .says(&["needed"]);
    // A database that somebody dropped cannot come back, and that is said before anything stops.
    droplet.root("docker exec odoo-db-1 psql -U odoo -d postgres -XAtqc \"select 'drop database ' || datname from pg_database where datname like 'odoo_after_%'\" | docker exec -i odoo-db-1 psql -U odoo -d postgres -q");
    laptop
        .ops(&["rollback", droplet.env, "--confirm", droplet.env])
        .exits(9)
        .says(&["is not there any more"]);
    assert_eq!(droplet.release(), family.bump[1]);
}

/// git and the registry are gone, the release that runs crashes, and a laptop with an empty home takes it back.
pub fn on_a_bad_day(droplet: Droplet) {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop.deploy(droplet.env, "standin", &[]).exits(0);
    laptop.deploy(droplet.env, "standin-code", &[]).exits(0);
    let _git = Cut::git(droplet);
    let _registry = Cut::registry(droplet);
    // The code under the container breaks: it ends at once whenever it is started.
    droplet.root(
        "s=/var/lib/ops/odoo/releases; echo 'raise RuntimeError(\"no\")' >$s/$(cat $s/current)/src/custom-addons/ipai_docs/__init__.py;
        c=$(docker ps -q --filter label=com.docker.compose.service=odoo-b); docker exec $c true; docker kill $c >/dev/null",
    );
    laptop.deploy(droplet.env, "standin", &["--allow-downgrade"]).exits(9);
    Laptop::new().ops(&["rollback", droplet.env, "--yes"]).exits(0);
    assert_eq!(droplet.release(), "base");
    droplet.login_page();
    // A release whose image is gone cannot be brought back, and that is said before anything changes.
    let ids = laptop.json(&["releases", "list", droplet.env]);
    let older = ids["releases"].as_array().unwrap()[1]["id"].as_str().unwrap().to_owned();
    droplet.root(&format!("docker image rm ops/odoo:{older}-odoo"));
    laptop
        .ops(&["rollback", droplet.env, "--yes", "--to", &older])
        .exits(9)
        .says(&["the image of odoo cannot be had", "is not on the droplet any more"]);
    assert_eq!(droplet.release(), "base");
}
