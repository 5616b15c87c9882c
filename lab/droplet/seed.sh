#!/bin/bash
# Run on a droplet by its user: a stack made by hand, as most users have one.
# seed.sh KIND BRANCH PATH BIND_DATA
set -euo pipefail
kind=$1 branch=$2 path=$3 bind_data=$4
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

compose() {
  "${as_root[@]}" docker compose --progress quiet "$@"
}

"${as_root[@]}" mkdir -p "$path"
"${as_root[@]}" chown "$(id -u):$(id -g)" "$path"
git clone --quiet --branch "$branch" git@git.lab:/srv/git/odoo-ce.git "$path"
cd "$path"
if [ -n "${DB_HOST:-}" ]; then
  printf 'COMPOSE_FILE=compose.web.yaml\nDB_HOST=%s\n' "$DB_HOST" >.env
elif [ -n "${ONLY_DB:-}" ]; then
  echo 'COMPOSE_FILE=compose.db.yaml' >.env
fi
password=${DB_PASSWORD:-$(od -An -N 18 -tx1 /dev/urandom | tr -d ' \n')}
(
  umask 077
  echo "POSTGRES_PASSWORD=$password" >>.env
)
chmod 0600 .env
if [ "$bind_data" = yes ]; then
  mkdir -p data/odoo data/db
  "${as_root[@]}" chown 101:101 data data/odoo
fi
compose pull --quiet
if [ -n "${ONLY_DB:-}" ]; then
  compose up --detach --wait --quiet-pull db
  exit 0
fi
if [ -z "${DB_HOST:-}" ]; then
  compose up --detach --wait db
fi
if [ -z "${NO_INIT:-}" ]; then
  options=(-d odoo -i 'base,web,ipai_docs' --without-demo=all --no-http --workers=0 --max-cron-threads=0 --stop-after-init)
  compose run --rm --no-TTY odoo odoo "${options[@]}" >/tmp/seed.log 2>&1 </dev/null || {
    tail -n 30 /tmp/seed.log >&2
    exit 1
  }
fi
compose up --detach --wait
echo "$kind serves from $path"
