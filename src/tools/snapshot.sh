# Puts a database aside untouched and goes on with a copy of it, or brings the original back.
# Arguments: take, back, dump, restore, exchange, gather, drop or expire; project; service; database; name of the original aside; name of
# what is put aside when it comes back (for dump and restore: the file of the dump); container whose volumes hold the filestore (a file with its id, or empty; for gather and drop: its Compose service), names.
verb=$1 project=$2 service=$3 database=$4 kept=$5 broken=$6 web=$7
new=$kept.new file=$6 holder=''

c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)
[ -n "$c" ] || { echo "no running container of $service"; exit 1; }

ask() {
  docker exec -i "$c" sh -c 'db=$1 kept=$2 new=$3 broken=$4
    exec psql -XAtq -v ON_ERROR_STOP=1 -v db="$db" -v kept="$kept" -v new="$new" -v broken="$broken" -U "${POSTGRES_USER:-postgres}" -d postgres' \
    sh "$database" "$kept" "$new" "$broken"
}
there() { # name; 1, 0 or nothing where the server does not answer
  echo "select count(*) from pg_database where datname = :'$1'" | ask
}

# Odoo's files of a database, in its own container's volumes: a directory of links to the same files, which no
# vacuum of the other generation can take away. Where there are none, there is nothing to keep.
files() { # from, to: names of databases; keep (a new directory of links), merge (what is missing comes back), gather (as well,
  # and both stay), swap (takes its place, which is put aside by a further name) or remove
  for said in "$web" "$web.idle"; do [ -n "$holder" ] || [ ! -s "$said" ] || read -r holder _ <"$said"; done
  [ -n "$holder" ] || return 0
  image=$(docker inspect -f '{{.Image}}' "$holder") && user=$(docker inspect -f '{{.Config.User}}' "$holder") || return
  # Only root may link a file that is somebody else's, as one that was copied in by hand; on a network's file system
  # root may be nobody.
  files_as 0:0 "$@" || files_as "$user" "$@"
}
files_as() { # whom; as files
  who=$1
  shift
  docker run --rm --network none --volumes-from "$holder" --user "$who" --entrypoint sh "$image" -c '
      home=$(awk -F: -v user="${4%%:*}" "\$1 == user || \$3 == user { print \$6; exit }" /etc/passwd)
      conf=${ODOO_RC:-/etc/odoo/odoo.conf}
      said=$(sed -n "s/^[[:space:]]*data_dir[[:space:]]*=[[:space:]]*//p" "$conf" 2>/dev/null | tail -n 1)
      join() { cp -al --update=none "$all/$1/." "$all/$2/" 2>/dev/null || cp -aln "$all/$1/." "$all/$2/"; }
      keep() { [ -d "$all/$2" ] || { rm -rf "$all/$2.new" && cp -al "$all/$1" "$all/$2.new" && mv "$all/$2.new" "$all/$2"; }; }
      for data in "$said" /var/lib/odoo "${home:-/root}/.local/share/Odoo"; do
        all=$data/filestore
        [ -n "$data" ] && { [ -d "$all/$1" ] || { [ "$3" = swap ] && [ -d "$all/$2" ]; }; } || continue
        if [ "$3" = remove ]; then
          rm -rf "$all/$1"
        elif [ "$3" = swap ]; then
          # Names alone change, so that it takes no longer for many files. Either of the two may be done already.
          if [ ! -d "$all/$1" ]; then keep "$2" "$5"; exit; fi
          [ ! -d "$all/$2" ] || [ -d "$all/$5" ] || mv "$all/$2" "$all/$5" || exit
          if [ -d "$all/$2" ]; then join "$1" "$2" && rm -rf "$all/$1"; else mv "$all/$1" "$all/$2"; fi
        elif [ "$3" = gather ]; then
          join "$1" "$2"
        elif [ "$3" = keep ]; then
          keep "$1" "$2"
        else
          [ -d "$all/$2" ] || { mkdir "$all/$2" && chown --reference "$all/$1" "$all/$2"; } || exit
          join "$1" "$2" && rm -rf "$all/$1"
        fi
        exit
      done
      exit 0' sh "$1" "$2" "$3" "$user" "${4:-}"
}

