# A stored, verified backup as the zip that Odoo's own database manager makes and takes. Further arguments of all verbs: its
# id; the snapshot, as restic calls it. Of `zip`: the program that packs it (export.py).
#
# The verbs, in order: ready, fetch, sql, zip, close. What is left is $store/export/<id>.zip with its sum beside it, for whoever
# takes it away, for a day: it is not encrypted, and each export removes what is older. Only reads the repository, without
# a lock of restic's.
id=$1 snapshot=$2
now=$store/exporting zips=$store/export
# Kilobytes that stay free on the disk of production.
RESERVE=524288

ready() {
  umask 077
  close && engine && mkdir -p "$now/got" "$zips" && chmod 700 "$zips" || exit
  find "$zips" -type f -mmin +1440 -exec rm -f {} + || exit
  introduce && web_container || exit
  [ -s "$key" ] || { echo "there is no key at $key: what is in $repository cannot be read"; exit 1; }
  bytes=$(restic stats --json --no-lock --mode restore-size "$snapshot" </dev/null | restored_bytes)
  [ -n "$bytes" ] || { echo "the backup $id cannot be read"; exit 1; }
  # The dump is there twice for a time, then the rest and what is packed.
  wanted=$((bytes / 512 + RESERVE)) free=$(df -Pk "$now" | awk 'NR == 2 { print $4 }')
  [ "$free" -gt "$wanted" ] || { echo "to export it, $((wanted / 1024)) MB are wanted below $now, and $((free / 1024)) MB are free"; exit 1; }
}

fetch() {
  export RESTIC_PROGRESS_FPS=0.5
  progress() { fetched "$now/fetched"; }
  into=$now/fetched target=$now/got
  patiently restic_exec restore "$snapshot:$VIEW" --no-lock --target "$target" --include /db --include /config --include /filestore --json \
    2>"$now/err" || { tail -n 3 "$now/err"; exit 1; }
  into=''
  sums_of "$now/got/config/manifest.json" >"$now/sums"
  grep -q ' db/toc\.dat$' "$now/sums" || { echo "the backup $id has no list of its files"; exit 1; }
  (cd "$now/got" && LC_ALL=C nice sha256sum --check --quiet --strict "$now/sums") || { echo 'what was fetched is not what was stored'; exit 1; }
}

# For another server: its roles, tablespaces and subscriptions are not those of this one, and only a superuser may comment on
# an extension.
sql() {
  progress() { :; }
  into=$now/list.all
  patiently beside none pg_restore -l /backup/got/db || { echo 'the dump has no list'; exit 1; }
  into=''
  grep -v 'COMMENT - EXTENSION ' "$now/list.all" >"$now/list"
  progress() { echo "written $(du -sm "$now/dump.sql" 2>/dev/null | cut -f 1) MB"; }
  patiently beside none pg_restore --no-owner --no-acl --no-tablespaces --no-publications --no-subscriptions -L /backup/list \
    -f /backup/dump.sql /backup/got/db || { echo 'the dump cannot be read to its end'; exit 1; }
  rm -rf "$now/got/db"
}

zip() { # program
  progress() { tail -n 1 "$now/packing" 2>/dev/null | sed -n 's/^packed \([0-9]* of [0-9]* MB\)$/packed \1/p'; }
  into=$now/packing
  patiently docker run --rm --name "ops-backup-$project" --label "ops.backup=$project" --network none -v "$now:/ops-export" -w /ops-export --user 0:0 \
    --entrypoint nice "$(docker inspect -f '{{.Image}}' "$(said holder)")" python3 -c "$1" "$database" "$(id -u)" "$(id -g)" 2>"$now/err" ||
    { tail -n 3 "$now/err"; echo 'it could not be packed'; exit 1; }
  sum=$(sha256sum <"$now/zip") && printf '%s\n' "${sum%% *}" >"$zips/$id.sha256" && mv -f "$now/zip" "$zips/$id.zip" && sync "$zips/$id.zip" || exit
  echo "$zips/$id.zip: $(du -m "$zips/$id.zip" | cut -f 1) MB"
}

# What came back belongs to whomever it belonged to, so that not everybody can remove it.
close() {
  end_restic
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  rm -rf "$now" 2>/dev/null || docker run --rm --network none --label "ops.backup=$project" -v "$store:/store" --user 0:0 --entrypoint rm \
    "$(docker inspect -f '{{.Image}}' "$c")" -rf /store/exporting
}

case $verb in close) close; exit ;; esac
[ -n "$c" ] || { echo "no running container of $db"; exit 1; }
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 130; }
case $verb in
  ready) ready ;;
  fetch) fetch ;;
  sql) sql ;;
  zip) zip "$3" ;;
  *) exit 71 ;;
esac
