# A backup that somebody else made becomes one of ours: an Odoo zip, a dump of `pg_dump -Fc`, a folder of click-odoo-backupdb.
# What it holds is believed to be hostile. Further arguments of all verbs: the file, as it was sent (what the name of it ends
# with says which kind it is); of `ready`: environment, what it was called, files that may be missing; of `judge` and of
# `load` of statements: the program for it (judge.py, load.py).
#
# The verbs, in order: ready, judge, load, read, dump, store, confirm, close. What is wrong with it is said on a line
# `ops.wrong`, and it is removed; whatever else fails says nothing of it. Nothing that it holds runs anywhere but in a server
# of its own without a network, as a role that may do nothing there; after this file those of backup.sh do the rest.
sent=$1
now=$store/importing server=ops-import-$project imported=imported
# Kilobytes that stay free on the disk of production.
RESERVE=524288
# A role that only the server of the import has.
SUPER=ops_import

wrong() { # what
  echo "ops.wrong $(printf '%s' "$1" | LC_ALL=C tr -sc '\041-\176' ' ' | cut -c 1-400)"
  rm -f "$sent"
  exit 1
}
# Code 1 of a judgement says that it is wrong, any other that it could not be told.
judged() { # code; where the words are
  [ "$1" != 1 ] || enough
  [ "$1" != 1 ] || wrong "$(tail -n 4 "$2")"
  [ "$1" = 0 ] || { tail -q -n 4 "$2" "$now/err" 2>/dev/null; echo "it could not be told (code $1)"; exit 2; }
}
# What came short of room, or was ended, is no fault of what was sent.
enough() { [ "$(free)" -gt 131072 ] || { echo "the disk of $now runs full"; exit 2; }; }
free() { df -Pk "$now" | awk 'NR == 2 { print $4 }'; }
# What it makes of the disk is not to be known before.
progress() {
  [ "$(free)" -gt 131072 ] || why='the disk runs full'
  du -sm "$now" 2>/dev/null | sed 's/^\([0-9]*\).*/at \1 MB/'
}

# As the plain role, in the database that was made of it; what it set for itself counts no more.
ask() { # statements on stdin
  docker exec -i -e "PGOPTIONS=-c search_path=${path:-public}" "$server" psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$(said user)" -d "$database"
}

# --- ready ----------------------------------------------------------------------------------------
ready() { # environment, name, files that may be missing
  umask 077
  close && engine && repository && mkdir -p "$now/got" "$now/config" || exit
  [ -s "$sent" ] || { echo "what was sent is no longer here: $sent"; exit 1; }
  note id "$(date -u +%Y%m%dt%H%M%Sz)"
  [ ! -e "$store/$(said id).json" ] || { echo 'another backup has this second; again'; exit 1; }
  note env "$1" && note name "$2" && note allowed "$3" && note stack '' && introduce && locate || exit
  # The password of production is for nothing here.
  : >"$now/pgpass"
  docker exec -i "$c" sh -c 'PGDATABASE=postgres exec psql -XAtq -F "$1" -U "${POSTGRES_USER:-postgres}" -v db="$2"' sh "$(printf '\t')" "$database" >"$now/like" <<'SQL' || exit
select pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba) from pg_database
  where datname in (:'db', 'postgres') order by datname = :'db' desc limit 1;
SQL
  docker exec "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d "$1" -c "select extname from pg_extension"' sh "$database" >"$now/extensions" 2>/dev/null
  note user "$(cut -f 4 "$now/like")"
  case $(said user) in "$SUPER" | '') echo 'whose the database is cannot be told'; exit 1 ;; esac
  echo "import $(said id) begins"
}

# --- judge ----------------------------------------------------------------------------------------
# What is packed in it is compared with what an Odoo backup has, before and while it is unpacked.
judge() { # program
  case $sent in *.dump) ln "$sent" "$now/got/db.dump" || exit 2; return ;; esac
  into=$now/words
  patiently docker run --rm --name "ops-backup-$project" --label "ops.backup=$project" --network none --cap-drop ALL --security-opt no-new-privileges \
    --pids-limit 64 --oom-score-adj 900 --user "$(id -u):$(id -g)" -v "$sent:/sent:ro" -v "$now/got:/got" --entrypoint nice \
    "$(docker inspect -f '{{.Image}}' "$(said holder)")" python3 -c "$1" /sent /got "${sent##*.}" "$RESERVE" 2>"$now/err"
  code=$? into=''
  [ "$code" != 130 ] || exit 2
  judged "$code" "$now/words"
  tail -n 1 "$now/words"
}

