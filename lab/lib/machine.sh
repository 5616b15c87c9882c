# What the lab needs of the machine: Linux, root, Debian packages, a Docker engine.
# shellcheck shell=bash

check_machine() {
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
    die "needs Linux and root (it builds Debian images and runs systemd in containers); run it with sudo on a Debian or Ubuntu machine"
  fi
}

# install_missing COMMAND=PACKAGE..: with apt, by name, said aloud.
install_missing() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "needs these packages: ${missing[*]} (no apt-get here to install them)"
  say "installing Debian packages: ${missing[*]}"
  mkdir -p "$BASE"
  {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  } >"$BASE/apt.log" 2>&1 || {
    tail -n 20 "$BASE/apt.log" >&2
    die "apt-get failed; log: $BASE/apt.log"
  }
}

docker_answers() {
  timeout 20 docker info >/dev/null 2>&1
}

# A Docker engine: the one that answers, or our own dockerd in its own session.
need_docker() {
  docker_answers && return 0
  install_missing dockerd=docker.io iptables=iptables
  command -v docker >/dev/null || install_missing docker=docker-cli
  docker_answers && return 0
  locked dockerd start_dockerd
}

start_dockerd() {
  local pid left
  docker_answers && return 0
  say "no Docker engine answers: starting dockerd (log: $BASE/dockerd.log)"
  rm -f /var/run/docker.pid
  setsid dockerd >>"$BASE/dockerd.log" 2>&1 </dev/null 9>&- &
  pid=$!
  echo "$pid" >"$BASE/dockerd.pid"
  for ((left = 120; left > 0; left--)); do
    docker_answers && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.5
  done
  tail -n 5 "$BASE/dockerd.log" >&2
  die "dockerd did not start; log: $BASE/dockerd.log"
}

# Stop the dockerd that the lab started, when no container of any lab is left.
stop_dockerd() {
  local pid left
  [ -s "$BASE/dockerd.pid" ] || return 0
  [ -z "$(docker ps --all --quiet)" ] || return 0
  pid=$(cat "$BASE/dockerd.pid")
  rm -f "$BASE/dockerd.pid"
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
  say "stopping dockerd"
  kill "$pid"
  for ((left = 60; left > 0; left--)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.5
  done
}
