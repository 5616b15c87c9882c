//! The droplet is gone: a stack comes back onto a bare one from its repository off site, with git and registry cut off.

use std::collections::BTreeSet;

use crate::backups::{Family, ODOO, STANDIN};
use crate::droplet::{Cut, DEMO, Droplet, lab};
use crate::laptop::Laptop;

const FILES: &str = "cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo;";
/// The schema, every row of every table, every sequence, every file; a line each. An Odoo that starts counts up one of
/// the sequences.
const HELD: &str = r#"docker exec odoo-db-1 pg_dump -s -U odoo odoo | grep -v -E '^.(un)?restrict ' | sha256sum
    docker exec odoo-db-1 psql -XAtq -v ON_ERROR_STOP=1 -U odoo -d odoo \
      -c "select table_name, md5(query_to_xml(format('select * from %I t order by t::text', table_name), true, false, '')::text)
            from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1" \
      -c "select sequencename, last_value from pg_sequences where sequencename <> 'base_cache_signaling' order by 1"
    cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore && find . -type f -exec sha256sum {} + | sort"#;
/// What a bare droplet has of a stack: nothing.
const THERE: &str = "docker ps -aq; docker volume ls -q; docker network ls -q -f type=custom; docker image ls -aq
    ls -A /opt/odoo /etc/nginx/sites-enabled /var/lib/ops/odoo/releases /var/lib/ops/odoo/backup/key /var/backups/ops 2>/dev/null | grep -v :; :";

/// `images`: backups keep them.
fn laptop(images: bool) -> Laptop {
    let defaults = format!("defaults:\n  backup: {{ images: {images} }}\n");
    let laptop = Laptop::with(&[
        ("defaults:\n", defaults.as_str()),
        (
            "modules: [ipai_docs]",
            "modules: [ipai_docs]
    backup:
      offsite:
        - name: spaces
          repository: s3:http://s3.lab:9000/demo/prod
          env: { AWS_ACCESS_KEY_ID: lab-offsite, AWS_SECRET_ACCESS_KEY: { file: s3-secret } }",
        ),
    ]);
    std::fs::write(laptop.file("s3-secret"), "lab-offsite-secret").unwrap();
    laptop
}

/// A key in a file of the laptop.
fn key(laptop: &Laptop, name: &str, text: &str) -> String {
    std::fs::write(laptop.file(name), text).unwrap();
    laptop.file(name).display().to_string()
}

/// A stack with two releases, the second beside the first, and a backup of it; people's key, and what it holds.
fn stand(laptop: &Laptop, droplet: Droplet, refs: [&str; 2]) -> (String, String) {
    droplet.fresh();
    lab(&["s3", "reset"]);
    laptop.deploy(droplet.env, refs[0], &[]).exits(0);
    laptop.deploy(droplet.env, refs[1], &[]).exits(0);
    droplet.sql("insert into ipai_document (name) values ('one'), ('two')");
    let name = droplet.root(&format!(
        "{FILES} s=$(printf kept | sha1sum | cut -c 1-40); f=$(echo $s | cut -c 1-2)/$s; mkdir -p ${{f%/*}}; printf kept >$f; chown -R --reference=. ${{f%/*}}; echo $f"
    ));
    droplet.sql(&format!(
        "insert into ir_attachment (name, type, store_fname) values ('lab', 'binary', '{name}')"
    ));
    laptop.ops(&["backup", "init", droplet.env, "--yes"]).exits(0);
    // Sessions and jobs of Odoo write all the time.
    droplet.sql("update ir_cron set active = false");
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0).says(&["done backup.images"]);
    let said = laptop.ops(&["backup", "key", droplet.env, "--yes", "--output", "json"]).exits(0).out;
    let said = said.lines().find(|line| line.contains("ops.key/1")).expect("a key is printed");
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    (key(laptop, "key", said["key"].as_str().unwrap()), droplet.root(HELD))
}

/// Not even the images of the stack are there.
fn bare(droplet: Droplet) -> [Cut; 2] {
    droplet.fresh();
    droplet.root("docker image ls -aq | xargs -r docker image rm -f");
    [Cut::registry(droplet), Cut::git(droplet)]
}

/// All is as it was.
#[track_caller]
fn holds(droplet: Droplet, held: &str, after: &str) {
    let now = droplet.root(HELD);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (now, held) = (lines(&now), lines(held));
    let other: Vec<_> = now.symmetric_difference(&held).collect();
    assert!(other.is_empty() && held.len() > 10, "{after}, {} lines: {other:#?}", held.len());
}

/// The lab's droplet, as `--onto` takes one that no inventory names.
fn address() -> String {
    let inventory = lab(&["inventory"]);
    let line = inventory.lines().find(|line| line.contains("name: demo-1")).unwrap();
    let word = |key: &str| line.split(key).nth(1).unwrap().split(',').next().unwrap().trim();
    format!("root@{}:{}", word("host:"), word("port:"))
}