take() {
  aside=$(there kept) && live=$(there db) || { echo 'the database server does not answer'; exit 1; }
  # The two names change together, so that either both are done or neither.
  [ "$aside" = 0 ] || { [ "$live" = 1 ] && return; echo "$kept is there and $database is not"; exit 1; }
  [ "$live" = 1 ] || { echo "the database $database is not there"; exit 1; }
  files "$database" "$kept" keep || { echo "the filestore of $database cannot be kept"; exit 1; }
  {
    cat <<'SQL'
select format('drop database if exists %I', :'new') \gexec
select format('alter database %I allow_connections false', :'db') \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = :'db' \g /dev/null
select format('create database %I template %I owner %I%s', :'new', datname, pg_get_userbyid(datdba),
  case when current_setting('server_version_num')::int >= 150000 then ' strategy file_copy' else '' end)
  from pg_database where datname = :'db' \gexec
\set copy :new
SQL
    # What a copy by TEMPLATE loses.
    settings
    rights
    cat <<'SQL'
select format('comment on database %I is %L', :'new', shobj_description(oid, 'pg_database'))
  from pg_database where datname = :'db' and shobj_description(oid, 'pg_database') is not null \gexec
begin;
select format('alter database %I rename to %I', :'db', :'kept') \gexec
select format('alter database %I rename to %I', :'new', :'db') \gexec
commit;
SQL
  } | ask || exit
  echo "the original is put aside as $kept"
}

# Who was let in by nothing but the copy's name is shut out, the names change back together.
back() {
  aside=$(there kept) || { echo 'the database server does not answer'; exit 1; }
  if [ "$aside" = 0 ]; then
    ask <<'SQL'
select format('drop database if exists %I', :'new') \gexec
select format('alter database %I allow_connections true', :'db') from pg_database where datname = :'db' \gexec
SQL
    files "$kept" "$database" merge
    return
  fi
  ask <<'SQL' || exit
select format('alter database %I allow_connections false', :'db') from pg_database where datname = :'db' \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in (:'db', :'kept') \g /dev/null
begin;
select format('alter database %I rename to %I', :'db', :'broken') from pg_database where datname = :'db' \gexec
select format('alter database %I rename to %I', :'kept', :'db') \gexec
commit;
select format('alter database %I allow_connections true', :'db') \gexec
SQL
  files "$kept" "$database" merge || { echo "files of $kept could not be brought back"; exit 1; }
  echo "$database is what it was; what became of the copy is kept as $broken, closed to connections"
}

# Without room for a copy: the database is changed where it is, and a file that was read to its end is the way back.
# It is compressed, so that a cut or a flipped bit is seen when it is read.
dump() {
  [ ! -s "$file" ] || return 0
  live=$(there db) || { echo 'the database server does not answer'; exit 1; }
  [ "$live" = 1 ] || { echo "the database $database is not there"; exit 1; }
  files "$database" "$kept" keep || { echo "the filestore of $database cannot be kept"; exit 1; }
  # Whoever is still there ends, who held the scheduled actions too: Odoo's own work would wait for them.
  ask <<'SQL' || exit
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = :'db' \g /dev/null
SQL
  umask 077
  rm -f -- "$file.restored"
  docker exec "$c" sh -c 'PGAPPNAME=ops-snapshot exec pg_dump -Fc -Z1 -U "${POSTGRES_USER:-postgres}" -d "$1"' sh "$database" >"$file.new" </dev/null ||
    { rm -f -- "$file.new"; echo "$database could not be dumped"; exit 1; }
  docker exec -i "$c" pg_restore -f /dev/null <"$file.new" ||
    { rm -f -- "$file.new"; echo 'the dump could not be read to its end'; exit 1; }
  sync "$file.new" && mv -f -- "$file.new" "$file" || exit
  echo "$database is dumped to $file ($(wc -c <"$file") bytes)"
}

