//! A droplet whose sshd, firewall, bans, journal and kernel can be hardened: the real `sshd -t` and `sshd -T`, and
//! stubs with a state for everything that would change this machine.

use crate::container_stubs::docker;
use crate::firewall_stubs::{FAIL2BAN, IPTABLES, UFW};
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{quick_sleep, stub, systemctl};

/// A key of this kernel is a file.
const SYSCTL: &str = r#"
all=/stubs/kernel
case $1 in
	-n) cat "$all/$2" ;;
	-q) sed -n 's/^\([a-z0-9_.]*\) *= *\(.*\)$/\1 \2/p' "$4" | while read -r key value; do [ ! -e "$all/$key" ] || printf '%s\n' "$value" >"$all/$key"; done ;;
	*) exit 64 ;;
esac
"#;

/// What lies in eve's home belongs to 1001, although every file of the sandbox is root's.
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
