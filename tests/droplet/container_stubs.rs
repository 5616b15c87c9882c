//! A stub of `docker` for the programs around the site, and its containers.

use crate::sandbox::Sandbox;
use crate::site_stubs::stub;

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
