//! Stubs of iptables, ufw and fail2ban, each with its state in files.

/// Rules in a file; knows the options that `harden.sh` and the chain's script use.
pub const IPTABLES: &str = r#"
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
pub const UFW: &str = r#"
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

/// It bans with a rule of iptables.
pub const FAIL2BAN: &str = r#"
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
