# The inventory for ops: `lab inventory` prints it, `lab up` writes it to the work directory.
# shellcheck shell=bash

# inventory NET SSH_PORT
inventory() {
  local address=127.0.$1 port=$2 work=${INVENTORY_WORK:-$WORK}
  cat <<YAML
# Printed by lab/lab inventory: the droplets of the lab. All of it stays on loopback.
version: 1
project: lab
defaults:
  ssh:
    user: root
    connect_timeout: 10s
    identity: $work/id_ed25519
    known_hosts: $work/known_hosts
environments:
  demo:
    url: http://erp.lab
    droplets:
      - { name: demo-1, host: $address.11, port: $port, roles: [web, db] }
$(inventory_stack)
  old:
    url: http://erp.lab
    ssh: { user: deploy }
    become: sudo
    droplets:
      - { name: old-1, host: $address.12, port: 2222, roles: [web, db] }
$(inventory_stack)
  trio:
    url: http://erp.lab
    droplets:
      - { name: trio-1, host: $address.21, port: $port, roles: [web], compose: [compose.web.yaml] }
      - { name: trio-2, host: $address.22, port: $port, roles: [web], compose: [compose.web.yaml] }
      - { name: trio-3, host: $address.23, port: $port, roles: [web], compose: [compose.web.yaml] }
      - { name: trio-db, host: $address.24, port: $port, roles: [db], compose: [compose.db.yaml] }
$(inventory_stack "DB_HOST: ${SUBNET%.*}.$1.24, ")
YAML
}

# Real Odoo by default; the stand-in with --ref standin. inventory_stack MORE_ENV
inventory_stack() {
  cat <<YAML
    stack:
      path: /opt/odoo
      compose: [compose.yaml]
      git: { remote: "git@git.lab:/srv/git/odoo-ce.git", ref: main, allow: ["*"] }
      web: odoo
      db: db
      database: odoo
      addons: [custom-addons]
      env: { ${1-}POSTGRES_PASSWORD: { file: $work/postgres-password } }
    proxy: { kind: nginx, server_name: erp.lab, site: /etc/nginx/sites-enabled/odoo, upstream: odoo, websocket_upstream: odoochat }
    deploy: { strategy: auto, update: auto, health_timeout: 2m, drain: 5s, keep_releases: 5 }
    modules: [ipai_docs]
YAML
}
