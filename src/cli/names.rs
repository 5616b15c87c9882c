//! What may stand where a name is expected. As strict as the inventory: a name becomes a directory, an
//! argument of git or docker, a part of an SQL statement. A value that is refused ends with exit 2.

use std::ffi::OsString;

use crate::error::Error;
use crate::text::printable;

/// As PostgreSQL and DNS labels: longer names are cut or refused later, where it hurts more.
const LONGEST: usize = 63;
const LONGEST_REASON: usize = 300;

/// What is wrong with an argument is said with the argument in it, by clap too, and an argument may
/// come from a script or from somebody's branch.
///
/// # Errors
/// Exit 2: it holds control characters, or such that change the direction of reading.
pub fn shown_as_it_is(args: &[OsString]) -> Result<(), Error> {
    let mut behind = false;
    let mut texts = args.iter().map(|arg| {
        let text = arg.to_string_lossy();
        // A statement or a script for a program over there may have several lines.
        let plain = |c: char| if behind && matches!(c, '\n' | '\t') { ' ' } else { c };
        let text: String = text.chars().map(plain).collect();
        behind |= text == "--";
        text
    });
    match texts.find(|text| printable(text) != *text) {
        Some(text) => {
            Err(Error::usage(format!("an argument holds control characters: {}", printable(&text))))
        }
        None => Ok(()),
    }
}

/// An environment, a droplet or a step.
pub fn name(text: &str) -> Result<String, String> {
    plain(text, LONGEST, "._-", "a letter or digit first, then letters, digits and `._-`; at most 63")
}

/// A run or a release: their ids contain names and times.
pub fn id(text: &str) -> Result<String, String> {
    plain(text, 128, "._-", "a letter or digit first, then letters, digits and `._-`; at most 128")
}

/// `registry.example.com:5000/odoo:14.0`, `odoo@sha256:..`.
pub fn image(text: &str) -> Result<String, String> {
    plain(text, 255, "._-/:@", "a letter or digit first, then letters, digits and `._-/:@`; at most 255")
}

/// A branch, tag or commit, by the rules of `git check-ref-format`, and never an option.
pub fn git_ref(text: &str) -> Result<String, String> {
    let bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\\"'`$;|&<>(){}!".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with(['-', '.']) && !part.ends_with(".lock");
    let fine = text.len() <= 244
        && text != "@"
        && !text.chars().any(bad)
        && !text.contains("..")
        && !text.ends_with('.')
        && text.split('/').all(part);
    match fine {
        true => Ok(text.to_owned()),
        false => Err("no blanks, no `..`, none of `~^:?*[\\@{`, no `-` or `/` first".to_owned()),
    }
}

/// Free text, on one line: it is written into journals and shown to colleagues.
pub fn reason(text: &str) -> Result<String, String> {
    let fine = !text.trim().is_empty() && text.chars().count() <= LONGEST_REASON && printable(text) == text;
    match fine {
        true => Ok(text.to_owned()),
        false => Err(format!("one line of printable text, at most {LONGEST_REASON} characters")),
    }
}

/// `90s`, `10m`: as in the inventory.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    crate::inventory::duration(text)
}

/// An Odoo module's technical name.
pub fn module(text: &str) -> Result<String, String> {
    crate::inventory::module(text)
}

/// Odoo modules: a technical name, `*` for any number of characters and `?` for one.
pub fn modules(text: &str) -> Result<String, String> {
    // What is refused of a name is refused of a pattern, and many stars take long to compare.
    let plain: String = text.chars().map(|c| if matches!(c, '*' | '?') { 'x' } else { c }).collect();
    if text.matches('*').count() > 4 {
        return Err("at most four `*`".to_owned());
    }
    module(&plain).map(|_| text.to_owned())
}

/// Odoo's `--test-tags`: `[-][tag][/module][:class][.method]`, several with commas between them.
pub fn tags(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_-+/:.,*[]".contains(c);
    match !text.is_empty() && text.len() <= 500 && text.chars().all(fine) {
        true => Ok(text.to_owned()),
        false => Err("letters, digits and `_-+/:.,*[]`; at most 500".to_owned()),
    }
}

/// A time to watch a release; nothing for `off`.
#[derive(Debug, Clone, Copy)]
pub struct Watching(pub Option<std::time::Duration>);

/// `10m`, `off`: as in the inventory.
pub fn watch(text: &str) -> Result<Watching, String> {
    crate::inventory::watch(text).map(Watching)
}

/// The environment that a run's id begins with: `<env>-<utc>-<rand>`.
pub fn env_of_run(run: &str) -> Option<&str> {
    let (rest, random) = run.rsplit_once('-')?;
    let (env, stamp) = rest.rsplit_once('-')?;
    let utc = stamp.len() == 16 && stamp.as_bytes()[8] == b'T' && stamp.ends_with('Z');
    (utc && !random.is_empty() && !env.is_empty()).then_some(env)
}

fn plain(text: &str, longest: usize, also: &str, rule: &str) -> Result<String, String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let fine = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    match first && text.len() <= longest && text.chars().all(fine) {
        true => Ok(text.to_owned()),
        false => Err(rule.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 13] = [
        "",
        "-rf",
        "--help",
        "a b",
        "a\nb",
        "$(touch /tmp/x)",
        "; rm -rf /",
        "'",
        "\"",
        "../x",
        "a\0b",
        "ä",
        "a`b`",
    ];

    #[test]
    fn hostile_names_are_refused() {
        let long = "a".repeat(300);
        for text in HOSTILE.into_iter().chain([long.as_str()]) {
            assert!(name(text).is_err(), "{text:?} as a name");
            assert!(id(text).is_err(), "{text:?} as an id");
            assert!(image(text).is_err(), "{text:?} as an image");
        }
        for text in HOSTILE.into_iter().filter(|text| *text != "ä").chain([
            long.as_str(),
            "@",
            "a..b",
            "a.lock",
            "/a",
        ]) {
            assert!(git_ref(text).is_err(), "{text:?} as a ref");
        }
        for text in ["", " ", "a\nb", "\x1b[2J", long.repeat(2).as_str()] {
            assert!(reason(text).is_err(), "{text:?} as a reason");
        }
    }

    #[test]
    fn usual_names_pass() {
        for text in ["prod", "erp-1", "a.b_c"] {
            assert_eq!(name(text).as_deref(), Ok(text));
        }
        for text in ["main", "release/14.0", "v1.2.3", "4f2a9c1"] {
            assert_eq!(git_ref(text).as_deref(), Ok(text));
        }
        assert!(image("127.0.0.1:5000/odoo@sha256:ab").is_ok());
        assert!(reason("Ticket #12: it's \"urgent\" – größer").is_ok());
    }

    #[test]
    fn a_run_names_its_environment() {
        assert_eq!(env_of_run("prod-eu-20261120T215000Z-3fa2"), Some("prod-eu"));
        assert_eq!(env_of_run("20261120T215000Z-3fa2"), None);
        assert_eq!(env_of_run("prod"), None);
    }
}