/// Whatever cannot be, and a plan that is only shown.
fn looked_at(laptop: &Laptop, droplet: Droplet, key_file: &str) {
    let wrong = key(laptop, "wrong", "another-key");
    let recover = |onto: &str, key: &str, more: &str| {
        laptop.ops(&["recover", droplet.env, "--onto", onto, "--key-file", key, more])
    };
    recover(droplet.name, &wrong, "--yes").exits(1).says(&["this key does not open"]);
    laptop.ops(&["recover", droplet.env, "--onto", droplet.name]).exits(3).says(&["--key-file"]);
    recover("nowhere", key_file, "--yes").exits(2);
    recover(droplet.name, key_file, "--from=box").exits(2).says(&["no place box"]);
    let plan = recover(droplet.name, key_file, "--dry-run").exits(0);
    plan.says(&["what was written since", "neither git nor a registry"]);
    assert_eq!(droplet.root(THERE), "", "what only looks left something");
}

/// `refs`: of two releases without an update between them.
fn comes_back(droplet: Droplet, family: &Family, refs: [&str; 2], reached: &str) {
    let laptop = laptop(true);
    let (key_file, held) = stand(&laptop, droplet, refs);
    let web = droplet.web();
    let recover = |onto: &str, key: &str, more: &[&str]| {
        laptop.ops(&[&["recover", droplet.env, "--onto", onto, "--key-file", key], more].concat())
    };
    recover(droplet.name, &key_file, &["--yes"]).exits(9).says(&[
        "is not bare",
        "odoo_odoo-data",
        "/opt/odoo is not empty",
    ]);
    holds(droplet, &held, "refused");

    let cuts = bare(droplet);
    looked_at(&laptop, droplet, &key_file);
    let said = recover(&address(), &key_file, &["--yes", "--output", "json"]);
    let said = said.exits(0).never_says(&["lab-offsite-secret"]);
    let told = said.out.lines().find(|line| line.contains("ops.recovery/1")).expect("what was reached");
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    assert!(
        told["rpo_seconds"].as_u64().unwrap() > 0 && told["rto_seconds"].as_u64().unwrap() < 900,
        "{told}"
    );
    droplet.login_page();
    holds(droplet, &held, "recovered");
    assert_eq!((droplet.release(), droplet.web()), (reached.to_owned(), web));
    let secret = droplet.root("ps e -A -o args; docker ps -aq | xargs docker inspect; find /var/lib/ops/odoo/runs -type f -exec cat {} +; ls /tmp /dev/shm");
    let key = std::fs::read_to_string(&key_file).unwrap();
    assert!(
        !secret.contains(&key) && !secret.contains("lab-offsite-secret"),
        "a secret is where others can read it"
    );

    // It goes on as if nothing had been.
    let laptop = self::laptop(false);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let all = laptop.json(&["backup", "list", droplet.env])["backups"].clone();
    assert_eq!(
        (all[0]["places"].as_array().unwrap().len(), all[1]["places"].as_array().unwrap().len()),
        (2, 1),
        "{all}"
    );
    laptop.ops(&["rollback", droplet.env, "--yes"]).exits(0);
    assert_eq!(droplet.release(), family.base[1]);
    drop(cuts);
    laptop.deploy(droplet.env, refs[1], &[]).exits(0);
    assert_eq!(droplet.release(), reached);
}

/// The stand-in, in minutes.
pub fn of_the_standin() {
    comes_back(DEMO, &STANDIN, ["standin", "standin-code"], "standin-code");
}

/// With real Odoo.
pub fn of_odoo() {
    comes_back(DEMO, &ODOO, ["main", "code-only"], "code-only");
}

/// What cannot come back leaves the droplet as bare as it was.
pub fn what_fails() {
    let laptop = laptop(true);
    let (key, _) = stand(&laptop, DEMO, ["standin", "standin-code"]);
    let _cuts = bare(DEMO);
    let recover = || laptop.ops(&["recover", DEMO.env, "--onto", DEMO.name, "--key-file", &key, "--yes"]);
    lab(&["s3", "off"]);
    recover().exits(4).says(&["spaces", "does not answer"]);
    lab(&["s3", "on"]);
    // Something of the droplet's own has the port of Odoo.
    DEMO.root("printf 'server { listen 127.0.0.1:8069; listen 127.0.0.1:18069; }' >/etc/nginx/conf.d/held.conf; systemctl restart nginx");
    recover().exits(6).says(&["as bare as it was"]);
    assert_eq!(DEMO.root(THERE), "");
    DEMO.root("rm /etc/nginx/conf.d/held.conf; systemctl restart nginx");
}

/// The droplet takes it back by itself, and another recovery works.
pub fn a_loss_of_power() {
    let laptop = laptop(true);
    let (key, _) = stand(&laptop, DEMO, ["standin", "standin-code"]);
    // They would not survive it.
    drop(bare(DEMO));
    let mut child = laptop
        .command(&["recover", DEMO.env, "--onto", DEMO.name, "--key-file", &key, "--yes"])
        .spawn()
        .unwrap();
    DEMO.root("until docker ps --format '{{.Names}}' | grep -q odoo-db-1; do sleep 0.1; done");
    DEMO.power_loss();
    child.kill().unwrap();
    child.wait().unwrap();
    DEMO.root("n=0; until [ -z \"$(docker ps -aq; docker volume ls -q; docker image ls -aq; ls -A /opt/odoo 2>/dev/null)\" ]; do n=$((n + 1)); [ $n -lt 120 ] || exit 1; sleep 0.5; done");
    let again = ["recover", DEMO.env, "--onto", DEMO.name, "--key-file", &key, "--yes", "--wait-lock", "4m"];
    laptop.ops(&again).exits(0);
    DEMO.login_page();
}
