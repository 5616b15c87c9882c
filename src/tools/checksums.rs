//! The checksums of click-odoo-update: what the database says of them, what modules have on disk, and storing them.
//!
//! The program that computes them runs in a container of the release, on a question that the database answered.

use serde::Serialize;

use crate::cmd::Cmd;
use crate::program::Program;

/// Computes them, for `python3 -c` in a container of the service.
pub const PROGRAM: Program =
    Program::python("checksums", &[include_str!("addons_paths.py"), include_str!("checksums.py")]);

/// Asks for modules and what is stored; what is longer than any tool writes is not read.
pub const QUESTION: &str = r"
select jsonb_build_object(
  'modules', (select jsonb_object_agg(name, state) from ir_module_module where state in ('installed', 'to upgrade')),
  'languages', (select jsonb_agg(code) from res_lang where active),
  'patterns', (select left(value, 100000) from ir_config_parameter where key = 'module_auto_update.exclude_patterns'),
  'stored', (select value from ir_config_parameter where key = 'module_auto_update.installed_checksums'
    and octet_length(value) <= 1000000),
  'bytes', (select octet_length(value) from ir_config_parameter where key = 'module_auto_update.installed_checksums'));
";

/// What is known to be up to date in the database, and gets the checksum of its files; the others keep theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum Settled {
    /// Everything was updated that differs.
    All,
    /// These, and what is not among the modules there were before: it was installed from the files that are here.
    Named { names: Vec<String>, before: Vec<String> },
    /// The operator says that all are: what has none gets one.
    Unknown,
}

/// The stack on the droplet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At<'a> {
    pub project: &'a str,
    /// The Compose service of PostgreSQL.
    pub db: &'a str,
    pub database: &'a str,
}

/// `ask FILE`: a statement to the database, `$c` its container; the file is what psql may read as its input.
const ASK: &str = r#"
db=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$db" ] || { echo "no running container of $2"; exit 1; }
ask() {
  docker exec -i "$db" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$1" -f /dev/fd/3 3<<SQL
$2
SQL' sh "$database" "$1"
}
database=$3
"#;

pub(super) const STORE: Program = Program::shell(
    "checksums.store",
    &[
        ASK,
        r#"
web=$4 before=$5 question=$6 write=$7 proof=$8
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$web" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no running container of $web"; exit 1; }
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
IFS= read -r settled
program=$(cat)
if [ -n "$before" ] && [ ! -e "$before" ]; then
  ask "select jsonb_build_object('value', value) from ir_config_parameter where key = 'module_auto_update.installed_checksums'" \
    </dev/null >"$before.new" && mv -f "$before.new" "$before" || exit
fi
{ ask "$question" </dev/null && printf '%s\n' "$settled"; } >"$work/question" || exit
set --
docker inspect -f '{{range .Args}}{{println .}}{{end}}' "$c" >"$work/words" || exit
while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <"$work/words"
timeout 900 docker exec -i "$c" python3 -c "$program" "$@" <"$work/question" >"$work/new" || { echo 'the checksums could not be computed'; exit 1; }
ask "$write" <"$work/new" || exit
[ "$(ask "$proof" <"$work/new")" = t ] || { echo 'the checksums are not what was stored'; exit 1; }
echo "the checksums of $(tr -cd : <"$work/new" | wc -c) modules are in the database"
"#,
    ],
);

/// Computes and stores them in the database, with the files that the running container of `web` has. `before`: a file
/// in which what was stored is kept, for [`restore`]; none where the whole database is put back.
pub fn store(at: At<'_>, web: &str, before: Option<&str>, settled: &Settled) -> Cmd {
    // The time as click-odoo-update writes it: the parameter's row is looked at by people.
    const WRITE: &str = r"\set new `cat`
begin;
update ir_config_parameter set value = :'new', write_date = now() at time zone 'UTC'
  where key = 'module_auto_update.installed_checksums' and value is distinct from :'new';
insert into ir_config_parameter (key, value, create_date, write_date)
  select 'module_auto_update.installed_checksums', :'new', now() at time zone 'UTC', now() at time zone 'UTC'
  where not exists (select from ir_config_parameter where key = 'module_auto_update.installed_checksums');
commit;";
    const PROOF: &str = r"\set new `cat`
select value = :'new' from ir_config_parameter where key = 'module_auto_update.installed_checksums'";
    let settled = serde_json::to_string(settled).unwrap_or_default();
    let args =
        [at.project, at.db, at.database, web, before.unwrap_or_default(), QUESTION.trim(), WRITE, PROOF];
    Cmd::script(STORE, args).stdin(format!("{settled}\n{}", PROGRAM.text()))
}

pub(super) const RESTORE: Program = Program::shell(
    "checksums.restore",
    &[
        ASK,
        r#"
[ -e "$4" ] || exit 0
if [ -s "$4" ]; then ask "$5" <"$4"; else ask "$6" </dev/null; fi
"#,
    ],
);

/// What was stored before, where [`store`] has kept it.
pub fn restore(at: At<'_>, before: &str) -> Cmd {
    const BACK: &str = r"\set old `cat`
update ir_config_parameter set value = :'old'::jsonb->>'value' where key = 'module_auto_update.installed_checksums'";
    const NONE: &str = "delete from ir_config_parameter where key = 'module_auto_update.installed_checksums'";
    Cmd::script(RESTORE, [at.project, at.db, at.database, before, BACK, NONE])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_passes_through_a_compose_file_unchanged() {
        assert!(!PROGRAM.text().contains('$'));
    }
}
