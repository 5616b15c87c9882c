//! A droplet whose sshd, firewall, bans, journal and kernel can be hardened: the real `sshd -t` and `sshd -T`, and
//! stubs with a state for everything that would change this machine.

use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{docker, quick_sleep, stub, systemctl};

/// Rules in a file; knows the options that `harden.sh` and the chain's script use.
const IPTABLES: &str = r#"
umask 022; rules=$0.rules
[ -e "$rules" ] || printf '%s\n' '-P INPUT ACCEPT' '-P FORWARD ACCEPT' '-P OUTPUT ACCEPT' '-N DOCKER-USER' '-A DOCKER-USER -j RETURN' >"$rules"
while :; do case $1 in -w) shift; case $1 in [0-9]*) shift ;; esac ;; -n) shift ;; *) break ;; esac; done
verb=$1 chain=${2:-}
there() { grep -qxE -e "-P $chain [A-Z]+|-N $chain" "$rules"; }
kept() { grep -v "$@" "$rules" >"$rules.new"; mv "$rules.new" "$rules"; }
[ "$verb$chain" = -S ] || [ "$verb" = -N ] || there || exit 1
case $verb in
	-S) if [ -n "$chain" ]; then grep -E -e "^-[PNA] $chain( |\$)" "$rules"; else cat "$rules"; fi ;;
	-L) ;;
	-P) sed -i "s/^-P $chain .*/-P $chain $3/" "$rules" ;;
	-N) ! there || exit 1; echo "-N $chain" >>"$rules" ;;
	-F) kept -e "^-A $chain " ;;
	-X) kept -x -e "-N $chain" ;;
	-A) echo "$*" >>"$rules" ;;
	-I) shift; { grep -v '^-A' "$rules"; echo "-A $*"; grep '^-A' "$rules"; } >"$rules.new"; mv "$rules.new" "$rules" ;;
	-D) shift; kept -x -F -e "-A $*" ;;
	*) exit 64 ;;
esac
"#;

/// Its rules and its state are in its own files, as ufw's are.
const UFW: &str = r#"
apply() { cp /etc/ufw/user.rules "$0.rules"; policy=$(sed -n 's/^DEFAULT_INPUT_POLICY="\(.*\)"/\1/p' /etc/default/ufw); for one in iptables ip6tables; do "$one" -w -P INPUT "${policy:-DROP}"; done; }
up() { grep -qx ENABLED=yes /etc/ufw/ufw.conf; }
case "$*" in
	status) if up; then echo 'Status: active'; else echo 'Status: inactive'; fi ;;
	'show added') sed -n 's/^### tuple ### \([a-z]*\) tcp \([0-9]*\)$/ufw \1 \2\/tcp/p' /etc/ufw/user.rules ;;
	'allow '*) port=${2%/tcp}; for file in user user6; do printf '### tuple ### allow tcp %s\n' "$port" >>/etc/ufw/$file.rules; done ;;
	'default deny incoming') sed -i 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY="DROP"/' /etc/default/ufw ;;
	'--force enable') sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf; apply ;;
	'--force disable') rm -f "$0.rules"; sed -i 's/^ENABLED=.*/ENABLED=no/' /etc/ufw/ufw.conf; for one in iptables ip6tables; do "$one" -w -P INPUT ACCEPT; done ;;
	reload) ! up || apply ;;
	*) exit 64 ;;
esac
"#;

