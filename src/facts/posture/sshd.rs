//! sshd as the daemon itself would treat us and root, and the keys that open it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

/// What `sshd -T` answers, by its own lower-case words.
pub type Options = BTreeMap<String, String>;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sshd {
    /// Who logged in, before sudo.
    pub user: String,
    /// Where the login came from, as the droplet sees it.
    pub from: Option<String>,
    /// The fingerprint of the key of the last login of this user.
    pub key: Option<String>,
    /// For that user and for root, from that address.
    pub own: Options,
    pub root: Options,
    /// Where it listens.
    pub ports: Vec<u16>,
    /// Lines of drop-ins that come before ours and decide what ours would: `file:line`.
    pub before: Vec<String>,
    /// The user may become root without a password, or is root.
    pub sudo: bool,
    /// The service is started by a socket, which has its own ports.
    pub socket: bool,
    /// Some settings are for some logins only (`Match`).
    pub conditional: bool,
    /// Accounts with a key. One without a shell may still fetch and leave files.
    pub accounts: Vec<String>,
    pub keys: Vec<Key>,
    /// Files and directories of keys that others may read or write, with their modes.
    pub loose: Vec<String>,
}

/// What the names of ciphers, MACs and key exchanges have in them that are too old.
pub const OLD_ALGORITHMS: [&str; 8] =
    ["sha1", "cbc", "3des", "arcfour", "md5", "umac-64", "group1-", "blowfish"];

/// A line of `.ssh/authorized_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    pub user: String,
    pub bits: u32,
    pub sum: String,
    /// `RSA`, `ED25519`, `ED25519-SK`, ..
    pub kind: String,
    pub comment: String,
    /// In a file of its user's own, without options: neither a command alone, nor addresses alone, nor an authority.
    pub plain: bool,
}

impl Key {
    /// NIST SP 800-57: less than 128 bits of security, which 3072 bits of RSA have.
    pub fn is_weak(&self) -> bool {
        self.kind == "DSA" || self.kind == "RSA" && self.bits < 3072
    }
}

// Who we are is known to the process that sshd started, which is an ancestor: sudo forgets it.
pub(super) const PROBE: Program = Program::shell(
    "facts.posture.sshd",
    &[r#"
user=${SUDO_USER:-$(id -un)}
printf 'user\t%s\n' "$user"
pid=$$ from=
while [ "${pid:-1}" -gt 1 ] && [ -z "$from" ]; do
    from=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=\([^ ]*\) .*/\1/p')
    pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null)
done
[ -z "$from" ] || printf 'from\t%s\n' "$from"
ask() {
    sshd -T -C "user=$2,host=localhost,addr=${from:-127.0.0.1}" | awk -v who="$1" '{ key = $1; sub(/^[^ ]+ ?/, ""); print who "\t" key "\t" $0 }'
}
command -v sshd >/dev/null || { echo "there is no sshd" >&2; exit 1; }
{ sshd -T; ss -Hltnp; } 2>/dev/null | sed -n 's/^port \([0-9]*\)$/\1/p; /"sshd"/s/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p' | sort -un | sed 's/^/port\t/'
ask own "$user"
ask root root
printf '%s\n' /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config.d/00-ops.conf | sort | sed '/\/00-ops\.conf$/,$d' | while read -r file; do
    grep -HnEi '^[[:space:]]*(PasswordAuthentication|KbdInteractiveAuthentication|PermitRootLogin|AllowUsers|AllowGroups|Port|MaxAuthTries|LoginGraceTime|X11Forwarding|PermitTunnel|AllowAgentForwarding|Ciphers|MACs|KexAlgorithms)[[:space:]=]' "$file" |
        sed 's/^/before\t/'
done
! sudo -n true 2>/dev/null && [ "$(id -u)" != 0 ] || echo 'sudo	yes'
! systemctl is-active --quiet ssh.socket 2>/dev/null || echo 'socket	yes'
command -v journalctl >/dev/null && journalctl -q -o cat -n 2000 -t sshd -t sshd-session --since -7d 2>/dev/null |
    sed -n "s/^Accepted publickey for $user from .* ssh2: [^ ]* \(SHA256:[^ ]*\).*/key\t\1/p" | tail -n 1
! grep -qsEi '^[[:space:]]*match[[:space:]]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf || echo 'conditional	yes'
{ getent passwd "$user" root; getent passwd; } | awk -F: '!seen[$1]++ { print $1 ":" $6 }' | while IFS=: read -r one home; do
    [ -n "$home" ] || continue
    if [ -s "$home/.ssh/authorized_keys" ] || [ -s "$home/.ssh/authorized_keys2" ]; then printf 'account\t%s\n' "$one"
    else case $one in "$user" | root) ;; *) continue ;; esac; fi
    for file in "$home" "$home/.ssh" "$home/.ssh/authorized_keys"; do
        mode=$(stat -L -c %a -- "$file" 2>/dev/null) || continue
        case $file:$mode in
            "$home":*[2367][0-7] | "$home":*[2367]) printf 'loose\t%s %s\n' "$file" "$mode" ;;
            "$home":* | "$home/.ssh":700 | */authorized_keys:600 | */authorized_keys:400) ;;
            *) printf 'loose\t%s %s\n' "$file" "$mode" ;;
        esac
    done
    file=$home/.ssh/authorized_keys
    ssh-keygen -lf "$file" 2>/dev/null | sed "s/^/authorized\t$one /"
    [ -f "$file" ] && [ ! -L "$file" ] && [ "$(stat -c %u -- "$file")" = "$(id -u "$one")" ] || continue
    grep -E '^[[:space:]]*(ssh-|ecdsa-|sk-)' -- "$file" | ssh-keygen -lf - 2>/dev/null | cut -d' ' -f2 | sed "s/^/plain\t$one /"
