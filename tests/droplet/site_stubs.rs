//! Stubs for the programs around the site: nginx with a master and workers, systemctl, and the `docker` that they
//! need. Each reads its state from files below `/stubs`, and each can be told to fail, to hang or to print garbage.

use crate::sandbox::{Sandbox, Shell};

/// What a stub does instead of its work.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    Fails,
    Hangs,
    Garbage,
}

impl Trouble {
    pub const ALL: [Trouble; 3] = [Trouble::Fails, Trouble::Hangs, Trouble::Garbage];

    fn word(self) -> &'static str {
        match self {
            Trouble::Fails => "fails",
            Trouble::Hangs => "hangs",
            Trouble::Garbage => "garbage",
        }
    }
}

/// Stands in front of each stub: `told KIND` is true where a line of `/stubs/NAME.KIND` is part of its words.
const TOLD: &str = r#"
words=" $* "
told() { [ -s "$0.$1" ] && printf '%s\n' "$words" | grep -qF -f "$0.$1"; }
! told fails || { echo "${0##*/}: told to fail" >&2; exit 1; }
! told hangs || exec /usr/bin/sleep 600
! told garbage || { printf '\377\376{"a"\t:\001\n\n$(touch /tmp/hacked)\n`touch /tmp/hacked`\n'; exit 0; }
"#;

/// Puts a stub on PATH that can be told to misbehave.
pub fn stub(sandbox: &Sandbox, name: &str, body: &str) {
    sandbox.stub(name, &format!("{TOLD}{body}"));
}

/// A stub that does not exist yet, or one that does, misbehaves from now on where its words contain `words`.
pub fn tell(sandbox: &Sandbox, name: &str, trouble: Trouble, words: &str) {
    sandbox.write(&format!("/stubs/{name}.{}", trouble.word()), format!("{words}\n"));
}

/// The stub works again.
pub fn cure(sandbox: &Sandbox, name: &str) {
    for trouble in Trouble::ALL {
        let _ = std::fs::remove_file(sandbox.path(&format!("/stubs/{name}.{}", trouble.word())));
    }
}

/// A `sleep` that waits for no more than a hundredth of a second, so that loops that poll end soon.
pub fn quick_sleep(sandbox: &Sandbox) {
    sandbox.stub("sleep", "exec /usr/bin/sleep 0.01");
}

/// nginx's master and its workers, real processes that listen on port 80. A reload reads the configuration once more
/// (`/run/nginx.loaded` has its text), starts a new worker and lets the old one end. A worker that is told to end
/// stops listening and lives until its clients are gone, or as long as `/stubs/nginx.lingers` is there. Where
/// `/stubs/nginx.deaf` is there, the master ignores reloads. A client that sends `to PORT` is given a
/// server there; one listens on 8069.
const MASTER: &str = r#"
use strict; use IO::Socket::INET; use IO::Select; use POSIX ();
my $listen = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => 80, Listen => 16, ReuseAddr => 1) or die "port 80: $!";
my $slot = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8069, Listen => 16);
my ($worker, $reload) = (0, 0);
# The name of the process stays nginx's, as with nginx.
sub title { $0 = "nginx: worker process$_[0]"; open my $comm, '>', '/proc/self/comm'; print $comm 'nginx'; }
sub work {
	title(''); my $ends = 0; my @kept;
	$SIG{HUP} = 'IGNORE'; $SIG{CHLD} = 'DEFAULT'; $SIG{QUIT} = sub { $ends = 1 };
	my $clients = IO::Select->new($listen); my $shown = 0;
	while (1) {
		if ($ends && !$shown) { $shown = 1; $clients->remove($listen); close $listen; title(' is shutting down'); }
		POSIX::_exit(0) if $shown && !$clients->count && !-e '/stubs/nginx.lingers';
		for my $one ($clients->can_read(0.01)) {
			if ($one == $listen) { my $new = $listen->accept; $clients->add($new) if $new; next; }
			my $got = sysread($one, my $text, 4096);
			if (!$got) { $clients->remove($one); close $one; next; }
			if ($text =~ /^to (\d+)/) { push @kept, IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $1); syswrite $one, "done\n"; }
		}
		select undef, undef, undef, 0.01 unless $clients->count;
	}
}
sub start { $worker = fork; work() if !$worker; }
sub load { system 'cat /etc/nginx/nginx.conf /etc/nginx/sites-enabled/* >/run/nginx.loaded.new && mv /run/nginx.loaded.new /run/nginx.loaded'; }
$SIG{HUP} = sub { $reload = 1 }; $SIG{CHLD} = sub { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 };
load(); start();
open my $pid, '>', '/run/nginx.pid'; print $pid "$$\n"; close $pid;
while (1) {
	select undef, undef, undef, 0.005;
	next unless $reload; $reload = 0;
	next if -e '/stubs/nginx.deaf';
	local $SIG{CHLD} = 'DEFAULT'; load(); my $old = $worker; start(); kill 'QUIT', $old;
}
"#;

