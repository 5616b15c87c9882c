# A stack comes back onto a droplet that has nothing of it, from a repository far away: neither git nor a registry is asked.
# Further arguments of all verbs: the snapshot, as restic calls it; the stack's path; the site's file (or nothing); the Compose
# service of Odoo that serves; the repository that backups on this droplet will have; then the words of Compose.
#
# The verbs, in order: ready, fetch, images, place, database, files, start, site, close; back takes all of it away again,
# which `ready` allows by finding that nothing was there.
snapshot=$1 path=$2 site=$3 live=$4 here=$5
shift 5
real=$dir now=$store/recovery made=$store/recovery/made

# The lines are names of what this made, to be taken away by `back`.
make_note() { printf '%s\n' "$2" >>"$made/$1"; }
noted() { cat "$made/$1" 2>/dev/null; }

# --- ready ----------------------------------------------------------------------------------------
ready() {
  umask 077
  found=$(obstacles "$path" "$site")
  [ -z "$found" ] || { echo 'this droplet is not bare:'; printf '%s\n' "$found"; exit 1; }
  rm -rf "$now" && mkdir -p "$now" && use_restic || exit
  restic dump --no-lock "$snapshot" "$VIEW/config/manifest.json" </dev/null >"$now/manifest.json" || { echo "the backup $snapshot cannot be read"; exit 1; }
  total=$(restic stats --json --no-lock --mode restore-size "$snapshot" </dev/null | restored_bytes)
  bytes=$(json_integer "$now/manifest.json" /database/bytes)
  # The database once as a dump and once restored; an image is unpacked beside its archive.
  wanted=$((2 * (${total:-0} + ${bytes:-0}) / 1024 + 2097152))
  for disk in "$now" "$(docker info -f '{{.DockerRootDir}}')"; do
    free=$(df -Pk "$disk" | awk 'NR == 2 { print $4 }')
    [ "$free" -gt "$wanted" ] || { echo "the backup and its images want $((wanted / 1024)) MB, and on the disk of $disk $((free / 1024)) MB are free"; exit 1; }
  done
  mkdir "$made.new" && docker image ls -aq --no-trunc | sort -u >"$made.new/images.before" && sync -f "$made.new" && mv "$made.new" "$made"
}
use_restic() { engine || { image='' && engine; }; }

# --- fetch ----------------------------------------------------------------------------------------
fetch() {
  use_restic || exit
  mkdir -p "$now/got" || exit
  export RESTIC_PROGRESS_FPS=0.5
  progress() { fetched "$now/fetched"; }
  into=$now/fetched target=$now/got
  patiently restic_exec restore "$snapshot:$VIEW" --no-lock --target "$target" --include /db --include /config --include /ops --include /stack \
    --include /letsencrypt --json 2>"$now/err" || { tail -n 3 "$now/err"; exit 1; }
  sums_of "$now/got/config/manifest.json" >"$now/sums"
  grep -q ' db/toc\.dat$' "$now/sums" || { echo 'the backup has no list of its files'; exit 1; }
  (cd "$now/got" && LC_ALL=C nice sha256sum --check --quiet --strict "$now/sums") || { echo 'what was fetched is not what was stored'; exit 1; }
  json_rows "$now/manifest.json" /kept /id /tag | words >"$now/tags"
  # Backups of an older ops do not say whether a container ran.
  json_rows "$now/manifest.json" /images /id /service /image /running | awk -F '\t' -v OFS='\t' '$4 == "" { $4 = "true" } { print }' | words >"$now/services"
  note release "$(json_value "$now/manifest.json" /release | grep -xE '[A-Za-z0-9._-]+')"
}
# Lines of an image's hash and of words, of rows that have them all.
words() { awk -F '\t' '$1 ~ /^sha256:[0-9a-f]+$/ && !/[ \\]/ && !/\t\t|\t$/ { sub(/^sha256:/, ""); gsub(/\t/, " "); print }'; }

