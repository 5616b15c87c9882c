# Asks pages as users do, and reads what nginx logged: before a release, and after it for a time. Arguments: before
# or after; a directory of the run's for what was measured; the Compose project; the web service (empty: through
# nginx); nginx's Compose service (empty: on the droplet); the site's name; seconds (after); the command that goes
# back; `fails` where a worse release goes back at once; awk's programs: of the verdict, of the log, of nginx's
# configuration. Then for every page its name, path, status and a text of it; the first is the login page.
verb=$1 dir=$2 project=$3 service=$4 proxy=$5 host=$6 seconds=$7 command=$8 fails=$9
shift 9
compare=$1 count=$2 upstreams=$3
shift 3

# Users are not told from others, but we are: lines with this name do not count.
name=ops-watch
{ mkdir -p "$dir" && page=$(mktemp) && new=$(mktemp); } || { echo 'nothing can be written, so nothing is measured'; exit 0; }
trap 'rm -f "$page" "$new"' EXIT
trap 'exit 143' TERM INT HUP

address() {
  docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1" | tr ' ' '\n' | grep -m 1 .
}
inside_port() {
  docker inspect -f '{{range $inside, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostPort}} {{$inside}}{{"\n"}}{{end}}{{end}}' "$nginx" |
    sed -n "s#^$1 \([0-9]*\)/tcp\$#\1#p" | head -n 1
}

# Where the pages are asked: of nginx, or of the web container itself. A redirect stays there, whatever its host.
find_site() {
  at=127.0.0.1 http=80 https=443
  if [ -n "$service" ]; then
    http=8069
    c=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
      --filter label=com.docker.compose.oneoff=False | head -n 1)
    [ -n "$c" ] || return
    at=$(address "$c") || at=127.0.0.1
  elif [ -n "$nginx" ]; then
    at=$(address "$nginx") || at=127.0.0.1
    http=$(inside_port 80) https=$(inside_port 443)
  fi
}

ask_page() { # name, path, status, text
  answer=$(curl -q -sS -g -k -L --max-redirs 5 --proto '=http,https' --noproxy '*' -m 10 -A "$name" -c /dev/null -o "$page" \
    --connect-to ":80:$at:${http:-80}" --connect-to ":443:$at:${https:-443}" -w '%{http_code} %{time_total}' \
    --url "http://$host$2" 2>/dev/null </dev/null)
  good=0
  [ "${answer% *}" != "$3" ] || { [ -n "$4" ] && ! grep -q -F -e "$4" "$page"; } || good=1
  printf 'page\t%s\t%s\t%s\t%s\n' "$1" "${answer% *}" "${answer#* }" "$good" >>"$to"
}

# Sets $first: whether the login page was good.
ask_pages() {
  first=
  while [ $# -ge 4 ]; do
    : >"$page"
    ask_page "$1" "$2" "$3" "$4"
    [ -n "$first" ] || first=$good
    shift 4
  done
}

# --- nginx's access log: $log is its path, `docker` for the container's output, or empty with $unread saying why

find_log() {
  log='' unread=''
  [ -z "$service" ] || { unread='no proxy'; return; }
  log=$(inside nginx -T 2>/dev/null </dev/null | OPS_SITE=$host awk -v mode=log "$upstreams")
  case $(inside readlink -- "$log" 2>/dev/null) in /dev/stdout | /proc/self/fd/1) [ -z "$nginx" ] || log=docker ;; esac
  case $log in
  docker) ;;
  /dev/stdout) log=docker ;;
  off) log='' unread='access_log off' ;;
  *'$'* | [!/]*) log='' unread='its log is no plain file' ;;
  *) inside test -r "$log" || log='' unread='its log cannot be read' ;;
  esac
}

log_place() { inside stat -L -c '%i %s' -- "$log" 2>/dev/null; }

mark_log() {
  from=$(date +%s)
  case $log in '' | docker) return ;; esac
  place=$(log_place) || { log='' unread='its log cannot be read'; return; }
  inode=${place% *} offset=${place#* }
}

