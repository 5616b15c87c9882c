//! A droplet with one Odoo stack in a sandbox: an engine with two containers, a real PostgreSQL server in one of them, a
//! filestore, a restic repository, and tools that can be told to fail.

use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt;

use ops::tools::backup::Backup;
use serde_json::{Value, json};

use super::cluster;
use crate::sandbox::{Ran, Sandbox, Shell};

/// What ops keeps of the project.
pub const DIR: &str = "/var/lib/ops/odoo";
pub const REPOSITORY: &str = "/srv/backups/odoo";
/// The stack's directory.
pub const PATH: &str = "/opt/odoo";
pub const SITE: &str = "/etc/nginx/sites-enabled/odoo.conf";
/// Of production's server; no stub may see it as a word of a call.
pub const PASSWORD: &str = "s3cret:of\\production";
/// Files that the database names, and what is in them: the name is the SHA-1 of it.
pub const FILES: [(&str, &str); 2] = [
    ("fe/fe05bcdcdc4928012781a5f1a2a77cbb5398e106", "one"),
    ("ad/ad782ecdac770fc6eb9a62e44f90873fb97fb26b", "two"),
];
/// Where the droplet has the volume with Odoo's files.
pub const FILESTORE: &str = "/srv/docker/volumes/odoo_web/_data/filestore";
const TOOLS: [&str; 4] = ["psql", "pg_dump", "pg_restore", "pg_dumpall"];

pub const FAILS: &str = "echo 'fails on purpose' >&2; exit 1";
pub const HANGS: &str = "exec /usr/bin/sleep 1000";
pub const GARBAGE: &str = r#"printf '\033[31m{"id":[\0 not what anybody asked for'; exit 0"#;

/// The droplet.
pub struct Stack {
    sandbox: Sandbox,
    pub database: String,
}