# --- load -----------------------------------------------------------------------------------------
# The image that production has. The role of the import may do nothing but own its database.
serve() {
  mkdir -p "$now/server" && chmod 755 "$now/server" && head -c 24 /dev/urandom | base64 >"$now/server/password" &&
    printf 'local all all trust\nhost all all 127.0.0.1/32 trust\n' >"$now/server/hba" && chmod 644 "$now/server/password" "$now/server/hba" || exit
  docker run -d --name "$server" --label "ops.backup=$project" --network none --oom-score-adj 900 --cpu-shares 128 --pids-limit 512 \
    -v "$now/server:/ops-import" -e PGDATA=/ops-import/data -e "POSTGRES_USER=$SUPER" -e POSTGRES_DB=postgres \
    -e POSTGRES_INITDB_ARGS=--no-sync -e POSTGRES_PASSWORD_FILE=/ops-import/password "$(said image)" postgres -c hba_file=/ops-import/hba -c listen_addresses=127.0.0.1 \
    -c fsync=off -c full_page_writes=off -c autovacuum=off >/dev/null || exit 2
  # shellcheck disable=SC2016
  patiently sh -c 'n=0; until docker exec "$1" pg_isready -q -h 127.0.0.1; do n=$((n + 1)); [ "$n" -lt 300 ] || exit; sleep 0.2; done' sh "$server" ||
    { echo 'the server of the import does not start:'; docker logs --tail 5 "$server" 2>&1; exit 2; }
  IFS=$(printf '\t') read -r encoding collate ctype owner <"$now/like"
  as_super postgres -v db="$database" -v owner="$owner" -v encoding="$encoding" -v collate="$collate" -v ctype="$ctype" <<'SQL' || exit 2
select format('create role %I login', :'owner') \gexec
select format('create database %I template template0 owner %I encoding %L lc_collate %L lc_ctype %L', :'db', :'owner', :'encoding', :'collate', :'ctype') \gexec
SQL
}
as_super() { # name of a database; options of psql; statements on stdin
  of=$1
  shift
  docker exec -i "$server" psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$SUPER" -d "$of" "$@"
}

# Those that do no harm, and those that production has. Others are not made, and then the dump misses them.
extend() { # names on stdin
  { cat "$now/extensions"; printf '%s\n' unaccent pg_trgm fuzzystrmatch btree_gin btree_gist citext cube hstore intarray ltree pgcrypto tablefunc uuid-ossp vector; } >"$now/may"
  sort -u | grep -xF -f "$now/may" | while read -r name; do
    echo "select format('create extension if not exists %I cascade', :'name') \\gexec" | as_super "$database" -v name="$name" 2>"$now/err" ||
      tail -n 1 "$now/err"
  done
}

load() { # program
  serve
  if [ -e "$now/got/db.dump" ]; then load_dump; else load_statements "$1"; fi
  belongs
}

# As pg_dump writes them: without psql, so that no command of psql can be in there.
load_statements() { # program
  LC_ALL=C grep -a '^CREATE EXTENSION IF NOT EXISTS ' "$now/got/dump.sql" | sed -n 's/^CREATE EXTENSION IF NOT EXISTS "\{0,1\}\([A-Za-z0-9_-]*\).*/\1/p' | extend
  into=$now/words
  : >"$into"
  patiently docker run --rm --name "ops-backup-$project" --label "ops.backup=$project" --network "container:$server" --cap-drop ALL \
    --security-opt no-new-privileges --pids-limit 64 --oom-score-adj 900 --user "$(id -u):$(id -g)" -v "$now/got:/got:ro" --entrypoint nice \
    "$(docker inspect -f '{{.Image}}' "$(said holder)")" python3 -c "$1" "$database" "$(said user)" 2>"$now/err"
  code=$? into=''
  [ "$code" != 130 ] || exit 2
  judged "$code" "$now/words"
  rm -f "$now/got/dump.sql"
}

load_dump() {
  (beside none pg_restore -l /backup/got/db.dump) >"$now/list.all" 2>"$now/words" || wrong "it is no dump that this pg_restore reads: $(tail -n 1 "$now/words")"
  sed -nE 's/^[0-9; ]+ EXTENSION - ([A-Za-z0-9_-]+).*/\1/p' "$now/list.all" | extend
  grep -vE '^[0-9; ]+ (EXTENSION - |COMMENT - EXTENSION |SCHEMA - public |COMMENT - SCHEMA public |EVENT TRIGGER |PROCEDURAL LANGUAGE )' "$now/list.all" >"$now/list"
  patiently beside "container:$server" pg_restore -d "$database" -e --no-owner --no-acl --no-tablespaces --no-publications --no-subscriptions \
    --no-security-labels -L /backup/list /backup/got/db.dump 2>"$now/words"
  code=$?
  [ "$code" != 130 ] || exit 2
  judged "$code" "$now/words"
  rm -f "$now/got/db.dump"
}

