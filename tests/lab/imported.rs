//! Backups that somebody else made: what is one comes back like any other, what means harm is refused, and nothing of it stays.

use crate::backups::{Family, deployed, nothing_left};
use crate::carried::{python, stock};
use crate::droplet::Droplet;
use crate::laptop::{Laptop, Ran};

const STATE: &str = "/var/lib/ops/odoo/backup";
const NAMES: &str = "select string_agg(name, ',' order by id) from ipai_document";

/// A droplet with data, and that as a zip: `good.zip`.
fn stand(droplet: Droplet, family: &Family) -> Laptop {
    let laptop = deployed(droplet, family.base[0]);
    stock(droplet, 60_000);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", "pull", droplet.env, "--yes", "--file", "good.zip"]).exits(0);
    laptop
}

fn import(laptop: &Laptop, droplet: Droplet, file: &str, more: &[&str]) -> Ran {
    laptop.ops(&[&["backup", "import", droplet.env, file, "--yes"], more].concat())
}

/// Those that came from a file, the newest first.
fn imported(laptop: &Laptop, droplet: Droplet) -> Vec<String> {
    let list = laptop.json(&["backup", "list", droplet.env]);
    let rows = list["backups"].as_array().unwrap().iter().filter(|row| row["imported"] == true);
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Another archive out of `good.zip`: `case` changes `sql` (its statements) or `files`, by name.
fn made(laptop: &Laptop, case: &str) {
    let program = format!(
        "import sys, zipfile\nfrom zipfile import ZIP_DEFLATED\npath = sys.argv[1]; good = zipfile.ZipFile(path)
files = {{n: good.read(n) for n in good.namelist()}}; sql = files.pop('dump.sql'); END = b'--\\n-- PostgreSQL database dump complete'
def add(text):\n    global sql; assert END in sql; sql = sql.replace(END, text.encode() + b'\\n\\n' + END)
def drop():\n    n = sorted(n for n in files if n.startswith('filestore/'))[0]; del files[n]
{case}
with zipfile.ZipFile(path.replace('good', 'bad'), 'w', ZIP_DEFLATED) as z:\n    z.writestr('dump.sql', sql); [z.writestr(n, d) for n, d in files.items()]"
    );
    python(&program, &laptop.file("good.zip"));
}

/// All that an import could leave, or touch.
fn held(droplet: Droplet) -> String {
    droplet.root(&format!(
        "docker ps -aq --no-trunc | sort; docker volume ls -q | sort; ls {STATE} {STATE}/import
         restic -q -r /var/backups/ops/odoo --password-file {STATE}/key --no-cache snapshots --json | tr ',' '\\n' | grep '\"id\"'
         docker exec odoo-db-1 psql -XAtq -U odoo -d postgres -c 'select datname from pg_database order by 1' -c 'select rolname from pg_roles order by 1'"
    ))
}

#[track_caller]
fn refused(laptop: &Laptop, droplet: Droplet, case: &str, words: &[&str]) {
    made(laptop, case);
    import(laptop, droplet, "bad.zip", &[]).exits(9).says(&["the file cannot be imported"]).says(words);
}

/// As Odoo's own database manager makes it, with all that `pg_dump` writes: `good.zip`.
fn zipped(laptop: &Laptop, droplet: Droplet) {
    let parts = droplet.root(
        "docker exec odoo-db-1 pg_dump -U odoo --no-owner odoo >/root/dump.sql
         cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo
         tar c --transform 's#^[.]/#filestore/#' -C /root dump.sql -C \"$PWD\" . | base64 -w 0; rm /root/dump.sql",
    );
    std::fs::write(laptop.file("parts"), parts).unwrap();
    let program = "import base64, io, os, sys, tarfile, zipfile
parts = open(os.path.join(os.path.dirname(sys.argv[1]), 'parts')).read()
with tarfile.open(fileobj=io.BytesIO(base64.b64decode(parts))) as t, zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    [z.writestr(m.name, t.extractfile(m).read()) for m in t if m.isreg()]";
    python(program, &laptop.file("good.zip"));
}

/// What Odoo's own database manager gives is imported, and comes back by its name alone.
pub fn a_zip_comes_back(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    stock(droplet, 60_000);
    zipped(&laptop, droplet);
    droplet.sql("update ipai_document set name = 'spoilt'");
    droplet.sql("delete from ir_attachment where name = 'lab'");
    let before = droplet.state();
    import(&laptop, droplet, "good.zip", &[]).exits(0).says(&["ops backup list"]);
    assert_eq!(droplet.state(), before, "an import changed what runs");
    nothing_left(droplet);
    droplet.root(&format!("[ ! -e {STATE}/importing ] && [ -z \"$(ls {STATE}/import)\" ]"));
    let ids = imported(&laptop, droplet);
    let [id] = ids.as_slice() else { panic!("{ids:?}") };
    laptop.ops(&["backup", "show", droplet.env, id]).exits(0).says(&["good.zip"]);
    // Nobody gets it who does not name it.
    laptop.ops(&["restore", droplet.env, "--dry-run"]).exits(2).says(&["no verified backup"]);
    laptop.ops(&["restore", droplet.env, id, "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "kept");
    droplet.login_page();
    droplet.root(
        "set -e; cd $(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore/odoo
         [ \"$(cat $(printf 'file 2\n' | sha1sum | cut -c 1-40 | sed 's#^..#&/&#'))\" = 'file 2' ]",
    );
    assert_eq!(droplet.sql("select count(*) from lab_text where text like E'%\\\\! touch%'"), "50");
    nothing_left(droplet);

    // And what means harm is refused.
    let before = held(droplet);
    refused(&laptop, droplet, "files['../../evil'] = b'x'", &["leads out of it"]);
    refused(&laptop, droplet, r"add('\\! touch /tmp/owned')", &["is a command of psql"]);
    assert_eq!(held(droplet), before, "something was left");
}

/// What would do harm, and what is said of it.
const STATEMENTS: [(&str, &str); 18] = [
    ("COPY public.res_users FROM PROGRAM 'touch /tmp/owned';", "must be superuser"),
    (r"SELECT 1 \\g |touch /tmp/owned", "syntax error"),
    ("COPY public.res_users TO '/tmp/owned';", "must be superuser"),
    (
        "CREATE FUNCTION public.f(int) RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'system';",
        "permission denied for language c",
    ),
    ("ALTER ROLE odoo SUPERUSER;", "it cannot be restored"),
    ("SET ROLE ops_import;", "permission denied"),
    ("SET SESSION AUTHORIZATION ops_import;", "permission denied"),
    ("SELECT pg_read_file('/etc/passwd');", "permission denied"),
    ("SELECT lo_import('/etc/passwd');", "permission denied"),
    ("CREATE EXTENSION dblink SCHEMA public;", "permission denied"),
    (
        "CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS $$begin end$$; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.e();",
        "permission denied",
    ),
    ("ALTER SYSTEM SET archive_command = 'touch /tmp/owned';", "it cannot be restored"),
    (
        "CREATE FUNCTION public.evil(int) RETURNS bool LANGUAGE plpgsql AS $$begin return true; end$$; ALTER TABLE public.res_users ADD CHECK (public.evil(id));",
        "which a restore would run",
    ),
    (
        "CREATE FUNCTION public.evil(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$begin return 1; end$$; ALTER TABLE public.res_users ADD x int GENERATED ALWAYS AS (public.evil(id)) STORED;",
        "which a restore would run",
    ),
    (
        "ALTER TABLE public.res_users ADD CHECK (query_to_xml('select 1', true, true, '') IS NOT NULL);",
        "which a restore would run",
    ),
    // It would hide from whoever looks for it.
    (
        "CREATE SCHEMA evil; CREATE FUNCTION evil.pg_get_constraintdef(oid) RETURNS text LANGUAGE sql AS 'select null::text'; ALTER ROLE odoo SET search_path = evil, pg_catalog; CREATE FUNCTION public.evil(int) RETURNS bool LANGUAGE plpgsql AS $$begin return true; end$$; ALTER TABLE public.res_users ADD CHECK (public.evil(id));",
        "which a restore would run",
    ),
    ("DROP TABLE public.ir_module_module CASCADE;", "no database of Odoo"),
    (
        "DROP TABLE public.ir_module_module CASCADE; CREATE VIEW public.ir_module_module AS SELECT 'base' AS name, 'installed' AS state, '14.0.1.3' AS latest_version;",
        "no database of Odoo",
    ),
];

/// Each by itself does harm where a superuser runs it with psql.
pub fn what_means_harm_is_refused(droplet: Droplet, family: &Family) {
    let laptop = stand(droplet, family);
    import(&laptop, droplet, "good.zip", &[]).exits(0);
    let before = held(droplet);
    let psql = &["is a command of psql"];
    for line in [
        r"\\copy public.res_users from program \'id\'",
        r"\\i /etc/passwd",
        r"\\connect postgres",
        r"\\set x 1",
    ] {
        refused(&laptop, droplet, &format!("add('{line}')"), psql);
    }
    for (text, words) in STATEMENTS {
        let text = text.replace('\'', r"\'");
        refused(&laptop, droplet, &format!("add('{text}')"), &[words]);
    }
    refused(&laptop, droplet, "sql = sql[:len(sql) * 6 // 10]", &["cut"]);
    refused(&laptop, droplet, "sql = sql[:-120]", &[]);
    refused(&laptop, droplet, "drop()", &["1 are missing", "--missing-files 1"]);
    std::fs::write(laptop.file("bad.dump"), [b"PGDMP".as_slice(), &[7; 4000]].concat()).unwrap();
    import(&laptop, droplet, "bad.dump", &[]).exits(9).says(&["no dump that this pg_restore reads"]);
    std::fs::write(laptop.file("bad.zip"), "PK\x03\x04 and no more").unwrap();
    import(&laptop, droplet, "bad.zip", &[]).exits(9).says(&["its end is missing"]);
    std::fs::write(laptop.file("bad.zip"), "no backup").unwrap();
    import(&laptop, droplet, "bad.zip", &[]).exits(2).says(&["no backup that can be imported"]);
    assert_eq!(held(droplet), before, "something was left");
    // Of what is harmless so much may be missing.
    made(&laptop, "drop()");
    import(&laptop, droplet, "bad.zip", &["--missing-files", "1"]).exits(0);
}

/// A dump of `pg_dump -Fc`, which brings no files, and a folder of click-odoo-backupdb.
pub fn dumps_and_folders(droplet: Droplet, family: &Family) {
    let laptop = stand(droplet, family);
    let dump = droplet.root("docker exec odoo-db-1 pg_dump -U odoo -Fc --no-owner odoo | base64 -w 0");
    let name = laptop.file("odoo.dump");
    std::fs::write(laptop.file("odoo.b64"), dump).unwrap();
    python(
        "import base64, sys; open(sys.argv[1], 'wb').write(base64.b64decode(open(sys.argv[1].replace('.dump', '.b64')).read()))",
        &name,
    );
    import(&laptop, droplet, "odoo.dump", &[]).exits(9).says(&["missing", "--missing-files"]);
    let files =
        droplet.sql("select count(distinct store_fname) from ir_attachment where store_fname is not null");
    import(&laptop, droplet, "odoo.dump", &["--missing-files", &files]).exits(0);
    python(
        "import os, sys, zipfile
d = os.path.dirname(sys.argv[1]); f = os.path.join(d, 'folder'); zipfile.ZipFile(os.path.join(d, 'good.zip')).extractall(f)
os.remove(os.path.join(f, 'dump.sql')); os.rename(sys.argv[1], os.path.join(f, 'db.dump')); os.makedirs(os.path.join(f, 'filestore/checklist/ab'))",
        &name,
    );
    import(&laptop, droplet, "folder", &[]).exits(0);
    let ids = imported(&laptop, droplet);
    assert_eq!(ids.len(), 2);
    laptop.ops(&["backup", "verify", droplet.env, &ids[0], "--drill", "--yes"]).exits(0);
    droplet.sql("update ipai_document set name = 'spoilt'");
    laptop.ops(&["restore", droplet.env, &ids[0], "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "kept");
    // The newest three stay, and every backup of this stack's own as well.
    for _ in 0..2 {
        import(&laptop, droplet, "folder", &[]).exits(0);
    }
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let all = laptop.json(&["backup", "list", droplet.env]);
    assert_eq!((imported(&laptop, droplet).len(), all["backups"].as_array().unwrap().len()), (3, 5), "{all}");
    assert_eq!(droplet.root(&format!("ls {STATE}/*.imported.json | wc -l")), "3");
    nothing_left(droplet);
}

/// Odoo itself restores what is exported, and what it would pack itself comes back with all of its own.
pub fn odoo_takes_it_and_gives_it(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    stock(droplet, 60_000);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    laptop.ops(&["backup", "export", droplet.env, "--yes"]).exits(0);
    let web = droplet.web();
    droplet.root(&format!(
        "docker cp -q {STATE}/export/*.zip {web}:/tmp/x.zip; docker exec -u 0 {web} chmod 644 /tmp/x.zip"
    ));
    // Its `restore_db`, as `/web/database/manager` calls it.
    let program = "import os, odoo
odoo.tools.config.parse_config([\"-c\", \"/etc/odoo/odoo.conf\", \"--db_host\", os.environ[\"HOST\"], \"--db_user\", os.environ[\"USER\"], \"--db_password\", os.environ[\"PASSWORD\"]])
odoo.tools.config[\"list_db\"] = True
with odoo.api.Environment.manage():
    odoo.service.db.restore_db(\"taken\", \"/tmp/x.zip\", True)
with odoo.sql_db.db_connect(\"taken\").cursor() as cr:
    cr.execute(\"select name from ipai_document\"); names = cr.fetchall()
    cr.execute(\"select store_fname from ir_attachment where name = %s\", (\"lab\",)); files = cr.fetchall()
print(\"RESTORED\", names, [os.path.getsize(os.path.join(odoo.tools.config.filestore(\"taken\"), f)) for f, in files])";
    let said = droplet.root(&format!("docker exec {web} python3 -c '{program}' 2>&1 | tail -n 30"));
    assert!(said.contains("RESTORED [('kept',)] [") && said.contains("60000"), "{said}");
    let count = |name: &str| {
        let tables = "select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', oid::regclass), false, true, '')))[1]::text::bigint) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ('ir_config_parameter', 'bus_bus')";
        let quoted = tables.replace('\'', r"'\''");
        droplet.root(&format!("docker exec odoo-db-1 psql -XAtq -U odoo -d {name} -c '{quoted}'"))
    };
    assert_eq!(count("taken"), count("odoo"));
    droplet.root("docker exec odoo-db-1 dropdb -f -U odoo taken");

    zipped(&laptop, droplet);
    droplet.sql("update ipai_document set name = 'spoilt'");
    import(&laptop, droplet, "good.zip", &[]).exits(0);
    let id = imported(&laptop, droplet).remove(0);
    laptop.ops(&["backup", "verify", droplet.env, &id, "--drill", "--yes"]).exits(0);
    laptop.ops(&["restore", droplet.env, &id, "--confirm", droplet.env]).exits(0);
    assert_eq!(droplet.sql(NAMES), "kept");
    droplet.login_page();
    nothing_left(droplet);
}