done
echo 'all	yes'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Sshd> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("sshd cannot be understood"));
    }
    let options = |who: &str| -> Options {
        let pair = |line: &str| line.split_once('\t').map(|(key, value)| (key.to_owned(), value.to_owned()));
        fields.all(who).filter_map(pair).collect()
    };
    let (own, root) = (options("own"), options("root"));
    if !own.contains_key("passwordauthentication") || !root.contains_key("permitrootlogin") {
        return Err(ProbeFailure::new("sshd -T did not say how it treats a login"));
    }
    let unclear = |line: &str| ProbeFailure::new(format!("ssh-keygen cannot be understood: {line}"));
    let plain: BTreeSet<&str> = fields.all("plain").collect();
    let keys = fields.all("authorized").map(|line| key(line, &plain).ok_or_else(|| unclear(line)));
    Ok(Sshd {
        user: fields.need("user")?.to_owned(),
        from: fields.text("from"),
        key: fields.text("key"),
        own,
        root,
        ports: fields.all("port").filter_map(|port| port.parse().ok()).collect(),
        before: fields.all("before").map(str::to_owned).collect(),
        sudo: fields.flag("sudo"),
        socket: fields.flag("socket"),
        conditional: fields.flag("conditional"),
        accounts: fields.all("account").map(str::to_owned).collect(),
        keys: keys.collect::<Probe<_>>()?,
        loose: fields.all("loose").map(str::to_owned).collect(),
    })
}

/// `root 256 SHA256:.. alice@laptop (ED25519)`
fn key(line: &str, plain: &BTreeSet<&str>) -> Option<Key> {
    let (user, rest) = line.split_once(' ')?;
    let (bits, rest) = rest.split_once(' ')?;
    let (sum, rest) = rest.split_once(' ')?;
    let (comment, kind) = rest.rsplit_once(" (").unwrap_or(("", rest.trim_start_matches('(')));
    Some(Key {
        user: user.to_owned(),
        bits: bits.parse().ok()?,
        sum: sum.to_owned(),
        kind: kind.trim_end_matches(')').to_owned(),
        comment: comment.to_owned(),
        plain: plain.contains(format!("{user} {sum}").as_str()),
    })
}
