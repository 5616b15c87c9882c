#!/bin/bash
# Builds the bare repository of the lab's git origin: build.sh TARGET
# Dates, author and content are fixed, so every machine gets the same commit ids.
set -euo pipefail
target=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME=$work
export GIT_AUTHOR_NAME='Ann Engineer' GIT_AUTHOR_EMAIL='ann@erp.lab'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
clock=1767225600 # 2026-01-01; each commit is an hour later

tree=$work/tree
git init --quiet --initial-branch main "$tree"
cd "$tree"

commit() {
  clock=$((clock + 3600))
  git add --all
  GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git commit --quiet --message "$1"
}

# branch NAME FROM
branch() {
  git checkout --quiet -b "$1" "$2"
}

docs=custom-addons/ipai_docs

# What a code change changes: the controller, the static file, VERSION; nothing that needs an update.
release_text() {
  sed -i "s/^RELEASE = .*/RELEASE = \"$1\"/" $docs/controllers/main.py
  echo "$1" >$docs/static/version.txt
  echo "$1" >$docs/VERSION
}

raise_version() {
  sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$1\"/" $docs/__manifest__.py
}

add_field() {
  sed -i "s/^    pages = .*/&\n    $1 = fields.Char()/" $docs/models/ipai_document.py
}

migration() {
  mkdir -p "$docs/migrations/$1"
  cat >"$docs/migrations/$1/$2.py"
}

# The stand-in answers within a second of its start: its health is asked for more often than Odoo's. Each question costs
# 0.1 s of a processor, so not every second.
stand_in() {
  sed -i 's/interval: 5s/interval: 2s/' compose*.yaml
  sed -i "s,registry.lab:5000/\(odoo\|standin\):[a-z0-9.-]*,registry.lab:5000/standin:$1," compose*.yaml
}

never_healthy() {
  sed -i -e 's|test: \["CMD", "curl".*|test: ["CMD", "false"]|' -e 's|start_period: 60s|start_period: 1s|' \
    -e 's|retries: 10|retries: 3|' -e 's|interval: 5s|interval: 2s|' compose.yaml
}

bad_compose() {
  sed -i 's/^  db:$/  db: [/' compose.yaml
}

