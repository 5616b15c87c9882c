# restic on the droplet: its own (from 0.17 on, as root), or that of an image. Begins every script of backups, whose first
# arguments are: a verb; what ops keeps of the project; project; services of the database and of Odoo; database;
# repository; image of restic (or nothing); a file with variables that restic reads (or nothing). restic's exit codes:
# 0 done, 3 not everything could be read, 10 no repository, 11 locked, 12 wrong key; all but 0 are failures here.
#
# Whichever runs, a snapshot has one layout below $VIEW, which any restic can read: db (pg_dump's directory), filestore,
# config, stack, ops, letsencrypt.
# shellcheck disable=SC2034  # all scripts of backups have the same arguments, and not each reads all of them
verb=$1 dir=$2 project=$3 db=$4 web=$5 database=$6 repository=$7 image=$8 secrets=$9
shift 9
VIEW=/run/ops-backup
store=$dir/backup
now=$store/now key=$store/key
# Of another environment's repository: its variables, and its key as RESTIC_PASSWORD. Only for the time.
lent=$store/lent.env

restic() { (restic_exec "$@"); }
# Instead of this shell, so that whoever started it in the background can end it.
restic_exec() {
  if [ -n "$image" ]; then contained "$@"; else own "$@"; fi
}
# With what $now/view says (lines `path TAB name`) as $VIEW/name, read-only.
restic_exec_viewing() {
  viewed=yes
  restic_exec "$@"
}

own() {
  export RESTIC_REPOSITORY="$repository" RESTIC_PASSWORD_FILE="$key" RESTIC_CACHE_DIR="$store/cache"
  [ -z "${from:-}" ] || export RESTIC_FROM_REPOSITORY="$from" RESTIC_FROM_PASSWORD_FILE="$key"
  if [ -n "$secrets" ]; then
    set -a
    # shellcheck source=/dev/null
    . "$secrets"
    set +a
    [ "$secrets" != "$lent" ] || unset RESTIC_PASSWORD_FILE
  fi
  [ -n "${viewed:-}" ] || exec nice restic "$@"
  mkdir -p "$VIEW" && exec unshare --mount sh -c 'view=$1 list=$2
    shift 2
    mount -t tmpfs -o mode=700 tmpfs "$view" || exit
    while IFS="$(printf "\t")" read -r path name; do
      if [ -d "$path" ]; then mkdir -p "$view/$name"; else mkdir -p "$(dirname "$view/$name")" && : >"$view/$name"; fi &&
        mount --bind -o ro "$path" "$view/$name" || exit
    done <"$list"
    exec nice restic "$@"' sh "$VIEW" "$now/view" "$@"
}

