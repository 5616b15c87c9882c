# One backup: database, files and configuration of a stack as one snapshot, while Odoo serves. Further arguments: of
# `ready`: environment, the stack's path, attachments that may be missing; of `dump`: the site's file and nginx's service
# (or nothing); of `forget`: days, weeks, months.
#
# The verbs of one backup, in order: ready, hold, dump, read, store, confirm, forget, images; close ends it wherever it is.
# A snapshot is `unverified` until `confirm`, and only verified ones count, here as everywhere.

ask() { # statements on stdin, in the snapshot that is held
  { echo "begin isolation level repeatable read read only; set transaction snapshot '$(said snapshot)'; set local statement_timeout = 0;"; cat; } |
    docker exec -i "$c" sh -c 'PGAPPNAME=ops-backup PGDATABASE=$1 exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}"' sh "$database"
}

# --- ready ----------------------------------------------------------------------------------------
ready() { # environment, the stack's path, attachments that may be missing
  umask 077
  close && engine && mkdir -p "$now/db" "$now/config" || exit
  # Of attempts that came to no end. What they stored is found again by the next one.
  repository forget --host "$project" --tag unverified --group-by host --unsafe-allow-remove-all &
  opened=$!
  (look "$@")
  code=$?
  wait "$opened" || exit
  [ "$code" = 0 ] || exit "$code"
  echo "backup $(said id) begins"
}

# What is backed up, and whether there is room for it.
look() { # as of ready
  note id "$(date -u +%Y%m%dt%H%M%Sz)"
  note env "$1" && note stack "$2" && note allowed "$3"
  introduce || exit
  size=$(docker exec "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d "$1" -c "select pg_database_size(current_database()) / 1024"' sh "$database") ||
    { echo "the database $database does not answer"; exit 1; }
  free=$(df -Pk "$now" | awk 'NR == 2 { print $4 }')
  [ "$free" -gt $((size + 262144)) ] ||
    { echo "a dump of $database may want $((size / 1024)) MB below $now, and $((free / 1024)) MB are free"; exit 1; }
  locate || exit
  if [ -d "$(said root)/$database" ]; then note files "$(said root)/$database"; else note files ''; fi
}

# --- hold -----------------------------------------------------------------------------------------
# Attachments may be added meanwhile, and nothing may be vacuumed: Odoo's vacuum takes this lock in the mode that waits
# for ours (odoo/addons/base/models/ir_attachment.py). Who waits behind the vacuum are users, so whoever waits for us for
# three seconds is let in; then the check of every file decides whether the backup counts.
hold() {
  : >"$now/held"
  {
    echo "begin isolation level repeatable read; set local idle_in_transaction_session_timeout = '60s';
      lock table ir_attachment in row exclusive mode; select 'snapshot ' || pg_export_snapshot();"
    while [ -e "$now/held" ]; do
      sleep 1
      echo "select 'waiting ' || count(*) from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid));"
      [ "$(tail -n 3 "$now/hold" | grep -c '^waiting [1-9]')" != 3 ] || { echo 'somebody waits for attachments: the hold of them ends' >"$now/let-in"; break; }
    done
    echo 'commit;'
  } | docker exec -i "$c" sh -c 'PGAPPNAME=ops-backup PGDATABASE=$1 exec psql -XAtq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}"' sh "$database" \
    >"$now/hold" 2>"$now/hold.err" &
  tries=0
  until grep -q '^snapshot ' "$now/hold"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] && kill -0 "$!" 2>/dev/null ||
      { echo "the attachments of $database cannot be held:"; tail -n 3 "$now/hold.err"; rm -f "$now/held"; exit 1; }
    sleep 0.1
  done
  note snapshot "$(sed -n 's/^snapshot //p' "$now/hold")"
  tell || exit
}

# What the manifest says of the database, and which files have to be there.
tell() {
  says | ask >"$now/database.json" || return
  ask >"$now/names" <<'SQL' || return
select distinct store_fname from ir_attachment where store_fname is not null order by 1;
SQL
  # Names that Odoo's own storage gives; others are kept elsewhere, by an add-on.
  grep -xE '[0-9a-f]{2}/[0-9a-f]{40}' "$now/names" | LC_ALL=C sort >"$now/wanted"
  note elsewhere "$(grep -cvxE '[0-9a-f]{2}/[0-9a-f]{40}' "$now/names")"
}

