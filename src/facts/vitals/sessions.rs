//! PostgreSQL's sessions, and what Odoo left in its tables to be done.

use serde::Deserialize;

use super::{Odoo, Sessions};
use crate::cmd::Cmd;
use crate::facts::database::INSIDE;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;

const PROBE: &str = r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_DB" ] || exit 0
[ "$(docker inspect --format '{{.State.Running}}' "$OPS_DB")" = true ] || exit 0
exec docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3" "$4"
"#;

const QUESTIONS: &str = r#"
printf %s "$2" | ask || exit
there=$(printf %s "select 1 from pg_database where datname = :'name'" | ask -v name="$1") || exit
[ "$there" = 1 ] || exit 0
printf %s "$3" | PGDATABASE="$1" ask
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
  'oldest', (select age from oldest), 'oldest_in', (select datname from oldest),
  'broken_pages', (select coalesce(sum((to_jsonb(d) ->> 'checksum_failures')::bigint), 0) from pg_stat_database d));
"#;

// Columns differ between versions of Odoo, so that rows are asked as JSON.
const TABLES: &str = r#"
select json_build_object('bloated', coalesce((select json_agg(relname) from (select relname from pg_stat_user_tables
  where n_dead_tup > 50000 and n_dead_tup > 0.2 * n_live_tup order by n_dead_tup desc limit 20) dead), '[]'));
select to_regclass('ir_cron') is not null as cron, to_regclass('mail_mail') is not null as mail \gset
\if :cron
with late as (select to_jsonb(c) ->> 'cron_name' as name, (now() at time zone 'utc') - nextcall as late from ir_cron c where active)
select json_build_object('crons', count(*), 'overdue', count(*) filter (where late > interval '30 minutes'),
  'late', greatest(0, coalesce(extract(epoch from max(late))::bigint, 0)),
  'late_names', coalesce((select json_agg(name) from (select name from late where late > interval '30 minutes' and name is not null
    order by late desc limit 5) shown), '[]')) from late;
\endif
\if :mail
select json_build_object('mails', count(*)) from mail_mail where state = 'exception'
  and create_date > (now() at time zone 'utc') - interval '1 day';
\endif
"#;

pub(super) fn probe(env: &Environment) -> Cmd {
    let inside = format!("{INSIDE}{QUESTIONS}");
    Cmd::script(PROBE, [inside.as_str(), env.stack.database.as_str(), SERVER, TABLES])
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    #[serde(deserialize_with = "server")]
    Server(Box<Sessions>),
    Bloated {
        bloated: Vec<String>,
    },
    Crons {
        crons: u64,
        overdue: u64,
        late: u64,
        late_names: Vec<String>,
    },
    Mails {
        mails: u64,
    },
}

/// The only line that tells how many connections there may be.
fn server<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Box<Sessions>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    if value.get("max").is_none() {
        return Err(serde::de::Error::missing_field("max"));
    }
    serde_json::from_value(value).map(Box::new).map_err(serde::de::Error::custom)
}

pub(super) fn parse(text: &str) -> Probe<Option<Sessions>> {
    let mut sessions: Option<Sessions> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = serde_json::from_str(line)
            .map_err(|_| ProbeFailure::new(format!("psql cannot be understood: {line}")))?;
        match (line, &mut sessions) {
            (Line::Server(server), None) => sessions = Some(*server),
            (Line::Bloated { bloated }, Some(known)) => known.bloated = bloated,
            (Line::Crons { crons, overdue, late, late_names }, Some(known)) => {
                known.odoo = Some(Odoo { crons, overdue, late, late_names, mails: None });
            }
            (Line::Mails { mails }, Some(known)) => {
                known.odoo.get_or_insert_default().mails = Some(mails);
            }
            _ => return Err(ProbeFailure::new("psql answered out of order")),
        }
    }
    Ok(sessions)
}
