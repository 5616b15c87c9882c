# What only a fetch can tell of the new ref. Writes to ops' own cache and to nothing that runs.
# $nonce, $dir (<state_dir>/<project>), $project, $path, $remote, $ref, $running, $owner, $image, $planned_env and
# the lists $compose, $profiles, $config_files, $pulled (one a line) are set in front of this text; $known has
# lines "reference id": what the running release means by a reference.
set -u
umask 077
export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0
work=$(mktemp -d) || exit 73
# The resolved model holds secrets: it must be gone however this ends, and dash runs the first trap only
# where a signal ends in an exit.
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM PIPE
cache=$dir/cache
mirror=$cache/git
mkdir -p "$cache/stage" || exit 73
# A way back waits for nobody's fetch.
[ -n "$kept" ] || { exec 9>>"$cache/flock" && flock -w 120 9; } || exit 75

# The owner's key and known_hosts open the repository, whoever runs this.
ssh='ssh -o BatchMode=yes -o ConnectTimeout=10'
case $owner in
  *[!a-z0-9_-]*|'') ;;
  *) [ "$(id -u)" = 0 ] && [ "$owner" != root ] && ssh="runuser -u $owner -- $ssh" ;;
esac
export GIT_SSH_COMMAND="$ssh"
g() { git -c safe.directory='*' -c gc.auto=0 -c advice.detachedHead=false --git-dir="$mirror" "$@"; }

keep() { # name, command..: its output and its code, for tell
  name=$1
  shift
  "$@" >"$work/$name" 2>"$work/$name.err"
  code=$?
  [ "$code" = 0 ] || cat "$work/$name.err" >>"$work/$name"
  echo "$code" >"$work/$name.code"
  return "$code"
}

tell() { # name: what was kept, bounded, as a part
  read -r code <"$work/$1.code" || return
  # A list that is cut says so, and is not taken for the whole.
  [ "$(wc -c <"$work/$1")" -le 4000000 ] || code=90
  head -c 4000000 "$work/$1" >"$work/part"
  part "$1" "$code" "$work/part"
  return "$code"
}

say() { # name, command..
  keep "$@"
  tell "$1"
}

fetch() {
  [ -d "$mirror" ] || git init -q --bare "$mirror" || return
  timeout 300 git -c safe.directory='*' -c gc.auto=0 --git-dir="$mirror" fetch -q --prune --force -- "$remote" \
    '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
}

resolve() {
  for full in "refs/heads/$ref" "refs/tags/$ref"; do
    g rev-parse --verify --quiet "$full^{commit}" && return
  done
  # A full or abbreviated commit, and nothing else that git would understand.
  case $ref in *[!0-9a-f]*) return 44;; esac
  [ "${#ref}" -ge 7 ] && g rev-parse --verify --quiet "$ref^{commit}" || return 44
}

check_out() {
  stage=$cache/stage/$sha
  [ -d "$stage" ] && { du -sk "$stage" | cut -f1; return; }
  rm -rf "$stage.new"
  git -c safe.directory='*' clone -q --no-checkout --local "$mirror" "$stage.new" &&
    git -c advice.detachedHead=false -C "$stage.new" checkout -q --detach "$sha" || return
  if [ -f "$stage.new/.gitmodules" ]; then
    git -C "$stage.new" remote set-url origin "$remote" &&
      timeout 300 git -C "$stage.new" submodule --quiet update --init --recursive || return
  fi
  # The mirror keeps the history. Readable, because a container's user will read it.
  rm -rf "$stage.new/.git"
  chmod -R u+rwX,go+rX "$stage.new" && mv "$stage.new" "$stage" && du -sk "$stage" | cut -f1
}

# Files that define models or fields, in either commit.
models() {
  for commit in "$sha" "$running"; do
    g -c core.quotePath=off grep -l -I -E 'fields\.|_inherit(s)? *=|_name *=|_sql_constraints|_auto *=' "$commit" -- '*.py' >"$work/found"
    [ $? -le 1 ] || return 2
    sed 's/^[0-9a-f]*://' "$work/found" || return
  done >"$work/all"
  sort -u "$work/all"
}

# Paths where another repository is mounted, in either commit.
submodules() {
  for commit in "$sha" "$running"; do
    g -c core.quotePath=off ls-tree -r "$commit" >"$work/found" || return
    awk -F '\t' '/^160000 / { print $2 }' "$work/found" || return
  done >"$work/all"
  sort -u "$work/all"
}

# Manifests in which a line with the version came, went or changed.
versions() {
  g -c core.quotePath=off diff --no-renames --no-color --no-ext-diff --no-prefix -U0 "$running" "$sha" -- '*/__manifest__.py' '*/__openerp__.py' >"$work/found" || return
  awk '/^\+\+\+ / { file = substr($0, 5); next } /^--- / { next }
    /^[-+].*["\047]version["\047]/ { if (file != "/dev/null") print file }' "$work/found" | sort -u
}