# What was logged since the mark; the mark moves on. A log that was rotated away is read to its end where it still
# stands beside.
new_lines() {
  if [ "$log" = docker ]; then
    now=$(date +%s)
    docker logs --since "$from" --until "$now" "$nginx" 2>/dev/null
    from=$now
    return
  fi
  place=$(log_place) || return
  if [ "${place% *}" != "$inode" ]; then
    rotated=$(inside find "${log%/*}" -maxdepth 1 -type f -inum "$inode" | head -n 1)
    if [ -n "$rotated" ]; then inside tail -c "+$((offset + 1))" -- "$rotated"; else unread='a part of its log was rotated away'; fi
    inode=${place% *} offset=0
  elif [ "${place#* }" -lt "$offset" ]; then
    offset=0
  fi
  inside tail -c "+$((offset + 1))" -- "$log" | head -c "$((${place#* } - offset))"
  offset=${place#* }
}

count_log() { # awk's options; lines on stdin
  counted=$(LC_ALL=C awk "$@" "$json_parser$count")
  [ -n "$counted" ] || { unread='its log has a format of its own'; return; }
  printf 'nginx\t%s\n' "$(printf '%s' "$counted" | tr ' ' '\t')" >>"$to"
}

log_before() {
  now=$(date +%s)
  case $log in
  '') return ;;
  docker) docker logs --since "$((now - 600))" "$nginx" 2>/dev/null ;;
  *) inside tail -c 16777216 -- "$log" ;;
  esac >"$new"
  count_log -v since="$((now - 600))" <"$new"
}

log_after() {
  [ -n "$log" ] || return
  new_lines >"$new"
  count_log <"$new"
}

# --- the two measurements

tell() { awk -v mode="$1" -v unread="$unread" -v broken="$broken" -v back="$back" "$compare" when=before "$2" when=after "$3"; }

# Over some seconds, so that it meets what else the droplet does. A site that does not answer is not waited for.
before() {
  to=$dir/before.new n=0 failed=0 end=$(($(date +%s) + 60))
  rm -f "$dir/before"
  : >"$to"
  while [ "$n" -lt 30 ] && [ "$(date +%s)" -lt "$end" ]; do
    ask_pages "$@"
    if [ "$first" = 1 ]; then failed=0; else failed=$((failed + 1)); fi
    [ "$failed" -lt 3 ] || break
    n=$((n + 1))
    sleep 0.3
  done
  log_before
  tell now /dev/null "$to"
  mv -f "$to" "$dir/before"
}

millis() { echo "$(($(date +%s%N) / 1000000))"; }

# One round every five seconds, of a short time thirty in all. Ends early where the login page fails three times in
# a row, and where somebody asks for it: then nothing fails.
after() {
  to=$dir/after pause=$((seconds * 1000 / 30)) failed=0 asked=
  [ "$pause" -le 5000 ] || pause=5000
  : >"$to"
  old=$dir/before
  [ -e "$old" ] || old=/dev/null
  # At once, so that whoever looks on knows what goes on.
  was='nothing was measured'
  [ "$old" = /dev/null ] || was=$(tell now /dev/null "$old")
  echo "before: $was"
  begun=$(millis)
  end=$((begun + seconds * 1000)) next=$begun told=$begun
  mark_log
  while [ "$(millis)" -lt "$end" ]; do
    [ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { asked=yes; break; }
    [ -z "$service" ] || find_site
    ask_pages "$@"
    if [ "$first" = 1 ]; then failed=0; else failed=$((failed + 1)); fi
    [ "$failed" -lt 3 ] || { broken=3; break; }
    clock=$(millis)
    if [ "$((clock - told))" -ge 30000 ]; then
      log_after
      echo "$(((clock - begun) / 1000)) s of $seconds s: $(tell now /dev/null "$to")"
      told=$clock
    fi
    next=$((next + pause))
    wait=$((next - clock))
    if [ "$wait" -gt 0 ]; then
      sleep "$((wait / 1000)).$(printf '%03d' "$((wait % 1000))")"
    else
      next=$clock
    fi
  done
  log_after
  watched="$((($(millis) - begun) / 1000)) s"
  back="to go back: $command"
  [ "$fails" != fails ] || back='it goes back'
  if [ -n "$asked" ]; then
    echo "watching ended early, after $watched: the release stays"
    fails='' back="to go back: $command"
  fi
  tell table "$old" "$to"
  # Another code is awk's own trouble, which is no reason to go back.
  [ $? != 1 ] || [ "$fails" != fails ]
}

command -v curl >/dev/null || { echo 'curl is missing: nothing is measured'; exit 0; }
broken='' back=
reach_nginx "$project" "$proxy"
find_site || echo "no running container of $service"
find_log
case $verb in
before) before "$@"; exit 0 ;;
after) after "$@" ;;
esac
