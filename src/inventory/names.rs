//! What names may look like. Every function takes the text of one YAML scalar and gives it back, or
//! says in one sentence what is wrong with it; further lines of the message are reasons and hints.
//!
//! Names become directories, SQL identifiers, Compose arguments and HTTP headers later. They are
//! quoted there as well; here they are made so dull that quoting is never what saves us.

use super::words::{Checked, show};

/// The longest name; PostgreSQL cuts identifiers silently at this length.
const LONGEST: usize = 63;

/// Verbs that stand where a name could: `ops backup list` must never mean an environment `list`.
const VERBS: [&str; 11] =
    ["list", "show", "logs", "create", "status", "take", "release", "check", "attach", "verify", "help"];

/// Projects, droplets, environments: they become directories and parts of run ids.
pub(super) fn name(text: &str) -> Checked<String> {
    plain(text, "a name", "")
}

pub(super) fn environment(text: &str) -> Checked<String> {
    if VERBS.contains(&text) {
        return Err(format!("`{text}` cannot name an environment: it is a verb of the command line"));
    }
    if text == "manual" || text.starts_with(crate::record::BY_HAND) {
        return Err(format!("`{text}` cannot name an environment: locks that a person takes are called so"));
    }
    plain(text, "an environment's name", "")
}

pub(super) fn service(text: &str) -> Checked<String> {
    plain(text, "a Compose service's name", "")
}

pub(super) fn profile(text: &str) -> Checked<String> {
    plain(text, "a Compose profile's name", "")
}

/// `[registry[:port]/]name[:tag][@digest]`, as Docker reads it.
pub(super) fn image(text: &str) -> Checked<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 255 && text.chars().all(fits)
    {
        true => Ok(text.to_owned()),
        false => Err(format!("{} is not the name of an image", show(text))),
    }
}

pub(super) fn upstream(text: &str) -> Checked<String> {
    plain(text, "the name of an nginx upstream", "")
}

pub(super) fn database(text: &str) -> Checked<String> {
    if ["postgres", "template0", "template1"].contains(&text) {
        return Err(format!("`{text}` is PostgreSQL's own database, not Odoo's"));
    }
    plain(text, "a database's name", "_")
}

/// An Odoo module by its technical name.
pub fn module(text: &str) -> Checked<String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "{} is not an Odoo module's name\na letter first, then letters, digits and `_`; at most {LONGEST}",
            show(text)
        ));
    }
    if text == "all" {
        return Err("`all` is not a module: for Odoo it means every one\nlist the modules".to_owned());
    }
    Ok(text.to_owned())
}

/// The name of a check or a hook of the user's own: shown to people, so blanks and letters of any language are
/// fine.
pub(super) fn title(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_alphanumeric() || " ._-/()".contains(c);
    let first = text.chars().next().is_some_and(char::is_alphanumeric);
    if !first || text.chars().count() > LONGEST || !text.chars().all(fine) || text.ends_with(' ') {
        return Err(format!(
            "{} is not a name\na letter or digit first, then letters, digits, blanks and `._-/()`; at most {LONGEST}",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Checked<String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || text.len() > 128 || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "{} is not a variable's name\na letter or `_` first, then letters, digits and `_`",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

/// The user who logs in.
pub(super) fn user(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_.@+-".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    if !first || text.len() > 64 || !text.chars().all(fine) {
        return Err(format!(
            "{} is not a user's name\na letter, digit or `_` first, then letters, digits and `_.@+-`; at most 64",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

fn plain(text: &str, what: &str, also_first: &str) -> Checked<String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || also_first.contains(c));
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !first || text.len() > LONGEST || !text.chars().all(fine) {
        return Err(format!(
            "{} is not {what}\na letter or digit first, then letters, digits and `._-`; at most {LONGEST}",
            show(text)
        ));
    }
    Ok(text.to_owned())
}
