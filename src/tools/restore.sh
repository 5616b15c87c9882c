# One backup comes back beside what serves: a database that is closed to connections and its files, under a name of their
# own, until they change places with the live ones (snapshot.sh). Further arguments of all verbs: the snapshot, as restic
# calls it; the name; of `database`: `files` where they come meanwhile; of `quiet`: where users find it (or nothing), what is masked, the user's own statements.
#
# The verbs, in order: ready, fetch, database, quiet (of another environment's data), files (or linked: those that are
# there), own, close. drop takes back all of it. Of the live filestore alone: lacking, found, close; the name is then that
# of what is put aside. Until it is whole the database belongs to a role of its own: an Odoo without db_name runs the scheduled
# actions of every database of its role.
snapshot=$1 copy=$2
shift 2
now=$store/coming
mine='made by ops for a restore'

ask() { # name of a database; statements on stdin
  docker exec -i "$c" sh -c 'PGAPPNAME=ops-backup PGDATABASE=$1 exec psql -XAtq -v ON_ERROR_STOP=1 -v db="$2" -v copy="$3" -v mine="$4" -v said="$5" \
    -U "${POSTGRES_USER:-postgres}"' sh "$1" "$database" "$copy" "$mine" "$(cat "$now/said" 2>/dev/null)"
}
# Where Odoo's files are, as root, whoever we are.
in_files() { # script; arguments
  script=$1
  shift
  docker run --rm --network none -v "$(said root):/files" -w /files --user 0:0 -i --entrypoint sh "$(docker inspect -f '{{.Image}}' "$(said holder)")" \
    -c "$script" sh "$@"
}

# --- ready ----------------------------------------------------------------------------------------
ready() {
  umask 077
  drop || exit
  engine || exit
  [ "$secrets" = "$lent" ] || [ -s "$key" ] || { echo "there is no key at $key: what is in $repository cannot be read"; exit 1; }
  mkdir -p "$now" && introduce && locate || exit
  restic dump "$snapshot" "$VIEW/config/manifest.json" </dev/null >"$now/manifest.json" || { echo "the backup $snapshot cannot be read"; exit 1; }
  # What it says of the database, for the server, which reads JSON.
  json_row "$now/manifest.json" /database >"$now/said" && grep -q . "$now/said" || { echo "the backup $snapshot says nothing of its database"; exit 1; }
  sums_of "$now/manifest.json" >"$now/sums"
  [ -s "$now/sums" ] || { echo "the backup $snapshot has no list of its files"; exit 1; }
  total=$(restic snapshots --json --no-lock "$snapshot" </dev/null | json_rows - '' /summary/total_bytes_processed | integers | tail -n 1)
  # What another restic than ours stored may not say it.
  [ -n "$total" ] || total=$(restic stats --json --mode restore-size "$snapshot" </dev/null | restored_bytes)
  bytes=$(json_integer "$now/said" /bytes)
  wanted=$(((${total:-0} + ${bytes:-0}) / 1024 + 262144))
  free=$({ df -Pk "$now"; docker exec "$c" sh -c 'df -Pk "${PGDATA:-/var/lib/postgresql/data}"'; } | awk '$4 ~ /^[0-9]+$/ { print $4 }' | sort -n | head -n 1)
  [ "$free" -gt "$wanted" ] || { echo "the backup wants $((wanted / 1024)) MB, and $((free / 1024)) MB are free"; exit 1; }
}

# --- fetch ----------------------------------------------------------------------------------------
fetch() {
  progress() { fetched "$now/fetched"; }
  into=$now/fetched target=$now
  export RESTIC_PROGRESS_FPS=0.5
  patiently restic_exec restore "$snapshot:$VIEW" --include /db --include /config --target "$now" --json || { tail -n 3 "$now/fetched"; exit 1; }
  (cd "$now" && LC_ALL=C sha256sum --check --quiet --strict sums) || { echo 'what was fetched is not what was stored'; exit 1; }
  echo "ops.compared sums $(wc -l <"$now/sums")"
}

