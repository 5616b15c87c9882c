//! Rows and columns: a table for a terminal, tab-separated values for everything else.

use tabled::builder::Builder;
use tabled::settings::peaker::Priority;
use tabled::settings::style::Style;
use tabled::settings::{Padding, Width};

use crate::text::printable;

/// Rows below a head, at most `width` columns wide; long cells go on in the next line.
pub fn table(head: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let mut builder = Builder::default();
    builder.push_record(head.iter().map(|cell| cell.to_uppercase()));
    for row in rows {
        builder.push_record(row.iter().map(|cell| printable(cell)));
    }
    let mut table = builder.build();
    table
        .with(Style::empty())
        .with(Padding::new(0, 2, 0, 0))
        .with(Width::wrap(width).keep_words(true).priority(Priority::max(true)));
    table.to_string().lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The same rows for `cut` and `awk`: no head, one line a row, nothing shortened.
pub fn tsv(rows: &[Vec<String>]) -> String {
    rows.iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect::<Vec<_>>().join("\t") + "\n")
        .collect()
}

/// `name: value` lines, the values under each other.
pub fn fields(fields: &[(&str, String)], look: &super::Look) -> String {
    let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| look.wrap(&format!("{:<1$}  ", format!("{name}:"), widest + 1), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_and_hides_no_text() {
        let rows = vec![vec!["a".into(), "one two three four five six seven".into()]];
        let shown = table(&["id", "title"], &rows, 20);
        assert!(shown.lines().all(|line| line.chars().count() <= 20), "{shown}");
        assert!(shown.starts_with("ID  TITLE\n"), "{shown}");
        let words: Vec<_> = shown.split_whitespace().collect();
        assert!(words.ends_with(&["one", "two", "three", "four", "five", "six", "seven"]), "{shown}");
    }

    #[test]
    fn a_tab_or_newline_in_a_value_makes_no_column_or_row() {
        assert_eq!(tsv(&[vec!["a\tb\nc".into(), "\x1b[31md".into()]]), "a b⏎c\td\n");
    }
}
