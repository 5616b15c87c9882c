# Lets a slot end what it has begun, and stops it. Arguments: stop, idle or start; project; service; seconds;
# the file that remembers what was stopped; seconds to be healthy in (start); the Compose service
# of nginx (empty: on the droplet).
verb=$1 project=$2 service=$3 seconds=$4 keep=$5 healthy=$6
proxied=yes
reach_nginx "$project" "$7" || proxied=

find_container() {
  docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False | head -n 1
}

# Connections from outside the container that are established: to 8069 (requests) and to 8072 (the bus).
# From inside come Docker's own health checks. 01 is ESTABLISHED; addresses are in the machine's byte order.
connections() {
  pid=$(docker inspect -f '{{.State.Pid}}' "$c") || return
  if [ -r "/proc/$pid/net/tcp" ]; then
    cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null
  else
    docker exec "$c" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
  fi | awk '$4 == "01" && $3 !~ /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):/ {
      port = $2; sub(/.*:/, "", port)
      if (port == "1F85") requests++
      if (port == "1F88") bus++
    } END { print requests + 0, bus + 0 }'
}

# Clients of nginx's old workers that have no connection to a server: they still send their request (nginx
# keeps it until it is whole, and only then asks the old slot), or read the end of an answer.
clients() {
  [ -n "$proxied" ] || { echo 0; return; }
  for pid in $(leaving); do
    ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/own \1/p'
    sed 1d "/proc/$pid/net/tcp" 2>/dev/null
    sed 1d "/proc/$pid/net/tcp6" 2>/dev/null
    echo next
  done | awk '$1 == "own" { own[$2] = 1; next }
    $1 == "next" {
      for (i = 1; i <= n; i++) if (port[i] in listens) left++; else left--
      if (left > 0) all += left
      left = 0; n = 0; split("", own); split("", listens); next
    }
    { p = $2; sub(/.*:/, "", p) }
    $4 == "0A" { listens[p] = 1 }
    $4 == "01" && ($10 in own) { port[++n] = p }
    END { print all + 0 }'
}

# Twice nothing, because between two requests of one connection there is a moment of nothing.
wait_idle() {
  end=$(($(date +%s) + seconds)) quiet=0 said='' told=''
  while :; do
    seen=$(connections) || seen='0 0'
    requests=${seen% *} bus=${seen#* } sending=$(clients)
    if [ "$requests" = 0 ] && [ "$sending" = 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
    [ "$quiet" -lt 2 ] || break
    [ "$(date +%s)" -lt "$end" ] || break
    if [ "$requests" != 0 ] && [ "$requests" != "$said" ]; then
      echo "$service still works on $requests request(s); at most $seconds s are waited for"
      said=$requests
    fi
    if [ "$sending" != 0 ] && [ "$sending" != "$told" ]; then
      echo "$sending client(s) still send a request to $service, or read an answer; at most $seconds s are waited for"
      told=$sending
    fi
    sleep 0.3
  done
  [ "$requests" = 0 ] || echo "CUT: $requests request(s) that $service still worked on after $seconds s"
  [ "$bus" = 0 ] || echo "cut: $bus connection(s) of the bus (websocket or long poll) to $service; browsers connect again by themselves"
}

case $verb in
idle)
  c=$(find_container)
  [ -z "$c" ] || wait_idle
  ;;
stop)
  c=$(find_container)
  if [ -z "$c" ]; then
    # It is stopped already, and stays so if this is taken back; but its volumes have Odoo's files.
    docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
      --filter label=com.docker.compose.oneoff=False | head -n 1 >"$keep.idle"
    exit
  fi
  policy=$(docker inspect -f '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' "$c") || exit
  [ -e "$keep" ] || { printf '%s %s\n' "$c" "$policy" >"$keep.new" && sync "$keep.new" && mv -f "$keep.new" "$keep"; } || exit
  wait_idle
  docker update --restart=no "$c" >/dev/null && docker stop -t 30 "$c" >/dev/null
  ;;
start)
  [ -e "$keep" ] || exit 0
  read -r c policy <"$keep"
  case $policy in
  on-failure:0) policy=on-failure ;;
  on-failure:*) ;;
  :*) policy=no ;;
  *) policy=${policy%:*} ;;
  esac
  docker update --restart="$policy" "$c" >/dev/null && docker start "$c" >/dev/null || exit
  end=$(($(date +%s) + healthy))
  while :; do
    now=$(docker inspect -f '{{.State.Status}} {{with index .State "Health"}}{{.Status}}{{end}}' "$c") || exit
    case $now in 'running healthy' | 'running ') exit 0 ;; esac
    [ "$(date +%s)" -lt "$end" ] || break
    sleep 0.3
  done
  echo "$service was started again and is $now after $healthy s"
  exit 1
  ;;
esac
