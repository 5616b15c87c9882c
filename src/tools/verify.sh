# Whether one backup can come back, asked without production: it is read out of the repository and, for a drill, restored
# into a server of its own that no network reaches. Further arguments of all verbs: its id; `verify` or `drill`; the place
# whose copy is tried (`droplet`, or one off site); of how many parts of the repository one is read. Of `odoo`: what waits
# for the login page, as a script.
#
# The verbs, in order: check, fetch, read; of a drill database, files, odoo; then record, close, which removes all of it.
# What is wrong with the backup is said on a line `ops.wrong`, and written beside its record, of this place alone; whatever
# else fails says nothing of the backup. Only reads the repository, without a lock of restic's: one that was left would keep the next
# backup waiting, and the lock of the project says that nobody else is at it.
id=$1 by=$2 place=$3 parts=$4
now=$store/check server=ops-drill-$project answers=$store/check
# Kilobytes that stay free on the disk of production.
RESERVE=524288

wrong() { # what
  text=$(printf '%s' "$1" | LC_ALL=C tr -sc '\041-\176' ' ' | cut -c 1-400)
  checked false "$text"
  echo "ops.wrong $text"
  exit 1
}
checked() { # true or false; why not
  printf '{"at":%s,"by":"%s","place":"%s","ok":%s,"why":%s,"seconds":%s}\n' "$(date +%s)" "$by" "$place" "$1" "$(json_quoted "$2")" "$(($(date +%s) - $(said began)))" \
    >>"$store/$id.checks" && sync "$store/$id.checks"
}
# A judgement (whole.sh): code 1 says that the backup is wrong, any other that it could not be told.
judged() {
  "$@" >"$now/words"
  judge "$?"
}
judge() { # code; what was said is in $now/words
  code=$1
  [ "$code" != 1 ] || wrong "$(cat "$now/words")"
  cat "$now/words"
  [ "$code" = 0 ] || exit "$code"
}
# What came back short of room, or of memory, is no fault of the backup's.
not_for_want() { # code
  free=$(df -Pk "$now" | awk 'NR == 2 { print $4 }')
  [ "$free" -gt 65536 ] || { echo "the disk of $now is full"; exit 2; }
  case $1 in 1 | 3) ;; *) echo "it could not be told (code $1)"; exit 2 ;; esac
}

# What a repository far away does not give is damaged, or only did not come: it counts as damaged where the place answers,
# and says the same twice.
insisted() { # what asks it; code 2: it could not be reached
  "$@"
  code=$?
  case $place/$code in droplet/* | */0 | */130) return "$code" ;; esac
  still_there || return 2
  echo "$place says that something is wrong, and is asked once more"
  "$@"
  code=$?
  [ "$code" = 0 ] || still_there || return 2
  return "$code"
}
still_there() { soon 30 cat config || unreached; }
unreached() {
  echo "$place ($repository) cannot be reached:"
  tail -n 3 "$now/restic.err"
  return 1
}

# --- check ----------------------------------------------------------------------------------------
check() {
  umask 077
  close && secrets_are_here "$place" && engine && mkdir -p "$now" || exit
  note began "$(date +%s)" && introduce && web_container || exit
  if [ ! -s "$key" ]; then
    [ "$place" != droplet ] || wrong "its key $key is gone"
    echo "the key $key is gone from this droplet"
    exit 2
  fi
  soon 60 snapshots --json --no-lock --host "$project" --tag "verified,$id" --tag "imported,$id"
  code=$?
  case $code in
    0) ;;
    10) wrong "there is no repository at $repository" ;;
    12) wrong "the key $key does not open the repository $repository" ;;
    *) unreached || exit 2 ;;
  esac
  json_rows "$now/restic.out" '' /id /summary/total_bytes_processed >"$now/listed" || { echo 'what restic lists cannot be read'; exit 2; }
  tail -n 1 "$now/listed" | cut -f 1 | grep -xE '[0-9a-f]+' >"$now/snapshot"
  tail -n 1 "$now/listed" | cut -f 2 | integers >"$now/bytes"
  [ -s "$now/snapshot" ] || wrong "it is no longer in the repository $repository"
  # All of it, or the part whose turn is today, so that after so many days all of it was read.
  data=--read-data
  [ "$parts" = 1 ] || data=--read-data-subset=$(($(date +%s) / 86400 % parts + 1))/$parts
  export RESTIC_PROGRESS_FPS=0.5
  progress() { tail -n 1 "$now/packs" 2>/dev/null | sed -n 's/.* \([0-9]*\)\.[0-9]*%.*packs$/read \1 % of the repository/p'; }
  into=$now/packs
  insisted patiently restic_exec check "$data" --no-lock 2>"$now/err"
  code=$? into=''
  [ "$code" != 1 ] || not_for_want 1
  [ "$code" != 1 ] || wrong "the repository is damaged: $(grep -v -e '^Load(' -e '^$' "$now/err" | head -n 2)"
  [ "$code" = 0 ] || { tail -n 3 "$now/err"; exit 2; }
}

