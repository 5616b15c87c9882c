//! Scheduled actions of Odoo, held from the database's side: no data changes, and no Odoo is asked.
//!
//! Before a job runs, Odoo (14 to 19) locks its row of `ir_cron`; a lock on the whole table waits for the jobs
//! that run and keeps new ones from beginning. Requests of users only read the table.

use crate::cmd::Cmd;
use crate::program::Program;

/// Whose session it is, for the end of it.
pub(super) const HOLD: Program = Program::shell(
    "crons.hold",
    &[r#"
c=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no running container of $2"; exit 1; }
ask() { docker exec -i "$c" sh -c 'exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$1"; }
end() { echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-crons'" | ask postgres >/dev/null; }
[ "$5" != release ] || { end; exit; }
end || exit
# A database that is missing, or broken, runs none.
[ "$(echo "select to_regclass('ir_cron') is not null" | ask "$3" 2>/dev/null)" = t ] || exit 0
ask "$3" >/dev/null 2>&1 <<SQL &
set application_name = 'ops-crons';
set lock_timeout = '$4s';
begin;
lock table ir_cron in exclusive mode;
select pg_sleep(900);
SQL
said='' end=$(($(date +%s) + $4 + 1))
while [ "$(date +%s)" -le "$end" ]; do
  held=$(ask "$3" <<'SQL'
select bool_or(granted) from pg_locks join pg_stat_activity using (pid)
where application_name = 'ops-crons' and relation = 'ir_cron'::regclass and mode = 'ExclusiveLock'
SQL
) || exit
  [ "$held" != t ] || exit 0
  [ -n "$said" ] || [ -z "$held" ] || { said=yes; echo "a scheduled action runs; at most $4 s are waited for"; }
  sleep 0.2
done
echo "CUT: a scheduled action still runs after $4 s; it is stopped, and PostgreSQL takes back what it did"
"#],
);

/// Waits until no scheduled action runs, at most `seconds`; none begins until [`release`], or 15 minutes.
pub fn hold(project: &str, db: &str, database: &str, seconds: u64) -> Cmd {
    Cmd::script(HOLD, [project, db, database, &seconds.to_string(), ""])
}

pub fn release(project: &str, db: &str, database: &str) -> Cmd {
    Cmd::script(HOLD, [project, db, database, "0", "release"])
}