# Both stacks, real Odoo and stand-in, get the same branches.
family() {
  local prefix=$1 base=$2
  branch "${prefix}bump" "$base"
  release_text bump
  raise_version 14.0.1.1.0
  add_field reference
  migration 14.0.1.1.0 post-reference <<'PYTHON'
def migrate(cr, version):
    cr.execute("UPDATE ipai_document SET reference = 'DOC-' || id WHERE reference IS NULL")
PYTHON
  commit "ipai_docs 14.0.1.1.0: a reference on documents"

  branch "${prefix}bump-2" "${prefix}bump"
  release_text bump-2
  raise_version 14.0.1.2.0
  add_field owner_name
  commit "ipai_docs 14.0.1.2.0: the owner's name on documents"

  branch "${prefix}bad-migration" "$base"
  release_text bad-migration
  raise_version 14.0.1.1.0
  add_field reference
  migration 14.0.1.1.0 post-reference <<'PYTHON'
def migrate(cr, version):
    cr.execute("DELETE FROM ipai_document")
    raise ValueError("this migration was made to fail")
PYTHON
  commit "ipai_docs 14.0.1.1.0: a migration that fails"

  branch "${prefix}slow-migration" "$base"
  release_text slow-migration
  raise_version 14.0.1.1.0
  add_field reference
  migration 14.0.1.1.0 pre-wait <<'PYTHON'
import time


def migrate(cr, version):
    time.sleep(20)
PYTHON
  commit "ipai_docs 14.0.1.1.0: a migration that takes 20 s"

  branch "${prefix}calls-out" "$base"
  release_text calls-out
  raise_version 14.0.1.1.0
  migration 14.0.1.1.0 post-call <<'PYTHON'
import socket


def migrate(cr, version):
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'lab.targets'")
    for target in (cr.fetchone() or [""])[0].split():
        host, port = target.rsplit(":", 1)
        try:
            socket.create_connection((host, int(port)), 5).close()
            print("lab: %s reached" % target, flush=True)
        except OSError as error:
            print("lab: %s not reached: %s" % (target, error), flush=True)
PYTHON
  commit "ipai_docs 14.0.1.1.0: a migration that calls others"

  branch "${prefix}tested" "$base"
  release_text tested
  raise_version 14.0.1.1.0
  mkdir -p $docs/tests
  echo 'from . import test_document' >$docs/tests/__init__.py
  cat >$docs/tests/test_document.py <<'PYTHON'
from odoo.tests.common import TransactionCase


class TestDocument(TransactionCase):
    def test_a_document_has_its_name(self):
        document = self.env["ipai.document"].create({"name": "one"})
        self.assertEqual(document.name, "one")
PYTHON
  commit "ipai_docs 14.0.1.1.0: with tests"
  branch "${prefix}tested-bad" "${prefix}tested"
  release_text tested-bad
  sed -i 's/document.name, "one"/document.name, "two"/' $docs/tests/test_document.py
  commit "ipai_docs 14.0.1.1.0: with a test that fails"

  branch "${prefix}view-change" "$base"
  release_text view-change
  sed -i 's,<field name="pages"/>,<field name="pages"/>\n                <field name="create_date"/>,' \
    $docs/views/ipai_document_views.xml
  commit "ipai_docs: show the date of documents (no version raised)"

  branch "${prefix}broken-init" "$base"
  release_text broken-init
  sed -i 's/^from \. import models/from . import models\nfrom . import module_that_is_not_there/' $docs/__init__.py
  commit "ipai_docs: import what is not there"

  branch "${prefix}never-healthy" "$base"
  release_text never-healthy
  never_healthy
  commit "A health check that always fails"

  branch "${prefix}bad-compose" "$base"
  bad_compose
  commit "A compose file that is no YAML"

  branch "${prefix}missing-image" "$base"
  sed -i 's,\(registry.lab:5000/\(odoo\|standin\)\):[a-z0-9.-]*},\1:not-there},' compose.yaml
  commit "An image that the registry does not have"

  branch "${prefix}bind-data" "$base"
  sed -i 's,- odoo-data:,- ./data/odoo:,; s,- db-data:,- ./data/db:,; /^volumes:$/,$d' compose.yaml
  commit "Data in ./data"
  branch "${prefix}bind-data-code" "${prefix}bind-data"
  release_text bind-data-code
  commit "ipai_docs: a code change, data in ./data"
}

cp -a "$here/tree/." .
find . -path ./.git -prune -o -type f -exec chmod 0644 {} +
release_text old-main
commit "Odoo 14 with our addons"
git tag old-main
release_text base
commit "ipai_docs: base release"

branch code-only main
release_text code-only
echo '.o_ipai { color: #353; }' >$docs/static/src/css/ipai.css
commit "ipai_docs: controller and style"
branch code-only-2 code-only
release_text code-only-2
commit "ipai_docs: controller again"
family '' main
branch no-compose main
git rm --quiet compose.yaml
commit "The compose file is gone"
branch image-b main
sed -i 's,odoo:14.0-a,odoo:14.0-b,' compose*.yaml
commit "Odoo image 14.0-b"
branch crash main
sed -i 's,odoo:14.0-a,odoo:14.0-crash,' compose*.yaml
commit "An Odoo image that crashes at start"
branch workers main
sed -i '/^\[options\]/a workers = 2' odoo.conf
commit "Two workers"
branch workers-code workers
release_text workers-code
commit "ipai_docs: a code change under workers"
branch hostile-names main
mkdir -p "$docs/static/a b;\$(touch x)" && echo x >"$docs/static/a b;\$(touch x)/é'\".txt"
commit "Files with names that a shell would trip over"