# --- images ---------------------------------------------------------------------------------------
images() {
  use_restic || exit
  : >"$now/ids"
  restic snapshots --json --no-lock --host "$project" --tag image </dev/null >"$now/images.json" || exit
  tagged "$now/images.json" >"$now/tagged" && stored_images "$now/tagged" >"$now/stored" || exit
  cut -d' ' -f 1 "$now/services" "$now/tags" | sort -u >"$now/wanted.images"
  while read -r hex; do
    one=$(sed -n "s/^$(mark "$hex") //p" "$now/stored" | head -n 1)
    if docker image inspect "sha256:$hex" >/dev/null 2>&1; then echo "$hex sha256:$hex" >>"$now/ids"
    elif [ -n "$one" ]; then load "$hex" "$one" || exit
    elif needed "$hex"; then pulled "$hex" || exit
    else echo "an image of an older release is in no backup: $hex"
    fi
  done <"$now/wanted.images"
  while read -r hex tag; do named "$hex" "$tag" || exit; done <"$now/tags"
  # An image of that name that is here already is left alone.
  while read -r hex _ name _; do
    case $name in *@* | sha256:*) continue ;; esac
    docker image inspect "$name" >/dev/null 2>&1 || named "$hex" "$name" || exit
  done <"$now/services"
}
id_of() { sed -n "s/^$1 //p" "$now/ids" | head -n 1; }
named() { # image's id in the backup, name
  id=$(id_of "$1")
  [ -n "$id" ] || return 0
  docker image inspect "$2" >/dev/null 2>&1 || make_note tags "$2"
  docker tag "$id" "$2"
}
needed() { grep -q "^$1 .* true\$" "$now/services"; }

# Engines name one image differently, so it is known by being new.
load() { # image's id in the backup, snapshot
  rm -rf "$now/image"
  into=$now/fetched target=$now/image
  patiently restic_exec restore "$2:$VIEW" --no-lock --target "$target" --json 2>"$now/err" || { tail -n 3 "$now/err"; return 1; }
  into=''
  docker image ls -aq --no-trunc | LC_ALL=C sort -u >"$now/images.then"
  progress() { :; }
  patiently docker load -q -i "$now/image/image.tar" || return
  if docker image inspect "sha256:$1" >/dev/null 2>&1; then id=sha256:$1
  else id=$(docker image ls -aq --no-trunc | LC_ALL=C sort -u | LC_ALL=C comm -13 "$now/images.then" - | head -n 1); fi
  rm -rf "$now/image"
  [ -n "$id" ] || { echo "the image $1 could not be loaded"; return 1; }
  echo "$1 $id" >>"$now/ids"
}

# A backup that was made without images: the registry may still be there.
pulled() { # image's id in the backup
  for name in $(sed -n "s/^$1 [^ ]* \([^ ]*\) .*/\1/p" "$now/services") \
    $(json_rows "$now/got/ops/releases/$(said release)/release.json" /images /digest 2>/dev/null); do
    timeout 900 docker pull -q "$name" </dev/null >/dev/null 2>&1 && [ "$(docker image inspect -f '{{.Id}}' "$name")" = "sha256:$1" ] || continue
    echo "$1 sha256:$1" >>"$now/ids"
    return
  done
  echo "the image of $(sed -n "s/^$1 \([^ ]*\) .*/\1/p" "$now/services" | paste -sd' ') is in no backup, and no registry gives it: $1"
  return 1
}

