//! What hosts, jump hosts, addresses and URLs may look like.

use super::words::{Checked, show};

/// A name, an address or an alias of the user's ssh configuration.
pub(super) fn host(text: &str) -> Checked<String> {
    let refused = |why: &str| Err(format!("{} is not a host\n{why}", show(text)));
    if let Some((user, host)) = text.split_once('@') {
        return refused(&format!("write `user: {user}` beside `host: {host}`"));
    }
    if text.matches(':').count() == 1 {
        return refused("write the port beside it, as `port:`");
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || "._:%-".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == ':');
    if !first || text.len() > 253 || !text.chars().all(fine) {
        return refused(
            "letters, digits and `._-` (`:` and `%` in IPv6), no `-` first, at most 253; other alphabets in punycode",
        );
    }
    Ok(text.to_owned())
}

/// A droplet of the same environment, or one or more of `[user@]host[:port]` and `ssh://alias`.
pub(super) fn jump(text: &str) -> Checked<String> {
    if text.len() <= 1024 && text.split(',').all(|hop| is_hop(hop, !text.contains(','))) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{} is not a jump host\na droplet's name, `[user@]host[:port]`, or `ssh://alias` for one of your ssh configuration",
        show(text)
    ))
}

fn is_hop(text: &str, alone: bool) -> bool {
    let rest = text.strip_prefix("ssh://").unwrap_or(text);
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    let bare = !text.contains(['.', ':', '@']);
    user.is_none_or(|user| super::names::user(user).is_ok())
        && split_port(place).is_some()
        && (alone || !bare)
}

/// What users type: it becomes the Host header of our requests.
pub(super) fn server_name(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if !first || text.len() > 253 || !text.chars().all(fine) {
        return Err(format!(
            "{} is not a server name\none name as browsers send it: letters, digits and `._-`; no wildcard, no port",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

/// `http://` or `https://`, without user and password.
pub(super) fn url(text: &str) -> Checked<String> {
    let refused = |why: &str| Err(format!("{} is not an address for a browser\n{why}", show(text)));
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return refused("it begins with `https://` or `http://`");
    };
    let (place, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if place.contains('@') {
        return Err("a user or password has no place in this address".to_owned());
    }
    if split_port(place).is_none() {
        return refused("after that come a host and perhaps `:port`");
    }
    if !path.is_empty() {
        url_path(path.trim_start_matches(['?', '#']))
            .or_else(|_| url_path(&format!("/{path}")))
            .map_err(|why| format!("{} is not an address for a browser\n{why}", show(text)))?;
    }
    Ok(text.to_owned())
}

/// The host of such an address.
pub(super) fn named(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    split_port(&rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]).map(|(host, _)| host)
}

/// `/my?x=1`: what is asked for after the host.
pub(super) fn url_path(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "/._-~%?&=+:@,#!*".contains(c);
    if !text.starts_with('/') || text.len() > 2048 || !text.chars().all(fine) {
        return Err(format!(
            "{} is not the path of an address\nit begins with `/`; letters, digits and `/._-~%?&=+:@,#!*`",
            show(text)
        ));
    }
    Ok(text.to_owned())
}

/// `127.0.0.1:8088`, `[::1]:8088`, `name:8088`.
pub(super) fn endpoint(text: &str) -> Checked<String> {
    match split_port(text) {
        Some((_, Some(_))) => Ok(text.to_owned()),
        _ => Err(format!(
            "{} is not an address with a port\nfor example `127.0.0.1:8088` or `[::1]:8088`",
            show(text)
        )),
    }
}

/// A host and perhaps a port; None where it is neither.
pub(super) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        inside.parse::<std::net::Ipv6Addr>().ok()?;
        return match after.strip_prefix(':') {
            Some(digits) => Some((inside, Some(port(digits)?))),
            None => after.is_empty().then_some((inside, None)),
        };
    }
    if text.matches(':').count() != 1 {
        host(text).ok()?;
        return Some((text, None));
    }
    let (name, digits) = text.split_once(':')?;
    host(name).ok()?;
    Some((name, Some(port(digits)?)))
}

fn port(digits: &str) -> Option<u16> {
    let plain = digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|port| plain && *port > 0)
}