# --- fetch ----------------------------------------------------------------------------------------
# From here on it is measured how long a way back takes.
fetch() {
  note began "$(date +%s)"
  snapshot=$(said snapshot)
  room
  mkdir -p "$now/got" || exit
  export RESTIC_PROGRESS_FPS=0.5
  progress() { fetched "$now/fetched"; }
  into=$now/fetched target=$now/got
  insisted patiently restic_exec restore "$snapshot:$VIEW" --no-lock --target "$target" --include /db --include /config --include /filestore --json 2>"$now/err"
  code=$? into=''
  case $code in 2 | 130) exit 2 ;; esac
  [ "$code" = 0 ] || { not_for_want "$code"; wrong "it cannot be read out of the repository: $(head -n 2 "$now/err")"; }
}

# All of the snapshot and, for a drill, the database once more.
room() {
  # What another restic than ours stored may not say it.
  bytes=$(said bytes)
  [ -n "$bytes" ] || soon 300 stats --json --no-lock --mode restore-size "$snapshot" || unreached || exit 2
  [ -n "$bytes" ] || bytes=$(restored_bytes <"$now/restic.out")
  [ -n "$bytes" ] || { echo 'how large it is cannot be told'; exit 2; }
  [ "$by" = verify ] || bytes=$((bytes + $(json_integer "$store/$id.json" /database/bytes || echo "$bytes")))
  wanted=$((bytes / 1024 + RESERVE)) free=$(df -Pk "$now" | awk 'NR == 2 { print $4 }')
  [ "$free" -gt "$wanted" ] || { echo "to try it, $((wanted / 1024)) MB are wanted below $now, and $((free / 1024)) MB are free"; exit 2; }
}

# --- read -----------------------------------------------------------------------------------------
read_all() {
  manifest=$now/got/config/manifest.json
  [ -s "$manifest" ] || wrong 'it has no manifest'
  sums_of "$manifest" >"$now/sums"
  grep -q ' db/toc\.dat$' "$now/sums" || wrong 'its manifest has no list of its files'
  # Meanwhile: what was just written is in memory still.
  (cd "$now/got" && LC_ALL=C nice sha256sum --check --quiet --strict "$now/sums" >"$now/unlike" 2>/dev/null; echo end >>"$now/unlike") &
  summed=$!
  whole_dump got/db >"$now/words"
  whole=$?
  wait "$summed"
  [ "$(tail -n 1 "$now/unlike")" = end ] || { echo 'the sums could not be compared'; exit 2; }
  bad=$(sed '$d' "$now/unlike" | head -n 5)
  [ -z "$bad" ] || wrong "it is not what its manifest says: $bad"
  echo "ops.compared sums $(wc -l <"$now/sums")"
  judge "$whole"
  names
  if [ -d "$now/got/filestore" ]; then note files "$now/got/filestore"; else note files ''; fi
  note allowed "$(attachments missing || echo 0)"
  judged whole_files
  echo "ops.compared files $(wc -l <"$now/wanted")"
}
attachments() { json_integer "$now/got/config/manifest.json" "/attachments/$1"; }

