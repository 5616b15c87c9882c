//! PostgreSQL's sessions.

use super::Sessions;
use crate::cmd::Cmd;
use crate::facts::database::INSIDE;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.sessions",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_DB" ] || exit 0
[ "$(docker inspect --format '{{.State.Status}}' "$OPS_DB")" = running ] || exit 0
exec docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3" "$4"
"#],
);

// As the database's container sees it, wherever its files are.
pub(super) const ASK: Program = Program::shell("facts.vitals.sessions.ask", &[INSIDE, QUESTIONS]);

const QUESTIONS: &str = r#"
files=${PGDATA:-$(printf 'show data_directory' | ask)}
free=$(df -Pk -- "$files" 2>/dev/null | awk 'NR == 2 && $4 ~ /^[0-9]+$/ { print $4 }')
printf %s "$2" | ask -v free="$free"
"#;

// What ops itself does for long, copies and dumps, is announced and guarded elsewhere.
const SERVER: &str = r#"
with seen as (select *, backend_type = 'client backend' and pid <> pg_backend_pid()
    and coalesce(application_name, '') !~ '^ops(-|$)' as other from pg_stat_activity),
  worst as (select kind, pid, extract(epoch from since)::bigint as seconds, usename as "user",
      application_name as application, datname as database
    from (select 'longest' as kind, clock_timestamp() - query_start as since, * from seen where other and state = 'active'
      union all select 'idle', clock_timestamp() - state_change, * from seen where other and state like 'idle in transaction%') both_kinds
    where since is not null order by since desc),
  waiting as (select pid, query_start from seen where cardinality(pg_blocking_pids(pid)) > 0
    and clock_timestamp() - query_start > interval '10 seconds'),
  holder as (select pid, extract(epoch from clock_timestamp() - coalesce(xact_start, query_start))::bigint as seconds,
      usename as "user", application_name as application, datname as database from seen
    where pid in (select unnest(pg_blocking_pids(pid)) from (select pid from waiting order by query_start limit 1) one) limit 1),
  oldest as (select age(datfrozenxid) as age, datname from pg_database order by 1 desc limit 1)
select json_build_object(
  'sees_all', pg_has_role('pg_read_all_stats', 'usage'),
  'max', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  'used', (select count(*) from seen where backend_type = 'client backend'),
  'longest', (select row_to_json(w) from worst w where kind = 'longest' limit 1),
  'idle', (select row_to_json(w) from worst w where kind = 'idle' limit 1),
  'blocked', (select count(*) from waiting), 'blocker', (select row_to_json(h) from holder h),
  'free', nullif(:'free', '')::bigint * 1024,
  'oldest', (select age from oldest), 'oldest_in', (select datname from oldest),
  'broken_pages', (select coalesce(sum((to_jsonb(d) ->> 'checksum_failures')::bigint), 0) from pg_stat_database d));
"#;

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [ASK.text().as_str(), env.stack.database.as_str(), SERVER, ""])
}

/// Of the one line that there is where a server runs.
pub(super) fn parse(text: &str) -> Probe<Option<Sessions>> {
    match text.trim() {
        "" => Ok(None),
        line => read(line)
            .map(Some)
            .ok_or_else(|| ProbeFailure::new(format!("psql cannot be understood: {line}"))),
    }
}

fn read(line: &str) -> Option<Sessions> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    value.get("max")?;
    serde_json::from_value(value).ok()
}
