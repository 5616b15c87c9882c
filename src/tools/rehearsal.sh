# A copy of the live database for a rehearsal, beside it on the same server, and what keeps the two apart.
# Arguments: open, dump, restore, neutralize, guard or close; project; service of the database; service of the rehearsal's
# own Odoo; database; its copy, and the role that owns it; the network. Then, for neutralize and guard, Odoo's log and
# the work as a script (neutralize: or nothing).
#
# The copy belongs to a role of its own: an Odoo without db_name runs the scheduled actions of every database of its role.
verb=$1 project=$2 service=$3 web=$4 database=$5 copy=$6 net=$7 log=${8:-} work=${9:-}
mine='made by ops for a rehearsal' file=ops-rehearsal-$project.dump
# Kilobytes that stay free, whatever is copied: PostgreSQL stops serving where its disk is full.
RESERVE=524288

c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
  --filter label=com.docker.compose.oneoff=False | head -n 1)

ask() { # name of a database; statements on stdin
  docker exec -i "$c" sh -c 'PGDATABASE=$1 exec psql -XAtq -v ON_ERROR_STOP=1 -v db="$2" -v copy="$3" -v mine="$4" \
    -U "${POSTGRES_USER:-postgres}"' sh "$1" "$database" "$copy" "$mine"
}

# Where the dump goes: beside the server's data in the container, never into memory.
place() {
  docker exec "$c" sh -c 'for dir in /var/tmp /tmp /var/lib/postgresql; do
      case $(stat -f -c %T "$dir" 2>/dev/null) in "" | tmpfs | ramfs) continue ;; esac
      [ ! -w "$dir" ] || { echo "$dir"; exit; }
    done; exit 1' || { echo "no directory of $service can take a dump" >&2; return 1; }
}
# Kilobytes: the least of where the server keeps its data and where the dump goes.
free_kilobytes() {
  docker exec "$c" sh -c 'df -Pk "${PGDATA:-/var/lib/postgresql/data}" "$1"' sh "$dir" |
    awk 'NR > 1 && (least == "" || $4 < least) { least = $4 } END { if (least == "") exit 1; print least }'
}