# --- dump -----------------------------------------------------------------------------------------
dump() { # the site's file, nginx's service
  rm -rf "$now/db" "$now/db.partial"
  progress() { echo "dumped $(du -sm "$now/db.partial" 2>/dev/null | cut -f 1) MB"; }
  # shellcheck disable=SC2016
  patiently beside "container:$c" sh -c 'pg_dump "$@" && exec pg_dumpall --globals-only --no-role-passwords -f /backup/config/globals.sql' sh \
    -d "$database" -Fd -j 2 -Z 0 --snapshot="$(said snapshot)" --lock-wait-timeout=60s -f /backup/db.partial ||
    { [ ! -s "$now/let-in" ] || cat "$now/let-in"; echo "$database could not be dumped"; exit 1; }
  mv "$now/db.partial" "$now/db" && configuration "$@" || exit
  echo "dumped $database: $(du -sm "$now/db" | cut -f 1) MB"
}

configuration() { # the site's file, nginx's service
  holder=$(said holder) to=$now/config
  conf=$(docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$holder" | sed -n 's/^ODOO_RC=//p' | tail -n 1)
  docker cp -L "$holder:${conf:-/etc/odoo/odoo.conf}" "$to/odoo.conf" 2>/dev/null || :
  if [ -n "$1" ]; then
    if [ -n "$2" ]; then docker cp -L "$(container "$2"):$1" "$to/site" || return; else cp -L "$1" "$to/site" || return; fi
    # Certificates that stand elsewhere than certbot puts them.
    mkdir -p "$to/certificates"
    [ -n "$2" ] || sed -n 's/^[[:space:]]*ssl_[a-z_]*certificate[a-z_]*[[:space:]]*\([^;]*\);.*/\1/p' "$1" | sort -u | while read -r file; do
      case $file in /etc/letsencrypt/*) ;; /*) cp -L "$file" "$to/certificates/" ;; esac
    done
  fi
  mkdir -p "$to/logs"
  docker ps -a --filter "label=com.docker.compose.project=$project" --format '{{.Names}}' | while read -r name; do
    docker logs --tail 2000 "$name" >"$to/logs/$name.log" 2>&1 </dev/null
  done
  docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False -q |
    xargs -r docker inspect -f '{"service":{{json (index .Config.Labels "com.docker.compose.service")}},"image":{{json .Config.Image}},"id":{{json .Image}},"running":{{json .State.Running}}}' >"$now/images"
  docker image ls --no-trunc --format '{"tag":"{{.Repository}}:{{.Tag}}","id":"{{.ID}}"}' "ops/$project" | grep -v '<none>' >"$now/kept" || :
  outside >"$to/outside"
}

# Volumes and networks that Compose did not make for this project, and would not.
outside() {
  docker ps -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker inspect -f '{{range .Mounts}}{{if eq .Type "volume"}}{{println "volume" .Name}}{{end}}{{end}}{{range $name, $_ := .NetworkSettings.Networks}}{{println "network" $name}}{{end}}' |
    grep -vxE 'volume [0-9a-f]{64}|network (bridge|host|none)|' | sort -u | while read -r kind name; do
      [ "$(docker "$kind" inspect -f '{{index .Labels "com.docker.compose.project"}}' "$name" </dev/null)" = "$project" ] || printf '%s %s\n' "$kind" "$name"
    done
}

# --- read -----------------------------------------------------------------------------------------
read_all() {
  # Meanwhile: the dump is in memory still.
  sum_up &
  sums=$!
  whole_files >"$now/words" &
  files=$!
  whole_dump db || { code=$?; kill "$sums" "$files"; exit "$code"; }
  wait "$files" || { code=$?; cat "$now/words"; kill "$sums"; exit "$code"; }
  wait "$sums" && manifest || exit
}

# What the manifest says of the files of the dump and of the configuration.
sum_up() {
  (cd "$now" && find db config -type f ! -path 'config/manifest.json' -printf '%p %s\n') | LC_ALL=C sort >"$now/sizes" &&
    (cd "$now" && sed 's/ [0-9]*$//' sizes | tr '\n' '\0' | xargs -0 nice sha256sum) >"$now/sums"
}

manifest() {
  # The list of the files is what everything is compared with later: half of it would be worse than none.
  grep -q '^db/toc\.dat ' "$now/sizes" && [ "$(wc -l <"$now/sums")" = "$(wc -l <"$now/sizes")" ] || { echo 'the sums of the dump are not complete'; return 1; }
  members >"$now/members" &&
    { printf '{' && cat "$now/members" && printf ',"files":[' && listed && printf ']}\n'; } >"$now/config/manifest.json" || return
  json_row "$now/config/manifest.json" /id >/dev/null || { echo 'what the backup says of itself cannot be written as JSON'; return 1; }
}
# What the manifest and the record of a backup say alike: all but the files.
members() {
  release=$(cat "$dir/releases/current" 2>/dev/null) || release=''
  printf '"schema":"ops.backup/1","id":%s,"env":%s,"project":%s,"release":%s,"taken":%s,' "$(json_quoted "$(said id)")" "$(json_quoted "$(said env)")" \
    "$(json_quoted "$project")" "$(json_quoted "$release")" "$(json_quoted "$(said id | sed 's/^\(....\)\(..\)\(..\)t\(..\)\(..\)\(..\)z$/\1-\2-\3T\4:\5:\6Z/')")"
  printf '"database":%s,"images":[%s],"kept":[%s],' "$(cat "$now/database.json")" "$(paste -sd, "$now/images")" "$(paste -sd, "$now/kept")"
  [ -z "${imported:-}" ] || printf '"imported":%s,' "$(json_quoted "$(said name | LC_ALL=C tr -c 'A-Za-z0-9._\n-' _)")"
  printf '"attachments":{"named":%s,"missing":%s,"elsewhere":%s}' "$(wc -l <"$now/wanted")" "$(wc -l <"$now/bad")" "$(said elsewhere)"
}
# The files of the dump and of the configuration. Their names are ours, and those of containers and certificates.
listed() {
  LC_ALL=C awk 'BEGIN { for (code = 1; code < 32; code++) escape[sprintf("%c", code)] = sprintf("\\u%04x", code) }
    NR == FNR { sub(/^\\/, ""); sum[FNR] = substr($0, 1, 64); next }
    {
      bytes = $0; sub(/.* /, "", bytes)
      path = $0; sub(/ [0-9]*$/, "", path); gsub(/["\\]/, "\\\\&", path)
      if (path ~ /[\001-\037]/) {
        text = ""
        for (i = 1; i <= length(path); i++) { one = substr(path, i, 1); text = text (one in escape ? escape[one] : one) }
        path = text
      }
      printf "%s{\"path\":\"%s\",\"bytes\":%s,\"sha256\":\"%s\"}", comma, path, bytes, sum[FNR]
      comma = ","
    }' "$now/sums" "$now/sizes"
}

# --- store ----------------------------------------------------------------------------------------
# Nothing that another part of the snapshot holds, or that is a database's own live files.
exclude() {
  stack=$(readlink -f "$(said stack)")
  {
    docker inspect -f '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Source}}{{end}}{{end}}' "$c"
    files=$(said files)
    [ -z "$files" ] || printf '%s\n' "${files%/*/*}"
    printf '%s\n' "$repository"
  } | while read -r path; do
    # restic reads patterns.
    case $path in "$stack"/*) printf '%s/stack%s\n' "$VIEW" "${path#"$stack"}" | sed 's/[][*?\\]/\\&/g' ;; esac
  done
  for own in backup cache lock ballast; do printf '%s/ops/%s\n' "$VIEW" "$own"; done
}

keep() {
  tab=$(printf '\t') files=$(said files)
  {
    printf '%s\tdb\n%s\tconfig\n%s\tops\n' "$now/db" "$now/config" "$dir"
    [ -z "$files" ] || printf '%s\tfilestore\n' "$files"
    [ ! -d "$(said stack)" ] || printf '%s\tstack\n' "$(said stack)"
    [ ! -d /etc/letsencrypt ] || printf '/etc/letsencrypt\tletsencrypt\n'
  } >"$now/view"
  set --
  exclude >"$now/exclude"
  while IFS= read -r path; do set -- "$@" --exclude "$path"; done <"$now/exclude"
  put_away "$@"
}

# What the view has, as one snapshot that does not count yet.
put_away() { # options of restic
  tab=$(printf '\t')
  while IFS=$tab read -r _ name; do set -- "$@" "$VIEW/$name"; done <"$now/view"
  # What it says in between is how far it is; its last line is the summary.
  export RESTIC_PROGRESS_FPS=0.5
  progress() {
    tail -n 1 "$now/stored" 2>/dev/null | json_whole_lines - /percent_done /total_bytes |
      awk -F '\t' '$1 != "" && $2 != "" { printf "stored %d %% of %s bytes\n", int($1 * 100 + 0.000001), $2 }'
  }
  into=$now/stored
  patiently restic_exec_viewing backup --json --host "$project" --tag "ops,unverified,$(said id)" --group-by host --retry-lock 2m "$@" \
    2>"$now/stored.err"
  code=$?
  [ "$code" = 0 ] || { echo "restic failed with $code:"; tail -n 5 "$now/stored.err"; exit 1; }
  stored_as >"$now/snapshot.id" || { echo 'restic does not say what it stored'; exit 1; }
  printf 'stored %s bytes, of which %s are new\n' "$(summary /total_bytes_processed | integers)" "$(summary /data_added_packed | integers)"
}
# Of the last line that `restic backup` printed.
summary() { tail -n 1 "$now/stored" | json_value - "$1"; }
stored_as() { summary /snapshot_id | grep -xE '[0-9a-f]+'; }

# --- confirm --------------------------------------------------------------------------------------
# What the repository says it has is what was to be kept: each file of the dump with its size, each file that the
# database names.
confirm() {
  snapshot=$(said snapshot.id)
  restic ls --no-lock --json "$snapshot" </dev/null >"$now/listing" || { echo 'what was stored cannot be listed'; exit 1; }
  json_lines "$now/listing" /type /path /size >"$now/nodes" || { echo 'what was stored cannot be listed'; exit 1; }
  LC_ALL=C awk -F '\t' -v view="$VIEW/" '$1 == "file" && index($2, view) == 1 {
      n = split(substr($2, length(view) + 1), part, /\\\\/)
      for (i = 1; i <= n; i++) { gsub(/\\t/, "\t", part[i]); path = (i == 1 ? "" : path "\\") part[i] }
      printf "%s %.0f\n", path, $3
    }' "$now/nodes" | LC_ALL=C sort >"$now/there"
  {
    cat "$now/sizes"
    printf 'config/manifest.json %s\n' "$(stat -c %s "$now/config/manifest.json")"
  } | LC_ALL=C sort >"$now/due.files"
  lost=$({ LC_ALL=C comm -23 "$now/due.files" "$now/there"
    sed -n 's#^filestore/\([^ ]*\) .*#\1#p' "$now/there" | LC_ALL=C sort | LC_ALL=C comm -23 "$now/due" -; } | head -n 5)
  [ -z "$lost" ] || { echo 'what was stored is not all that was to be kept; not there:'; printf '%s\n' "$lost" | sed 's/^/  /'; exit 1; }
  ended=$(date +%s)
  added=$(summary /data_added_packed | integers) total=$(summary /total_bytes_processed | integers)
  # The files are in the manifest inside the snapshot; the record is short.
  { printf '{' && cat "$now/members" && printf ',"verified":%s,"bytes":%s,"added":%s}\n' "$ended" "${total:-0}" "${added:-0}"; } >"$store/$(said id).json.new" || exit
  # The record first: one without its snapshot is removed by the next backup, a backup without its record is not known.
  record=$store/$(said id)${imported:+.imported}.json
  mv -f "$store/$(said id).json.new" "$record" && sync "$record" &&
    restic tag --set "ops,${imported:-verified},$(said id)$(marks "$record")" "$snapshot" </dev/null >/dev/null && : >"$now/tagged" || exit
  [ ! -s "$now/let-in" ] || cat "$now/let-in"
  echo "backup $(said id) of $database is verified and kept in $repository"
}

# --- forget ---------------------------------------------------------------------------------------
# restic counts days that have a snapshot, so that days without a backup take none away. Those of which it was found since
# that they cannot come back (verify.sh) take no place of the newest three.
forget() { # days, weeks, months
  # Of those that came from a file the newest three stay, and take no other's place.
  set -- "$@" "$store"/*z.imported.json
  [ ! -e "$4" ] || restic forget --host "$project" --tag imported --group-by host --keep-last 3 </dev/null >"$store/forget" || { tail -n 3 "$store/forget"; exit 1; }
  restic forget --json --host "$project" --tag verified --group-by host --keep-last "$((3 + $(wrong_at droplet)))" --keep-daily "$1" --keep-weekly "$2" --keep-monthly "$3" \
    --prune --max-unused 10% </dev/null >"$store/forget" || { tail -n 3 "$store/forget"; exit 1; }
  # Each has a record, which goes with it.
  removed "$store/forget" || [ -e "$4" ] || return 0
  restic snapshots --json --no-lock --host "$project" --tag verified --tag imported </dev/null >"$store/snapshots.json" || exit
  tagged "$store/snapshots.json" >"$store/tagged" && tr ' ' '\n' <"$store/tagged" >"$store/tags" || exit
  for record in "$store"/*z.json "$store"/*z.imported.json; do
    id=${record##*/} id=${id%%.*}
    [ ! -e "$record" ] || grep -qxF "$id" "$store/tags" || rm -f "$record" "$store/$id.checks"
  done
}
# Whether restic forgot any snapshot. What it says of pruning stands on lines of its own.
removed() { json_read "$1" whole_lines records | awk -F '\t' '$1 ~ /^\/[0-9]+\/remove\/0(\/|$)/ { found = 1 } END { exit !found }'; }

