//! Who could come in, and who was refused: keys, accounts, members of powerful groups, rules of sudo.
//!
//! Deliberately absent: whether they ought to (`ops harden`), ports (`listeners`) and Odoo's own users (`odoo`).

use std::collections::BTreeMap;

use super::{Access, Entrance};
use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

// Of a key its fingerprint and comment; of a rule only the sum of its file. What root alone may read is not there for others.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.access",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ "$(id -u)" = 0 ] || { echo partly; exit 0; }
echo wholly
accounts=$(getent passwd) || exit
printf '%s\n' "$accounts" | while IFS=: read -r user _ uid _ _ home shell; do
    [ "$uid" != 0 ] || printf 'account\t%s has all rights\n' "$user"
    case $shell in */nologin | */false | */sync) continue ;; esac
    for file in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
        [ -s "$file" ] || continue
        ssh-keygen -lf "$file" 2>/dev/null | while read -r _ sum comment; do printf 'key\t%s of %s: %s\n' "$sum" "$user" "$comment"; done
    done
done
getent group root sudo wheel admin docker | while IFS=: read -r group _ _ members; do
    printf '%s\n' "$members" | tr , '\n' | while read -r member; do
        [ -z "$member" ] || printf 'member\t%s is in %s\n' "$member" "$group"
    done
done
for file in /etc/sudoers /etc/sudoers.d/*; do
    [ ! -f "$file" ] || printf 'rules\t%s as of %.8s\n' "$file" "$(sha256sum <"$file")"
done
# Each connection that was refused has one such line.
command -v journalctl >/dev/null && refused=$(journalctl -q -o cat --since '1 hour ago' -t sshd -t sshd-session 2>/dev/null) || exit 0
printf 'refused\t%s\n' "$(printf '%s\n' "$refused" |
    grep -cE '^(Connection (closed|reset) by|Disconnected from|Disconnecting) (invalid|authenticating) user ')"
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

/// More of one kind than this are not remembered: a droplet has a handful.
const MOST: usize = 500;

pub(super) fn parse(text: &str) -> Probe<Option<Access>> {
    match text.lines().next() {
        Some("wholly") => {}
        Some("partly") => return Ok(None),
        _ => return Err(ProbeFailure::new("who may come in cannot be understood")),
    }
    let fields = Fields::read(text);
    let of = |way: Entrance| {
        let all = fields.all(way.key()).take(MOST);
        (way, all.map(|text| crate::text::shorten(&crate::text::printable(text), 160)).collect())
    };
    let kinds = [Entrance::Account, Entrance::Key, Entrance::Member, Entrance::Rules];
    let entrances: BTreeMap<_, _> = kinds.into_iter().map(of).collect();
    let refused = fields.get("refused").map(|_| fields.number("refused")).transpose()?;
    Ok(Some(Access { entrances, refused }))
}
