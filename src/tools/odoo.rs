//! Odoo's own command line, always in a one-off container and with the flags that keep it from
//! binding a port, starting crons or being killed half-way (FACTS: `limit_memory_hard` applies to `-i`).

use crate::cmd::Cmd;
use crate::program::Program;
use crate::tools::compose::Project;

/// Lists the modules on the addons paths, for `python3 -` in a container of the service.
pub const ADDONS: Program =
    Program::python("odoo.addons", &[include_str!("addons_paths.py"), include_str!("addons.py")]);

/// Ends at once, binds no port, runs no job.
const ALONE: [&str; 5] =
    ["--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0", "--limit-memory-hard=0"];

/// What is done to the modules of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change<'a> {
    pub install: &'a [String],
    pub update: &'a [String],
}

/// Odoo's exit code proves little: what it could not do stands in its log, and it ends with 0.
pub(super) const CHANGE: Program = Program::shell(
    "odoo.change",
    &[r#"
log=$2 name=$3
shift "$(($1 + 1))"
export COMPOSE_IGNORE_ORPHANS=true
docker rm -f -- "$name" >/dev/null 2>&1
: >"$log" && rm -f "$log.code" || exit
{ "$@" </dev/null 2>&1; echo "$?" >"$log.code"; } | tee -a "$log"
code=$(cat "$log.code") || exit
[ "$code" = 0 ] || { echo "odoo ended with $code"; exit 1; }
bad=$(grep -E '^[0-9-]{10} [0-9:,]{12} [0-9]+ (ERROR|CRITICAL) |invalid module names, ignored|Unmet dependencies' "$log" | head -n 20)
[ -z "$bad" ] || { echo 'odoo ended with 0, and its log says otherwise:'; printf '%s\n' "$bad"; exit 1; }
"#],
);

/// Odoo's shell does what stands on its input, and an error ends it with another code than 0.
pub(super) const UNINSTALL: Program = Program::shell(
    "odoo.uninstall",
    &[r#"
log=$2 name=$3 modules=$4
shift "$(($1 + 1))"
export COMPOSE_IGNORE_ORPHANS=true
docker rm -f -- "$name" >/dev/null 2>&1
: >"$log" && rm -f "$log.code" || exit
{ "$@" 2>&1 <<PYTHON
names = "$modules".split(",")
found = env["ir.module.module"].search([("name", "in", names), ("state", "in", ["installed", "to upgrade", "to remove"])])
found.button_immediate_uninstall()
env.cr.commit()
env.cr.execute("select name, state from ir_module_module where name in %s and state not in ('uninstalled', 'uninstallable')", [tuple(names)])
left = env.cr.fetchall()
assert not left, "not uninstalled: %s" % left
PYTHON
echo "$?" >"$log.code"; } | tee -a "$log"
code=$(cat "$log.code") || exit
[ "$code" = 0 ] || { echo "odoo shell ended with $code"; exit 1; }
"#],
);

/// Where Odoo is run: a one-off container `name` of the service; everything it says is in `log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<'a> {
    pub project: Project<'a>,
    pub service: &'a str,
    pub name: &'a str,
    pub database: &'a str,
    pub log: &'a str,
    /// Where modules and files are, as the service itself is told.
    pub options: &'a [String],
}

impl At<'_> {
    fn run(&self, script: Program, words: &[String], more: &[&str]) -> Cmd {
        let run = self.project.run_as(self.name, self.service, words);
        let count = (2 + more.len()).to_string();
        Cmd::script(script, [count.as_str(), self.log, self.name])
            .args(more.iter().copied())
            .args(run.argv().iter().cloned())
    }
}

/// Installs and updates modules.
pub fn change(at: &At<'_>, wanted: &Change<'_>) -> Cmd {
    let mut words = vec!["odoo".to_owned(), "-d".into(), at.database.to_owned()];
    words.extend(at.options.iter().cloned());
    for (flag, modules) in [("-i", wanted.install), ("-u", wanted.update)] {
        if !modules.is_empty() {
            words.extend([flag.to_owned(), modules.join(",")]);
        }
    }
    words.extend(ALONE.map(str::to_owned));
    at.run(CHANGE, &words, &[])
}

/// Odoo's own tests, of the modules that are updated (`at_install`) and of all (`post_install`). Some of them ask over
/// HTTP, inside their own container.
pub fn test(at: &At<'_>, update: &[String], tags: &str) -> Cmd {
    let mut words = vec!["odoo".to_owned(), "-d".into(), at.database.to_owned()];
    words.extend(at.options.iter().cloned());
    if !update.is_empty() {
        words.extend(["-u".to_owned(), update.join(",")]);
    }
    words.extend([
        "--test-enable".to_owned(),
        format!("--test-tags={tags}"),
        "--http-interface=127.0.0.1".into(),
    ]);
    words.extend(ALONE.iter().filter(|flag| **flag != "--no-http").map(|flag| (*flag).to_owned()));
    at.run(CHANGE, &words, &[])
}