# --- images ---------------------------------------------------------------------------------------
# A registry may be gone on the day that the droplet is: what the newest backup runs with is kept beside it, each image
# once, as a snapshot of its own.
images() {
  umask 077
  mkdir -p "$now" && engine || exit
  for record in "$store"/*z.json; do newest=$record; done
  [ -e "$newest" ] || { echo 'there is no backup whose images could be kept'; exit 1; }
  restic snapshots --json --no-lock --host "$project" </dev/null >"$store/images.json" || exit
  tagged "$store/images.json" >"$store/tagged" && stored_images "$store/tagged" >"$now/stored.images" && json_row "$newest" /id >/dev/null || exit
  images_of "$newest" >"$now/wanted.images"
  while read -r hex; do
    grep -q "^$(mark "$hex") " "$now/stored.images" || keep_image "$hex" || exit
  done <"$now/wanted.images" || exit
  restic snapshots --json --no-lock --host "$project" </dev/null >"$store/images.json" && forget_images "$store/images.json" || exit
  rm -rf "$now"
}

# Through a file, so that half an image is never taken for one.
keep_image() { # its id
  kilobytes=$(($(docker image inspect -f '{{.Size}}' "sha256:$1" || echo 0) / 1024))
  [ "$kilobytes" -gt 0 ] || { echo "the image $1 is not on the droplet any more"; return 1; }
  # Docker itself writes it once more before.
  free=$(df -Pk "$now" | awk 'NR == 2 { print $4 }') wanted=$((2 * kilobytes + 262144))
  [ "$free" -gt "$wanted" ] || { echo "to keep an image of $((kilobytes / 1024)) MB, $((wanted / 1024)) MB are wanted, and $((free / 1024)) MB are free"; return 1; }
  progress() { echo "wrote $(du -sm "$now" 2>/dev/null | cut -f 1) MB of an image"; }
  into=''
  patiently docker save -o "$now/image.tar" "sha256:$1" || return
  printf '%s\timage.tar\n' "$now/image.tar" >"$now/view"
  progress() { :; }
  into=$now/stored
  : >"$into"
  patiently restic_exec_viewing backup --json --host "$project" --tag "ops,unverified,image" --group-by host --retry-lock 2m "$VIEW/image.tar" 2>"$now/stored.err" ||
    { echo 'an image could not be stored:'; tail -n 5 "$now/stored.err"; return 1; }
  one=$(stored_as) || { echo 'restic does not say what it stored'; return 1; }
  bytes=$(stat -c %s "$now/image.tar")
  restic ls --json "$one" </dev/null >"$now/listing" && json_lines "$now/listing" /path /size >"$now/nodes" &&
    grep -qxF "$VIEW/image.tar$(printf '\t')$bytes" "$now/nodes" || { echo 'an image is not stored whole'; return 1; }
  restic tag --set "ops,image,$(mark "$1")" "$one" </dev/null >/dev/null || return
  echo "kept an image of $((bytes / 1048576)) MB"
  rm -f "$now/image.tar" "$now/stored"
}

# --- close ----------------------------------------------------------------------------------------
# Ends what is at work, wherever it is, and removes what was only for this backup.
close() {
  rm -f "$now/held"
  end_restic
  # Where Docker does not answer yet, somebody tries again.
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  [ -z "$c" ] || echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-backup'" |
    docker exec -i "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d postgres' >/dev/null 2>&1
  unrecord
  # A child of a killed step may write one more file during the removal.
  rm -rf "$now" 2>/dev/null || { sleep 1; rm -rf "$now"; }
}
# A record whose snapshot did not become verified would be taken for one that did.
unrecord() {
  [ -s "$now/id" ] && [ ! -e "$now/tagged" ] && [ -e "$store/$(said id).json" ] || return 0
  answer=$(restic snapshots --json --no-lock --tag "verified,$(said id)" </dev/null 2>/dev/null) || return 0
  found=$(printf '%s\n' "$answer" | json_rows - '' /id) || return 0
  [ -n "$found" ] || rm -f "$store/$(said id).json"
}
