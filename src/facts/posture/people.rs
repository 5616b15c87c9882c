//! Who has much to say in Odoo's database, and how well they are told from others. Logins leave the droplet; of a password only
//! whether it is the one that Odoo's own data gives to everybody.

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::database::INSIDE;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct People {
    /// Logins of Odoo's own data whose password is the login; None: no web container is here that could try it.
    pub known: Option<Vec<String>>,
    /// Logins of administrators who have a password and nothing else.
    pub single: Vec<String>,
    /// Of Odoo: 17.
    pub series: Option<u32>,
    /// Installed modules that brought demo data.
    pub demo: u64,
    /// Models with a table that no access rule speaks of.
    pub bare: Vec<String>,
}

pub(super) const ASK: Program = Program::shell("facts.posture.people.ask", &[INSIDE, QUESTIONS]);

const QUESTIONS: &str = r#"
there=$(printf %s "select 1 from pg_database where datname = :'name'" | ask -v name="$1") || exit
[ "$there" = 1 ] || exit 0
printf %s "$2" | PGDATABASE="$1" ask
"#;

// Columns and tables come with modules (`auth_totp`) and series; a stand-in has fewer. Whoever has no password comes by another
// way (LDAP, OAuth), and a policy lets Odoo ask everybody for a code by mail. Odoo 19 keeps only the groups that somebody gave.
const PEOPLE: &str = r#"
select to_regclass('res_users') is not null as users, to_regclass('ir_module_module') is not null as modules,
  to_regclass('res_groups_users_rel') is not null and to_regclass('res_groups_implied_rel') is not null
    and to_regclass('ir_module_module') is not null and to_regclass('ir_model_data') is not null and to_regclass('ir_config_parameter') is not null as groups,
  to_regclass('ir_model') is not null and to_regclass('ir_model_access') is not null as models \gset
\if :users
select 'odoo' || chr(9) || 'yes';
\if :groups
select 'single' || chr(9) || left(regexp_replace(u.login, '[[:cntrl:]]', '?', 'g'), 80) from res_users u
  where u.active and u.id > 1 and coalesce(to_jsonb(u) ->> 'totp_secret', '') = '' and coalesce(u.password, '') <> ''
    and not exists (select 1 from ir_config_parameter p join ir_module_module m on m.name in ('auth_totp_mail_enforce', 'auth_totp_mail')
      where p.key = 'auth_totp.policy' and p.value in ('all_required', 'employee_required') and m.state = 'installed')
    and exists (
      with recursive system (id) as (
        select res_id from ir_model_data where model = 'res.groups' and module = 'base' and name = 'group_system'
        union select i.gid from res_groups_implied_rel i join system s on i.hid = s.id)
      select 1 from res_groups_users_rel r join system s on r.gid = s.id where r.uid = u.id) order by u.id limit 50;
\endif
\endif
\if :modules
select 'series' || chr(9) || latest_version from ir_module_module where name = 'base' and latest_version is not null;
select 'demo' || chr(9) || count(*) from ir_module_module m where m.state = 'installed' and to_jsonb(m) ->> 'demo' = 'true';
\endif
\if :models
select 'bare' || chr(9) || m.model from ir_model m
  where coalesce(to_jsonb(m) ->> 'transient', 'false') = 'false'
    and not exists (select 1 from ir_model_access a where a.model_id = m.id and coalesce(to_jsonb(a) ->> 'active', 'true') = 'true')
    and (select c.relkind from pg_class c where c.oid = to_regclass(quote_ident(replace(m.model, '.', '_')))) = 'r'
  order by m.model limit 50;
\endif
"#;

const PASSWORDS: &str = "select login || chr(9) || password from res_users where active and login in ('admin', 'demo', 'portal') \
    and password <> '' order by id limit 9; select 'end';";

pub(super) const KNOWN: Program = Program::python("facts.posture.people.known", &[include_str!("people.py")]);

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.people",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
runs() { [ -n "$1" ] && [ "$(docker inspect -f '{{.State.Status}}' "$1")" = running ]; }
runs "$OPS_DB" || exit 0
ask() { docker exec "$OPS_DB" sh -c "$1" ops "$2" "$3"; }
told=$(ask "$1" "$2" "$3") || exit
[ -n "$told" ] || exit 0
printf '%s\n' "$told"
if runs "$OPS_WEB"; then
    # What is kept of passwords goes from one container to the other, and nowhere else.
    known=$(ask "$1" "$2" "$4" | docker exec -i "$OPS_WEB" python3 -c "$5") || exit
    printf 'tried\tyes\n%s\n' "$known"
fi
echo 'all	yes'
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [ASK.text().as_str(), env.stack.database.as_str(), PEOPLE, PASSWORDS, &KNOWN.text()])
}

/// None: no database of Odoo's is here.
pub(super) fn parse(text: &str) -> Probe<Option<People>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("what the database says of its users cannot be understood"));
    }
    let list = |key: &str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
    let people = || People {
        known: fields.flag("tried").then(|| list("known")),
        single: list("single"),
        series: fields.get("series").and_then(|version| version.split('.').next()?.parse().ok()),
        demo: fields.number("demo").unwrap_or(0),
        bare: list("bare"),
    };
    Ok(fields.flag("odoo").then(people))
}
