//! The files of two PostgreSQL servers, made once for all tests: one with nothing in it, one with an Odoo database.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Sandbox, Shell};

const SCHEMA: &str = include_str!("odoo.sql");
/// Stubs that are Python: compiled, because they start a hundred times in a test.
const PROGRAMS: [(&str, &str); 2] =
    [("docker", include_str!("docker.py")), ("restic", include_str!("restic.py"))];
/// PostgreSQL refuses to run as root, which is the only user of the sandbox: it runs as another one of a user namespace.
const MAKE: &str = r#"
as() { unshare --user --map-user=999 --map-group=999 "$@"; }
bin=/stubs/postgresql
mkdir -p /var/run/postgresql
as $bin/initdb -D /srv/empty -U postgres -A trust --no-sync -E UTF8 --locale=C --wal-segsize=1 >/dev/null || exit
cp -a /srv/empty /srv/odoo || exit
as $bin/postgres -D /srv/odoo -c fsync=off -c listen_addresses= >/srv/log 2>&1 &
until $bin/pg_isready -q; do sleep 0.05; kill -0 $! || exit; done
$bin/psql -Xq -v ON_ERROR_STOP=1 -U postgres -d postgres || exit
as $bin/pg_ctl -D /srv/odoo -m fast stop >/dev/null
for one in docker restic; do
  /usr/bin/python3 -c 'import py_compile, sys; py_compile.compile(sys.argv[1], cfile=sys.argv[2], doraise=True)' /srv/$one.py /srv/$one.pyc || exit
done
"#;

/// Users that programs in the sandbox look up.
pub const PASSWD: &str =
    "root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\nodoo:x:101:101::/var/lib/odoo:/bin/sh\n";

/// Links `/stubs/postgresql` to the programs of the newest PostgreSQL of this machine.
pub fn link(sandbox: &Sandbox) {
    let all = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed (.ci/need)");
    let newest = all.map(|entry| entry.unwrap().path().join("bin")).max().unwrap();
    std::os::unix::fs::symlink(newest, sandbox.path("/stubs/postgresql")).unwrap();
}

/// A directory with `empty` and `odoo`, data directories of PostgreSQL, and the stubs `docker.pyc` and `restic.pyc`.
pub fn template() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let parts = [SCHEMA, MAKE, PROGRAMS[0].1, PROGRAMS[1].1];
    let sum = parts
        .iter()
        .flat_map(|part| part.bytes())
        .fold(0u64, |sum, byte| sum.wrapping_mul(1_099_511_628_211).wrapping_add(u64::from(byte) + 1));
    let made = parent.join(format!("droplet-postgres-{sum:x}"));
    if !made.exists() {
        let mut sandbox = Sandbox::new(Shell::Dash);
        sandbox.write("/etc/passwd", PASSWD);
        link(&sandbox);
        for (name, text) in PROGRAMS {
            sandbox.write(&format!("/srv/{name}.py"), text);
        }
        sandbox.sh(&format!("{{ {MAKE} }} <<'SCHEMA'\n{SCHEMA}SCHEMA\n")).exits(0);
        let new = parent.join(format!("droplet-postgres-new-{}", std::process::id()));
        std::fs::create_dir_all(&new).unwrap();
        for one in ["empty", "odoo", "docker.pyc", "restic.pyc"] {
            copy(&sandbox.path(&format!("/srv/{one}")), &new.join(one));
        }
        // Another test process may have been faster.
        if std::fs::rename(&new, &made).is_err() {
            std::fs::remove_dir_all(&new).unwrap();
        }
    }
    made
}

/// A directory with everything below it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}