# --- place ----------------------------------------------------------------------------------------
place() {
  if [ ! -d "$path" ]; then mkdir -p "$path" && make_note directories "$path" || exit; fi
  make_note stack "$path"
  if [ -d "$now/got/stack" ]; then
    chown --reference="$now/got/stack" "$path" && chmod --reference="$now/got/stack" "$path" &&
      find "$now/got/stack" -mindepth 1 -maxdepth 1 -exec mv -t "$path" -- {} + || exit
  fi
  mkdir -p "$real/releases" "$real/runs" || exit
  for one in "$now/got/ops/releases"/*; do
    [ ! -e "$one" ] || { make_note records "$real/releases/${one##*/}" && mv "$one" "$real/releases/"; } || exit
  done
  # A run that had not ended then, the one of the backup for one, never will.
  for one in "$now/got/ops/runs"/*; do
    [ -n "$(json_value "$one/run.json" /ended 2>/dev/null)" ] && [ ! -e "$real/runs/${one##*/}" ] || continue
    make_note records "$real/runs/${one##*/}" && mv "$one" "$real/runs/" || exit
  done
  for one in audit.jsonl audit.head; do
    [ ! -e "$now/got/ops/$one" ] || { make_note records "$real/before-recovery.$one" && mv "$now/got/ops/$one" "$real/before-recovery.$one"; } || exit
  done
  while read -r hex id; do
    [ "sha256:$hex" != "$id" ] || continue
    for one in "$real/releases"/*/release.json; do replace "$one" id "sha256:$hex" "$id" || exit; done
  done <"$now/ids"
  digests || exit
  bring "$now/got/letsencrypt" /etc/letsencrypt || exit
  sync -f "$path"
}

# An image that was loaded has no digest any more, by which Compose could find it.
digests() {
  release=$(said release)
  [ -n "$release" ] || return 0
  while read -r hex service name _; do
    case $name in *@*) ;; *) continue ;; esac
    named "$hex" "ops/$project:$release-$service" && replace "$real/releases/$release/compose.json" image "$name" "ops/$project:$release-$service" || return
  done <"$now/services"
}
# The file keeps its owner and its mode.
replace() { # file, key, old text, new text
  json_replace "$@" >"$now/replaced" && cat "$now/replaced" >"$1" || { echo "$1 could not be changed"; return 1; }
}

# Files that are not there yet; what is there stays.
bring() { # from, to
  [ -d "$1" ] || return 0
  (cd "$1" && find . -type d -print) | while read -r one; do
    [ -d "$2/$one" ] || { mkdir -p "$2/$one" && chown --reference="$1/$one" "$2/$one" && chmod --reference="$1/$one" "$2/$one" && make_note directories "$2/$one"; } || exit
  done || return
  (cd "$1" && find . ! -type d -print) | while read -r one; do
    [ -e "$2/$one" ] || [ -L "$2/$one" ] || { make_note files "$2/$one" && cp -a "$1/$one" "$2/$one"; } || exit
  done
}

# --- database -------------------------------------------------------------------------------------
ask() { # name of a database; statements on stdin
  docker exec -i "$c" sh -c 'PGAPPNAME=ops-backup exec psql -XAtq -v ON_ERROR_STOP=1 -v db="$2" -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$1" "$database"
}
# Where a service keeps its data is new, or empty.
fresh() { # container, directory inside
  docker inspect -f '{{range .Mounts}}{{.Type}}{{"\t"}}{{.Destination}}{{"\t"}}{{.Source}}{{"\n"}}{{end}}' "$1" | awk -F'\t' -v path="$2" '
    $2 != "" && index(path "/", $2 "/") == 1 && length($2) > length(best) { best = $2; kind = $1; source = $3 } END { if (kind == "bind") print source }' >"$now/bound"
  bound=$(cat "$now/bound")
  [ -n "$bound" ] || return 0
  [ -z "$(ls -A "$bound" 2>/dev/null)" ] || { echo "$bound holds data already"; return 1; }
  make_note data "$bound"
}

database() { # the words of Compose
  while read -r kind name; do
    docker "$kind" inspect "$name" >/dev/null 2>&1 || { make_note "$kind" "$name" && docker "$kind" create "$name" >/dev/null; } || exit
  done <"$now/got/config/outside"
  "$@" create --no-recreate --no-build --pull never -- "$db" || exit
  made_db=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$db" | head -n 1)
  inside=$(docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$made_db" | sed -n 's/^PGDATA=//p')
  fresh "$made_db" "${inside:-/var/lib/postgresql/data}" && docker start "$made_db" >/dev/null || exit
  c=$made_db n=0
  # Not by its socket: there the server answers before it is made.
  until docker exec "$c" pg_isready -q -h 127.0.0.1; do
    n=$((n + 1))
    [ "$n" -lt 600 ] && [ "$(docker inspect -f '{{.State.Running}}' "$c")" = true ] || { echo "$db does not start:"; docker logs --tail 10 "$c" 2>&1; exit 1; }
    sleep 0.3
  done
  introduce || exit
  there=$(echo "select count(*) from pg_class where relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')" | ask "$database" 2>/dev/null) || there=''
  case $there in
    '') ;;
    # The server makes an empty one of this name for itself.
    0) echo "select format('drop database %I', :'db') \\gexec" | ask postgres || exit ;;
    *) echo "$database is there already, with $there tables, views and sequences"; exit 1 ;;
  esac
  # A role that is there already is no fault, and where one is missing the dump says so.
  docker exec -i "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d postgres' <"$now/got/config/globals.sql" >/dev/null 2>&1
  progress() { du -sm "$now/got/db" | sed 's/\([0-9]*\).*/restoring a dump of \1 MB/'; }
  patiently beside "container:$c" pg_restore -d postgres -C -e -j 2 --no-tablespaces --no-subscriptions /backup/got/db || { echo "$database could not be restored"; exit 1; }
  echo analyze | ask "$database" && says | ask "$database" >"$now/says" || exit
  differ=$(differing "$now/manifest.json" <"$now/says")
  [ -z "$differ" ] || { echo "what came back is not what was kept: $differ"; exit 1; }
  echo "select distinct store_fname from ir_attachment where store_fname ~ '^[0-9a-f]{2}/[0-9a-f]{40}\$'" | ask "$database" | LC_ALL=C sort >"$now/wanted" || exit
}