# --- database -------------------------------------------------------------------------------------
database() { # `files`
  [ "${1:-}" != files ] || come
  # Roles that somebody was granted something, as names; they open nothing.
  sed -n '/^CREATE ROLE /p' "$now/config/globals.sql" | docker exec -i "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d postgres' >/dev/null 2>&1
  owner=$(ask postgres <<'SQL'
select coalesce((select pg_get_userbyid(datdba) from pg_database where datname = :'db'),
  (select rolname from pg_roles where rolname = :'said'::json->>'owner'), current_user);
SQL
  ) || exit
  note owner "$owner"
  make || exit
  beside_quietly pg_restore -l /backup/db >"$now/list.all" || { echo 'the dump has no list'; exit 1; }
  grep -vE '^[0-9; ]+ (EXTENSION - |COMMENT - EXTENSION )' "$now/list.all" >"$now/list"
  sed -nE 's/^[0-9; ]+ EXTENSION - ([A-Za-z0-9_-]+).*/create extension if not exists "\1";/p' "$now/list.all" | ask "$copy" || exit
  progress() { :; }
  patiently beside "container:$c" pg_restore -d "$copy" -j 2 -e --no-owner --role="$owner" -L /backup/list /backup/db ||
    { echo "the dump could not be restored as $copy"; exit 1; }
  echo 'analyze' | ask "$copy" || exit
  compare || exit
  echo "select distinct store_fname from ir_attachment where store_fname ~ '^[0-9a-f]{2}/[0-9a-f]{40}$' order by 1" | ask "$copy" >"$now/names" || exit
  [ -z "${coming:-}" ] || come_to_an_end
}

# The files come while the database is made: neither wants anything of the other. Where that fails, they end as well,
# before anybody takes them away.
come() {
  target=$(said root)/$copy.new
  restic_exec restore "$snapshot:$VIEW/filestore" --target "$target" --json </dev/null >"$now/files.json" 2>"$now/err" &
  coming=$!
  trap '{ end_restic; kill "$coming"; wait "$coming"; } 2>/dev/null' EXIT
}
come_to_an_end() {
  progress() { fetched "$now/files.json"; }
  awaited "$coming"
  note came "$?"
  trap - EXIT
  [ "$(said came)" != 130 ] || exit 130
}
beside_quietly() { (beside none "$@"); }

make() {
  {
    cat <<'SQL'
begin;
select format('create role %I nologin', :'copy') \gexec
select format('comment on role %I is %L', :'copy', :'mine') \gexec
commit;
select format('create database %I template template0 owner %I encoding %L lc_collate %L lc_ctype %L%s', :'copy', :'copy', d->>'encoding', d->>'collate', d->>'ctype',
  case when d->>'icu' is null then '' else format(' locale_provider icu icu_locale %L', d->>'icu') end)
  from (select :'said'::json as d) one \gexec
SQL
    settings
  } | ask postgres || return
  # Members of the owner own what is the owner's, the schema `public` included.
  echo "select format('grant %I to %I', :'copy', '$(said owner | sed "s/'/''/g")') \\gexec" | ask postgres
}