/// Odoo's own way, since 16, of switching off a copy: jobs, mail servers, payments and what modules add to that.
pub fn neutralize(at: &At<'_>) -> Cmd {
    let mut words = vec!["odoo".to_owned(), "neutralize".into(), "-d".into(), at.database.to_owned()];
    words.extend(at.options.iter().cloned());
    at.project.run_as(at.name, at.service, &words).env("COMPOSE_IGNORE_ORPHANS", "true")
}

/// The command of a service that shows one database, whatever the configuration says, and runs no job.
pub fn serve(database: &str, options: &[String]) -> Vec<String> {
    let mut words = vec!["odoo".to_owned(), "-d".into(), database.to_owned()];
    words.extend(options.iter().cloned());
    let flags = ["--db-filter=", "--workers=0", "--max-cron-threads=0", "--limit-memory-hard=0"];
    words.extend(flags.map(str::to_owned));
    words
}

/// Uninstalls modules, with those that need them. No `--uninstall` was ever an option of Odoo: it is told in its own
/// shell, which every version since 10 has.
pub fn uninstall(at: &At<'_>, modules: &[String]) -> Cmd {
    let mut words = vec!["odoo".to_owned(), "shell".into(), "-d".into(), at.database.to_owned()];
    words.extend(at.options.iter().cloned());
    words.extend(ALONE.iter().filter(|flag| **flag != "--stop-after-init").map(|flag| (*flag).to_owned()));
    at.run(UNINSTALL, &words, &[&modules.join(",")])
}

pub(super) const END: Program = Program::shell(
    "odoo.end",
    &[r#"docker rm -f -- "$1" >/dev/null 2>&1; [ -z "$(docker ps -aq --filter "name=^$1\$")" ]"#],
);

/// Ends a [`change`] that is still at work.
pub fn end(name: &str) -> Cmd {
    Cmd::script(END, [name])
}

pub(super) const RECORD: Program = Program::shell(
    "odoo.record-modules",
    &[r#"
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no running container of $2"; exit 1; }
# Docker may fail to start a program in a container whose cgroups just change (126, with its reason where the answer
# would stand). Then nothing was asked, and a release that serves is not put back for it.
ask() { # database, file of the answer; a question on stdin
  question=$(cat) code=126 tries=0
  while [ "$code" = 126 ] && [ "$tries" -lt 3 ]; do
    [ "$tries" = 0 ] || { cat "$2"; sleep 1; }
    tries=$((tries + 1))
    printf '%s\n' "$question" | docker exec -i "$c" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$1" >"$2"
    code=$?
  done
  [ "$code" = 0 ] || { cat "$2"; exit "$code"; }
}
ask "$3" "$4.modules" <<'SQL'
select string_agg(to_json(name)::text || ': ' || to_json(coalesce(latest_version, ''))::text, ', ' order by name)
from ir_module_module where state = 'installed'
SQL
awk -v file="$4.modules" '/^ *"@modules": "@"$/ { while ((getline line <file) > 0) print line; next } { print }' "$4" >"$4.new" &&
  mv -f "$4.new" "$4" && rm -f "$4.modules" || exit
ask "$3" "${4%/*}/since" <<'SQL'
select json_build_object('lsn', pg_current_wal_lsn(), 'oid', datid::bigint, 'rows', tup_inserted + tup_updated + tup_deleted, 'at', now())
from pg_stat_database where datname = current_database()
SQL
"#],
);

/// Writes the installed modules with their versions into a release's record, where it says `"@modules": "@"`,
/// and beside it where the database stands, by which is told later what was written since.
pub fn record_modules(project: &str, db: &str, database: &str, template: &str) -> Cmd {
    Cmd::script(RECORD, [project, db, database, template])
}

/// `odoo -d DB -i ..` into a database that does not exist yet.
pub fn create_database(database: &str, modules: &[String], options: &[String]) -> Vec<String> {
    let mut all = vec!["base".to_owned()];
    all.extend(modules.iter().filter(|module| *module != "base").cloned());
    let mut words = vec!["odoo".to_owned(), "-d".into(), database.to_owned(), "-i".into(), all.join(",")];
    words.extend(options.iter().cloned());
    words.extend(ALONE.map(str::to_owned));
    words.push("--without-demo=all".into());
    words
}