# --- files ----------------------------------------------------------------------------------------
files() { # the words of Compose
  use_restic || exit
  "$@" create --no-recreate --no-build --pull never -- "$live" || exit
  locate && passwords || exit
  root=$(said root)
  [ -z "$(ls -A "$root/$database" 2>/dev/null)" ] || { echo "$root/$database is not empty"; exit 1; }
  [ -d "$root" ] || { make_note directories "$root" && mkdir "$root" && chown --reference="${root%/*}" "$root" && chmod --reference="${root%/*}" "$root"; } || exit
  make_note data "$root/$database"
  note allowed "$(json_integer "$now/manifest.json" /attachments/missing || echo 0)"
  note files ''
  restic ls --no-lock "$snapshot" "$VIEW/filestore" </dev/null >"$now/listing" 2>/dev/null
  if grep -qx "$VIEW/filestore" "$now/listing"; then
    progress() { fetched "$now/fetched"; }
    into=$now/fetched target=$root/$database
    patiently restic_exec restore "$snapshot:$VIEW/filestore" --no-lock --target "$target" --json 2>"$now/err" || { tail -n 3 "$now/err"; exit 1; }
    into=''
    chown --reference="$root" "$root/$database" && chmod --reference="$root" "$root/$database" || exit
    note files "$root/$database"
  fi
  whole_files || exit
}