const FAIL2BAN: &str = r#"
[ "$1" = -t ] && exit
[ -e /stubs/units/fail2ban.service.active ] || exit 255
case "$*" in
	'set sshd banip '*)
		iptables -w -N f2b-sshd 2>/dev/null && iptables -w -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
		iptables -w -A f2b-sshd -s "$4/32" -j REJECT ;;
	'set sshd unbanip '*) iptables -w -D f2b-sshd -s "$4/32" -j REJECT ;;
	'get sshd ignoreip') cat /etc/fail2ban/jail.d/*.local 2>/dev/null ;;
	*) exit 64 ;;
esac
"#;

/// A key of this kernel is a file.
const SYSCTL: &str = r#"
all=/stubs/kernel
case $1 in
	-n) cat "$all/$2" ;;
	-q) sed -n 's/^\([a-z0-9_.]*\) *= *\(.*\)$/\1 \2/p' "$4" | while read -r key value; do [ ! -e "$all/$key" ] || printf '%s\n' "$value" >"$all/$key"; done ;;
	*) exit 64 ;;
esac
"#;

/// Files of `name:owner` homes belong to that number, although everything here is root's.
const STAT: &str = r#"
for last; do :; done
# The link itself, not what it leads to.
real=$(readlink -f -- "$(dirname -- "$last")" 2>/dev/null)/${last##*/}
case $real in
	/home/eve | /home/eve/*)
		for word; do
			shift
			case $word in *%[ug]*) word=$(printf %s "$word" | sed 's/%[ug]/1001/g') ;; esac
			set -- "$@" "$word"
		done ;;
esac
exec /usr/bin/stat "$@"
"#;

const FILES: [(&str, &str); 12] = [
    (
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nsshd:x:101:65534::/run/sshd:/bin/false\neve:x:1001:1001::/home/eve:/bin/sh\n",
    ),
    ("/etc/group", "root:x:0:\nnogroup:x:65534:\neve:x:1001:\n"),
    ("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nHostKey /etc/ssh/host\nUsePAM no\n"),
    ("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n"),
    ("/etc/default/ufw", "IPV6=no\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\n"),
    ("/etc/ufw/ufw.conf", "ENABLED=no\n"),
    ("/etc/ufw/user.rules", "*filter\n"),
    ("/etc/ufw/user6.rules", "*filter\n"),
    ("/etc/docker/daemon.json", "{\n  \"log-driver\": \"local\"\n}\n"),
    ("/stubs/kernel/kernel.kptr_restrict", "0\n"),
    // What fail2ban does when it ends.
    ("/etc/systemd/system/fail2ban.service", "[Service]\nExecStop=unbanned\n"),
    ("/stubs/kernel/net.ipv4.tcp_syncookies", "1\n"),
];

/// A droplet as Ubuntu's image makes it, with two people who log in by keys.
pub fn droplet(shell: Shell) -> Sandbox {
    let mut sandbox = Sandbox::with_disks(shell, &[("/usr/local/sbin", 65536)]);
    quick_sleep(&sandbox);
    systemctl(&sandbox);
    docker(&sandbox);
    for (name, body) in [
        ("sshd", "exec /usr/sbin/sshd \"$@\""),
        ("ss", "echo 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=1,fd=3))'"),
        ("iptables", IPTABLES),
        ("ip6tables", IPTABLES),
        ("ip", "echo 'default via 10.0.0.1 dev eth0 proto static'"),
        ("ufw", UFW),
        ("fail2ban-client", FAIL2BAN),
        (
            "unbanned",
            "! iptables -w -F f2b-sshd || { iptables -w -X f2b-sshd; iptables -w -D INPUT -p tcp -m multiport --dports 22 -j f2b-sshd; }",
        ),
        ("sysctl", SYSCTL),
        ("journalctl", "[ \"$1\" != --flush ] || mkdir -p /var/log/journal"),
        ("dockerd", "[ \"$1\" != --help ] || { echo --validate; exit; }; ! grep -q refused \"$3\""),
        (
            "apt-config",
            "printf \"on='%s'\\n\" \"$(cat /etc/apt/apt.conf.d/* | sed -n 's/^APT::Periodic::Unattended-Upgrade \"\\(.*\\)\";/\\1/p' | tail -n 1)\"",
        ),
        ("stat", STAT),
        // No other user can be had here; how it is called is on record.
        ("setpriv", "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\""),
    ] {
        stub(&sandbox, name, body);
    }
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    for unit in [
        "ssh.service.active",
        "ssh.service.enabled",
        "docker.service.active",
        "systemd-journald.service.active",
    ] {
        sandbox.write(&format!("/stubs/units/{unit}"), "");
    }
    let keys = "umask 077; mkdir -p /run/sshd /root/.ssh /home/eve/.ssh /var/log /etc/apt/apt.conf.d /etc/fail2ban/jail.d /etc/sysctl.d /etc/systemd/system /etc/systemd/journald.conf.d /var/lib/ops
        chmod 755 /run/sshd; chmod 711 /home/eve
        for one in host weak good eves; do ssh-keygen -q -t ed25519 -N '' -C $one -f /tmp/$one; done; mv /tmp/host /etc/ssh/host
        { echo '# of the team'; cat /tmp/weak.pub; printf 'from=\"10.0.0.1\" %s\\n' \"$(cat /tmp/weak.pub)\"; echo; cat /tmp/good.pub; } >/root/.ssh/authorized_keys
        cat /tmp/weak.pub /tmp/eves.pub >/home/eve/.ssh/authorized_keys; iptables -S >/tmp/iptables; ip6tables -S >/tmp/iptables";
    sandbox.sh(keys).exits(0);
    sandbox
}

/// Everything that a fix changes, as text: files with their modes, links and sums; units; rules; the kernel.
pub fn state(sandbox: &mut Sandbox) -> String {
    let all = "cd / && { find etc home root usr/local/sbin var/log stubs/units stubs/kernel stubs/*.rules -path etc/alternatives -prune -o -printf '%p %y %m %l\\n'
        find etc home root usr/local/sbin stubs/units stubs/kernel stubs/*.rules -path etc/alternatives -prune -o -type f -exec sha256sum {} +; } | sort";
    sandbox.sh(all).exits(0).out
}

/// Fails where the droplet is not as it was, and names what differs.
#[track_caller]
pub fn unchanged(sandbox: &mut Sandbox, before: &str, what: &str) {
    let now = state(sandbox);
    let only = |one: &str, other: &str| {
        let lines = one.lines().filter(|line| !other.lines().any(|there| there == *line));
        lines.map(|line| format!("  {line}\n")).collect::<String>()
    };
    let shell = sandbox.shell();
    assert!(
        now == before,
        "{what} ({shell:?})\nbefore only:\n{}now only:\n{}",
        only(before, &now),
        only(&now, before)
    );
}
