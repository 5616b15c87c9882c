//! What keeps others out: ufw, the chain that Docker leaves to the administrator, and who bans whom.

use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Firewall {
    /// Of ufw; None: it is not installed.
    pub ufw: Option<Ufw>,
    /// Rules of the chain `DOCKER-USER` that are ours to make; None: Docker has not made the chain.
    pub docker_user: Option<Vec<String>>,
    /// Our own chain drops what is new and not named: IPv4, and IPv6 where Docker has a chain there.
    pub guarded: bool,
    /// ufw filters IPv6 as well.
    pub ipv6: bool,
    /// fail2ban is installed, and so is what it can ban with (`iptables`).
    pub banner: bool,
    /// fail2ban watches sshd.
    pub fail2ban: bool,
    /// The program that it would ban with, where that is not there: it then says that it bans, and does not.
    pub helpless: Option<String>,
    /// Somebody told it already whom to spare.
    pub spares: bool,
    /// Listening UDP and TCP sockets that others reach: `tcp 0.0.0.0:8069 docker-proxy`.
    pub open: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ufw {
    pub active: bool,
    /// What comes in is denied where no rule allows it.
    pub denies: bool,
    /// Its rules, as `ufw status` prints them.
    pub rules: Vec<String>,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.firewall",
    &[r#"
[ "$(id -u)" = 0 ] || { echo "only root sees the firewall" >&2; exit 1; }
if command -v ufw >/dev/null; then
    echo 'ufw	yes'
    LC_ALL=C ufw status verbose 2>/dev/null | awk '
        /^Status: active/ { print "active\tyes" }
        /^Default: (deny|reject) \(incoming\)/ { print "denies\tyes" }
        / (ALLOW|LIMIT|DENY|REJECT) IN / { print "rule\t" $0 }' | head -n 200
    grep -qi '^IPV6=yes' /etc/default/ufw 2>/dev/null && echo 'ipv6	yes'
fi
if iptables -w 5 -S DOCKER-USER >/dev/null 2>&1; then
    echo 'chain	yes'
    iptables -w 5 -S DOCKER-USER | sed -n 's/^-A DOCKER-USER /docker-user\t/p' | head -n 200
    closed() {
        ! "$1" -w 5 -S DOCKER-USER >/dev/null 2>&1 || {
            "$1" -w 5 -S DOCKER-USER | grep -q -- '-j OPS-IN$' && "$1" -w 5 -S OPS-IN 2>/dev/null | grep -q -- '--ctstate NEW -j DROP$'
        }
    }
    closed iptables && closed ip6tables && echo 'guarded	yes'
fi
if command -v fail2ban-client >/dev/null; then
    ! command -v iptables >/dev/null || echo 'banner	yes'
    # Of a file of its own, the part for all and that for sshd; not what we wrote.
    for file in /etc/fail2ban/jail.conf /etc/fail2ban/jail.local /etc/fail2ban/jail.d/*.conf /etc/fail2ban/jail.d/*.local; do
        case $file in */ops.local) ;; *) cat -- "$file" 2>/dev/null ;; esac
    done | awk '/^\[/ { part = $1 } /^[ \t]*ignoreip[ \t]*=/ && (part == "[DEFAULT]" || part == "[sshd]") { print "spares\tyes"; exit }'
    if fail2ban-client status sshd >/dev/null 2>&1; then
        echo 'fail2ban	yes'
        case $(fail2ban-client get sshd actions 2>/dev/null) in
            *nftables*) command -v nft >/dev/null || echo 'helpless	nft' ;;
            *iptables*) command -v iptables >/dev/null || echo 'helpless	iptables' ;;
        esac
    fi
fi
ss -Hltnup | awk '{
    at = $5; sub(/%[^:]*/, "", at); name = $0; if (!sub(/.*users:\(\("/, "", name)) name = ""; sub(/".*/, "", name)
    if (at !~ /^(127\.|\[::1\]|\[::ffff:127\.)/) print "open\t" $1 " " at " " name }' | sort -u | head -n 200
echo 'all	yes'
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<Firewall> {
    let fields = Fields::read(text);
    if !fields.flag("all") {
        return Err(ProbeFailure::new("the firewall cannot be understood"));
    }
    let lines = |key: &str| fields.all(key).map(str::to_owned).collect::<Vec<_>>();
    Ok(Firewall {
        ufw: fields.flag("ufw").then(|| Ufw {
            active: fields.flag("active"),
            denies: fields.flag("denies"),
            rules: lines("rule"),
        }),
        docker_user: fields.flag("chain").then(|| lines("docker-user")),
        guarded: fields.flag("guarded"),
        ipv6: fields.flag("ipv6"),
        banner: fields.flag("banner"),
        fail2ban: fields.flag("fail2ban"),
        helpless: fields.text("helpless"),
        spares: fields.flag("spares"),
        open: lines("open"),
    })
}
