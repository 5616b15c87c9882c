# All probes of a droplet in one go: they run side by side, and their answers come back one after
# the other, so that none can mix with another and nothing is written to a disk that may be full.
#
# Arguments: a nonce; the stack's path; state_dir; the service names of web, database and proxy;
# the compose files, separated by US; then pairs of a probe's name and its shell text. The word
# `--` stands between the probes that need no containers and those that do.

LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
# The parser of json.sh, for probes: awk "$OPS_JSON" document rows - POINTER <FILE.
OPS_JSON=$json_parser$json_program
# shellcheck disable=SC2090  # awk reads it as one program; no shell reads the quotes in it
export LC_ALL PATH OPS_JSON
nonce=$1 path=$2 state_dir=$3 web=$4 db=$5 proxy=$6 compose=$7
shift 7
us=$(printf '\037')

# What one probe says, at most 512 KiB in 20 seconds, as one part of src/frames.rs: its stdout, the last
# 2000 bytes of its stderr with the exit code as last line, a newline, the length of that.
# A process of it that cannot be killed (`df` of an NFS server that is gone) keeps its pipes open: those who
# read them are ended, too.
frame() {
	answer=$(
		exec 3>&1
		said=$(
			{
				exec 4>&1
				{
					timeout -k 2 20 sh -c "$2" ops </dev/null 2>&4 3>&- 4>&-
					printf '\n%s' "$?" >&4
				} | timeout 23 head -c 524288 >&3 4>&-
			} | timeout 24 tail -c 2000 3>&-
		)
		[ -n "$said" ] || said=$(printf '\n124')
		printf '%s\n%s' "$said" "${#said}"
	)
	printf '\n%s %s 0 %s\n%s' "$nonce" "$1" "${#answer}" "$answer"
}

# Each probe writes into a pipe of its own, which is emptied when those after it are done.
all() {
	[ $# -gt 0 ] || return 0
	if [ "$1" = -- ]; then
		shift
		find_stack
		all "$@"
		return
	fi
	frame "$1" "$2" | {
		shift 2
		exec 3<&0
		all "$@" </dev/null 3<&-
		cat <&3
	}
}

# shellcheck disable=SC3013 # Not POSIX, and in dash, bash and busybox alike.
same() {
	[ -n "$1" ] && { [ "${1%/}" = "${2%/}" ] || [ "$1" -ef "$2" ]; }
}

# Is this container the stack's? By its project's directory, by a compose file, by our own records.
ours() { # project, working directory, compose files
	same "$2" "$path" && return 0
	[ -n "$OPS_RECORDED" ] && [ "$1" = "$OPS_RECORDED" ] && return 0
	rest=$3,
	while [ -n "$rest" ]; do
		file=${rest%%,*} rest=${rest#*,} wanted=$compose$us
		while [ -n "$wanted" ]; do
			same "$file" "$path/${wanted%%"$us"*}" && return 0
			wanted=${wanted#*"$us"}
		done
	done
	return 1
}

# Project names become paths below state_dir, so only names that Compose itself would make count.
named() {
	case $1 in
	'' | [!a-zA-Z0-9]* | *[!a-zA-Z0-9_.-]*) return 1 ;;
	esac
}

find_recorded() {
	OPS_RECORDED=
	for file in "${state_dir%/}"/*/stack; do
		[ -f "$file" ] || continue
		said=
		IFS= read -r said <"$file" || [ -n "$said" ] || continue
		file=${file%/stack} file=${file##*/}
		if same "$said" "$path" && named "$file"; then OPS_RECORDED=$file; fi
	done
}

# One line for every container of any Compose project.
list_containers() {
	field='{{"\x1f"}}{{.Label "com.docker.compose'
	timeout -k 2 15 docker ps -a --no-trunc --filter label=com.docker.compose.project --format \
		"{{.ID}}{{\"\\x1f\"}}{{.State}}$field.project\"}}$field.service\"}}$field.oneoff\"}}$field.project.working_dir\"}}$field.project.config_files\"}}" 2>&1
}

# Of several projects that live in the stack's path, the one whose web service runs is the stack.
choose_project() {
	most=0
	while IFS=$us read -r id status project service oneoff dir files; do
		named "$project" || continue
		ours "$project" "$dir" "$files" || continue
		case $status:$oneoff:$service in
		running:False:"$web" | running:False:"$web-b") weight=4 ;;
		running:False:"$db") weight=3 ;;
		running:*) weight=2 ;;
		*) weight=1 ;;
		esac
		[ "$weight" -gt "$most" ] && most=$weight OPS_PROJECT=$project
	done <<EOT
