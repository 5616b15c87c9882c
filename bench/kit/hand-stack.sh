#!/bin/bash
# On the droplet: a second stack beside the one that ops deploys, for the deploys by hand. Other ports,
# another site, everything else alike. Arguments: directory, branch, site's name.
set -euo pipefail
path=$1 branch=$2 site=$3
git clone --quiet --branch "$branch" git@git.lab:/srv/git/odoo-ce.git "$path"
cd "$path"
cat >ports.yaml <<'YAML'
services:
  odoo:
    ports: !override
      - "127.0.0.1:8169:8069"
      - "127.0.0.1:8172:8072"
YAML
(
  umask 077
  printf 'COMPOSE_FILE=compose.yaml:ports.yaml\nPOSTGRES_PASSWORD=%s\n' "$(od -An -N 18 -tx1 /dev/urandom | tr -d ' \n')" >.env
)
mkdir releases
docker compose pull --quiet
docker compose up --detach --wait db
docker compose run --rm --no-TTY odoo odoo -d odoo -i base,web,ipai_docs --without-demo=all --no-http --workers=0 \
  --max-cron-threads=0 --stop-after-init </dev/null
docker compose up --detach --wait
sed -e "s/upstream odoo /upstream hand /; s/upstream odoochat/upstream handchat/; s/8069/8169/; s/8072/8172/" \
  -e "s/server_name .*/server_name $site;/; s,http://odoochat,http://handchat,; s,http://odoo;,http://hand;," \
  /etc/nginx/sites-enabled/odoo >/etc/nginx/sites-enabled/hand
nginx -t -q
systemctl reload nginx