# Passwords of roles are in no backup: that of Odoo's own role is the one that Odoo comes with.
passwords() {
  docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$(said holder)" >"$now/env"
  told() { sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$now/got/config/odoo.conf" 2>/dev/null | grep -vx False | tail -n 1; }
  role=$(told db_user | grep . || sed -n 's/^USER=//p' "$now/env") password=$(told db_password | grep . || sed -n 's/^PASSWORD=//p' "$now/env")
  rm -f "$now/env"
  [ -n "$role" ] && [ -n "$password" ] && [ "$role" != "$(said user)" ] || return 0
  quoted() { printf '%s' "$1" | sed "s/'/''/g; s/^/'/; s/\$/'/"; }
  echo "select format('alter role %I login password %L', rolname, $(quoted "$password")) from pg_authid where rolname = $(quoted "$role") and rolpassword is null \\gexec" | ask postgres
}

# --- start ----------------------------------------------------------------------------------------
start() { # the words of Compose
  web_container || exit
  others=$(awk -v db="$db" -v web="$web" '$4 == "true" && $2 != db && $2 != web && $2 != web "-b" { print $2 }' "$now/services" | sort -u)
  # shellcheck disable=SC2086
  [ -z "$others" ] || "$@" up --detach --no-deps --no-recreate --no-build --pull never -- $others || exit
  docker start "$(said holder)" >/dev/null
}

# --- site -----------------------------------------------------------------------------------------
site() {
  [ -s "$now/got/config/site" ] || { echo "the backup has no site of nginx"; exit 1; }
  # Certificates that stand elsewhere than certbot puts them.
  sed -n 's/^[[:space:]]*ssl_[a-z_]*certificate[a-z_]*[[:space:]]*\([^;]*\);.*/\1/p' "$now/got/config/site" | sort -u | while read -r file; do
    case $file in /*) ;; *) continue ;; esac
    [ ! -e "$file" ] && [ -e "$now/got/config/certificates/${file##*/}" ] || continue
    make_note files "$file" && mkdir -p "${file%/*}" && cp -a "$now/got/config/certificates/${file##*/}" "$file" || exit
  done || exit
  make_note files "$site" && mkdir -p "${site%/*}" && cp "$now/got/config/site" "$site" && chmod 644 "$site" && nginx_again
}
nginx_again() {
  nginx -t || return
  if [ -d /run/systemd/system ]; then systemctl reload-or-restart nginx; else nginx -s reload; fi
}

# --- close and back -------------------------------------------------------------------------------
end_work() {
  end_restic
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null
}
# The repository here is cut like the one far away, so that what both will have is copied only once.
close() {
  end_work || return
  rm -rf "$now"
  [ -e "$here/config" ] || { use_restic && (umask 077 && mkdir -p "$here") && from=$repository repository=$here && soon 60 init --copy-chunker-params; } ||
    echo "the repository $here could not be made: the next backup makes it"
}

back() {
  end_work || return
  [ -d "$made" ] || { rm -rf "$now"; return; }
  all=$(docker ps -aq --filter "label=com.docker.compose.project=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  { docker volume ls -q --filter "label=com.docker.compose.project=$project"; noted volume; } | sort -u | remove volume || return
  { docker network ls -q --filter "label=com.docker.compose.project=$project"; noted network; } | sort -u | remove network || return
  noted tags | remove image || return
  docker image ls -aq --no-trunc | sort -u | comm -13 "$made/images.before" - | remove image
  noted data | while read -r one; do [ ! -d "$one" ] || find "$one" -mindepth 1 -delete || exit; done || return
  noted stack | while read -r one; do [ ! -d "$one" ] || find "$one" -xdev -mindepth 1 -delete || exit; done || return
  { noted files; noted records; } | while read -r one; do rm -rf -- "$one" || exit; done || return
  noted directories | sort -r | while read -r one; do [ ! -d "$one" ] || rmdir --ignore-fail-on-non-empty -- "$one" || exit; done || return
  [ -z "$site" ] || ! noted files | grep -qxF "$site" || nginx_again >/dev/null 2>&1
  rm -rf "$now"
}
# What is not there any more is removed.
remove() { # kind; names on stdin
  while read -r one; do
    docker "$1" inspect "$one" >/dev/null 2>&1 </dev/null || continue
    docker "$1" rm "$one" >/dev/null </dev/null || [ "$1" = image ] || exit
  done
}

case $verb in
  back) back; exit ;;
  close) close; exit ;;
esac
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 1; }
case $verb in
  ready) ready ;;
  fetch) fetch ;;
  images) images ;;
  place) place ;;
  database) database "$@" ;;
  files) files "$@" ;;
  start) start "$@" ;;
  site) site ;;
  *) exit 71 ;;
esac