# Done again from its beginning where it was interrupted; a file that was restored is no way back any more, because
# users write again.
restore() {
  # A dump whose worker was killed goes on in the container.
  echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-snapshot'" | ask >/dev/null || :
  rm -f -- "$file.new"
  if [ -s "$file" ]; then
    ask <<'SQL' || exit
select format('alter database %I allow_connections false', :'db') from pg_database where datname = :'db' \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = :'db' \g /dev/null
SQL
    docker exec -i "$c" sh -c 'exec pg_restore -e --clean --if-exists --create -U "${POSTGRES_USER:-postgres}" -d postgres' <"$file" ||
      { echo "$database could not be restored from $file, which stays"; exit 1; }
    # Without statistics the first requests would take long.
    docker exec "$c" sh -c 'exec psql -XAtq -U "${POSTGRES_USER:-postgres}" -d "$1" -c analyze' sh "$database" </dev/null || :
    echo "$database was restored from $file"
  fi
  files "$kept" "$database" merge || { echo "files of $kept could not be brought back"; exit 1; }
  [ ! -e "$file" ] || mv -f -- "$file" "$file.restored"
}

# What was put aside takes the live one's place, with its files: what the vacuum of the one that leaves has removed is
# among them, and what was attached to it stays with that one.
exchange() {
  comes=$(there kept) && goes=$(there broken) || { echo 'the database server does not answer'; exit 1; }
  if [ "$comes" = 1 ]; then
    [ "$goes" = 0 ] || { echo "both $kept and $broken are there"; exit 1; }
    ask <<'SQL' || exit
select format('alter database %I allow_connections false', :'db') from pg_database where datname = :'db' \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in (:'db', :'kept') \g /dev/null
begin;
select format('alter database %I rename to %I', :'db', :'broken') from pg_database where datname = :'db' \gexec
select format('alter database %I rename to %I', :'kept', :'db') \gexec
commit;
SQL
  else
    # Done before, or never begun.
    [ "$goes" = 1 ] || { [ "$(there db)" = 1 ] || { echo "neither $kept nor $database is there"; exit 1; }; }
  fi
  ask <<'SQL' || exit
-- What a restore made is one of users from now on (restore.sh).
select format('comment on database %I is null', datname) from pg_database
  where datname = :'db' and shobj_description(oid, 'pg_database') = 'made by ops for a restore' \gexec
select format('alter database %I allow_connections true', :'db') from pg_database where datname = :'db' \gexec
SQL
  files "$kept" "$database" swap "$broken" || { echo "files of $kept could not be brought back"; exit 1; }
  echo "$database is what $kept was; what it was is kept as $broken, closed to connections"
}

# Users are in again: what was attached while the other one was live is with this one as well, though it names none of it.
# Never fails: a step after users were let in is tried again until it is done.
gather() {
  (service_holds && files "$kept" "$database" gather) || echo "files of $kept are with $kept alone"
}
service_holds() {
  holder=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$web" \
    --filter label=com.docker.compose.oneoff=False | head -n 1)
  [ -n "$holder" ] || { echo "no container of $web"; exit 1; }
}

# Only what is closed to connections, as everything is that was put aside.
drop() {
  service_holds
  for name; do
    [ -n "$name" ] || exit 1
    kept=$name broken='' new=$name.new
    ask <<'SQL' || exit
select format('drop database %I', datname) from pg_database where datname = :'kept' and not datallowconn \gexec
SQL
    [ "$(there kept)" = 0 ] || { echo "$name is open to connections, and nothing that was put aside"; exit 1; }
    files "$name" '' remove || { echo "the files of $name could not be removed"; exit 1; }
    echo "dropped $name"
  done
}

case $verb in
take) take ;;
dump) dump ;;
restore) restore ;;
drop)
  shift 7
  drop "$@" ;;
expire)
  # Housekeeping takes no release back: what stays is tried again after the next deploy.
  shift 7
  for one; do (drop "$one") || echo "kept $one"; done
  exit 0 ;;
back) back ;;
exchange) exchange ;;
gather) gather ;;
esac
