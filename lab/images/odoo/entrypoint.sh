#!/bin/bash
# In the manner of the official image: HOST, PORT, USER and PASSWORD become options of odoo,
# unless odoo.conf has them; the database server is waited for.
set -e
if [ -n "${PASSWORD_FILE:-}" ]; then
  PASSWORD=$(<"$PASSWORD_FILE")
fi
: "${HOST:=db}" "${PORT:=5432}" "${PASSWORD:=odoo}"
: "${USER:=odoo}"
export PGPASSWORD=$PASSWORD

options=()
option() {
  local name=$1 value=$2
  if grep -q -E "^\s*\b$name\b\s*=" "$ODOO_RC"; then
    value=$(grep -E "^\s*\b$name\b\s*=" "$ODOO_RC" | cut -d ' ' -f 3 | sed 's/["\n\r]//g')
  fi
  options+=("--$name" "$value")
}
option db_host "$HOST"
option db_port "$PORT"
option db_user "$USER"
option db_password "$PASSWORD"

case ${1:-odoo} in
  -- | odoo)
    shift || true
    if [ "${1:-}" = scaffold ]; then
      exec odoo "$@"
    fi
    wait-for-psql.py "${options[@]}" --timeout=30
    exec odoo "$@" "${options[@]}"
    ;;
  -*)
    wait-for-psql.py "${options[@]}" --timeout=30
    exec odoo "$@" "${options[@]}"
    ;;
  *)
    exec "$@"
    ;;
esac