$1
EOT
}

# The slot of the web service that serves, from the record of the current release (src/record.rs: Slot).
find_live() {
	live=$web
	if [ -f "${state_dir%/}/$OPS_PROJECT/releases/current" ]; then
		IFS= read -r said <"${state_dir%/}/$OPS_PROJECT/releases/current" || said=
		case $said in
		'' | .* | */*) ;;
		*) [ "$(json_value "${state_dir%/}/$OPS_PROJECT/releases/$said/release.json" /slot 2>/dev/null)" != b ] || live=$web-b ;;
		esac
	fi
}

# Of the web service the live slot's container; where that does not run, one of the service as the user
# calls it, if that runs.
choose_containers() {
	find_live
	twin=
	while IFS=$us read -r id status project service oneoff dir files; do
		case $id in '' | *[!0-9a-f]*) continue ;; esac
		[ "$project" = "$OPS_PROJECT" ] || continue
		OPS_IDS="$OPS_IDS $id"
		[ "$oneoff" = False ] || continue
		case $service in
		"$live") [ -n "$OPS_WEB" ] && [ "$status" != running ] || OPS_WEB=$id live_status=$status ;;
		"$web") [ "$status" != running ] || twin=$id ;;
		"$db") [ -n "$OPS_DB" ] && [ "$status" != running ] || OPS_DB=$id ;;
		"$proxy") [ -n "$OPS_PROXY" ] && [ "$status" != running ] || OPS_PROXY=$id ;;
		esac
	done <<EOT
$1
EOT
	[ -z "$twin" ] || { [ -n "$OPS_WEB" ] && [ "$live_status" = running ]; } || OPS_WEB=$twin
}

# The engine, its directory and Compose, as lines of `key`, a tab, a value.
ask_engine() {
	timeout -k 2 15 docker info --format \
		'engine{{"\t"}}{{.ServerVersion}}{{"\n"}}root{{"\t"}}{{.DockerRootDir}}{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{"\n"}}compose{{"\t"}}{{.Version}}{{end}}{{end}}' 2>&1
}

why_not() { # what docker said
	if [ -z "$DOCKER_HOST" ] && [ ! -S /var/run/docker.sock ]; then
		echo 'docker does not answer: its engine does not run'
	elif [ -z "$DOCKER_HOST" ] && [ ! -w /var/run/docker.sock ]; then
		echo "the user $(id -un) may not use docker"
	else
		printf 'docker does not answer: %s' "$1" | head -c 500
	fi
}

# Sets and exports, for the probes: OPS_FAULT (why Docker could not be asked), OPS_ENGINE, OPS_PROJECT,
# OPS_STATE (its directory of records), OPS_IDS (its containers), OPS_WEB, OPS_DB, OPS_PROXY (one each).
find_stack() {
	OPS_FAULT='' OPS_ENGINE='' OPS_PROJECT='' OPS_STATE='' OPS_IDS='' OPS_WEB='' OPS_DB='' OPS_PROXY=''
	find_recorded
	if ! command -v docker >/dev/null 2>&1; then
		OPS_FAULT='docker is not installed'
	elif ! OPS_ENGINE=$(ask_engine); then
		OPS_FAULT=$(why_not "$OPS_ENGINE")
	elif list=$(list_containers); then
		choose_project "$list"
		[ -z "$OPS_PROJECT" ] || choose_containers "$list"
	else
		OPS_FAULT=$(why_not "$list")
	fi
	[ -n "$OPS_PROJECT" ] || OPS_PROJECT=$OPS_RECORDED
	if [ -n "$OPS_PROJECT" ] && [ -d "${state_dir%/}/$OPS_PROJECT" ]; then
		OPS_STATE=${state_dir%/}/$OPS_PROJECT
	elif [ -n "$OPS_RECORDED" ]; then
		OPS_STATE=${state_dir%/}/$OPS_RECORDED
	fi
	export OPS_FAULT OPS_ENGINE OPS_PROJECT OPS_STATE OPS_IDS OPS_WEB OPS_DB OPS_PROXY
}

all "$@"
