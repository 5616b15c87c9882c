# The stack beside which a backup is made or comes back, and the notes of it in $now.
container() { # service; also its second slot
  for one in "$1" "$1-b"; do
    docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$one" \
      --filter label=com.docker.compose.oneoff=False
  done | head -n 1
}
# What was written down of this backup, by name.
note() { printf '%s\n' "$2" >"$now/$1"; }
said() { cat "$now/$1"; }

# PostgreSQL's own programs, of the server's very version, in a container beside it: what they write never passes a pipe.
beside() { # network; program and arguments; $now is /backup
  net=$1
  shift
  exec docker run --rm --name "ops-backup-$project" --label "ops.backup=$project" --network "$net" --user "$(id -u):$(id -g)" -v "$now:/backup" \
    -e PGAPPNAME=ops-backup -e PGHOST=127.0.0.1 -e "PGUSER=$(said user)" -e PGPASSFILE=/backup/pgpass --entrypoint nice "$(said image)" "$@"
}

# What they connect as. The official image trusts its own address; where it does not, its password opens it.
introduce() {
  docker inspect -f '{{.Image}}' "$c" >"$now/image" && user=$(docker exec "$c" sh -c 'echo "${POSTGRES_USER:-postgres}"') && note user "$user" || return
  docker exec "$c" sh -c 'if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then cat "$POSTGRES_PASSWORD_FILE"; else printf "%s\n" "${POSTGRES_PASSWORD:-}"; fi' |
    head -n 1 | sed 's/[\\:]/\\&/g; s/^/*:*:*:*:/' >"$now/pgpass"
}

# Odoo's container, which need not run: in the note `holder`.
web_container() {
  holder=$(container "$web")
  for one in "$web" "$web-b"; do
    [ -n "$holder" ] || holder=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$one" | head -n 1)
  done
  [ -n "$holder" ] || { echo "there is no container of $web, whose files belong to the backup"; return 1; }
  note holder "$holder"
}

# Where Odoo's files of all databases are on the droplet: in the note `root`.
locate() {
  web_container || return
  image_of=$(docker inspect -f '{{.Image}}' "$holder") && user_of=$(docker inspect -f '{{.Config.User}}' "$holder") || return
  # shellcheck disable=SC2016
  set -- -c '
    home=$(awk -F: -v user="${1%%:*}" "\$1 == user || \$3 == user { print \$6; exit }" /etc/passwd)
    said=$(sed -n "s/^[[:space:]]*data_dir[[:space:]]*=[[:space:]]*//p" "${ODOO_RC:-/etc/odoo/odoo.conf}" 2>/dev/null | tail -n 1)
    for data in "$said" /var/lib/odoo "${home:-/root}/.local/share/Odoo"; do
      [ -z "$data" ] || [ ! -d "$data" ] || { echo "$data/filestore"; exit; }
    done' sh "$user_of"
  # One that does not run, or not well, is asked by a container of its own, which takes longer.
  inside=$(timeout 10 docker exec --user 0:0 "$holder" sh "$@" 2>/dev/null) ||
    inside=$(docker run --rm --network none --volumes-from "$holder:ro" --user 0:0 --entrypoint sh "$image_of" "$@") || return
  [ -n "$inside" ] || { echo "Odoo's data directory is not to be found in $web"; return 1; }
  # What a container says is believed no further than its own volumes: root works there next.
  case $inside/ in [!/]* | */../* | *"
"*) echo "the data directory that $web says it has is none"; return 1 ;; esac
  # The volume that holds it, as the droplet sees it: the longest that fits.
  docker inspect -f '{{range .Mounts}}{{.Destination}}{{"\t"}}{{.Source}}{{"\n"}}{{end}}' "$holder" | awk -F'\t' -v path="$inside" '
    $1 != "" && index(path "/", $1 "/") == 1 && length($1) > length(best) { best = $1; source = $2 }
    END { if (best != "") print source substr(path, length(best) + 1) }' >"$now/root"
  [ -s "$now/root" ] || { echo "the filestore $inside is on no volume, and goes with its container"; return 1; }
  for one in "$(said root)" "$(said root)/$database"; do
    [ ! -L "$one" ] || { echo "the filestore $one is a link, which could lead anywhere on the droplet"; return 1; }
  done
}

c=$(container "$db")

