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