# Nothing secret in an option or a variable: `docker inspect` shows both.
contained() {
  arguments=$# tab=$(printf '\t')
  if [ -n "${viewed:-}" ]; then
    while IFS=$tab read -r path name; do set -- "$@" -v "$path:$VIEW/$name:ro"; done <"$now/view"
  fi
  for path in "$repository" "${target:-}" "${from:-}"; do
    case $path in /*) set -- "$@" -v "$path:$path" ;; esac
  done
  [ -z "${from:-}" ] || set -- "$@" -e "RESTIC_FROM_REPOSITORY=$from" -e RESTIC_FROM_PASSWORD_FILE=/run/ops-key
  case $repository in sftp:*) [ ! -d "${HOME:-/root}/.ssh" ] || set -- "$@" -v "${HOME:-/root}/.ssh:/root/.ssh:ro" ;; esac
  unless=''
  [ "$secrets" != "$lent" ] || unless='unset RESTIC_PASSWORD_FILE;'
  [ ! -s "$key" ] || set -- "$@" -v "$key:/run/ops-key:ro"
  if [ -n "$secrets" ]; then
    set -- "$@" -v "$secrets:/run/ops-variables:ro" --entrypoint sh "$image" -c 'set -a; . /run/ops-variables; set +a; '"$unless"' exec restic "$@"' sh
  else
    set -- "$@" "$image"
  fi
  # What was asked comes after the image.
  while [ "$arguments" -gt 0 ]; do
    one=$1 arguments=$((arguments - 1))
    shift
    set -- "$@" "$one"
  done
  # With the droplet's own processes in sight restic tells a lock that was left from one that is held.
  exec docker run --rm --network host --pid host --name "ops-restic-$project" --label "ops.backup=$project" \
    -v "$store/cache:/cache" -e "RESTIC_REPOSITORY=$repository" -e RESTIC_PASSWORD_FILE=/run/ops-key -e RESTIC_CACHE_DIR=/cache "$@"
}

# Whatever an earlier call left: the lock of the project says that nobody else is at it.
end_restic() {
  [ -z "$image" ] || docker stop -t 10 "ops-restic-$project" >/dev/null 2>&1 || :
  [ -z "$image" ] || docker rm -f "ops-restic-$project" >/dev/null 2>&1 || :
}

# That there is a restic which can do what is wanted of it.
engine() {
  mkdir -p "$store/cache" && chmod 700 "$store" || return
  if [ -n "$image" ]; then
    docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" >/dev/null ||
      { echo "the image $image is not here and cannot be pulled"; return 1; }
    return
  fi
  [ "$(id -u)" = 0 ] || { echo "the droplet's own restic has to read the data of all users: log in as root, set become: sudo, or name an image in backup.restic.image"; return 1; }
  version=$(command restic version 2>/dev/null | awk '$1 == "restic" { print $2; exit }')
  [ -n "$version" ] || { echo 'there is no restic on this droplet: install restic 0.17 or newer, or name an image in backup.restic.image'; return 1; }
  [ "$(printf '%s\n' 0.17 "$version" | sort -V | head -n 1)" = 0.17 ] ||
    { echo "restic $version of this droplet is too old: 0.17 or newer is wanted, or an image in backup.restic.image"; return 1; }
}

# The variables of a repository somewhere else.
secrets_are_here() { # its name
  [ -n "$secrets" ] || return 0
  [ -s "$secrets" ] || { echo "the secrets of $1 are not on this droplet: ops backup init puts them here"; return 1; }
  # It is read by a shell, whose quotes these would leave.
  ! grep -q '`' "$secrets" || { echo "a secret of $1 holds a backtick"; return 1; }
}

# The repository, made with its key where there is none yet. A key without a repository stays: it is in somebody's safe.
repository() { # what is asked of it meanwhile, as arguments of restic: every call takes half a second to open it
  [ $# -gt 0 ] || set -- cat config --no-lock
  if [ ! -s "$key" ]; then
    [ ! -e "$repository/config" ] || { echo "there is a repository at $repository, and its key $key is gone"; return 1; }
    (umask 277 && head -c 32 /dev/urandom | base64 | tr -d '\n' >"$key.new") && sync "$key.new" && mv -f "$key.new" "$key" || return
  fi
  restic "$@" </dev/null >/dev/null 2>"$store/restic.err"
  code=$?
  # A lock that a call of ours left when it was killed.
  [ "$code" != 11 ] || { restic unlock </dev/null >/dev/null && restic "$@" </dev/null >/dev/null 2>"$store/restic.err"; code=$?; }
  case $code in
    0) ;;
    10)
      case $repository in /*) (umask 077 && mkdir -p "$repository") || return ;; esac
      restic init </dev/null >/dev/null && echo "made the repository $repository; its key is $key" ;;
    12) echo "the key $key does not open the repository $repository"; return 12 ;;
    *) tail -n 3 "$store/restic.err"; return "$code" ;;
  esac
}

# Work that ends where somebody asks for that ($OPS_HALT), with code 130. `progress` says how far it is; what the work
# prints goes to the file $into, or is printed.
patiently() {
  "$@" >>"${into:-/dev/fd/1}" &
  awaited "$!"
}
awaited() { # work that was started in the background
  work=$1 ticks=0 why=''
  while kill -0 "$work" 2>/dev/null; do
    sleep 0.2
    ticks=$((ticks + 1))
    [ $((ticks % 10)) != 0 ] || progress
    [ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || why='ended early, as it was asked for'
    [ -z "$why" ] || { docker rm -f "ops-backup-$project" "ops-backup-$project-files"; end_restic; kill "$work"; } >/dev/null 2>&1
  done
  wait "$work"
  set -- "$?"
  [ -z "$why" ] || { echo "ops.ended $why"; return 130; }
  return "$1"
}

# restic itself tries for a quarter of an hour and longer where nobody answers. What it says is in restic.out and
# restic.err of $store, or of $answers.
soon() { # seconds; arguments of restic
  limit=$1
  shift
  restic_exec "$@" </dev/null >"${answers:-$store}/restic.out" 2>"${answers:-$store}/restic.err" &
  work=$! end=$(($(date +%s) + limit))
  while kill -0 "$work" 2>/dev/null; do
    sleep 0.1
    [ "$(date +%s)" -lt "$end" ] || { kill "$work"; end_restic; } 2>/dev/null
  done
  wait "$work"
}

# How far restic is, of a restore whose output is in a file. Its last line may not be whole yet.
fetched() { # file
  tail -n 1 "$1" 2>/dev/null | json_whole_lines - /percent_done | awk '$1 != "" { printf "fetched %d %%\n", int($1 * 100 + 0.000001) }'
}
# The bytes that a snapshot restores to, as restic tells them on stdin.
restored_bytes() { json_integer - /total_size; }