branch standin main
stand_in 1
commit "The stand-in instead of Odoo"
branch standin-code standin
release_text standin-code
commit "ipai_docs: controller and style"
branch standin-code-2 standin-code
release_text standin-code-2
commit "ipai_docs: controller again"
branch standin-image standin
release_text standin-image
stand_in 2
commit "Stand-in image 2"
branch standin-crash standin
stand_in crash
commit "A stand-in image that crashes at start"
branch standin-sick standin
stand_in sick
commit "A stand-in image that answers 500"
family standin- standin

# The bus has a port of its own, as with real workers; and nginx is in the stack.
branch standin-workers standin
sed -i '/^\[options\]/a workers = 2' odoo.conf
commit "Two workers"
branch standin-workers-code standin-workers
release_text standin-workers-code
commit "ipai_docs: a code change under workers"
branch standin-nginx standin-workers
cat >part <<'FILE'
  nginx:
    image: registry.lab:5000/standin:1
    restart: unless-stopped
    depends_on: [odoo]
    entrypoint: [nginx, -g, "daemon off;"]
    user: "0"
    ports: ["80:80"]
    volumes: ["./nginx/odoo.conf:/etc/nginx/conf.d/odoo.conf:ro"]

FILE
awk '/^volumes:$/ { while ((getline line <"part") > 0) print line } { print }' compose.yaml >compose.new
mv compose.new compose.yaml
rm part
mkdir nginx
cat >nginx/odoo.conf <<'FILE'
upstream odoo { server odoo:8069; }
upstream odoochat { server odoo:8072; }
server {
  listen 80;
  server_name erp.lab;
  proxy_read_timeout 720s;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Host $host;
  location /longpolling { proxy_pass http://odoochat; }
  location / { proxy_pass http://odoo; }
}
FILE
commit "nginx in the stack"
branch standin-nginx-code standin-nginx
release_text standin-nginx-code
commit "ipai_docs: a code change behind nginx in the stack"

branch standin-no-compose standin
git rm --quiet compose.yaml
commit "The compose file is gone"

# What grown stacks have: two compose files, extends, an image of their own, fixed names, a service and
# a network of others, a profile, data in a directory that git keeps alive.
branch standin-grown standin
cat >Dockerfile <<'FILE'
FROM registry.lab:5000/standin:1
COPY custom-addons/ipai_docs/VERSION /etc/odoo/built
FILE
cat >base.yaml <<'FILE'
services:
  cached:
    restart: unless-stopped
    environment:
      LAB_MODE: base
FILE
cat >compose.override.yaml <<'FILE'
services:
  odoo:
    image: !reset null
    build: .
    container_name: erp-odoo
    environment:
      LAB_MODE: override
    volumes:
      - ./data:/var/lib/odoo
      - ./certs:/etc/odoo/certs:ro
      - legacy:/mnt/legacy
    networks: [default, edge]
  cache:
    extends: { file: base.yaml, service: cached }
    image: registry.lab:5000/standin:2
    container_name: erp-cache
    entrypoint: [sleep, infinity]
    networks: [edge]
  tools:
    image: registry.lab:5000/standin:2
    profiles: [tools]
    entrypoint: [sleep, infinity]
networks:
  edge:
    external: true
volumes:
  legacy:
    external: true
FILE
mkdir -p data
touch data/.gitkeep
git add --force data/.gitkeep
commit "A stack that has grown"
branch standin-grown-code standin-grown
release_text grown-code
commit "ipai_docs: a code change in a grown stack"

git clone --quiet --bare "$tree" "$target"
git -C "$target" remote remove origin
git -C "$target" symbolic-ref HEAD refs/heads/main
git -C "$target" config uploadpack.allowReachableSHA1InWant true
git -C "$target" pack-refs --all
rm -rf "$target"/hooks