/// `-t` refuses braces that do not match, a statement without an end, and what a line of `/stubs/nginx.refuses` names.
const NGINX: &str = r#"
files() { for file in /etc/nginx/nginx.conf /etc/nginx/sites-enabled/*; do printf '# configuration file %s:\n' "$file"; cat "$file"; echo; done; }
good() {
	if [ -s /stubs/nginx.refuses ] && files | grep -F -f /stubs/nginx.refuses; then return 1; fi
	files | perl -0777 -ne 's/"(\\.|[^"\\])*"|\x27(\\.|[^\x27\\])*\x27|(#[^\n]*)/$3 ? "" : "q"/ges; s/\$\{\w+\}/v/g;
		my $deep = 0; my $last = ";";
		for (/[{};]|[^\s{};]+/g) { if ($_ eq "{") { $deep++ } elsif ($_ eq "}") { exit 1 if --$deep < 0 || $last !~ /^[;{}]$/ } $last = $_ }
		exit($deep || $last !~ /^[;}]$/ ? 1 : 0)'
}
case "$*" in
	-t) good || { echo 'nginx: [emerg] configuration test failed' >&2; exit 1; } ;;
	-T) good && files ;;
	'-s reload') good && read -r pid </run/nginx.pid && kill -HUP "$pid" ;;
	*) exit 64 ;;
esac
"#;

/// Starts nginx with one site, and waits until it serves.
pub fn nginx(sandbox: &mut Sandbox, file: &str, text: &str) {
    stub(sandbox, "nginx", NGINX);
    sandbox.write("/stubs/nginx-master", MASTER);
    sandbox.write("/etc/nginx/nginx.conf", "worker_processes 1;\n");
    sandbox.write(file, text);
    sandbox
        .sh("setsid /usr/bin/perl /stubs/nginx-master </dev/null >/tmp/nginx.log 2>&1 &
            n=0; until [ -s /run/nginx.pid ]; do n=$((n + 1)); [ $n -lt 300 ] || { cat /tmp/nginx.log; exit 1; }; /usr/bin/sleep 0.01; done")
        .exits(0);
}

/// Units are files below `/stubs/units`: `NAME.enabled`, `NAME.active`. What starts or stops runs the program that its
/// file in `/etc/systemd/system` names.
pub fn systemctl(sandbox: &Sandbox) {
    stub(
        sandbox,
        "systemctl",
        r#"
umask 022; mkdir -p /stubs/units
verb= units= now=
starts() { stops; line=$(sed -n 's/^ExecStart=//p' "$file" 2>/dev/null); [ -z "$line" ] || $line || exit 1; : >"$at.active"; }
stops() { [ -e "$at.active" ] || return 0; rm -f "$at.active"; line=$(sed -n 's/^ExecStop=//p' "$file" 2>/dev/null); [ -z "$line" ] || $line || exit 1; }
for word; do
	case $word in --now) now=yes ;; -*) ;; *) if [ -z "$verb" ]; then verb=$word; else units="$units $word"; fi ;; esac
done
for unit in $units; do
	case $unit in *.*) ;; *) unit=$unit.service ;; esac
	at=/stubs/units/$unit file=/etc/systemd/system/$unit
	case $verb in
		is-active) [ -e "$at.active" ] || exit 3 ;;
		is-enabled) [ -e "$at.enabled" ] || exit 1 ;;
		enable) : >"$at.enabled"; [ -z "$now" ] || starts ;;
		disable) rm -f "$at.enabled"; [ -z "$now" ] || stops ;;
		start | restart | reload-or-restart) starts ;;
		reload) [ -e "$at.active" ] || exit 1 ;;
		stop) stops ;;
		*) ;;
	esac
done
exit 0
"#,
    );
}

/// Containers are directories `/stubs/containers/ID` with the files `project`, `service`, `status`, `policy`, `health`
/// and `pid`. A command in a container runs in the sandbox itself.
pub fn docker(sandbox: &Sandbox) {
    stub(
        sandbox,
        "docker",
        r#"
all=/stubs/containers
of() { cat "$all/$1/$2" 2>/dev/null; }
case $1 in
	ps)
		project= service= stopped=
		for word; do case $word in
			label=com.docker.compose.project=*) project=${word#label=com.docker.compose.project=} ;;
			label=com.docker.compose.service=*) service=${word#label=com.docker.compose.service=} ;;
			-a*) stopped=yes ;;
		esac; done
		for one in "$all"/*/; do
			one=${one%/} one=${one##*/}
			[ "$(of "$one" project)" = "$project" ] && [ "$(of "$one" service)" = "$service" ] || continue
			[ -n "$stopped" ] || [ "$(of "$one" status)" = running ] || continue
			echo "$one"
		done ;;
	inspect)
		for last; do :; done
		[ -d "$all/$last" ] || { echo "Error: No such object: $last" >&2; exit 1; }
		case "$*" in
			*State.Pid*) of "$last" pid ;;
			*RestartPolicy*) of "$last" policy ;;
			*State.Status*) printf '%s %s\n' "$(of "$last" status)" "$(of "$last" health)" ;;
			*IPAddress*) of "$last" address ;;
			*HostPort*) of "$last" ports ;;
			*) exit 64 ;;
		esac ;;
	exec) shift; while [ "${1#-}" != "$1" ]; do shift; done; shift; exec "$@" ;;
	top)
		echo 'PID COMMAND'
		for one in /proc/[0-9]*/cmdline; do pid=${one%/cmdline}; printf '%s %s\n' "${pid#/proc/}" "$(tr '\0' ' ' <"$one" 2>/dev/null)"; done ;;
	update) for last; do :; done; case $2 in --restart=*) echo "${2#--restart=}" >"$all/$last/policy" ;; esac ;;
	stop) for last; do :; done; echo exited >"$all/$last/status" ;;
	start) for last; do :; done; echo running >"$all/$last/status" ;;
	info) if grep -q '"live-restore": true' /etc/docker/daemon.json; then echo true; else echo false; fi ;;
	logs) cat "$all"/logs 2>/dev/null ;;
	*) exit 0 ;;
esac
"#,
    );
}

/// A container of the project `p` that runs, with these files changed.
pub fn container(sandbox: &Sandbox, id: &str, service: &str, others: &[(&str, &str)]) {
    let usual = [("project", "p"), ("service", service), ("status", "running"), ("policy", "always:0")];
    for (name, text) in usual.iter().chain(others) {
        sandbox.write(&format!("/stubs/containers/{id}/{name}"), format!("{text}\n"));
    }
}

/// Runs a test in every shell that a droplet may have.
pub fn in_every_shell(test: impl Fn(&mut Sandbox)) {
    for shell in Shell::ALL {
        test(&mut Sandbox::new(shell));
    }
}