# A database of Odoo; and nothing in it that would run while a restore copies its rows, where the role is another.
belongs() {
  path=pg_catalog
  there=$(echo "select count(*) from pg_class where relkind = 'r' and oid in (to_regclass('public.ir_module_module'), to_regclass('public.ir_attachment'))" | ask) || exit 2
  [ "$there" = 2 ] || wrong 'what it holds is no database of Odoo'
  base=$(echo "select latest_version from public.ir_module_module where name = 'base' and state in ('installed', 'to upgrade')" | ask) || exit 2
  [ -n "$base" ] || wrong 'what it holds is no database of Odoo: base is not installed'
  ask >"$now/words" <<'SQL' || exit 2
with own as (select oid, 'pg_proc'::regclass as class, oid::regprocedure::text as name from pg_proc where pronamespace <> 'pg_catalog'::regnamespace
    union all select oid, 'pg_operator'::regclass, oid::regoperator::text from pg_operator where oprnamespace <> 'pg_catalog'::regnamespace),
  foreign_ones as (select * from own where not exists (select from pg_depend e where e.classid = own.class and e.objid = own.oid and e.deptype = 'e')),
  runs as (select 'pg_constraint'::regclass as class, oid, conname::text as name, pg_get_constraintdef(oid) as text from pg_constraint where contype = 'c'
    union all select 'pg_attrdef'::regclass, d.oid, a.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid
      and a.attnum = d.adnum where to_jsonb(a)->>'attgenerated' <> '')
select format('%s calls %s, which a restore would run', runs.name, f.name) from runs join pg_depend d on d.classid = runs.class and d.objid = runs.oid
    join foreign_ones f on f.class = d.refclassid and f.oid = d.refobjid
  union all select format('%s runs statements, which a restore would run: %s', name, text) from runs where text ~* '_to_xml|ts_stat|ts_rewrite|dblink|lo_'
  limit 1;
SQL
  [ ! -s "$now/words" ] || wrong "$(cat "$now/words")"
}

# --- read -----------------------------------------------------------------------------------------
# As of every backup, but that it may be known how many files it does not bring.
read_files() {
  tell || exit 2
  mkdir -p "$now/got/filestore" && note files "$now/got/filestore" || exit 2
  whole_files >"$now/whole"
  code=$?
  [ "$code" != 1 ] || echo "--missing-files $(wc -l <"$now/bad") takes it all the same" >>"$now/whole"
  judged "$code" "$now/whole"
  # As Odoo's own files here.
  like=/like
  [ ! -d "$(said root)/$database" ] || like=/like/$database
  # shellcheck disable=SC2016
  docker run --rm --network none --label "ops.backup=$project" -v "$now/got/filestore:/files" -v "$(said root):/like:ro" --user 0:0 --entrypoint sh \
    "$(docker inspect -f '{{.Image}}' "$(said holder)")" -c 'chmod -R u=rwX,go=rX /files && chown -R --reference "$1" /files' sh "$like" || exit 2
}

# --- dump -----------------------------------------------------------------------------------------
dump_again() {
  patiently beside "container:$server" pg_dump -d "$database" -Fd -j 2 -Z 0 --no-acl -f /backup/db.partial 2>"$now/err" ||
    { tail -n 3 "$now/err"; echo 'it could not be dumped again'; exit 2; }
  mv "$now/db.partial" "$now/db" && docker rm -fv "$server" >/dev/null && rm_server || exit 2
  printf 'CREATE ROLE "%s";\n' "$(said user | sed 's/"/""/g')" >"$now/config/globals.sql"
  whole_dump db || exit 2
  sum_up || exit 2
  # No release of ours is what it was made beside.
  : >"$now/images"
  (dir=$now/none && manifest) || exit 2
}
# What a server wrote belongs to it.
rm_server() {
  rm -rf "$now/server" 2>/dev/null || docker run --rm --network none --label "ops.backup=$project" -v "$now:/now" --user 0:0 --entrypoint rm "$(said image)" -rf /now/server
}

# --- store ----------------------------------------------------------------------------------------
keep_it() {
  printf '%s\tdb\n%s\tconfig\n%s\tfilestore\n' "$now/db" "$now/config" "$now/got/filestore" >"$now/view"
  put_away
}

# --- close ----------------------------------------------------------------------------------------
close() {
  end_restic
  all=$(docker ps -aq --filter "label=ops.backup=$project") || return
  # shellcheck disable=SC2086
  [ -z "$all" ] || docker rm -fv $all >/dev/null || return
  [ ! -e "$now/id" ] || [ -e "$now/tagged" ] || rm -f "$store/$(said id).imported.json"
  [ ! -e "$now/tagged" ] || rm -f "$sent"
  rm -rf "$now" 2>/dev/null || docker run --rm --network none --label "ops.backup=$project" -v "$store:/store" --user 0:0 --entrypoint rm \
    "$(docker inspect -f '{{.Image}}' "$c")" -rf /store/importing
}

case $verb in close) close; exit ;; esac
[ -n "$c" ] || { echo "no running container of $db"; exit 1; }
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 130; }
case $verb in
  ready) ready "$2" "$3" "$4" ;;
  judge) judge "$2" ;;
  load) load "$2" ;;
  read) read_files ;;
  dump) dump_again ;;
  store) keep_it ;;
  confirm) confirm ;;
  *) exit 71 ;;
esac
