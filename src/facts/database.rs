//! The database, asked with `psql` inside the stack's database container.
//!
//! The container's own environment says who may connect; nothing of it leaves the container. Every
//! question is read-only and bounded in time by the server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Probe, ProbeFailure};
use crate::cmd::Cmd;
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Database {
    /// The server answered.
    pub server_version: String,
    /// The inventory's database exists.
    pub exists: bool,
    /// It holds Odoo's tables.
    pub odoo: bool,
    /// Tables, views and sequences in it, without PostgreSQL's own and those of its extensions.
    pub relations: u64,
    pub bytes: u64,
    /// name -> (state, latest_version)
    pub modules: BTreeMap<String, Module>,
    /// Databases put aside by ops, by name, with their bytes.
    pub aside: BTreeMap<String, u64>,
    /// Users active in the last five minutes; None where Odoo keeps no such table.
    pub active_users: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Module {
    pub state: String,
    pub version: Option<String>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.database",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_DB" ] || exit 0
exec docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3" "$4"
"#],
);

/// Runs inside the container: `$1` the database, `$2` asks the server, `$3` the database.
/// A name in PGDATABASE is a name; as an argument it could be a whole connection string.
pub(super) const INSIDE: &str = r#"
export PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE=postgres PGCONNECT_TIMEOUT=5 PGAPPNAME=ops
export PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=10000 -c lock_timeout=2000'
[ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
[ -z "$POSTGRES_PASSWORD" ] || export PGPASSWORD="$POSTGRES_PASSWORD"
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
"#;

pub(super) const ASK: Program = Program::shell("facts.database.ask", &[INSIDE, QUESTIONS]);

const QUESTIONS: &str = r#"
# A line of JSON, and one that says whether the database is there.
server=$(printf %s "$2" | ask -v name="$1") || exit
printf '%s\n' "${server%
*}"
[ "${server##*
}" = t ] || exit 0
printf %s "$3" | PGDATABASE="$1" ask
"#;

// What ops puts aside is closed to connections, which nobody's own database is.
const SERVER: &str = r#"
select json_build_object('server_version', current_setting('server_version'), 'bytes', d.size,
  'exists', d.size is not null, 'aside', (select json_object_agg(datname, pg_database_size(oid)) from pg_database
    where not datallowconn and not datistemplate and datname ~ '_(before|after|broken|restored)_[0-9]{8}t[0-9]{6}z$'))
from (select 1) one left join
  (select pg_database_size(oid) as size from pg_database where datname = :'name') d on true;
select exists (select from pg_database where datname = :'name');
"#;

// Odoo writes the presence of its users in `bus_presence`, since 19.0 in `mail_presence`; where
// neither is, the last logins tell of some of them.
const TABLES: &str = r#"
select to_regclass('ir_module_module') is not null as odoo,
  to_regclass('bus_presence') is not null as bus,
  to_regclass('mail_presence') is not null as mail,
  to_regclass('res_users_log') is not null as log \gset
\if :odoo
select json_build_object('name', name, 'state', state, 'version', latest_version)
from ir_module_module where state not in ('uninstalled', 'uninstallable') order by name;
\endif
\if :bus
select json_build_object('active', count(distinct user_id)) from bus_presence
where last_presence > now() at time zone 'utc' - interval '5 minutes';
\elif :mail
select json_build_object('active', count(distinct user_id)) from mail_presence
where last_presence > now() at time zone 'utc' - interval '5 minutes';
\elif :log
select json_build_object('active', count(distinct create_uid)) from res_users_log
where create_date > now() at time zone 'utc' - interval '5 minutes';
\endif
"#;

/// Whether a database holds anything is asked by what is in it: by its size alone, a small one of
/// somebody else looks empty.
pub const RELATIONS: &str = r#"
select count(*) as relations from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^(pg_|information_schema)' and c.relkind in ('r', 'p', 'm', 'v', 'S', 'f')
  and not exists (select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
"#;

const HOLDS: &str = r#"\gset
select json_build_object('odoo', :'odoo'::boolean, 'relations', :'relations'::bigint);
"#;

pub(super) fn probe(env: &Environment) -> Cmd {
    let tables = format!("{TABLES}{RELATIONS}{HOLDS}");
    Cmd::script(PROBE, [ASK.text().as_str(), env.stack.database.as_str(), SERVER, &tables])
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Server {
        server_version: String,
        bytes: Option<u64>,
        exists: bool,
        #[serde(default)]
        aside: Option<BTreeMap<String, u64>>,
    },
    Module {
        name: String,
        state: String,
        version: Option<String>,
    },
    Active {
        active: u32,
    },
    Tables {
        odoo: bool,
        relations: u64,
    },
}

pub(super) fn parse(text: &str) -> Probe<Option<Database>> {
    let mut database: Option<Database> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line)
            .map_err(|_| ProbeFailure::new(format!("psql cannot be understood: {line}")))?;
        match (line, &mut database) {
            (Line::Server { server_version, bytes, exists, aside }, None) => {
                database = Some(Database {
                    // Packagers add a name and their own version in brackets.
                    server_version: server_version.split(' ').next().unwrap_or_default().to_owned(),
                    exists,
                    odoo: false,
                    relations: 0,
                    bytes: bytes.unwrap_or(0),
                    modules: BTreeMap::new(),
                    aside: aside.unwrap_or_default(),
                    active_users: None,
                });
            }
            (Line::Module { name, state, version }, Some(known)) => {
                known.modules.insert(name, Module { state, version });
            }
            (Line::Active { active }, Some(known)) => known.active_users = Some(active),
            (Line::Tables { odoo, relations }, Some(known)) => {
                (known.odoo, known.relations) = (odoo, relations);
            }
            _ => return Err(ProbeFailure::new("psql answered out of order")),
        }
    }
    Ok(database)
}
