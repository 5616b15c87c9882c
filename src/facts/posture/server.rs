//! PostgreSQL: who Odoo is in it, who else it lets in and how, and what it can bear.

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;
use crate::facts::database::INSIDE;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Owner of Odoo's database; None: there is no such database.
    pub owner: Option<String>,
    /// That role may do everything.
    pub superuser: bool,
    /// Lines of pg_hba.conf that let others in without a password, or with one that can be read on the way:
    /// `12: host all all 0.0.0.0/0 trust`.
    pub open: Vec<String>,
    pub encryption: String,
    /// Roles whose stored password is MD5.
    pub md5: Vec<String>,
    pub checksums: bool,
    pub max_connections: u64,
}

pub(super) const ASK: Program = Program::shell("facts.posture.server.ask", &[INSIDE, QUESTIONS]);

const QUESTIONS: &str = r#"
printf %s "$2" | ask -v name="$1"
"#;

// pg_hba_file_rules and pg_authid are read by superusers, as POSTGRES_USER is one; who is none learns nothing, and says so.
const SERVER: &str = r#"
select json_build_object(
  'owner', pg_get_userbyid(d.datdba), 'superuser', coalesce((select rolsuper from pg_roles where oid = d.datdba), false),
  'open', (select coalesce(json_agg(line_number || ': ' || type || ' ' || array_to_string(database, ',') || ' ' ||
      array_to_string(user_name, ',') || ' ' || coalesce(address, '') || ' ' || auth_method order by line_number), '[]')
    from pg_hba_file_rules where auth_method in ('trust', 'password', 'md5') and type <> 'local'
      and coalesce(address, '') not in ('127.0.0.1', '::1')),
  'encryption', current_setting('password_encryption'),
  'md5', (select coalesce(json_agg(rolname order by rolname), '[]') from pg_authid where rolpassword like 'md5%'),
  'checksums', current_setting('data_checksums') = 'on',
  'max_connections', current_setting('max_connections')::int)
from (select 1) one left join pg_database d on d.datname = :'name';
"#;

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.server",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_DB" ] && [ "$(docker inspect --format '{{.State.Status}}' "$OPS_DB")" = running ] || exit 0
exec docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3"
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [ASK.text().as_str(), env.stack.database.as_str(), SERVER])
}

/// None: no database container of the stack runs here.
pub(super) fn parse(text: &str) -> Probe<Option<Server>> {
    match text.trim() {
        "" => Ok(None),
        json => serde_json::from_str(json)
            .map(Some)
            .map_err(|_| ProbeFailure::new(format!("psql cannot be understood: {json}"))),
    }
}
