#!/bin/bash
# On the droplet: what backups and restores are without `ops`, typed by hand. First argument: what is done.
set -euo pipefail
repository=/var/backups/bare staging=/var/backups/bare-staging copy=bare
export RESTIC_REPOSITORY=$repository RESTIC_PASSWORD=bench RESTIC_CACHE_DIR=/var/backups/bare-cache
all=$(docker volume inspect -f '{{.Mountpoint}}' odoo_odoo-data)/filestore
files=$all/odoo
click=/var/backups/click
# PostgreSQL's programs of the server's version for Odoo's image, which has older ones and an older libc.
programs=/root/postgresql

# PostgreSQL's programs of the server's own version, beside it.
beside() {
  docker run --rm --network container:odoo-db-1 -v "$staging:/backup" -e PGHOST=127.0.0.1 -e PGUSER=odoo \
    -e PGPASSWORD="$(docker exec odoo-db-1 printenv POSTGRES_PASSWORD)" --entrypoint "$1" \
    "$(docker inspect -f '{{.Image}}' odoo-db-1)" "${@:2}"
}
click() {
  docker cp -q "$(docker ps -qf name=odoo-odoo | head -n 1):/etc/odoo/odoo.conf" /root/odoo.conf
  docker run --rm --network odoo_default --user root -v odoo_odoo-data:/var/lib/odoo -v /root/wheels:/wheels:ro -v "$click:/click" \
    -v "$programs:/postgresql:ro" \
    -v /root/odoo.conf:/etc/odoo/odoo.conf:ro --entrypoint sh registry.lab:5000/odoo:14.0-a -c \
    'for wheel in /wheels/*.whl; do python3 -m zipfile -e "$wheel" /tmp/site; done
     printf "db_host = db\ndb_user = odoo\ndb_password = %s\n" "$1" | cat /etc/odoo/odoo.conf - >/tmp/conf
     shift; ODOO_RC=/tmp/conf PATH=/postgresql/bin:$PATH PYTHONPATH=/tmp/site exec python3 -c "import sys; from importlib import import_module
sys.argv = sys.argv[1:]
import_module(\"click_odoo_contrib.\" + sys.argv[0]).main()" "$@"' sh "$(sed -n "s/^POSTGRES_PASSWORD=.\(.*\).$/\1/p" /opt/odoo/.env)" "$@"
}

case $1 in
fill) # megabytes of rows, files
  docker exec -i odoo-db-1 psql -qX -U odoo -d odoo <<SQL
create table bench_fill (value text);
alter table bench_fill alter column value set storage external;
insert into bench_fill select md5(random()::text) || repeat(md5(n::text), 29) from generate_series(1, $2 * 1000) n;
checkpoint;
SQL
  docker exec -i "$(docker ps -qf name=odoo-odoo | head -n 1)" python3 - "$3" <<'PY' >/tmp/names
import hashlib, os, sys
for _ in range(int(sys.argv[1])):
    text = os.urandom(20_000)
    name = hashlib.sha1(text).hexdigest()
    os.makedirs(f"/var/lib/odoo/filestore/odoo/{name[:2]}", exist_ok=True)
    open(f"/var/lib/odoo/filestore/odoo/{name[:2]}/{name}", "wb").write(text)
    print(f"{name[:2]}/{name}")
PY
  awk '{ print "f\tbinary\t" $1 "\t20000" }' /tmp/names | docker exec -i odoo-db-1 psql -qX -U odoo -d odoo \
    -c "copy ir_attachment (name, type, store_fname, file_size) from stdin"
  ;;
day) # what a day changes: a hundredth
  docker exec odoo-db-1 psql -qX -U odoo -d odoo -c "update bench_fill set value = md5(random()::text) || substr(value, 33) where random() < 0.01"
  ;;
