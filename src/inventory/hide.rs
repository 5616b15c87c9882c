//! Hides what people write into an inventory although it is secret: tokens in URLs, and plain values
//! under names like `PASSWORD`. Real secrets are references and never get this far.

const HIDDEN: &str = "***";

/// `https://user:token@host/..` becomes `https://***@host/..`.
pub fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (place, path) = rest.split_at(end);
    match place.rsplit_once('@') {
        // The login name alone is no secret for ssh; for http it may be the token.
        Some((user, _)) if !user.contains(':') && scheme.ends_with("ssh") => text.to_owned(),
        Some((_, host)) => format!("{scheme}://{HIDDEN}@{host}{path}"),
        None => text.to_owned(),
    }
}

/// Whether a name promises a secret value.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "key", "credential"].iter().any(|part| name.contains(part))
}

/// The value, or `***` where its name promises a secret.
pub(super) fn value(name: &str, value: &str) -> String {
    if is_secret_name(name) { HIDDEN.to_owned() } else { url(value) }
}

/// A line of the file, as an error shows it: what is hidden keeps its length, so that a mark under a
/// column stays where it belongs.
pub(super) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    // Every `name: value` of the line, flow mappings included.
    while let Some(at) = rest.find(": ") {
        let (head, tail) = rest.split_at(at + 2);
        shown.push_str(head);
        rest = tail;
        let name = head[..at].trim_end_matches(['"', '\'', ' ']);
        let name = name.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        if name.is_some_and(is_secret_name) && !tail.trim_start().starts_with('{') {
            let (value, after) = tail.split_at(tail.find([',', '}']).unwrap_or(tail.len()));
            shown.extend(value.chars().map(|_| '*'));
            rest = after;
        }
    }
    shown.push_str(rest);
    without_logins(&shown)
}

/// `scheme://login@` with the login masked, wherever it stands in the line.
fn without_logins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        shown.push_str(head);
        let place = &tail[..tail.find(['/', '?', '#', ' ', ',', '"', '\'']).unwrap_or(tail.len())];
        let login = place.rfind('@').unwrap_or(0);
        shown.extend(place[..login].chars().map(|_| '*'));
        rest = &tail[login..];
    }
    shown.push_str(rest);
    shown
}

/// A command line on one line, for people and journals. What stands behind a name that promises a secret is hidden:
/// `PGPASSWORD=x`, `--token x`, `PASSWORD 'x'` in SQL; and so is the login of a URL.
pub fn words(words: &[String]) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut hidden = false;
    for word in words {
        let promised = word.starts_with('-') && !word.contains('=') && is_secret_name(word);
        shown.push(if hidden {
            HIDDEN.to_owned()
        } else {
            crate::cmd::quote(&without_logins(&values(word)))
        });
        hidden = promised && !hidden;
    }
    shown.join(" ")
}

/// Values behind `name=`, `name: ` and, where they are quoted, `name '..'`.
fn values(text: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(part) {
        let end = rest[at..].find(|c| !part(c)).map_or(rest.len(), |more| at + more);
        let name = &rest[at..end];
        shown.push_str(&rest[..end]);
        rest = &rest[end..];
        let value = rest.trim_start_matches([' ', '=', ':', '\n', '\t']);
        let between = &rest[..rest.len() - value.len()];
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'));
        if value.is_empty() || !is_secret_name(name) || (quote.is_none() && !between.contains(['=', ':'])) {
            continue;
        }
        let length = match quote {
            Some(quote) => value[1..].find(quote).map_or(value.len(), |more| more + 2),
            None => value.find(char::is_whitespace).unwrap_or(value.len()),
        };
        shown.push_str(between);
        shown.push_str(HIDDEN);
        rest = &value[length..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_what_promises_to_be_secret() {
        let of = |line: &[&str]| words(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["ls", "-l", "a b"]), "ls -l 'a b'");
        assert_eq!(of(&["mysql", "--password", "s3", "x"]), "mysql --password *** x");
        for line in [
            &["env", "PGPASSWORD=s3cret", "psql"][..],
            &["curl", "--token=s3cret"],
            &["curl", "-H", "X-Api-Key: s3cret"],
            &["curl", "https://me:s3cret@example.com/x"],
            &["sh", "-c", "API_KEY=s3cret SECRET='s3cret s3cret' run"],
            &["-c", "alter user odoo password 's3cret'"],
            &["-c", "alter user odoo\npassword\n's3cret"],
        ] {
            assert!(!of(line).contains("s3cret"), "{}", of(line));
        }
        assert_eq!(of(&["-c", "select password from res_users"]), "-c 'select password from res_users'");
    }
}