compare() {
  wrong=$(ask "$copy" <<'SQL'
select key || ': ' || value || ' rows were kept, ' || coalesce(there, 'none') || ' came back' from json_each_text(:'said'::json->'counts') said
  left join lateral (select (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I', key), false, true, '')))[1]::text as there
    where to_regclass(format('public.%I', key)) is not null) now on true
  where value is distinct from there;
SQL
  ) || return
  [ -z "$wrong" ] || { echo 'what came back is not what was kept:'; printf '%s\n' "$wrong"; return 1; }
  echo "select 'ops.compared rows ' || coalesce(sum(value::bigint), 0) from json_each_text(:'said'::json->'counts')" | ask "$copy"
}

# --- quiet ----------------------------------------------------------------------------------------
# Nothing of it gets out, nobody who was logged in there is here, and what is to be masked is masked. The user's own
# statements are those of a role that has the data and nothing else: Odoo's own is often the server's superuser, and a
# function of somebody cannot become somebody else.
quieten() { # where users find it, what is masked, statements
  url=$1 masked=$2
  shift 2
  random() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
  { echo "begin;"
    quiet
    echo "update ir_config_parameter set value = '$(random)'::uuid::text where key = 'database.uuid';
      update ir_config_parameter set value = '$(random)'::uuid::text where key = 'database.secret';
      delete from ir_config_parameter where key = 'report.url';"
    [ -z "$url" ] || printf "update ir_config_parameter set value = '%s' where key = 'web.base.url';\n" "$(printf '%s' "$url" | sed "s/'/''/g")"
    mask "$masked"
    echo "commit;"; } | ask "$copy" >/dev/null || { echo "$copy could not be made harmless"; exit 1; }
  [ $# -gt 0 ] || return 0
  { cat <<'SQL'
begin;
create role ops_mask nologin;
select format('grant %I to ops_mask', tableowner) from pg_tables where schemaname = 'public' group by tableowner \gexec
create function pg_temp.ops_mask(text) returns void language plpgsql security definer as 'begin execute $1; end';
alter function pg_temp.ops_mask(text) owner to ops_mask;
SQL
    for statement; do printf "select pg_temp.ops_mask('%s') \\g /dev/null\n" "$(printf '%s' "$statement" | sed "s/'/''/g")"; done
    printf '%s\n' 'drop function pg_temp.ops_mask(text);' "select format('revoke %I from ops_mask', tableowner) from pg_tables where schemaname = 'public' group by tableowner \\gexec" \
      'drop role ops_mask;' 'commit;'; } | ask "$copy" || { echo 'a statement of `mask` failed'; exit 1; }
}

# --- own ------------------------------------------------------------------------------------------
# What it loses by having been made anew, and to whom it belongs.
hand_over() {
  {
    cat <<'SQL'
select format('alter database %I allow_connections false', :'copy') \gexec
SQL
    rights
  } | ask postgres || return
  # From now on the comment says that nobody was ever let in to it; whoever lets somebody in takes it away (snapshot.sh).
  echo "select format('comment on database %I is %L', :'copy', :'mine') \\gexec
    select format('alter database %I owner to %I', :'copy', '$(said owner | sed "s/'/''/g")') \\gexec
    select format('drop role %I', rolname) from pg_roles where rolname = :'copy' and shobj_description(oid, 'pg_authid') = :'mine' \\gexec" | ask postgres
}

# --- files ----------------------------------------------------------------------------------------
# They are there, in a directory of their own; then each that the database names is, and is what its name says.
files() {
  [ "$(said came)" = 0 ] || without_files
  compare_files "$copy.new" "$now/names"
  bad=$(wc -l <"$now/bad") allowed=$(json_integer "$now/manifest.json" /attachments/missing)
  [ "$bad" -le "${allowed:-0}" ] || { echo "of $(wc -l <"$now/names") files that the database names, $bad did not come back:"
    head -n 5 "$now/bad"; exit 1; }
  echo "ops.compared files $(wc -l <"$now/names")"
  in_files 'if [ -d "/files/$2" ]; then chown --reference "/files/$2" "/files/$1.new"; else chown --reference /files "/files/$1.new"; fi
    mv "/files/$1.new" "/files/$1"' "$copy" "$database" || exit
}

# A backup may be of a stack that had no files yet.
without_files() {
  # Its whole answer is read: a container of restic's is still there for a moment when it is not.
  restic ls "$snapshot" "$VIEW/filestore" </dev/null >"$now/listing" || { echo 'whether the backup has files cannot be told'; exit 1; }
  ! grep -qx "$VIEW/filestore" "$now/listing" || { tail -n 3 "$now/files.json"; cat "$now/err"; exit 1; }
  in_files 'mkdir -p "/files/$1.new"' "$copy" </dev/null || exit
}

# Of names like 01/0123.., those that are missing below a directory or are not what they say: in $now/bad.
compare_files() { # directory, file with the names
  awk -F/ '{ print $2 "  " $0 }' "$2" | in_files 'cd "/files/$1" 2>/dev/null || cd /; LC_ALL=C nice sha1sum --check --quiet - 2>/dev/null || :; echo end' "$1" >"$now/checked" || exit
  [ "$(tail -n 1 "$now/checked")" = end ] || { echo 'the files could not be read'; exit 1; }
  sed -n 's/: FAILED.*//p' "$now/checked" >"$now/bad"
}

# The live files as they are, as links: the database alone comes back.
linked() {
  in_files 'mkdir -p "/files/$2" && rm -rf "/files/$1.new" && cp -al "/files/$2" "/files/$1.new" && mv "/files/$1.new" "/files/$1"' "$copy" "$database" </dev/null || exit
  compare_files "$copy" "$now/names"
  [ ! -s "$now/bad" ] || echo "of $(wc -l <"$now/names") files that the database names, $(wc -l <"$now/bad") are not there: --part filestore brings back those that a backup has"
}

# --- the filestore alone --------------------------------------------------------------------------
# More than so many are not named to restic one by one.
MANY=1000
lacking() {
  umask 077
  end_work && rm -rf "$now" && engine || exit
  mkdir -p "$now" && locate || exit
  echo "select distinct store_fname from ir_attachment where store_fname ~ '^[0-9a-f]{2}/[0-9a-f]{40}$' order by 1" | ask "$database" >"$now/names" || exit
  compare_files "$database" "$now/names"
  mv "$now/bad" "$now/lacking"
  echo "of $(wc -l <"$now/names") files that the database names, $(wc -l <"$now/lacking") are missing or damaged"
}
# What the backup has of them takes its place; what was damaged is put aside.
found() {
  [ -s "$now/lacking" ] || return 0
  root=$(said root)
  in_files 'rm -rf "/files/$1.new" && mkdir -p "/files/$1.new"' "$copy" </dev/null || exit
  set --
  [ "$(wc -l <"$now/lacking")" -gt "$MANY" ] || while read -r name; do set -- "$@" --include "/$name"; done <"$now/lacking"
  progress() { fetched "$now/files.json"; }
  into=$now/files.json target=$root/$copy.new
  patiently restic_exec restore "$snapshot:$VIEW/filestore" --target "$target" "$@" --json || { tail -n 3 "$now/files.json"; exit 1; }
  compare_files "$copy.new" "$now/lacking"
  grep -vxF -f "$now/bad" "$now/lacking" >"$now/back" || :
  in_files 'cd /files && mkdir -p "$2" && chown --reference . "$2" && while read -r name; do
      [ ! -e "$2/$name" ] || { mkdir -p "$1/${name%/*}" && mv "$2/$name" "$1/$name" || exit; }
      mkdir -p "$2/${name%/*}" && mv "$1.new/$name" "$2/$name" && chown --reference "$2" "$2/${name%/*}" "$2/$name" || exit
    done && rm -rf "$1.new"' "$copy" "$database" <"$now/back" || exit
  echo "$(wc -l <"$now/back") files came back"
  [ ! -s "$now/bad" ] || { echo "$(wc -l <"$now/bad") files are not in this backup:"; head -n 5 "$now/bad"; exit 1; }
}

# --- close and drop -------------------------------------------------------------------------------
end_work() {
  end_restic
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-backup' and pid <> pg_backend_pid()" |
    docker exec -i "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d postgres' >/dev/null 2>&1
}
close() {
  end_work || return
  rm -rf "$now" "$lent"
}
# Only what nobody was ever let in to: users may have written into what was live for a time, and that stays aside.
drop() {
  end_work || return
  ask postgres <<'SQL' || return
select format('alter database %I allow_connections false', :'copy') from pg_database d join pg_roles r on r.oid = datdba
  where datname = :'copy' and shobj_description(r.oid, 'pg_authid') = :'mine' \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = :'copy' \g /dev/null
select format('drop database %I', datname) from pg_database d join pg_roles r on r.oid = datdba where datname = :'copy' and not datallowconn
  and :'mine' in (shobj_description(r.oid, 'pg_authid'), shobj_description(d.oid, 'pg_database')) \gexec
select format('drop role %I', rolname) from pg_roles where rolname = :'copy' and shobj_description(oid, 'pg_authid') = :'mine' \gexec
SQL
  there=$(echo "select count(*) from pg_database where datname = :'copy'" | ask postgres) || return
  [ "$there" = 0 ] || { echo "$copy was live, and is kept"; rm -rf "$now"; return; }
  mkdir -p "$now" && locate || return
  # Only root can tell that there is nothing.
  if [ "$(id -u)" != 0 ] || [ -e "$(said root)/$copy" ] || [ -e "$(said root)/$copy.new" ]; then
    in_files 'rm -rf -- "/files/$1" "/files/$1.new"' "$copy" </dev/null || return
  fi
  rm -rf "$now"
}

[ -n "$c" ] || { echo "no running container of $db"; exit 1; }
case $verb in
  close) close; exit ;;
  drop) drop && rm -f "$lent"; exit ;;
esac
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 1; }
case $verb in
  ready) ready ;;
  fetch) fetch ;;
  database) database "$@" ;;
  quiet) quieten "$@" ;;
  files) files ;;
  linked) linked ;;
  own) hand_over ;;
  lacking) lacking ;;
  found) found ;;
  *) exit 71 ;;
esac
