# Back to fresh, in seconds: pulled images stay, everything else goes.
# shellcheck shell=bash disable=SC2034,SC2154

RESET_FOLDERS='etc root home usr/local opt srv var/spool'

# What `reset` puts back: the droplet's files as they are when it has just been made.
save_fresh() {
  local name=$1
  docker exec "$PREFIX-$name" sh -c "cd / && find $RESET_FOLDERS -xdev -print0 | LC_ALL=C sort -z >run/lab-wanted &&
    tar --exclude etc/hosts --exclude etc/hostname --exclude etc/resolv.conf -cf - run/lab-wanted $RESET_FOLDERS" \
    >"$WORK/fresh/$name.tar.new"
  mv "$WORK/fresh/$name.tar.new" "$WORK/fresh/$name.tar"
  installed_packages "$name" >"$WORK/fresh/$name.packages"
}

installed_packages() {
  docker exec "$PREFIX-$1" dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'
}

reset_hard() {
  local name=$1
  docker exec -i "$PREFIX-$name" bash -s <"$LAB/droplet/reset-docker.sh" || true
  remove_droplet "$name" keep-images
  rm -f "$WORK/fresh/$name.tar"
  droplet_up "$name"
}

droplet_reset() {
  local name=$1 container=$PREFIX-$1 started=$SECONDS
  local image last sshd_port user
  describe "$name"
  [ "$(container_state "$container")" != absent ] || die "$name is not up"
  if [ "$(container_state "$container")" != running ]; then
    docker start "$container" >/dev/null
    wait_droplet "$name"
  fi
  if [ "${hard:-no}" = yes ] || ! tar -tf "$WORK/fresh/$name.tar" run/lab-wanted >/dev/null 2>&1 ||
    ! cmp -s "$WORK/fresh/$name.packages" <(installed_packages "$name"); then
    reset_hard "$name"
    return
  fi
  docker exec -i "$container" sh -c 'cat >/run/lab-fresh.tar' <"$WORK/fresh/$name.tar"
  cat "$LAB/droplet/reset-units.sh" "$LAB/droplet/reset-docker.sh" "$LAB/droplet/reset-files.sh" |
    docker exec -i --env "RESET_FOLDERS=$RESET_FOLDERS" "$container" bash -s || {
    say "$name could not be reset: making it anew"
    reset_hard "$name"
    return
  }
  say "$name: fresh ($(since "$started"))"
}

cmd_reset() {
  local names hard=no name words=()
  for name in "$@"; do
    case $name in
      --hard) hard=yes ;;
      *) words+=("$name") ;;
    esac
  done
  mapfile -t names < <(expand "${words[@]}")
  [ "${#names[@]}" -gt 0 ] || die "nothing is up"
  docker exec "$SERVICES" sh -c 'rm -f /run/lab/*.off'
  [ "$(container_state "$OFFSITE")" = absent ] || docker exec "$OFFSITE" sh -c 'rm -f /run/lab/*.off /run/lab/*.fault'
  locked "$PREFIX-origin" origin_reset
  each_droplet droplet_reset "${names[@]}"
}