# Everything that a rehearsal makes, this one or one that was lost; safe to repeat.
clear() {
  failed=0
  for one in $(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$web"); do
    docker rm -fv "$one" >/dev/null || failed=1
  done
  # Also from a container that is stopped: it could not be started without its network.
  if docker network inspect "$net" >/dev/null 2>&1; then
    for one in $(docker ps -aq --filter "network=$net"); do
      docker network disconnect -f "$net" "$one" || failed=1
    done
    [ "$failed" = 1 ] || docker network rm "$net" >/dev/null || failed=1
  fi
  [ -n "$c" ] || { echo "no running container of $service: the copy $copy may still be there"; return 1; }
  docker exec "$c" sh -c 'rm -f "/var/tmp/$1" "/tmp/$1" "/var/lib/postgresql/$1"' sh "$file" || failed=1
  ask postgres <<'SQL' || failed=1
select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-rehearsal' \g /dev/null
create temporary view copies as select d.oid, datname from pg_database d join pg_roles r on r.oid = datdba
  where rolname = :'copy' and shobj_description(r.oid, 'pg_authid') = :'mine';
select format('alter database %I allow_connections false', datname) from copies \gexec
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in (select datname from copies) \g /dev/null
select format('drop database %I', datname) from copies \gexec
select format('drop role %I', rolname) from pg_roles where rolname = :'copy' and shobj_description(oid, 'pg_authid') = :'mine' \gexec
SQL
  return "$failed"
}

open() {
  strange=$(ask postgres <<'SQL'
select 'the database ' || datname || ' is there, and no rehearsal made it' from pg_database join pg_roles r on r.oid = datdba
  where datname = :'copy' and shobj_description(r.oid, 'pg_authid') is distinct from :'mine'
union all select 'the role ' || rolname || ' is there, and no rehearsal made it' from pg_roles
  where rolname = :'copy' and shobj_description(oid, 'pg_authid') is distinct from :'mine'
SQL
  ) || { echo 'the database server does not answer'; exit 1; }
  [ -z "$strange" ] || { printf '%s\n' "$strange"; exit 1; }
  clear || { echo 'what an earlier rehearsal left cannot be removed'; exit 1; }
  size=$(echo "select pg_database_size(oid) / 1024 from pg_database where datname = :'db'" | ask postgres) || exit
  [ -n "$size" ] || { echo "the database $database is not there"; exit 1; }
  free=$(free_kilobytes) || { echo 'the free room cannot be told'; exit 1; }
  [ "$free" -ge $((2 * size + RESERVE)) ] ||
    { echo "a dump and a copy want $(((2 * size + RESERVE) / 1024)) MB where the database is, and $((free / 1024)) MB are free"; exit 1; }
  {
    cat <<'SQL'
begin;
select format('create role %I nologin', :'copy') \gexec
select format('comment on role %I is %L', :'copy', :'mine') \gexec
select format('grant %I to %I', :'copy', pg_get_userbyid(datdba)) from pg_database where datname = :'db' \gexec
commit;
select format('create database %I template template0 owner %I encoding %L lc_collate %L lc_ctype %L%s', :'copy', :'copy',
  pg_encoding_to_char(encoding), datcollate, datctype,
  case when to_jsonb(d)->>'datlocprovider' = 'i'
    then format(' locale_provider icu icu_locale %L', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale')) else '' end)
  from pg_database d where datname = :'db' \gexec
SQL
    settings
  } | ask postgres || exit
  # A network without a way out, also to the droplet itself, which has no address in it: engines before 26 give a container
  # of an internal network a route there. Odoo finds the server in it by the names that it knows.
  docker network create --internal -o com.docker.network.bridge.inhibit_ipv4=true --label "ops.rehearsal=$project" "$net" >/dev/null || exit
  names=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{range .Aliases}}{{.}} {{end}}{{end}}{{.Name}}' "$c") || exit
  set --
  for name in $names; do set -- "$@" --alias "${name#/}"; done
  docker network connect "$@" "$net" "$c" || exit
  echo "ops.figures kilobytes=$size"
}

dump() {
  docker exec "$c" sh -c 'PGAPPNAME=ops-rehearsal PGDATABASE=$1 exec nice pg_dump -U "${POSTGRES_USER:-postgres}" -Fc -Z1 \
    --lock-wait-timeout=60s --no-publications --no-subscriptions -f "$2"' sh "$database" "$dir/$file"
}
restore() {
  docker exec "$c" sh -c 'exec nice pg_restore -U "${POSTGRES_USER:-postgres}" -d "$1" -j 2 --exit-on-error \
    --no-publications --no-subscriptions "$2"' sh "$copy" "$dir/$file" &&
    docker exec "$c" rm -f "$dir/$file" &&
    # A deploy's own copy has its statistics, too.
    echo 'analyze' | ask "$copy"
}

# Waits for a piece of work, and ends it where somebody asks for that or the disk runs full. What is known of it comes last.
guard() {
  mark=$(mktemp) && rm -f "$mark" || exit
  trap 'rm -f "$mark" "$mark.new"' EXIT
  ("$@"; echo "$?" >"$mark.new" && mv "$mark.new" "$mark") &
  ticks=0 waited=0 blocked=0 why='' tries=0
  until [ -s "$mark" ]; do
    sleep 0.2
    ticks=$((ticks + 1))
    [ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || why='ended early, as it was asked for'
    [ -n "$why" ] || [ $((ticks % 10)) != 0 ] || look
    [ -n "$why" ] || continue
    end_work
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || break
  done
  code=$(cat "$mark" 2>/dev/null) || code=1
  figures
  [ -z "$why" ] || { echo "ops.ended $why"; exit 1; }
  return "$code"
}
end_work() {
  for one in $(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$web"); do
    docker rm -fv "$one" >/dev/null 2>&1
  done
  echo "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'ops-rehearsal' or datname = :'copy'" |
    ask postgres >/dev/null 2>&1
}
look() {
  free=$(free_kilobytes) || return 0
  [ "$free" -ge "$RESERVE" ] || why="the disk of the database has only $((free / 1024)) MB left: the rest is production's"
  seen=$(ask postgres <<'SQL'
select (select count(*) from pg_stat_activity where (datname = :'copy' or application_name = 'ops-rehearsal') and wait_event_type = 'Lock')
  || ' ' || (select count(*) from pg_stat_activity one where datname = :'db' and wait_event_type = 'Lock' and exists (select
    from pg_stat_activity other where application_name = 'ops-rehearsal' and other.pid = any (pg_blocking_pids(one.pid))))
SQL
  ) || return 0
  [ "${seen% *}" = 0 ] || waited=$((waited + 2))
  [ "${seen#* }" = 0 ] || blocked=$((blocked + 2))
}
figures() {
  said='' line='^[0-9-]{10} [0-9:,]{12} [0-9]+'
  if [ -n "$log" ] && [ -s "$log" ]; then
    said=" errors=$(grep -cE "$line (ERROR|CRITICAL) " "$log") warnings=$(grep -cE "$line WARNING " "$log")"
    grep -E "$line (ERROR|CRITICAL|WARNING) " "$log" | head -n 12 | cut -c 1-300 | sed 's/^/ops.line /'
    grep -E "$line [A-Z]+ .*: [0-9]+ failed, [0-9]+ error\(s\) of [0-9]+ tests" "$log" | tail -n 1 |
      sed 's/.*: \([0-9]* failed, .* tests\).*/ops.tests \1/' | cut -c 1-200
  fi
  echo "ops.figures waited=$waited blocked=$blocked$said"
}

case $verb in
close) clear; exit ;;
esac
[ -n "$c" ] || { echo "no running container of $service"; exit 1; }
dir=$(place) || exit
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 1; }
case $verb in
open) open ;;
dump) guard dump ;;
restore) guard restore ;;
neutralize)
  quiet | ask "$copy" || exit
  [ -n "$work" ] || exit 0
  guard sh -c "$work" || { [ -z "$why" ] || exit 1
    echo "ops.finding Odoo's own neutralize failed, and what ops switches off by itself holds alone"; } ;;
guard) guard sh -c "$work" ;;
*) exit 71 ;;
esac
