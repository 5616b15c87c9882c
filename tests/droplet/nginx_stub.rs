//! A stub of nginx with a real master and real workers.

use crate::sandbox::Sandbox;
use crate::site_stubs::stub;

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
