//! Backups that are made while users work, and come back: over what serves, over what is broken, without `ops`.

use std::time::Duration;

use crate::droplet::{Droplet, lab};
use crate::laptop::Laptop;
use crate::load::Load;
use crate::migrate::{Prober, databases};

/// What runs: a ref, and what its code says of itself.
pub struct Family {
    pub base: [&'static str; 2],
    pub bump: [&'static str; 2],
}

pub const STANDIN: Family = Family { base: ["standin", "base"], bump: ["standin-bump", "bump"] };
pub const ODOO: Family = Family { base: ["main", "base"], bump: ["bump", "bump"] };

pub const FILES: &str = "cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore;";
pub const NAMES: &str =
    "select string_agg(name, ',' order by id) from ipai_document where name not like 'load %'";

/// Documents and an attachment are written all the time, until it is dropped.
struct Writer(Droplet);

impl Writer {
    fn on(droplet: Droplet) -> Self {
        droplet.root(
            "cat >/run/writer.sh <<'END'
c=odoo-db-1 n=0
while [ -e /run/writer ]; do
  n=$((n + 1))
  echo \"insert into ipai_document (name) values ('load $n')\" | docker exec -i $c psql -q -U odoo -d odoo
  sleep 0.2
done
END
: >/run/writer; setsid sh /run/writer.sh >/dev/null 2>&1 </dev/null &",
        );
        Self(droplet)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.root("rm -f /run/writer; sleep 0.5");
    }
}

/// A fresh droplet with a release.
pub fn deployed(droplet: Droplet, git_ref: &str) -> Laptop {
    droplet.fresh();
    let laptop = Laptop::new();
    laptop.deploy(droplet.env, git_ref, &[]).exits(0);
    laptop
}

/// A file that the database names, as Odoo attaches one; its path below the filestore of the database.
pub fn attach(droplet: Droplet, text: &str) -> String {
    let path = droplet.root(&format!(
        "{FILES} cd odoo; s=$(printf %s '{text}' | sha1sum | cut -d' ' -f1); d=$(printf %.2s $s);
         mkdir -p $d; printf %s '{text}' >$d/$s; chown -R --reference=. $d; echo $d/$s"
    ));
    droplet.sql(&format!(
        "insert into ir_attachment (name, type, store_fname) values ('{text}', 'binary', '{path}')"
    ));
    path
}

/// Nothing of a backup or of a restore is left: no container, session, directory, role.
#[track_caller]
pub fn nothing_left(droplet: Droplet) {
    droplet.root(
        "set -e; [ ! -e /var/lib/ops/odoo/backup/now ]; [ ! -e /var/lib/ops/odoo/backup/coming ]
         [ -z \"$(docker ps -aq --filter label=ops.backup)\" ]
         docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select count(*) from pg_stat_activity where application_name = 'ops-backup'\" | grep -qx 0
         docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c \"select count(*) from pg_roles where rolname like '%restored%'\" | grep -qx 0",
    );
}

/// Under load; then another engineer brings it back, and what was meanwhile is kept.
pub fn made_and_brought_back(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    laptop.ops(&["backup", "list", droplet.env]).exits(0).never_says(&["verified"]);
    laptop.ops(&["restore", droplet.env, "--yes"]).exits(2).says(&["no verified backup", "ops backup"]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let path = attach(droplet, "an attachment");
    laptop.ops(&["backup", droplet.env]).exits(3).says(&["--yes"]);
    let before = droplet.state();
    let writer = Writer::on(droplet);
    let load = Load::on(droplet);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0).says(&["keep Odoo from removing files meanwhile"]);
    load.end().none_failed("a backup");
    drop(writer);
    assert_eq!(droplet.state(), before, "a backup changed what runs");
    nothing_left(droplet);
    let listed = laptop.json(&["backup", "list", droplet.env]);
    let one = &listed["backups"][0];
    assert_eq!(
        (&one["verified"], listed["backups"].as_array().unwrap().len()),
        (&true.into(), 1),
        "{listed}"
    );
    let shown = laptop.json(&["backup", "show", droplet.env]);
    assert_eq!(shown["database"]["modules"]["ipai_docs"], "14.0.1.0.0", "{shown}");
    let named: u64 = droplet
        .sql("select count(distinct store_fname) from ir_attachment where store_fname is not null")
        .parse()
        .unwrap();
    assert_eq!(shown["attachments"]["named"], named, "{shown}");

    // What happens to people.
    droplet.sql("update ipai_document set name = 'spoilt' where name = 'kept'");
    droplet.sql("delete from ir_attachment where name = 'an attachment'");
    droplet.root(&format!("{FILES} rm odoo/{path}"));
    let other = Laptop::new();
    other.ops(&["restore", droplet.env, "nothing", "--yes"]).exits(2).says(&["no verified backup nothing"]);
    other.ops(&["restore", droplet.env, "--yes"]).exits(3).says(&["Data is lost", "--confirm"]);
    assert_eq!(droplet.sql(NAMES), "spoilt");
    let prober = Prober::on(droplet);
    other
        .ops(&["restore", droplet.env, "latest", "--confirm", droplet.env])
        .exits(0)
        .says(&["from backup", "Result sheet: "]);
    let long = prober.interruption("a restore");
    assert!(long < Duration::from_secs(60), "{long:?}");
    sheet_of_a_restore(droplet);
    assert_eq!((droplet.sql(NAMES), droplet.release()), ("kept".to_owned(), family.base[1].to_owned()));
    droplet.root(&format!("{FILES} [ \"$(cat odoo/{path})\" = 'an attachment' ]"));
    assert_eq!(droplet.sql("select count(*) from ir_attachment where name = 'an attachment'"), "1");
    nothing_left(droplet);
    let all = databases(droplet);
    let [(live, true), (left, false)] = all.as_slice() else { panic!("{all:?}") };
    assert!(live == "odoo" && left.starts_with("odoo_after_"), "{all:?}");
    let owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'odoo'";
    assert_eq!(droplet.sql(owner), "odoo");

    // It was the wrong thing to do: what was there is there.
    other.ops(&["rollback", droplet.env, "--with-data", "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "spoilt");
}

#[track_caller]
fn sheet_of_a_restore(droplet: Droplet) {
    let sheet = droplet.root("cat /var/lib/ops/odoo/runs/*/sheet.md");
    for one in [
        "| verdict | **it came back, and serves** |",
        "- files: ",
        "- rows: ",
        "- sums: ",
        "| restore.database | ",
    ] {
        assert!(sheet.contains(one), "{one}\n{sheet}");
    }
}

/// A backup of before a deploy that updated a module: its code comes with it.
pub fn with_the_code_that_fits(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    laptop.ops(&["backup", "create", droplet.env, "--yes"]).exits(0);
    laptop.deploy(droplet.env, family.bump[0], &[]).exits(0);
    laptop.ops(&["restore", droplet.env, "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.release(), family.base[1]);
    let version = "select latest_version from ir_module_module where name = 'ipai_docs'";
    assert_eq!(droplet.sql(version), "14.0.1.0.0");
}

/// Over a site that is down, a database that is gone and a filestore that is gone.
pub fn over_what_is_broken(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let path = attach(droplet, "an attachment");
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let restored = |what: &str| {
        laptop.ops(&["restore", droplet.env, "--confirm", droplet.env]).exits(0);
        assert_eq!(
            (droplet.sql(NAMES), droplet.release()),
            ("kept".to_owned(), family.base[1].to_owned()),
            "{what}"
        );
        droplet.root(&format!("{FILES} [ -s odoo/{path} ]"));
        droplet.login_page();
        nothing_left(droplet);
    };
    droplet.root(&format!("docker stop {}", droplet.web()));
    restored("a stopped site");
    droplet.sql("drop table ir_module_module cascade");
    restored("a broken database");
    droplet.root(&format!(
        "docker stop {}; docker exec odoo-db-1 dropdb -U odoo odoo; {FILES} rm -rf odoo",
        droplet.web()
    ));
    restored("no database and no files");
}

/// Files that are missing or damaged, while Odoo serves; and the database without them.
pub fn in_parts(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let (lost, damaged) = (attach(droplet, "lost"), attach(droplet, "damaged"));
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let young = attach(droplet, "young");
    droplet.root(&format!("{FILES} rm odoo/{lost}; echo wrong >odoo/{damaged}"));
    let before = droplet.state();
    laptop.ops(&["restore", droplet.env, "--part", "filestore", "--yes"]).exits(0);
    let there = |path: &str| droplet.root(&format!("{FILES} cat odoo/{path}; stat -c ' %U' odoo/{path}"));
    let owner = there(&young).replace("young", "");
    assert_eq!((there(&lost), there(&damaged)), (format!("lost{owner}"), format!("damaged{owner}")));
    droplet.root(&format!("{FILES} grep -q wrong odoo_damaged_*/{damaged}; [ ! -e odoo_damaged_*.new ]"));
    assert_eq!(droplet.state(), before, "Odoo served meanwhile");
    nothing_left(droplet);
    droplet.root(&format!("{FILES} rm odoo/{young}"));
    laptop
        .ops(&["restore", droplet.env, "--part", "filestore", "--yes"])
        .exits(1)
        .says(&["1 files are not in this backup"]);

    droplet.sql("update ipai_document set name = 'spoilt'");
    laptop.ops(&["restore", droplet.env, "--part", "db", "--yes"]).exits(3).says(&["--confirm"]);
    laptop.ops(&["restore", droplet.env, "--part", "db", "--confirm", droplet.env]).exits(0);
    assert_eq!((droplet.sql(NAMES), there(&lost)), ("kept".to_owned(), format!("lost{owner}")));
    nothing_left(droplet);
}

/// The droplet's own restic is too old, and says so; one from an image does all of it.
pub fn by_an_image(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(1).says(&["too old", "backup.restic.image"]);
    let laptop = Laptop::with(&[(
        "defaults:\n",
        "defaults:\n  backup: { restic: { image: \"registry.lab:5000/restic:0.18\" } }\n",
    )]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let path = attach(droplet, "an attachment");
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    droplet.sql("update ipai_document set name = 'spoilt'");
    droplet.root(&format!("{FILES} rm odoo/{path}"));
    laptop.ops(&["restore", droplet.env, "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "kept");
    droplet.root(&format!("{FILES} [ \"$(cat odoo/{path})\" = 'an attachment' ]"));
    laptop.ops(&["backup", "verify", droplet.env, "--drill", "--yes"]).exits(0);
    nothing_left(droplet);
}

/// A laptop whose environment has a place in S3.
pub fn with_place() -> Laptop {
    let place = "modules: [ipai_docs]
    backup:
      offsite:
        - name: spaces
          repository: s3:http://s3.lab:9000/guarantee/demo
          env: { AWS_ACCESS_KEY_ID: lab-offsite, AWS_SECRET_ACCESS_KEY: { file: s3-secret } }";
    let laptop = Laptop::with(&[("modules: [ipai_docs]", place)]);
    std::fs::write(laptop.file("s3-secret"), "lab-offsite-secret").unwrap();
    laptop
}

/// A laptop whose environment has a place in S3 and one by sftp, both empty.
pub fn with_two_places(name: &str) -> Laptop {
    lab(&["s3", "reset"]);
    lab(&["sftp", "reset"]);
    let places = format!(
        "modules: [ipai_docs]
    backup:
      offsite:
        - name: spaces
          repository: s3:http://s3.lab:9000/{name}/prod
          env: {{ AWS_ACCESS_KEY_ID: lab-offsite, AWS_SECRET_ACCESS_KEY: {{ file: s3-secret }} }}
        - {{ name: box, repository: \"sftp:backup@sftp.lab:/srv/backup/{name}\" }}"
    );
    let laptop = Laptop::with(&[("modules: [ipai_docs]", &places)]);
    std::fs::write(laptop.file("s3-secret"), "lab-offsite-secret").unwrap();
    laptop
}

/// Copies in S3 and by sftp: made, kept up with, and what is left when the droplet's own repository is gone.
pub fn with_copies_off_site(droplet: Droplet, family: &Family) {
    droplet.fresh();
    let laptop = with_two_places("demo");
    laptop.deploy(droplet.env, family.base[0], &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let path = attach(droplet, "an attachment");
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(1).says(&["ops backup init"]);
    laptop.ops(&["backup", "init", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0).never_says(&["lab-offsite-secret"]);
    let places = |nth: usize| {
        let listed = laptop.json(&["backup", "list", droplet.env]);
        listed["backups"][nth]["places"].as_array().unwrap().len()
    };
    // What was verified before is copied too.
    assert_eq!((places(0), places(1)), (3, 3));
    let secrets = droplet.root(
        "ps e -A -o args; docker ps -aq | xargs -r docker inspect; find /var/lib/ops -path '*/offsite/*' -prune -o -type f -exec cat {} +",
    );
    assert!(!secrets.contains("lab-offsite-secret"), "a secret is where others can read it");
    let key = laptop.ops(&["backup", "key", droplet.env, "--yes", "--output", "json"]).exits(0).out;
    let key = key.lines().find(|line| line.contains("ops.key/1")).expect("a key is printed");
    let key: serde_json::Value = serde_json::from_str(key).unwrap();

    // A bad day far away: what is here is verified and kept, and the next one catches up.
    lab(&["s3", "slow"]);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(1).says(&["spaces", "cannot be reached"]);
    lab(&["s3", "on"]);
    assert_eq!(places(0), 1);
    nothing_left(droplet);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    assert_eq!((places(0), places(1)), (3, 3));

    // The repository here is gone; people's key opens the copy.
    droplet.root(&format!(
        "rm -rf /var/backups/ops; export RESTIC_PASSWORD={}; restic -q -r sftp:backup@sftp.lab:/srv/backup/demo snapshots --no-lock | grep -q verified",
        key["key"].as_str().unwrap()
    ));
    droplet.sql("update ipai_document set name = 'spoilt'");
    droplet.root(&format!("{FILES} rm odoo/{path}"));
    laptop.ops(&["restore", droplet.env, "--from", "spaces", "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "kept");
    droplet.root(&format!("{FILES} [ \"$(cat odoo/{path})\" = 'an attachment' ]"));
}

/// `ops` is gone; the README's few lines bring the data back.
pub fn with_plain_restic(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    droplet.sql("insert into ipai_document (name) values ('kept')");
    let path = attach(droplet, "an attachment");
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    droplet.root("cp /var/lib/ops/odoo/backup/key /root/key; rm -rf /var/lib/ops");
    let said = droplet.root(&format!(
        "set -ex
         restic -q -r /var/backups/ops/odoo --password-file /root/key restore latest --tag verified --target /root/back
         cd /root/back/run/ops-backup
         docker exec odoo-db-1 createdb -U odoo back
         docker cp -q db odoo-db-1:/tmp/db
         docker exec odoo-db-1 pg_restore -U odoo -d back --no-owner -e /tmp/db
         [ \"$(cat filestore/{path})\" = 'an attachment' ]; [ -s config/odoo.conf ]; [ -s config/globals.sql ]
         [ -s config/site ]; [ -s stack/.env ]; [ -d ops/releases ]
         docker exec odoo-db-1 psql -XAtq -U odoo -d back -c \"select name from ipai_document\""
    ));
    assert!(said.ends_with("kept"), "{said}");
}