compose() {
  set -- docker compose -p "$project" --project-directory "$path"
  # Before the first deploy there is no `.env`: its names, with placeholders for secrets, stand in.
  [ -e "$path/.env" ] || set -- "$@" --env-file "$work/env"
  while IFS= read -r file; do [ -z "$file" ] || set -- "$@" -f "$base/$file"; done <"$work/compose"
  while IFS= read -r profile; do [ -z "$profile" ] || set -- "$@" --profile "$profile"; done <"$work/profiles"
  # shellcheck disable=SC2086,SC2154  # the caller sets the verb, a constant of this file
  "$@" $verb
}

model() { verb='config --no-interpolate --format json' compose; }

# The images with every variable filled in. Only names leave this pipe, never the resolved model,
# which holds secrets.
names() {
  verb='config --format json' compose >"$work/resolved" || return
  json_rows "$work/resolved" /services key /image >"$work/rows" && awk -F '\t' '$2 != "" { print $1 " " $2 }' "$work/rows"
}

# The volumes (or ports) of each service with variables filled in, as lines `service TAB JSON`: without that, Compose takes the
# short form `${DIR:-./data}:/data` apart at the wrong colon, and a port of a variable is none.
lists() { # resolved model, volumes or ports
  json_rows "$1" /services key "/$2" >"$work/rows.$2" && awk -F '\t' '$2 != ""' "$work/rows.$2"
}

