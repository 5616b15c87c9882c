//! Every JSON file that ops keeps on a droplet, and what restic and Compose print: programs read the same from it whatever
//! the order of its keys, its whitespace, and the keys that a later ops adds.

mod backups;
mod facts;
mod recovery;
mod tried;

use ops::tools::backup::Backup;
use serde_json::{Map, Value, json};

use crate::sandbox::{Sandbox, Shell};

const STORE: &str = "/var/lib/ops/shop/backup";
const ID: &str = "20261121t162001z";
/// Members that a later ops may add, named like those that programs look for.
const NEWER: &str = r#"{"release":"newer","taken":"2030-01-01T00:00:00Z","bytes":1,"added":1,"server":"9","id":"sha256:dec0","ok":false,"place":"droplet","by":"drill",
  "at":9999999999,"seconds":1,"ended":"2030-01-01T00:00:00Z","slot":"b","tags":["verified","image","20200101t000000z"],"percent_done":0.99,"total_size":1,
  "total_bytes_processed":1,"data_added_packed":1,"snapshot_id":"dec0","named":99,"missing":99,"image":"newer","digest":"newer@sha256:dec0","run":"newer","hostname":"newer",
  "database":{"bytes":1},"files":[{"path":"db/newer","bytes":1,"sha256":"00"}],"images":[{"service":"newer","image":"newer","id":"sha256:dec0","running":true}],
  "kept":[{"tag":"newer","id":"sha256:dec0"}],"remove":[{"id":"dec0"}],"path":"/run/ops-backup/db/newer","type":"file","size":1,"volumes":["newer"]}"#;

/// Numbers that a seed decides.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below.max(1) as u64).unwrap()
    }
}

/// How a document is written again.
struct Style {
    dice: Dice,
    shuffled: bool,
    newer: bool,
    blanks: &'static [&'static str],
}

impl Style {
    fn blank(&mut self) -> &'static str {
        self.blanks[self.dice.roll(self.blanks.len())]
    }

    fn write(&mut self, key: &str, value: &Value) -> String {
        let (open, parts, close) = match value {
            Value::Array(list) => ("[", list.iter().map(|one| self.write("", one)).collect::<Vec<_>>(), "]"),
            Value::Object(members) => ("{", self.members(key, members), "}"),
            scalar => return scalar.to_string(),
        };
        let mut text = open.to_owned();
        for (n, part) in parts.iter().enumerate() {
            text += if n > 0 { "," } else { "" };
            text += self.blank();
            text += part;
            text += self.blank();
        }
        text + close
    }

    fn members(&mut self, key: &str, members: &Map<String, Value>) -> Vec<String> {
        let mut all: Vec<(String, Value)> = members.clone().into_iter().rev().collect();
        // Objects whose keys are names: another member would be another module, table, service.
        let names = ["modules", "counts", "services", "places"].contains(&key)
            || key == "images" && members.values().all(Value::is_object);
        if self.newer && !names {
            let newer: Value = serde_json::from_str(NEWER).unwrap();
            all.insert(0, ("newer".into(), newer.clone()));
            all.push(("newest".into(), json!([newer, "\"bytes\":1,\"id\":\"dec0\""])));
        }
        if self.shuffled {
            (1..all.len()).rev().for_each(|n| all.swap(n, self.dice.roll(n + 1)));
        }
        let newer = self.newer;
        let mut texts = Vec::new();
        for (name, value) in &all {
            // What a later ops adds has nothing added to it.
            self.newer = newer && !["newer", "newest"].contains(&name.as_str());
            let (before, after) = (self.blank(), self.blank());
            texts.push(format!("{}{before}:{after}{}", json!(name), self.write(name, value)));
        }
        self.newer = newer;
        texts
    }
}

/// A text as it is written today, with its keys reversed, with more keys, and with both shuffled. `lines`: each stays one.
#[expect(clippy::print_stdout, reason = "whoever repeats a failure needs the seed")]
fn variants(text: &str, lines: bool) -> Vec<String> {
    let seed = std::env::var("OPS_JSON_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("OPS_JSON_SEED={seed}");
    let blanks: &[&[&str]] = if lines {
        &[&[""], &[" "], &["", " ", "\t"]]
    } else {
        &[&[""], &["\n  "], &["", " ", "\n", "\t\r\n"]]
    };
    let styles = [
        (false, false, blanks[1]),
        (false, true, blanks[0]),
        (true, true, blanks[2]),
        (true, true, blanks[0]),
    ];
    let again = styles.into_iter().map(|(shuffled, newer, blanks)| {
        let mut style = Style { dice: Dice(seed), shuffled, newer, blanks };
        let mut one = |text: &str| style.write("", &serde_json::from_str(text).unwrap()) + "\n";
        if lines { text.lines().map(one).collect() } else { one(text) }
    });
    std::iter::once(text.to_owned()).chain(again).collect()
}

fn backup() -> Backup<'static> {
    Backup {
        dir: "/var/lib/ops/shop",
        project: "shop",
        db: "db",
        web: "odoo",
        database: "odoo",
        repository: "/srv/backups/shop",
        image: None,
        secrets: None,
    }
}