impl Deref for Stack {
    type Target = Sandbox;
    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl DerefMut for Stack {
    fn deref_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

impl Stack {
    pub fn new(shell: Shell) -> Self {
        Self::with(Sandbox::new(shell), "odoo")
    }

    /// The same with a database of this name.
    pub fn with(sandbox: Sandbox, database: &str) -> Self {
        let mut stack = Self { sandbox, database: database.to_owned() };
        stack.tools();
        stack.engine();
        stack.files();
        stack.boot();
        if database != "odoo" {
            let name = database.replace('"', "\"\"");
            stack.sql("postgres", &format!("alter database odoo rename to \"{name}\""));
        }
        stack
    }

    fn tools(&self) {
        cluster::link(self);
        let template = cluster::template();
        for name in ["docker.pyc", "restic.pyc"] {
            std::fs::copy(template.join(name), self.path(&format!("/stubs/{name}"))).unwrap();
        }
        // What records calls starts no further process.
        let stub = |name: &str, record: &str, body: &str| {
            let text = format!("#!/usr/bin/dash\n{record}{body}\n");
            self.write(&format!("/stubs/{name}"), text);
            let executable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.path(&format!("/stubs/{name}")), executable).unwrap();
        };
        let engine =
            format!("{}exec /usr/bin/python3 -IS /stubs/docker.pyc \"$@\"", include_str!("docker.sh"));
        stub("engine", "", &engine);
        let version =
            "[ \"$1\" != version ] || { echo 'restic 0.18.0 compiled with go1.24.1 on linux/amd64'; exit; }";
        let restic = format!("{version}\nexec /usr/bin/python3 -IS /stubs/restic.pyc \"$@\"");
        let mut tools = vec![("docker", engine), ("restic", restic)];
        tools.extend(TOOLS.map(|name| (name, format!("exec /stubs/postgresql/{name} \"$@\""))));
        for (name, real) in tools {
            let record = format!(
                "IFS='\n'; set -f; {{ printf '%s ' $*; echo; }} >>/calls/of-{name}; unset IFS; set +f\n"
            );
            stub(name, &record, &format!("[ ! -e /stubs/fault-{name} ] || . /stubs/fault-{name}\n{real}"));
        }
        // Programs that poll wait less.
        stub("sleep", "", "case $1 in 0.*) exec /usr/bin/sleep 0.02 ;; esac\nexec /usr/bin/sleep \"$@\"");
        // So many kilobytes are free, where a test says so.
        self.stub(
            "df",
            "[ -e /etc/free ] || exec /usr/bin/df \"$@\"\necho head; echo \"disk 9 9 $(cat /etc/free) 9% /\"",
        );
        // Seconds after the machine's clock.
        let date = "[ -e /etc/clock ] || exec /usr/bin/date \"$@\"\n\
            exec /usr/bin/date -d \"@$(($(/usr/bin/date +%s) + $(cat /etc/clock)))\" \"$@\"";
        stub("date", "", date);
        std::fs::create_dir(self.path("/stubs/inside")).unwrap();
        std::os::unix::fs::symlink("/usr/bin/dash", self.path("/stubs/inside/sh")).unwrap();
    }

    fn engine(&self) {
        cluster::copy(&cluster::template().join("odoo"), &self.path("/srv/docker/volumes/odoo_db/_data"));
        for (name, kind, tags) in
            [("a", "postgres", json!(["postgres:15"])), ("b", "odoo", json!(["odoo:17"]))]
        {
            let image = json!({"Id": image(name), "RepoTags": tags, "RepoDigests": [], "Size": 5_000_000, "Kind": kind});
            self.write(
                &format!("/srv/docker/images/{}.json", &image["Id"].as_str().unwrap()[7..]),
                image.to_string(),
            );
        }
        let db =
            container("db", "a", "/var/lib/postgresql/data", &[&format!("POSTGRES_PASSWORD={PASSWORD}")]);
        let web = container("web", "b", "/var/lib/odoo", &["HOST=db", "USER=odoo"]);
        for one in [db, web] {
            self.write(
                &format!("/srv/docker/containers/{}.json", one["Id"].as_str().unwrap()),
                one.to_string(),
            );
        }
        self.write(
            "/srv/docker/networks/odoo_default.json",
            r#"{"Name":"odoo_default","Labels":{"com.docker.compose.project":"odoo"}}"#,
        );
    }

    fn files(&self) {
        self.write("/etc/passwd", cluster::PASSWD);
        self.write("/etc/odoo/odoo.conf", "[options]\ndata_dir = /var/lib/odoo\n");
        self.write(SITE, "server { server_name erp.example.com; }\n");
        self.write("/etc/letsencrypt/live/erp/fullchain.pem", "certificate\n");
        self.write(&format!("{PATH}/docker-compose.yml"), "services: {}\n");
        self.write(&format!("{PATH}/.env"), "A=b\n");
        self.write(&format!("{DIR}/releases/current"), "r1\n");
        self.write(&format!("{DIR}/releases/r1/release.json"), "{}\n");
        std::fs::create_dir_all(self.path("/var/run/postgresql")).unwrap();
        for (name, text) in FILES {
            self.write(&format!("{FILESTORE}/{}/{name}", self.database), text);
        }
        std::fs::create_dir_all(self.path("/srv/backups")).unwrap();
    }

    /// Servers that programs start, of a drill for one, find what `initdb` makes.
    pub fn empty_servers(&self) {
        cluster::copy(&cluster::template().join("empty"), &self.path("/srv/postgres"));
    }

    /// The same droplet with another shell, and without any backup.
    pub fn again(&mut self, shell: Shell) {
        self.use_shell(shell);
        for dir in [
            format!("{DIR}/backup"),
            REPOSITORY.to_owned(),
            "/calls/of-docker".into(),
            "/calls/of-restic".into(),
        ] {
            let path = self.path(&dir);
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
    }

    /// Starts the containers, as after a loss of power.
    pub fn boot(&mut self) {
        self.sh("docker() { /stubs/engine \"$@\"; }
            docker start odoo-db-1 odoo-web-1 >/dev/null
            n=0; until docker exec odoo-db-1 pg_isready -q -h 127.0.0.1 2>/dev/null; do
              n=$((n + 1)); [ $n -lt 100 ] || { docker logs odoo-db-1; exit 1; }; sleep 0.02
            done")
            .exits(0);
    }

    /// What the server answers to statements of the test.
    #[track_caller]
    pub fn sql(&mut self, database: &str, statements: &str) -> String {
        self.write("/etc/asked.sql", statements);
        self.write("/etc/asked.of", database);
        let ran = self.sh("exec /stubs/engine exec -i odoo-db-1 sh -c 'PGDATABASE=$1 exec /stubs/postgresql/psql -XAtq -v ON_ERROR_STOP=1 \
            -U postgres' sh \"$(cat /etc/asked.of)\" </etc/asked.sql");
        ran.exits(0).out.trim().to_owned()
    }

    pub fn tool(&self) -> Backup<'_> {
        Backup {
            dir: DIR,
            project: "odoo",
            db: "db",
            web: "web",
            database: &self.database,
            repository: REPOSITORY,
            image: None,
            secrets: None,
        }
    }

    /// From now on the `at`-th call of a tool (0: every one) whose words hold `matching` does `then` instead.
    pub fn fault(&self, tool: &str, matching: &str, at: u32, then: &str) {
        let count = format!("/calls/count-{tool}");
        let _ = std::fs::remove_file(self.path(&count));
        let text = format!(
            "case \"$*\" in *'{matching}'*)\n  n=$(($(cat {count} 2>/dev/null || echo 0) + 1)); echo $n >{count}\n  \
             if [ {at} = 0 ] || [ \"$n\" = {at} ]; then\n{then}\nfi ;;\nesac\n"
        );
        self.write(&format!("/stubs/fault-{tool}"), text);
    }

    pub fn mend(&self, tool: &str) {
        let _ = std::fs::remove_file(self.path(&format!("/stubs/fault-{tool}")));
    }

    /// How often a fault was met.
    pub fn met(&self, tool: &str) -> u32 {
        let count = std::fs::read_to_string(self.path(&format!("/calls/count-{tool}"))).unwrap_or_default();
        count.trim().parse().unwrap_or_default()
    }

    /// Snapshots of a repository, the oldest first.
    pub fn snapshots(&self, repository: &str) -> Vec<Value> {
        let Ok(all) = std::fs::read_dir(self.path(&format!("{repository}/snapshots"))) else {
            return Vec::new();
        };
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap()
        };
        let mut all: Vec<Value> = all.map(read).collect();
        all.sort_by_key(|one| one["time"].as_str().unwrap().to_owned());
        all
    }

    /// The ids of verified backups in a repository, the oldest first.
    pub fn verified(&self, repository: &str) -> Vec<String> {
        let all = self.snapshots(repository);
        let tags = all.iter().map(|one| one["tags"].as_array().unwrap());
        let verified = tags.filter(|tags| tags.contains(&json!("verified")));
        verified.map(|tags| tags[2].as_str().unwrap().to_owned()).collect()
    }

    /// Everything that a backup, a trial or a failed restore may not change: databases, roles, rows, Odoo's files, the
    /// stack, configuration, the droplet's containers.
    #[track_caller]
    pub fn production(&mut self) -> String {
        let database = self.database.clone();
        let server = self.sql(
            "postgres",
            "select datname, pg_get_userbyid(datdba), datallowconn, shobj_description(oid, 'pg_database') from pg_database order by 1;
             select rolname, rolsuper, rolcanlogin, shobj_description(oid, 'pg_authid') from pg_roles order by 1;",
        );
        let rows = self.sql(
            &database,
            "select * from ir_attachment order by 1; select * from ir_config_parameter order by 1; select * from ir_cron order by 1;
             select * from res_partner order by 1; select * from ir_mail_server order by 1; select * from res_users order by 1;",
        );
        let files = self
            .sh(&format!(
                "find /opt /root /home /mnt {FILESTORE} /etc -type f ! -path '/etc/asked*' ! -path /etc/free ! -path /etc/clock -exec sha256sum {{}} + | sort -k 2
                 find /opt /root /home /mnt /etc {FILESTORE} -printf '%p %m %l\\n' | grep -vE '^/etc/(asked|free|clock)' | sort
                 ls /var /var/lib /srv /srv/docker /srv/docker/volumes; /stubs/engine ps -a --format '{{{{.Names}}}} {{{{.State.Running}}}}'
                 cat {DIR}/releases/current"
            ))
            .exits(0);
        format!("{server}\n{rows}\n{}", files.out)
    }

    /// No tool was told a secret in its words.
    #[track_caller]
    pub fn calls_are_clean(&self, secrets: &[&str]) {
        for tool in ["docker", "restic", "psql", "pg_dump", "pg_restore", "pg_dumpall"] {
            for call in self.calls(tool) {
                for secret in secrets.iter().chain(&[PASSWORD]) {
                    assert!(!call.contains(secret), "{tool} is told a secret: {call}");
                }
            }
        }
    }

    /// Runs commands one after the other to the first that fails.
    pub fn run_all(&mut self, all: &[ops::cmd::Cmd]) -> Ran {
        let mut last = None;
        for cmd in all {
            let ran = self.run(cmd);
            let failed = ran.code != Some(0);
            last = Some(ran);
            if failed {
                break;
            }
        }
        last.unwrap()
    }
}

/// The id of an image, of one hexadecimal digit.
pub fn image(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

/// A container of the project `odoo`, as `docker inspect` tells it.
pub fn container(service: &str, of: &str, data: &str, env: &[&str]) -> Value {
    let image = image(of);
    let digit = if service == "db" { "1" } else { "2" };
    let name = if service == "db" { "postgres:15" } else { "odoo:17" };
    json!({
        "Id": digit.repeat(64), "Name": format!("/odoo-{service}-1"), "Image": image,
        "Config": {"Image": name, "User": "", "Env": env, "Cmd": [], "WorkingDir": "/", "Labels": {
            "com.docker.compose.project": "odoo", "com.docker.compose.service": service, "com.docker.compose.oneoff": "False"}},
        "State": {"Pid": 0, "Running": false, "Status": "exited"},
        "HostConfig": {"NetworkMode": "odoo_default", "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
        "Mounts": [{"Type": "volume", "Name": format!("odoo_{service}"), "Source": format!("/srv/docker/volumes/odoo_{service}/_data"),
            "Destination": data, "RW": true}],
        "NetworkSettings": {"Networks": {"odoo_default": {"Aliases": [service]}}},
    })
}
