//! Names of modules as they are typed: with `*` and `?`, and with mistakes.

use std::collections::BTreeSet;

use super::Ground;
use crate::error::{Error, Result};
use crate::text::printable;

/// The modules on disk that these names mean.
///
/// # Errors
/// Exit 2: one of them means none.
pub(super) fn on_disk(ground: Ground<'_>, patterns: &[String]) -> Result<BTreeSet<String>> {
    let names: Vec<&str> = ground.catalog.keys().map(String::as_str).collect();
    meant(ground, patterns, &names, "no module on the addons paths of the running release is called")
}

/// The installed modules that these names mean.
///
/// # Errors
/// Exit 2: one of them means none.
pub(super) fn installed(ground: Ground<'_>, patterns: &[String]) -> Result<BTreeSet<String>> {
    let names: Vec<&str> = ground.installed().collect();
    meant(ground, patterns, &names, "no installed module is called")
}

fn meant(ground: Ground<'_>, patterns: &[String], names: &[&str], none: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let hits = names.iter().filter(|name| matches(pattern, name)).map(|name| (*name).to_owned());
        let hits: Vec<String> = hits.collect();
        if hits.is_empty() {
            let error = Error::usage(format!("{none} {}", printable(pattern)));
            let near = crate::text::nearest(pattern, names.iter().copied());
            let error =
                near.into_iter().fold(error, |error, near| error.next(format!("did you mean `{near}`?")));
            return Err(error.next(format!("ops install-modules {} --list", ground.env.name)));
        }
        found.extend(hits);
    }
    Ok(found)
}

/// `*` is any number of characters, `?` one; everything else is itself.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return name.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '*' => name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| matches(rest, &name[at..])),
        '?' => name.chars().next().is_some_and(|c| matches(rest, &name[c.len_utf8()..])),
        c => name.strip_prefix(c).is_some_and(|name| matches(rest, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_underscore_is_an_underscore() {
        for (pattern, name, wanted) in [
            ("ipai_*", "ipai_docs", true),
            ("ipai_*", "ipaixdocs", false),
            ("*_docs", "ipai_docs", true),
            ("ipai_d?cs", "ipai_docs", true),
            ("ipai_docs", "ipai_docs", true),
            ("ipai_docs", "ipai_docs2", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
