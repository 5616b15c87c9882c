# Computes the checksums of modules over the files that a release will run with, before there is a plan: in a container
# of its image that has its mounts, read-only and without a network. $nonce, $project, $path, $service, $db, $database,
# $name, $image, $pull (empty: the image is here), $model, $words (yes: those of the image) and
# $question are set in front of this text.
set -u
umask 077
export LC_ALL=C COMPOSE_IGNORE_ORPHANS=true
work=$(mktemp -d) || exit 73
trap 'docker rm -f -- "$name" >/dev/null 2>&1; rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM PIPE

tell() { # name, code: a part of it, or of what was said where it failed
  [ "$2" = 0 ] || { tail -c 4000 "$work/err" >"$work/$1"; }
  part "$1" "$2" "$work/$1"
  return "$2"
}

say() { # name, command..
  part=$1
  shift
  "$@" >"$work/$part" 2>"$work/err" </dev/null
  tell "$part" "$?"
}

ask() {
  c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$db" \
    --filter label=com.docker.compose.oneoff=False | head -n 1)
  [ -n "$c" ] || { echo "no running container of $db" >&2; return 1; }
  printf '%s\n' "$question" | docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=10000' "$c" \
    sh -c 'PGCONNECT_TIMEOUT=5 exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$database"
}

# By its digest, so that no tag of the droplet means something else afterwards.
image() {
  [ -z "$pull" ] || timeout 3000 docker pull -q "$pull" >/dev/null || return
  docker image inspect -f '{{.Id}}' "$image"
}

checksums() {
  set --
  if [ "$words" = yes ]; then
    docker image inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$image" >"$work/words" || return
    while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <"$work/words"
  fi
  printf '%s\n' "$model" >"$work/compose.json"
  timeout 900 docker compose -p "$project" --project-directory "$path" -f "$work/compose.json" \
    run --rm --no-deps -T --name "$name" "$service" "$@" <"$work/question"
}

say question ask || exit 0
say image image || exit 0
checksums >"$work/checksums" 2>"$work/err"
tell checksums "$?"
exit 0
