//! Backups that leave the droplet as Odoo's own zips, and come from such.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::backups::{Family, deployed, nothing_left};
use crate::droplet::Droplet;
use crate::laptop::Laptop;

const FILES: &str = "cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo;";
const EXPORTS: &str = "/var/lib/ops/odoo/backup/export";

/// Rows that could be taken for something else, and files, one of them large enough that its way takes a while.
pub fn stock(droplet: Droplet, large: u64) {
    droplet.sql("insert into ipai_document (name) values ('kept')");
    droplet.sql("create table lab_text as select E'\\\\.\\n' || E'\\r' || 'restrict ' || n || E'\\n\\\\! touch /tmp/done' as text from generate_series(1, 50) n");
    let names = droplet.root(&format!(
        "{FILES} for n in 1 2 3; do
           [ $n != 1 ] && echo \"file $n\" >/root/file || head -c {large} /dev/urandom >/root/file
           s=$(sha1sum </root/file | cut -c 1-40); f=$(printf %.2s $s)/$s; mkdir -p ${{f%/*}} && mv /root/file $f && echo $f
         done; chown -R --reference=. ."
    ));
    for name in names.lines() {
        droplet.sql(&format!(
            "insert into ir_attachment (name, type, store_fname) values ('lab', 'binary', '{name}')"
        ));
    }
}

/// What `python3` prints; the laptop of the lab has one.
#[track_caller]
pub fn python(program: &str, file: &Path) -> String {
    let output = std::process::Command::new("python3").args(["-c", program]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A pull that has begun, of which so much has arrived.
fn pulling(laptop: &Laptop, droplet: Droplet, bytes: u64) -> Child {
    let err = std::fs::File::create(laptop.file("err")).unwrap();
    let mut command = laptop.command(&["backup", "pull", droplet.env, "--yes", "--file", "here.zip"]);
    let child = command.stdout(Stdio::null()).stderr(err).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(300);
    while laptop.file("here.zip.part").metadata().map_or(0, |meta| meta.len()) < bytes {
        assert!(Instant::now() < deadline, "{}", std::fs::read_to_string(laptop.file("err")).unwrap());
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

/// Exported, and fetched over a way that breaks in every manner.
pub fn pulled_over_a_bad_link(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    stock(droplet, 6_000_000);
    laptop.ops(&["backup", "pull", droplet.env, "--yes"]).exits(2).says(&["no verified backup"]);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", "export", droplet.env]).exits(3).says(&["--yes", EXPORTS]);
    laptop.ops(&["backup", "pull", droplet.env, "--dry-run"]).exits(0).says(&["Dry run"]);
    droplet.root(&format!("[ ! -e {EXPORTS} ]"));
    let before = droplet.state();
    fetched_in_the_end(&laptop, droplet);
    assert_eq!(droplet.state(), before, "an export changed what runs");
    has_all_parts(&laptop.file("here.zip"), family);
    laptop
        .ops(&["backup", "pull", droplet.env, "--yes", "--file", "here.zip"])
        .exits(2)
        .says(&["there already"]);
    nothing_left(droplet);
}

/// Again, and told for a program.
pub fn exported_twice_are_the_same(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    stock(droplet, 6_000_000);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", "export", droplet.env, "--yes"]).exits(0).says(&["export.zip"]);
    assert_eq!(droplet.root(&format!("stat -c '%a %U' {EXPORTS}/*.zip {EXPORTS}")), "600 root\n700 root");
    laptop.ops(&["backup", "pull", droplet.env, "--file", "here.zip"]).exits(0);
    droplet.root(&format!("[ -z \"$(ls {EXPORTS})\" ]"));
    has_all_parts(&laptop.file("here.zip"), family);
    not_written_over(&laptop, droplet);
}

/// The laptop dies, somebody loses patience, the link is cut: `here.zip` is whole in the end.
fn fetched_in_the_end(laptop: &Laptop, droplet: Droplet) {
    // A megabyte a second, so that it can be met on its way; of what is fetched alone.
    droplet.root(
        "cat >/usr/local/bin/tail <<'END'
#!/bin/sh
case $* in *.zip) [ -e /run/slow ] || exec /usr/bin/tail \"$@\" ;; *) exec /usr/bin/tail \"$@\" ;; esac
/usr/bin/tail \"$@\" | { while [ -e /run/slow ]; do dd bs=64k count=2 iflag=fullblock 2>/dev/null; sleep 0.1; done; cat; }
END
chmod 755 /usr/local/bin/tail; : >/run/slow",
    );
    let part = || laptop.file("here.zip.part").metadata().unwrap().len();
    let mut child = pulling(laptop, droplet, 500_000);
    child.kill().unwrap();
    child.wait().unwrap();
    let (there, mut child) = (part(), pulling(laptop, droplet, 1_500_000));
    assert!(there >= 500_000);
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let said = std::fs::read_to_string(laptop.file("err")).unwrap();
    assert!(said.contains("goes on with it") && said.contains("here.zip.part"), "{said}");
    // The link is cut under it; it does not notice more than a pause.
    let mut child = pulling(laptop, droplet, part() + 500_000);
    droplet.root("pkill -KILL -x sshd-session");
    std::thread::sleep(Duration::from_secs(2));
    droplet.root("rm -f /run/slow");
    assert_eq!(
        child.wait().unwrap().code(),
        Some(0),
        "{}",
        std::fs::read_to_string(laptop.file("err")).unwrap()
    );
    assert!(!laptop.file("here.zip.part").exists());
    droplet.root(&format!("rm /usr/local/bin/tail; [ -z \"$(ls {EXPORTS})\" ]"));
}

/// What is of something else is not gone on with; and the same backup gives the same bytes.
fn not_written_over(laptop: &Laptop, droplet: Droplet) {
    std::fs::write(laptop.file("other.zip.part"), "something else").unwrap();
    let other = ["backup", "pull", droplet.env, "--yes", "--keep", "--output", "json", "--file", "other.zip"];
    laptop.ops(&other).exits(2).says(&["is of something else"]);
    std::fs::remove_file(laptop.file("other.zip.part")).unwrap();
    let said = laptop.ops(&other).exits(0);
    let pulled = said.out.lines().find(|line| line.contains("ops.pull/1")).expect("what was pulled");
    let pulled: serde_json::Value = serde_json::from_str(pulled).unwrap();
    let bytes = std::fs::read(laptop.file("other.zip")).unwrap();
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&pulled["sha256"], &pulled["bytes"]), (&sum.into(), &bytes.len().into()));
    assert_eq!(bytes, std::fs::read(laptop.file("here.zip")).unwrap());
    droplet.root(&format!("[ \"$(ls {EXPORTS} | wc -l)\" = 2 ]"));
    nothing_left(droplet);
}

/// What Odoo's own `dump_db` writes: judged by what its `restore_db` reads.
fn has_all_parts(zip: &Path, family: &Family) {
    let said = python(
        "import hashlib, json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1]); names = z.namelist(); m = json.loads(z.read('manifest.json'))
files = [n for n in names if n.startswith('filestore/')]
assert len(files) >= 3 and all(hashlib.sha1(z.read(n)).hexdigest() == n[-40:] for n in files), names
assert len(names) == len(files) + 2 and names[0] == 'dump.sql'
assert m['odoo_dump'] == '1' and m['db_name'] == 'odoo' and m['major_version'] == '14.0' and m['pg_version'] == '15.0', m
assert m['version'].startswith('14.0') and m['version_info'][:4] == [14, 0, 0, 'final'], m
sql = z.read('dump.sql')
assert not [l for l in sql.split(b'\\n') if l.startswith((b'\\\\unrestrict', b'SET transaction_timeout', b'COMMENT ON EXTENSION', b'GRANT ', b'ALTER TABLE OWNER'))]
assert sql.startswith(b'--') and sql.count(b'\\\\rrestrict') == 50 and b'kept' in sql
print(m['modules']['ipai_docs'])",
        zip,
    );
    assert!(said.starts_with("14.0."), "{} {said}", family.base[0]);
}
