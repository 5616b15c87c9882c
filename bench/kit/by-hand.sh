#!/bin/sh
# A deploy as a careful engineer types it, on the droplet, in one ssh session: the remote commands that
# `ops deploy` has to run as well, one after the other, and nothing of what is only ops' own (plan, lock,
# journal, undo). Arguments: the stack's directory, the ref, the site's name.
set -eu
path=$1 ref=$2 site=$3
export LC_ALL=C GIT_TERMINAL_PROMPT=0
cd "$path"

# Look first.
df -B1 --output=size,avail,itotal,iavail,target "$path" /var/lib/docker /
grep -E '^(MemTotal|MemAvailable):' /proc/meminfo
docker version --format '{{.Server.Version}}'
docker compose version --short
docker compose ps --all
ss -Hltnp >/dev/null
nginx -t
git status --porcelain --untracked-files=no
docker compose exec -T db psql -XAtq -U odoo -d odoo <<'SQL'
select count(*) from bus_presence where last_presence > now() at time zone 'UTC' - interval '5 min';
select name, state, latest_version from ir_module_module where state <> 'uninstalled';
SQL

# What would come?
git fetch --quiet origin
new=$(git rev-parse --verify "origin/$ref^{commit}")
git --no-pager log --oneline "HEAD..$new"
git --no-pager diff --stat "HEAD..$new"

# The release in a place of its own, so that going back is quick; then the checkout that runs.
release=$path/releases/$new
git clone --quiet --no-checkout --local . "$release"
git -C "$release" -c advice.detachedHead=false checkout --quiet --detach "$new"
docker compose --project-directory "$path" -f "$release/compose.yaml" -f "$path/ports.yaml" config --quiet
image=$(docker compose --project-directory "$path" -f "$release/compose.yaml" config --format json |
  sed -n 's/^      "image": "\(.*standin.*\)",\{0,1\}$/\1/p' | head -n 1)
docker manifest inspect --insecure "$image" >/dev/null
docker compose pull --quiet odoo
docker tag "$image" "hand/odoo:$(git rev-parse --short "$new")"
docker compose logs --no-color odoo 2>&1 | grep -E ' (ERROR|CRITICAL) ' | sort -u >"$path/errors.before" || :

# Switch.
git -c advice.detachedHead=false checkout --quiet --detach "$new"
docker compose up --detach --no-deps --force-recreate --quiet-pull --wait --wait-timeout 120 odoo

# Look again.
container=$(docker compose ps --quiet odoo)
address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$container")
curl -fsS -m 10 -H "Host: $site" "http://$address:8069/web/login" | grep -q oe_login_form
curl -fsS -m 10 --resolve "$site:80:127.0.0.1" "http://$site/web/login" | grep -q oe_login_form
docker compose logs --no-color odoo 2>&1 | grep -E ' (ERROR|CRITICAL) ' | sort -u >"$path/errors.after" || :
if grep -v -x -F -f "$path/errors.before" "$path/errors.after"; then exit 1; fi
left=$(docker compose exec -T db psql -XAtq -U odoo -d odoo -c "select name from ir_module_module where state like 'to %'")
[ -z "$left" ]

# Write it down; keep the last five.
printf '%s %s %s\n' "$(date -u +%FT%TZ)" "$new" "$image" >>"$path/releases/log"
find "$path/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +6 | cut -d' ' -f2- |
  while read -r old; do
    docker image rm "hand/odoo:$(git rev-parse --short "${old##*/}")" >/dev/null
    rm -rf -- "$old"
  done
