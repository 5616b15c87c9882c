# nginx and its workers, on the droplet itself or in the container of a Compose service. In front of switch.sh
# and retire.sh.

reach_nginx() { # project, service (empty: on the droplet)
  nginx=
  [ -n "$2" ] || return 0
  nginx=$(docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \
    --filter label=com.docker.compose.oneoff=False | head -n 1)
  [ -n "$nginx" ] || { echo "no running container of $2"; return 1; }
}

inside() { if [ -n "$nginx" ]; then docker exec "$nginx" "$@"; else "$@"; fi; }

# Processes of nginx with what they say of themselves. The words stay here: they may hold anything.
titles() {
  if [ -n "$nginx" ]; then
    docker top "$nginx" -eo pid,args | awk '{ pid = $1; $1 = ""; sub(/^ /, ""); print pid " " $0 }'
    return
  fi
  read -r master </run/nginx.pid || return
  for stat in /proc/[0-9]*/stat; do
    pid=${stat%/stat} pid=${pid#/proc/}
    read -r _ _ _ parent _ 2>/dev/null <"$stat" && [ "$parent" = "$master" ] || continue
    printf '%s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
  done
}

# Workers that take new connections, and those that only end what they began.
workers() { titles | sed -n 's/^\([0-9]*\) nginx: worker process *$/\1/p'; }
leaving() { titles | sed -n 's/^\([0-9]*\) nginx: worker process is shutting down *$/\1/p'; }
