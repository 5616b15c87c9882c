# down, images, port, status, ssh, root, reboot, kill, start, stop, env.
# shellcheck shell=bash disable=SC2034,SC2154

cmd_down() {
  local name volume
  check_machine
  if ! docker_answers; then
    say "no Docker engine answers: nothing to take down"
    return 0
  fi
  for name in services offsite $ALL_DROPLETS; do
    if [ "$(container_state "$PREFIX-$name")" != absent ]; then
      say "removing $PREFIX-$name"
      docker rm --force --volumes "$PREFIX-$name" >/dev/null
    fi
    docker volume rm "$PREFIX-$name-docker" >/dev/null 2>&1 || true
  done
  docker volume rm "$PREFIX-registry" >/dev/null 2>&1 || true
  docker network rm "$PREFIX" >/dev/null 2>&1 || true
  rm -rf "$WORK/fresh"
  if [ "${1:-}" = --images ]; then
    docker volume ls --quiet --filter name=ops-lab-registry- | while read -r volume; do
      docker volume rm "$volume" >/dev/null || true
    done
    docker image ls --format '{{.Repository}}:{{.Tag}}' 'ops-lab/*' | xargs --no-run-if-empty docker rmi >/dev/null || true
    rm -rf "$BASE"/origin-*
  fi
  stop_dockerd
}

# Succeeds when these images are built.
cmd_images() {
  docker_answers && ! missing_images "$@"
}

cmd_status() {
  local name image last sshd_port user state
  docker_answers || die "no Docker engine answers; lab/lab up starts one"
  printf '%-9s %-12s %-5s %s\n' services "$ADDRESS.9" "$(port_of_sshd)" "$(container_state "$SERVICES")"
  printf '%-9s %-12s %-5s %s\n' offsite "$ADDRESS.8" "$(port_of_sshd)" "$(container_state "$OFFSITE")"
  for name in $ALL_DROPLETS; do
    describe "$name"
    state=$(container_state "$PREFIX-$name")
    if [ "$state" = running ]; then
      state=$(docker exec "$PREFIX-$name" systemctl is-system-running 2>/dev/null || true)
      state="${state:-unknown}, $(docker exec "$PREFIX-$name" docker ps --quiet 2>/dev/null | wc -l || true) containers"
    fi
    printf '%-9s %-12s %-5s %s\n' "$name" "$ADDRESS.$last" "$(outer_ssh_port)" "$state"
  done
}

cmd_ssh() {
  local name=${1:?which droplet?}
  shift
  exec ssh -F "$WORK/ssh_config" "$name" "$@"
}

cmd_root() {
  local name=${1:?which droplet?} options=(-i)
  shift
  [ ! -t 0 ] || options=(-it)
  [ $# -gt 0 ] || set -- bash
  exec docker exec "${options[@]}" "$PREFIX-$name" "$@"
}

cmd_power() {
  local how=$1 name=${2:?which droplet?}
  local image last sshd_port user
  describe "$name"
  case $how in
    reboot) docker restart --time 30 "$PREFIX-$name" >/dev/null ;;
    kill) docker kill --signal KILL "$PREFIX-$name" >/dev/null ;;
    start) docker start "$PREFIX-$name" >/dev/null ;;
    stop) docker stop --time 30 "$PREFIX-$name" >/dev/null ;;
  esac
  case $how in
    reboot | start) wait_droplet "$name" ;;
  esac
}

cmd_env() {
  printf 'export OPS_LAB_WORK=%q OPS_LAB_INVENTORY=%q OPS_LAB_PREFIX=%q OPS_LAB_ADDRESS=%q OPS_LAB_SSH_CONFIG=%q\n' \
    "$WORK" "$WORK/ops.yaml" "$PREFIX" "$ADDRESS" "$WORK/ssh_config"
}
