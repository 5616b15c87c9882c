//! What Odoo left in its tables to be done. A question of its own: its tables may be locked.

use serde::Deserialize;

use super::statements::{self, Row, Statements};
use super::{Crons, Odoo, sessions};
use crate::cmd::Cmd;
use crate::facts::database::INSIDE;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::Environment;
use crate::program::Program;

pub(super) const ASK: Program = Program::shell("facts.vitals.odoo.ask", &[INSIDE, QUESTIONS]);

const QUESTIONS: &str = r#"
there=$(printf %s "select 1 from pg_database where datname = :'name'" | ask -v name="$1") || exit
[ "$there" = 1 ] || exit 0
printf %s "$2" | PGDATABASE="$1" ask
"#;

// Columns differ between versions of Odoo, so that rows are asked as JSON.
const TABLES: &str = r#"
select json_build_object('bloated', coalesce((select json_agg(relname) from (select relname from pg_stat_user_tables
  where n_dead_tup > 50000 and n_dead_tup > 0.2 * n_live_tup order by n_dead_tup desc limit 20) dead), '[]'));
select to_regclass('ir_cron') is not null as cron, to_regclass('mail_mail') is not null as mail,
  to_regclass('res_groups_users_rel') is not null and to_regclass('ir_model_data') is not null as users \gset
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
\if :users
select json_build_object('admins', coalesce(json_agg(login order by login), '[]')) from res_users u where active and exists (
  select 1 from res_groups_users_rel r join ir_model_data d on d.res_id = r.gid
    where r.uid = u.id and d.model = 'res.groups' and d.module = 'base' and d.name = 'group_system');
\endif
"#;

pub(super) fn probe(env: &Environment) -> Cmd {
    let tables = format!("{TABLES}{}", statements::QUESTION);
    Cmd::script(sessions::PROBE, [ASK.text().as_str(), env.stack.database.as_str(), &tables, ""])
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Bloated { bloated: Vec<String> },
    Crons(Crons),
    Mails { mails: u64 },
    Admins { admins: Vec<String> },
    Counting { counting: String },
    Statements { statements: Vec<Row> },
}

pub(super) fn parse(text: &str) -> Probe<Option<Odoo>> {
    let mut odoo: Option<Odoo> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let unclear = || ProbeFailure::new(format!("psql cannot be understood: {line}"));
        let line = serde_json::from_str(line).map_err(|_| unclear())?;
        match (line, &mut odoo) {
            (Line::Bloated { bloated }, None) => odoo = Some(Odoo { bloated, ..Odoo::default() }),
            (Line::Crons(crons), Some(known)) => known.crons = Some(crons),
            (Line::Mails { mails }, Some(known)) => known.mails = Some(mails),
            (Line::Admins { admins }, Some(known)) => known.admins = Some(admins),
            (Line::Counting { counting }, Some(known)) => {
                known.statements = Some(Statements::begun(&counting).ok_or_else(unclear)?);
            }
            (Line::Statements { statements }, Some(known)) => {
                known.statements = Some(Statements::top(statements));
            }
            _ => return Err(ProbeFailure::new("psql answered out of order")),
        }
    }
    Ok(odoo)
}
