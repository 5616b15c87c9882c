# What would have to be overwritten, and what is missing, for a stack to come back onto this droplet; one a line, nothing
# where it is bare. Runs of ops that came to nothing are in nobody's way.
obstacles() { # the stack's path, the site's file (or nothing)
  if ! docker version >/dev/null 2>&1; then echo 'Docker does not answer'; return; fi
  docker compose version >/dev/null 2>&1 || echo 'there is no Docker Compose'
  of="label=com.docker.compose.project=$project"
  some container "$(docker ps -a --filter "$of" --format '{{.Names}}')"
  some volume "$({ docker volume ls -q --filter "$of"; docker volume ls -q | awk -v start="${project}_" 'index($0, start) == 1'; } | sort -u)"
  some network "$(docker network ls --filter "$of" --format '{{.Name}}')"
  [ -z "$(ls -A "$1" 2>/dev/null)" ] || echo "$1 is not empty"
  [ -z "$(ls -A "$real/releases" 2>/dev/null)" ] || echo "there are releases on record in $real"
  [ -z "$2" ] || { [ ! -e "$2" ] && [ ! -L "$2" ]; } || echo "nginx's site $2 is there"
  [ -z "$2" ] || command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || echo 'nginx is not installed'
}
some() { # kind, names
  [ -z "$2" ] || echo "a $1 of the project $project is there: $(printf '%s\n' "$2" | head -n 3 | paste -sd' ')"
}