# Without TLS, and with a login that then travels in the clear, only where the engine itself was told so.
insecure() { # image
  case ${1%%/*} in
    "$1") return 1 ;;
    localhost | localhost:*) return 0 ;;
    *[.:]*) docker info -f '{{range $name, $one := .RegistryConfig.IndexConfigs}}{{if not $one.Secure}}{{println $name}}{{end}}{{end}}{{range .RegistryConfig.InsecureRegistryCIDRs}}{{println .}}{{end}}' 2>/dev/null |
      listed "${1%%/*}" ;;
    *) return 1 ;;
  esac
}

# A registry by its name, or by its IPv4 address in a network such as 10.0.0.0/8.
listed() { # registry; names and networks on stdin
  awk -v one="$1" 'function number(ip, four) {
      if (ip !~ /^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$/) return -1
      split(ip, four, "."); return ((four[1] * 256 + four[2]) * 256 + four[3]) * 256 + four[4]
    }
    BEGIN { address = one; sub(/:[0-9]+$/, "", address); address = number(address) }
    $0 == one { found = 1 }
    address >= 0 && split($0, net, "/") == 2 && number(net[1]) >= 0 {
      # Not every BusyBox has powers.
      size = 1; for (bits = net[2] + 0; bits < 32; bits++) size *= 2
      if (int(address / size) == int(number(net[1]) / size)) found = 1
    }
    END { exit !found }'
}

describe() { # image: what the registry says, then a line, then what is here
  docker manifest inspect -v "$1" 2>"$work/m.err" ||
    { insecure "$1" && docker manifest inspect --insecure -v "$1" 2>"$work/m.err"; }
  code=$?
  [ "$code" = 0 ] || { head -c 2000 "$work/m.err"; }
  printf '\n--\n'
  # A release pulls by digest, so its image has no tag of the registry's: its id is on record.
  id=$(awk -v name="$1" '$1 == name {print $2}' "$work/known")
  for one in $id "$1"; do
    docker image inspect -f '{{.Id}} {{json .RepoDigests}}' "$one" 2>/dev/null && break
  done
  return "$code"
}

# What stands in the stack's directory, so that data is told from code.
local_changes() {
  [ -e "$path/.git" ] || return 44
  git -c safe.directory='*' -c core.quotePath=off -C "$path" status --porcelain --ignored --untracked-files=normal
}
entries() { [ -d "$path" ] || return 44; ls -A1 -- "$path"; }

# The model of the files that the running containers were made from.
running_compose() {
  set -- docker compose -p "$project" --project-directory "$path"
  while IFS= read -r file; do [ -z "$file" ] || set -- "$@" -f "$file"; done <"$work/config_files"
  while IFS= read -r profile; do [ -z "$profile" ] || set -- "$@" --profile "$profile"; done <"$work/profiles"
  # shellcheck disable=SC2086,SC2154  # the caller sets the verb, a constant of this file
  "$@" $verb
}
running_model() { verb='config --no-interpolate --format json' running_compose; }
running_volumes() { verb='config --format json' running_compose >"$work/ran" && lists "$work/ran" volumes; }
running_ports() { lists "$work/ran" ports && rm -f "$work/ran"; }

ask() { # query, database or the server's own; asked in the stack's database container
  c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$db" \
    --filter label=com.docker.compose.oneoff=False | head -n 1)
  [ -n "$c" ] || { echo "no running container of $db" >&2; return 1; }
  printf '%s\n' "$1" | docker exec -i "$c" sh -c 'PGCONNECT_TIMEOUT=5 exec psql -XAtq -v ON_ERROR_STOP=1 -v since="$2" -v db="$1" -U "${POSTGRES_USER:-postgres}" -d "$3"' \
    sh "$database" "$(cat "$dir/releases/$since/since" 2>/dev/null)" "${2:-postgres}"
}

# What is on the addons paths, seen by a container of the release that runs: by the one that serves, where one does.
catalog() {
  c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$live" \
    --filter label=com.docker.compose.oneoff=False | head -n 1)
  [ -n "$c" ] || { echo "no running container of $live" >&2; return 1; }
  docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$c" >"$work/words" || return
  set -- -
  while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <"$work/words"
  printf '%s\n' "$catalog" | timeout 60 docker exec -i "$c" python3 "$@"
}
tables="select json_build_object('module', d.module, 'table', c.relname, 'rows', greatest(0, c.reltuples::bigint, pg_stat_get_live_tuples(c.oid)))
  from ir_model_data d join ir_model m on m.id = d.res_id join pg_class c on c.relname = replace(m.model, '.', '_') and c.relkind = 'r'
  where d.model = 'ir.model' and not exists (select from ir_model_data other where other.model = 'ir.model' and other.res_id = d.res_id
    and other.module <> d.module) order by c.relname"

# Rows are counted per database; where this one was made after the count, there is no difference to tell.
written() {
  [ -s "$dir/releases/$since/since" ] || return 44
  ask "select json_build_object('seconds', extract(epoch from now() - (one->>'at')::timestamptz)::bigint,
    'wal', pg_wal_lsn_diff(pg_current_wal_lsn(), (one->>'lsn')::pg_lsn)::bigint,
    'rows', case when oid = (one->>'oid')::bigint then greatest(0, tup_inserted + tup_updated + tup_deleted - (one->>'rows')::bigint) end)
    from (select :'since'::json as one) said, pg_stat_database, pg_database where pg_database.oid = datid and pg_database.datname = :'db'"
}

printf '%s\n' "$compose" >"$work/compose"
printf '%s\n' "$profiles" >"$work/profiles"
printf '%s\n' "$planned_env" >"$work/env"
printf '%s\n' "$known" >"$work/known"
printf '%s\n' "$config_files" >"$work/config_files"
say entries entries
say status local_changes
# While the fetch waits for the other end.
[ -z "$config_files" ] || { keep running_model running_model && keep running_volumes running_volumes && keep running_ports running_ports; } &

# A kept release needs neither git's other end nor the registry.
if [ -n "$kept" ]; then
  wait
  for name in running_model running_volumes running_ports; do
    [ ! -e "$work/$name.code" ] || tell "$name"
  done
  say source cat "$dir/releases/$kept/source.json"
  say holds [ -d "$dir/releases/$kept/src" ]
  say images docker image ls --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' "ops/$project"
  [ -z "$kept_sha" ] || [ -z "$running" ] || say dropped g log -n 50 --format='%H %s' "$kept_sha..$running"
  say databases ask "select pg_database_size(oid) || chr(9) || datname from pg_database where not datistemplate"
  [ -z "$since" ] || say written written
  [ -z "$catalog" ] || { say catalog catalog; say tables ask "$tables" "$database"; }
  exit 0
fi

base=$path
[ -z "$remote" ] || say fetch fetch
fetched=$?
wait
for name in running_model running_volumes running_ports; do
  [ ! -e "$work/$name.code" ] || tell "$name"
done
[ "$fetched" = 0 ] || exit 0
if [ -n "$remote" ]; then
  say sha resolve || exit 0
  sha=$(cat "$work/sha")
  say subject g log -1 --format=%s "$sha"
  say tree g -c core.quotePath=off ls-tree -r --name-only "$sha"
  if [ -n "$running" ] && g cat-file -e "$running^{commit}" 2>/dev/null; then
    say running echo "$running"
    say incoming g log -n 50 --format='%H %s' "$running..$sha"
    say dropped g log -n 50 --format='%H %s' "$sha..$running"
    say changed g -c core.quotePath=off diff --no-renames --name-status "$running" "$sha"
    say submodules submodules
    say versions versions
    say models models
  fi
  say checkout check_out || exit 0
  base=$cache/stage/$sha
fi
say model model || exit 0
say names names || exit 0
say volumes lists "$work/resolved" volumes
say ports lists "$work/resolved" ports
rm -f "$work/resolved"
[ -z "$image" ] || printf '%s %s\n' "$web" "$image" >>"$work/names"
# The last word on a service wins; each image is described once.
printf '%s\n' "$pulled" >"$work/pulled"
awk 'NR==FNR {want[$0]=1; next} want[$1] {last[$1]=$2} END {for (s in last) print s " " last[s]}' \
  "$work/pulled" "$work/names" | sort >"$work/wanted"
part images 0 "$work/wanted"
n=0
cut -d' ' -f2 "$work/wanted" | sort -u >"$work/unique"
while IFS= read -r one; do
  n=$((n + 1))
  printf %s "$one" >"$work/one"
  part "imagename.$n" 0 "$work/one"
  say "image.$n" describe "$one"
done <"$work/unique"
exit 0