const DOCKER: &str = r#"
case "$*" in
  ps*label=ops.backup*) ;;
  ps*) echo c0ffee ;;
  inspect*.Mounts*) printf '/var/lib/odoo\t/srv/odoo\n' ;;
  inspect*.Image*) echo sha256:feed ;;
  inspect*) ;;
  *PGDATA*) df -Pk / ;;
  *data_dir*) echo /var/lib/odoo/filestore ;;
  *'echo "${POSTGRES_USER'*) echo postgres ;;
  *psql*) cat >/dev/null; echo 0 ;;
  info*) echo /srv ;;
esac"#;
/// What restic prints comes from files; `restore` copies a tree.
const RESTIC: &str = r#"
case $1 in
  version) echo restic 0.17.3 ;;
  dump) cat /srv/manifest.json ;;
  restore)
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2" && cp -a /srv/tree/. "$2/" ;;
  *) cat "/srv/restic.$1.json" 2>/dev/null || : ;;
esac"#;

/// A droplet with a stack and a repository.
fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    sandbox.stub("docker", DOCKER);
    sandbox.stub("restic", RESTIC);
    sandbox.stub("sleep", ":");
    sandbox.write(&format!("{STORE}/key"), "k");
    sandbox.write("/srv/odoo/filestore/odoo/aa/x", "x");
    sandbox
}

/// Calls `check` with a droplet for each variant of a text, the three shells by turns.
fn each(text: &str, lines: bool, mut check: impl FnMut(&mut Sandbox, &str)) {
    for (n, text) in variants(text, lines).iter().enumerate() {
        check(&mut droplet(Shell::ALL[n % 3]), text);
    }
}

/// Files of a backup that is made, and what the manifest says of them.
fn making(sandbox: &mut Sandbox) {
    made(sandbox, "");
}

/// The same; `imported`: as a program that imports a file says it.
fn made(sandbox: &mut Sandbox, imported: &str) {
    let now = format!("{STORE}/now");
    let notes = [
        ("id", ID),
        ("env", "pro\"d"),
        ("elsewhere", "4"),
        ("holder", "c0ffee"),
        ("snapshot.id", "beef"),
        ("wanted", "aa/1\nbb/2\n"),
        ("bad", "bb/2\n"),
        ("due", "aa/1\n"),
        ("db/toc.dat", "toc"),
        ("db/1.dat", "x"),
        ("config/odoo.conf", "[options]"),
        ("config/certificates/a\"b\\c \u{e9}\td", "cert"),
        (
            "database.json",
            r#"{"name" : "odoo", "bytes" : 5000000000, "server" : "16.4", "owner" : "o\"d", "encoding" : "UTF8", "collate" : "C", "ctype" : "C", "icu" : null, "tables" : 612, "modules" : { "base" : "14.0.1.3", "sale" : null }, "counts" : { "res_users" : 7, "sale_order" : 120 }}"#,
        ),
        (
            "images",
            "{\"service\":\"odoo\",\"image\":\"odoo:14\",\"id\":\"sha256:aa11\",\"running\":true}\n{\"service\":\"db\",\"image\":\"postgres@sha256:0f\",\"id\":\"sha256:bb22\",\"running\":false}\n",
        ),
        ("kept", "{\"tag\":\"ops/shop:r1-odoo\",\"id\":\"sha256:cc33\"}\n"),
    ];
    for (name, text) in notes {
        sandbox.write(&format!("{now}/{name}"), text);
    }
    sandbox.write("/var/lib/ops/shop/releases/current", "r1\n");
    let parts = ["json", "whole", "beside", "backup"]
        .map(|name| std::fs::read_to_string(format!("src/tools/{name}.sh")).unwrap());
    let script = format!(
        "dir=/var/lib/ops/shop project=shop db=db store={STORE} now={now} {imported}\n{}\nsum_up && manifest",
        parts.join("\n")
    );
    sandbox.sh(&script).exits(0);
}

fn manifest() -> String {
    let mut sandbox = droplet(Shell::Dash);
    making(&mut sandbox);
    sandbox.read(&format!("{STORE}/now/config/manifest.json"))
}

/// The tree of a snapshot, with this manifest.
fn stored(sandbox: &mut Sandbox, manifest: &str) {
    making(sandbox);
    sandbox
        .sh(&format!(
            "mkdir -p /srv/tree && cp -a {STORE}/now/db {STORE}/now/config /srv/tree/ && rm -rf {STORE}/now"
        ))
        .exits(0);
    sandbox.write("/srv/tree/config/manifest.json", manifest);
    sandbox.write("/srv/manifest.json", manifest);
    sandbox.write(
        "/srv/restic.snapshots.json",
        r#"[{"summary":{"total_bytes_processed":2000000},"tags":["x"],"id":"beef"}]"#,
    );
    sandbox.write("/srv/restic.stats.json", r#"{"total_size":2000000,"total_file_count":5}"#);
}
