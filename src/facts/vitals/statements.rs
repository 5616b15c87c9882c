//! The statements that took most of the time, where `pg_stat_statements` counts them in Odoo's database.
//!
//! Of a statement only its beginning is kept, and only where the extension took its constants out: those of utility
//! statements (`COPY`, `ALTER ROLE .. PASSWORD`) stay in their text, so that these are not even asked for.

use serde::Serialize;

use crate::text::{printable, shorten};

/// Whether statements are counted, and which took most of the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Statements {
    /// The server runs without the library.
    NotLoaded,
    /// It runs with it, and the database has no extension to ask.
    NotCreated,
    /// We may not see what others do.
    Hidden,
    /// It is there, and could not be asked.
    Silent,
    /// At most ten, the one with the longest time in total first.
    Top(Vec<Statement>),
}

/// One kind of statement, its constants aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub id: Option<i64>,
    pub calls: u64,
    /// Of all calls together.
    pub millis: u64,
    /// How it begins; None where that could hold data.
    pub text: Option<String>,
}

impl Statement {
    /// Of one call, in milliseconds.
    #[must_use]
    pub fn mean(&self) -> u64 {
        self.millis / self.calls.max(1)
    }
}

/// Asked behind everything else: what fails here must not take other answers along. The time has another name before
/// PostgreSQL 13, and wherever the extension was not updated since, so that the view itself is asked. A
/// setting of the library is a real one only where that is loaded.
pub(super) const QUESTION: &str = r#"
select *, counting = 'asked' as asked from (select min(n.nspname::text) as space, min(a.attname::text) as total,
    case when not exists (select from pg_settings where name = 'pg_stat_statements.max') then 'not loaded'
      when count(*) = 0 then 'not created'
      when not pg_has_role('pg_read_all_stats', 'usage') then 'hidden' else 'asked' end as counting
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    join pg_class c on c.relnamespace = n.oid and c.relname = 'pg_stat_statements'
    join pg_attribute a on a.attrelid = c.oid and a.attname in ('total_time', 'total_exec_time')
  where e.extname = 'pg_stat_statements') one \gset
select json_build_object('counting', :'counting');
\if :asked
\set ON_ERROR_STOP 0
select jsonb_build_object('statements', coalesce((select jsonb_agg(top) from (
  select queryid as id, calls, round(:"total")::bigint as millis, left(query, 1000) as text from :"space".pg_stat_statements
  where calls > 0 and dbid = (select oid from pg_database where datname = current_database())
    and coalesce(left(query, 1000), 'select') ~* '^(\s|\(|--[^\n]*\n|/\*([^*]|\*+[^*/])*\*+/)*(select|insert|update|delete|merge|with)\y'
  order by :"total" desc limit 10) top), '[]'));
\endif
"#;

/// As the database tells it.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Row {
    id: Option<i64>,
    calls: u64,
    millis: u64,
    text: Option<String>,
}

impl Statements {
    /// What is known before the statements themselves come.
    pub(super) fn begun(counting: &str) -> Option<Self> {
        Some(match counting {
            "not loaded" => Self::NotLoaded,
            "not created" => Self::NotCreated,
            "hidden" => Self::Hidden,
            "asked" => Self::Silent,
            _ => return None,
        })
    }

    pub(super) fn top(rows: Vec<Row>) -> Self {
        let statement = |Row { id, calls, millis, text }: Row| Statement {
            id,
            calls,
            millis,
            text: text.as_deref().and_then(beginning),
        };
        Self::Top(rows.into_iter().map(statement).collect())
    }
}

/// So many characters of a statement are shown.
const SHOWN: usize = 60;

/// The words before the first thing that could be data: a comment, or a constant that was left where it stood, as it happens
/// when the extension has more statements than it can hold.
fn beginning(statement: &str) -> Option<String> {
    let words = printable(&statement.split_whitespace().collect::<Vec<_>>().join(" "));
    let quoted = |at: usize| !words[at + 1..].starts_with(|next: char| next.is_ascii_digit());
    let dollars = words.match_indices('$').map(|(at, _)| at).find(|at| quoted(*at));
    let end = ["'", "--", "/*"].iter().filter_map(|sign| words.find(sign)).chain(dollars).min();
    let text = words[..end.unwrap_or(words.len())].trim_end();
    let kind: String =
        text.trim_start_matches(['(', ' ']).chars().take_while(char::is_ascii_alphabetic).collect();
    let known =
        ["select", "insert", "update", "delete", "merge", "with"].contains(&&*kind.to_ascii_lowercase());
    known.then(|| shorten(text, SHOWN))
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn only_what_cannot_hold_data_is_shown_of_a_statement() {
        let shown = |text: &str| beginning(text).unwrap_or_default();
        assert_eq!(
            shown("SELECT id\n  FROM\t\"res_partner\" WHERE id = $1"),
            "SELECT id FROM \"res_partner\" WHERE id = $1"
        );
        assert_eq!(shown("(select $1) union all select 2"), "(select $1) union all select 2");
        assert_eq!(shown("update t set a = 'secret'"), "update t set a =");
        assert_eq!(shown("select 1 /* secret */"), "select 1");
        assert_eq!(shown("select 1 -- secret"), "select 1");
        assert_eq!(shown("select $body$secret$body$"), "select");
        assert_eq!(shown("select $"), "select");
        for hidden in [
            "",
            "/* secret */ select 1",
            "alter role odoo password 'x'",
            "copy t from stdin",
            "selector 1",
            "'",
        ] {
            assert_eq!(beginning(hidden), None, "{hidden}");
        }
        assert_eq!(shown(&format!("select {}", "é".repeat(90))).chars().count(), 60);
        assert_eq!(shown("select \u{1b}[2Ja"), "select a");
    }
}
