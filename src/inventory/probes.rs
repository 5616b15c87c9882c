//! What the user's own checks may ask, and how an expectation is written.

use super::model::{Expect, Op};
use super::words::{Checked, line, show};

/// One reading statement. It runs in a read-only transaction; this only keeps honest mistakes and
/// psql's own commands out, so it is strict rather than clever.
pub(super) fn query(text: &str) -> Checked<String> {
    let refused = |why: &str| Err(format!("this is not a query for a check\n{why}"));
    let text = text.trim().trim_end_matches(';').trim_end();
    if text.is_empty() || text.len() > 4096 {
        return refused("1 to 4096 bytes");
    }
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if !["select", "with"].contains(&first.to_ascii_lowercase().as_str()) {
        return refused("it begins with `select` or `with`");
    }
    if text.chars().any(|c| c == '\\' || (c.is_control() && !"\n\t".contains(c))) {
        return refused("no backslash and no control characters: they are commands of psql");
    }
    let outside = outside_quotes(text).ok_or("this is not a query for a check\na quote is not closed")?;
    for part in [";", "--", "/*", "$"] {
        if outside.contains(part) {
            return refused(&format!("`{part}` outside of quotes: one plain statement, without comments"));
        }
    }
    Ok(text.to_owned())
}

/// The text without what stands in quotes; None where a quote stays open.
fn outside_quotes(text: &str) -> Option<String> {
    let mut outside = String::new();
    let mut open = None;
    for c in text.chars() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => open = Some(c),
            None => outside.push(c),
        }
    }
    open.is_none().then_some(outside)
}

/// `> 0`, `= 3`, `!= x`, or a text that must be equal.
pub(super) fn expect(text: &str) -> Checked<Expect> {
    let text = line(text)?;
    let operators =
        [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("<", Op::Lt), (">", Op::Gt), ("=", Op::Eq)];
    let (op, value) = operators
        .into_iter()
        .find_map(|(sign, op)| text.strip_prefix(sign).map(|value| (op, value.trim())))
        .unwrap_or((Op::Eq, text.trim()));
    let ordered = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
    if value.is_empty() || value.chars().count() > 200 {
        return Err(format!("{} expects nothing\nfor example `> 0`, `= 3` or `ok`", show(&text)));
    }
    if ordered && !value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!("{} compares with something that is not a number", show(&text)));
    }
    Ok(Expect { op, value: value.to_owned() })
}
