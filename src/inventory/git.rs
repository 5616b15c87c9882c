//! What git remotes and refs may look like, and which refs an environment allows.

use super::addresses::split_port;
use super::names;
use super::words::{Checked, show};

const SCHEMES: [&str; 4] = ["https", "http", "ssh", "git"];

/// A URL of a well-known scheme, `[user@]host:path`, or an absolute path on the droplet. Never
/// `ext::..`, with which git runs a command.
pub(super) fn remote(text: &str) -> Checked<String> {
    // The text itself is not shown where it may hold a token.
    let refused = |why: &str| Err(format!("this is not a git remote\n{why}"));
    let fine = |c: char| c.is_ascii_graphic() && !"\"'`$\\<>|;(){}*^".contains(c);
    if text.is_empty() || text.len() > 2048 || !text.chars().all(fine) {
        return refused("no blanks, quotes or other alphabets; a blank in a URL is `%20`");
    }
    if text.split('/').any(|part| part == "..") {
        return refused("`..` is not allowed");
    }
    if text.contains("::") && !text.contains('[') {
        return refused("a transport helper (`name::address`) could run a command");
    }
    let known = if let Some((scheme, rest)) = text.split_once("://") {
        match scheme {
            "file" => rest.starts_with('/'),
            _ => SCHEMES.contains(&scheme) && authority(rest),
        }
    } else if text.starts_with('/') {
        true
    } else {
        text.split_once(':')
            .is_some_and(|(place, path)| login(place) && !path.is_empty() && !path.starts_with('-'))
    };
    if known {
        Ok(text.to_owned())
    } else {
        refused("`https://..`, `ssh://..`, `user@host:path`, or an absolute path")
    }
}

fn authority(rest: &str) -> bool {
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    split_port(host).is_some() && !place.starts_with('-') && !path.is_empty() && !path.starts_with('-')
}

fn login(place: &str) -> bool {
    let (user, host) = match place.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, place),
    };
    user.is_none_or(|user| names::user(user).is_ok()) && matches!(split_port(host), Some((_, None)))
}

/// A branch, tag or commit, by the rules of `git check-ref-format`, and never an option.
pub(super) fn reference(text: &str) -> Checked<String> {
    if text.contains('*') || !well_formed(text) {
        return Err(format!(
            "{} is not a git ref\nno blanks, no `..`, none of `~^:?*[\\@{{`, no `-` or `/` first, no `.lock` last",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

/// A ref in which `*` stands for anything, `/` included.
pub(super) fn glob(text: &str) -> Checked<String> {
    if !well_formed(text) {
        return Err(format!(
            "{} is not a pattern of git refs\na ref in which `*` stands for anything",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

fn well_formed(text: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?[\\\"'`$;|&<>(){}!".contains(c);
    let parts = || text.split('/');
    !text.is_empty()
        && text.len() <= 244
        && text != "@"
        && crate::text::printable(text) == text
        && !text.chars().any(bad)
        && !text.contains("..")
        && !text.ends_with('.')
        && parts().all(|part| !part.is_empty() && !part.starts_with(['-', '.']) && !part.ends_with(".lock"))
}

/// Whether a glob of `allow` covers a ref.
pub(super) fn covers(glob: &str, reference: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = reference.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