# The files that the dump names, told by the column of the table as the dump has it.
names() {
  progress() { :; }
  # shellcheck disable=SC2016
  patiently beside none sh -c '{ pg_restore -a -n public -t ir_attachment -f - /backup/got/db && echo ops.end; } | awk -F "\t" "$1" >/backup/named' sh '
    /^COPY / && !rows { columns = $0; sub(/^[^(]*[(]/, "", columns); sub(/[)].*/, "", columns); n = split(columns, name, ", ")
      for (i = 1; i <= n; i++) if (name[i] == "store_fname") at = i
      rows = 1; next }
    rows && $0 == "\\." { rows = 0; next }
    rows { if (at && $at != "\\N") print $at; next }
    $0 == "ops.end" { whole = 1 }
    END { exit !whole }'
  code=$?
  [ "$code" != 1 ] || wrong 'the names of its files cannot be read'
  [ "$code" = 0 ] || exit 2
  grep -xE '[0-9a-f]{2}/[0-9a-f]{40}' "$now/named" | LC_ALL=C sort -u >"$now/wanted"
  [ "$(wc -l <"$now/wanted")" = "$(attachments named)" ] || wrong "the dump names $(wc -l <"$now/wanted") files, its manifest $(attachments named)"
}

# --- a drill: database ----------------------------------------------------------------------------
ask() { # name of a database; statements on stdin
  docker exec -i "$server" psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$(said user)" -d "$1"
}

# The image that production has, on files of its own. It is known there by the names that Odoo asks for; nothing is
# anywhere else, and what runs out of memory first is this.
serve() {
  mkdir -p "$now/server" && chmod 755 "$now/server" && head -c 24 /dev/urandom | base64 >"$now/server/password" &&
    printf 'local all all trust\nhost all all 127.0.0.1/32 trust\n' >"$now/server/hba" && chmod 644 "$now/server/password" "$now/server/hba" || exit
  set --
  for name in $(docker inspect -f '{{range .NetworkSettings.Networks}}{{range .Aliases}}{{println .}}{{end}}{{end}}{{.Name}}' "$c"); do
    set -- "$@" --add-host "${name#/}:127.0.0.1"
  done
  docker run -d --name "$server" --label "ops.backup=$project" --network none "$@" --oom-score-adj 900 --cpu-shares 128 \
    -v "$now/server:/ops-drill" -v "$now/got:/backup:ro" -e PGDATA=/ops-drill/data -e "POSTGRES_USER=$(said user)" -e POSTGRES_DB=postgres \
    -e POSTGRES_PASSWORD_FILE=/ops-drill/password "$(said image)" postgres -c hba_file=/ops-drill/hba -c listen_addresses=127.0.0.1 \
    -c fsync=off -c full_page_writes=off -c autovacuum=off >/dev/null || exit 2
  # Not by its socket: there the server answers before it is made.
  progress() { :; }
  # shellcheck disable=SC2016
  patiently sh -c 'n=0; until docker exec "$1" pg_isready -q -h 127.0.0.1; do n=$((n + 1)); [ "$n" -lt 300 ] || exit; sleep 0.2; done' sh "$server" ||
    { echo 'the server of the drill does not start:'; docker logs --tail 5 "$server" 2>&1; exit 2; }
}

database() {
  serve
  # A role that is there already is no fault, and where one is missing the dump says so.
  docker exec -i "$server" psql -Xq -h 127.0.0.1 -U "$(said user)" -d postgres <"$now/got/config/globals.sql" >/dev/null 2>&1
  progress() { :; }
  patiently docker exec "$server" pg_restore -h 127.0.0.1 -U "$(said user)" -d postgres -C -e -j 2 --no-tablespaces --no-publications --no-subscriptions \
    /backup/db 2>"$now/err"
  code=$?
  [ "$code" != 130 ] || exit 2
  [ "$code" = 0 ] || { not_for_want "$code"; wrong "it cannot be restored: $(head -n 3 "$now/err")"; }
  echo "select datname from pg_database where not datistemplate and datname <> 'postgres'" | ask postgres >"$now/name" &&
    echo analyze | ask "$(said name)" || exit 2
  # It becomes a directory below.
  case $(said name) in .* | */*) echo 'its database has a name that no Odoo has'; exit 2 ;; esac
  compare
}

compare() {
  says | ask "$(said name)" >"$now/says" || exit 2
  differ=$(differing "$now/got/config/manifest.json" <"$now/says")
  [ -z "$differ" ] || wrong "what came back is not what was kept: $differ"
  awk -F ': ' '$1 == "tables" { print "ops.compared tables " $2 } $1 ~ /^counts\// { rows += $2 } END { print "ops.compared rows " rows + 0 }' "$now/there"
}

# --- files ----------------------------------------------------------------------------------------
# Those that `read` compared are those that the restored database names.
files() {
  echo "select distinct store_fname from ir_attachment where store_fname ~ '^[0-9a-f]{2}/[0-9a-f]{40}\$'" | ask "$(said name)" >"$now/asked" || exit 2
  lost=$(LC_ALL=C sort "$now/asked" | LC_ALL=C comm -3 - "$now/wanted" | head -n 5)
  [ -z "$lost" ] || wrong "the restored database names other files: $lost"
  name=$(said name)
  mkdir -p "$now/data/filestore" && chmod 777 "$now/data" "$now/data/filestore" || exit 2
  [ ! -d "$now/got/filestore" ] || mv "$now/got/filestore" "$now/data/filestore/$name" || exit 2
}

# --- odoo -----------------------------------------------------------------------------------------
# The container that serves, once more: its code and options, the server of the drill, which wants no password, and files of
# its own.
odoo() { # what waits for the login page
  release=$(json_value "$now/got/config/manifest.json" /release)
  current=$(cat "$dir/releases/current" 2>/dev/null) || current=''
  [ "$release" = "$current" ] || { echo "Odoo is not started: the backup is of release ${release:-none}, and ${current:-none} runs"; return; }
  name=$(said name) holder=$(said holder)
  quiet | ask "$name" || exit 2
  docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$holder" | grep . |
    sed 's/^\(PG\)*PASSWORD=.*/\1PASSWORD=drill/' >"$now/odoo.env"
  set -- "$1" "$(docker inspect -f '{{.Image}}' "$holder")"
  docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$holder" | grep . >"$now/odoo.cmd"
  while IFS= read -r word; do set -- "$@" "$word"; done <"$now/odoo.cmd"
  work=$1
  shift
  docker run -d --name "$server-odoo" --label "ops.backup=$project" --label "com.docker.compose.project=$server" --label "com.docker.compose.service=$web" \
    --label com.docker.compose.oneoff=False --network "container:$server" --volumes-from "$holder:ro" --env-file "$now/odoo.env" --oom-score-adj 900 \
    --cpu-shares 128 -v "$now/data:/ops-drill" --user "$(docker inspect -f '{{.Config.User}}' "$holder")" "$@" \
    -d "$name" --db-filter= --data-dir=/ops-drill --workers=0 --max-cron-threads=0 --limit-memory-hard=0 >/dev/null || exit 2
  progress() { :; }
  : >"$now/words"
  into=$now/words
  patiently sh -c "$work"
  code=$? into=''
  [ "$code" = 0 ] || cat "$now/words"
  [ "$code" != 1 ] || wrong "Odoo does not answer on what came back: $(head -n 1 "$now/words")"
  [ "$code" = 0 ] || exit 2
}

# --- close ----------------------------------------------------------------------------------------
# What came back belongs to whomever it belonged to, so that not everybody can remove it.
close() {
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  rm -rf "$now" 2>/dev/null || docker run --rm --network none --label "ops.backup=$project" -v "$store:/store" --user 0:0 --entrypoint rm \
    "$(docker inspect -f '{{.Image}}' "$c")" -rf /store/check
}

case $verb in close) close; exit ;; esac
[ -n "$c" ] || { echo "no running container of $db"; exit 2; }
[ "$verb" = record ] || [ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 2; }
case $verb in
  check) check ;;
  fetch) fetch ;;
  read) read_all ;;
  database) database ;;
  files) files ;;
  odoo) odoo "$5" ;;
  record) checked true '' && echo "backup $id can come back: $(($(date +%s) - $(said began))) s from the repository" ;;
  *) exit 71 ;;
esac