forget-ops) rm -rf /var/backups/ops /var/lib/ops/odoo/backup ;;
forget) rm -rf "$repository" "$RESTIC_CACHE_DIR" ;;
back)
  rm -rf "$staging" && mkdir -p "$staging"
  [ -e "$repository/config" ] || restic -q init
  beside pg_dump -d odoo -Fd -j 2 -Z 0 -f /backup/db
  if [ "${2:-}" != all ]; then
    restic -q backup "$staging" "$files"
  else
    beside pg_restore -f /dev/null /backup/db
    find "$staging" -type f -print0 | xargs -0 sha256sum >/root/sums
    (cd "$files" && find . -type f | sed 's,^\./\(..\)/\(.*\),\2  \1/\2,' | sha1sum --check --quiet)
    restic -q backup --host bare --group-by host --tag unverified "$staging" "$files"
    restic ls --json latest >/root/listing
    restic -q tag --host bare --set verified latest
    restic -q forget --host bare --group-by host --keep-last 3 --keep-daily 7 --prune
  fi
  rm -rf "$staging"
  ;;
added) du -sb "$2" | cut -f 1 ;;
verify)
  rm -rf "$staging" && mkdir -p "$staging"
  restic -q check --read-data
  restic -q restore latest --target "$staging"
  beside pg_restore -f /dev/null "/backup$staging/db"
  (cd "$staging$files" && find . -type f | sed 's,^\./\(..\)/\(.*\),\2  \1/\2,' | sha1sum --check --quiet)
  rm -rf "$staging"
  ;;
restore)
  rm -rf "$staging" && mkdir -p "$staging"
  for name in "$copy" "$copy-before"; do docker exec odoo-db-1 dropdb -U odoo --if-exists "$name"; done
  docker exec odoo-db-1 createdb -U odoo "$copy"
  restic -q restore latest --target "$staging"
  beside pg_restore -d "$copy" -j 2 "/backup$staging/db"
  docker exec odoo-db-1 psql -qX -U odoo -d "$copy" -c analyze
  rm -rf "${all:?}/$copy" "${all:?}/$copy-before" && mv "$staging$files" "${all:?}/$copy"
  rm -rf "$staging"
  [ "${2:-}" = over ] || exit 0
  odoo=$(docker ps -qf name=odoo-odoo | head -n 1)
  docker stop -t 30 "$odoo"
  docker exec -i odoo-db-1 psql -qX -v ON_ERROR_STOP=1 -U odoo -d postgres <<SQL
alter database odoo rename to "$copy-before";
alter database "$copy" rename to odoo;
SQL
  mv "$files" "$all/$copy-before" && mv "$all/$copy" "$files"
  docker start "$odoo"
  for _ in $(seq 600); do
    ! curl -fsS -m 10 -H 'Host: erp.lab' http://127.0.0.1/web/login | grep -q oe_login_form || exit 0
    sleep 0.1
  done
  exit 1
  ;;
click-ready)
  mkdir -p "$programs/bin"
  libraries=/postgresql/usr/lib/x86_64-linux-gnu
  id=$(docker create "$(docker inspect -f '{{.Image}}' odoo-db-1)")
  docker export "$id" | tar -x -C "$programs" usr/lib
  docker rm "$id" >/dev/null
  for program in pg_dump pg_restore psql createdb dropdb; do
    # shellcheck disable=SC2016  # of the program that is written here
    printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --library-path %s "$(echo /postgresql/usr/lib/postgresql/*/bin)/%s" "$@"\n' \
      "$libraries" "$libraries" "$program" >"$programs/bin/$program"
    chmod +x "$programs/bin/$program"
  done
  ;;
click-back)
  rm -rf "$click" && mkdir -p "$click"
  click backupdb --force odoo /click/odoo.zip
  ;;
click-restore)
  docker exec odoo-db-1 dropdb -U odoo --if-exists clicked
  rm -rf "${all:?}/clicked"
  click restoredb --copy clicked /click/odoo.zip
  ;;
esac
