# Droplets: containers with systemd as PID 1, their own sshd, engine, nginx and ufw.
# shellcheck shell=bash

# The environments and what a droplet of each name is.
environment_droplets() {
  case $1 in
    demo) echo demo-1 ;;
    old) echo old-1 ;;
    trio) echo trio-1 trio-2 trio-3 trio-db ;;
    login) echo login-1 ;;
    *) return 1 ;;
  esac
}
ALL_DROPLETS='demo-1 old-1 trio-1 trio-2 trio-3 trio-db login-1'

# describe NAME: sets image, last (of the address), sshd_port (inside), user (of the inventory).
describe() {
  image=droplet sshd_port=22 user=root
  case $1 in
    demo-1) last=11 ;;
    old-1) last=12 image=droplet-old sshd_port=2222 user=deploy ;;
    trio-1) last=21 ;;
    trio-2) last=22 ;;
    trio-3) last=23 ;;
    trio-db) last=24 ;;
    login-1) last=31 ;;
    *) die "no droplet is called $1 (there are: $ALL_DROPLETS)" ;;
  esac
}

# The port where the droplet's sshd is reached from the machine.
outer_ssh_port() {
  if [ "$sshd_port" = 22 ]; then
    port_of_sshd
  else
    echo "$sshd_port"
  fi
}

# expand ENV|DROPLET..: names of droplets; without a name, those that exist.
expand() {
  local name
  if [ $# = 0 ]; then
    for name in $ALL_DROPLETS; do
      [ "$(container_state "$PREFIX-$name")" = absent ] || echo "$name"
    done
  fi
  for name in "$@"; do
    environment_droplets "$name" | tr ' ' '\n' || { (describe "$name") && echo "$name"; } || exit 1
  done
}

# Keys of this lab: made once, they outlive `down`, so known_hosts stays true.
make_keys() {
  local name key
  mkdir -p "$WORK/hostkeys" "$WORK/fresh"
  chmod 0700 "$WORK"
  # shellcheck disable=SC2086
  for key in id_ed25519 deploy_key $(printf 'hostkeys/%s ' services $ALL_DROPLETS); do
    [ -s "$WORK/$key" ] || ssh-keygen -q -t ed25519 -N '' -C "ops-lab $key" -f "$WORK/$key"
  done
  # The password that a first deploy gives to PostgreSQL.
  [ -s "$WORK/postgres-password" ] || (umask 077 && od -An -N 18 -tx1 /dev/urandom | tr -d ' \n' >"$WORK/postgres-password")
  {
    echo "# Written by lab/lab up."
    for name in services $ALL_DROPLETS; do
      local last=9 sshd_port=22 image user
      [ "$name" = services ] || describe "$name"
      key=$(cut -d ' ' -f 1,2 "$WORK/hostkeys/$name.pub")
      if [ "$(outer_ssh_port)" = 22 ]; then
        echo "$ADDRESS.$last $key"
      else
        echo "[$ADDRESS.$last]:$(outer_ssh_port) $key"
      fi
    done
  } >"$WORK/known_hosts.new"
  mv "$WORK/known_hosts.new" "$WORK/known_hosts"
  {
    echo "# Written by lab/lab up."
    for name in $ALL_DROPLETS; do
      describe "$name"
      printf 'Host %s\n  HostName %s\n  Port %s\n  User %s\n' "$name" "$ADDRESS.$last" "$(outer_ssh_port)" "$user"
    done
    printf 'Host *\n  IdentityFile "%s"\n  IdentitiesOnly yes\n  UserKnownHostsFile "%s"\n  StrictHostKeyChecking yes\n' \
      "$WORK/id_ed25519" "$WORK/known_hosts"
  } >"$WORK/ssh_config.new"
  mv "$WORK/ssh_config.new" "$WORK/ssh_config"
}

# A tar of what makes a droplet this one: its host key, who may log in, the key for the git origin.
droplet_files() {
  local name=$1 tree id home login
  tree=$(mktemp -d)
  mkdir -p "$tree/etc/ssh/sshd_config.d"
  cp "$WORK/hostkeys/$name" "$tree/etc/ssh/ssh_host_ed25519_key"
  cp "$WORK/hostkeys/$name.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
  chmod 0600 "$tree/etc/ssh/ssh_host_ed25519_key"
  echo "HostKey /etc/ssh/ssh_host_ed25519_key" >"$tree/etc/ssh/sshd_config.d/10-lab.conf"
  echo "Port $sshd_port" >>"$tree/etc/ssh/sshd_config.d/10-lab.conf"
  sha256sum <<<"$PREFIX $name" | cut -c 1-32 >"$tree/etc/machine-id"
  tar -C "$tree" --owner=0 --group=0 -cf "$tree/out.tar" etc
  for login in 0:root 1000:home/deploy 1001:home/sudopw 1002:home/nosudo; do
    id=${login%%:*} home=$tree/${login#*:}
    mkdir -p "$home/.ssh"
    chmod 0700 "$home/.ssh"
    cp "$WORK/deploy_key" "$home/.ssh/id_ed25519"
    cp "$WORK/deploy_key.pub" "$home/.ssh/id_ed25519.pub"
    echo "git.lab,sftp.lab $(cut -d ' ' -f 1,2 "$WORK/hostkeys/services.pub")" >"$home/.ssh/known_hosts"
    if [ "$id" != 0 ] || [ "$user" = root ]; then
      cp "$WORK/id_ed25519.pub" "$home/.ssh/authorized_keys"
    fi
    chmod 0600 "$home"/.ssh/*
    (cd "$tree" && tar --owner="$id" --group="$id" -rf out.tar "${login#*:}/.ssh")
  done
  cat "$tree/out.tar"
  rm -rf "$tree"
}

create_droplet() {
  local name=$1 container=$PREFIX-$1 ref command=(/lib/systemd/systemd)
  ref=$(image_ref "$image")
  if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    command+=(SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0)
  fi
  docker create --name "$container" --hostname "$name" --label "ops-lab=$(droplet_label)" \
    --network "$PREFIX" --ip "$SUBNET.$last" --network-alias "$name" --add-host erp.lab:127.0.0.1 \
    --cap-add ALL --cap-drop SYS_RESOURCE --security-opt seccomp=unconfined \
    --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --device-cgroup-rule 'a *:* rwm' --cgroupns=host --volume /sys/fs/cgroup:/sys/fs/cgroup:rw \
    --tmpfs /run:exec --tmpfs /run/lock --stop-signal SIGRTMIN+3 --env container=docker \
    --volume "$container-docker:/var/lib/docker" \
    --publish "$ADDRESS.$last:$(outer_ssh_port):$sshd_port" \
    --publish "$ADDRESS.$last:$(port_for 80):80" --publish "$ADDRESS.$last:$(port_for 443):443" \
    --publish "$ADDRESS.$last:8069:8069" "$ref" "${command[@]}" >/dev/null
  droplet_files "$name" | docker cp - "$container:/"
}

# A droplet that can be used: systemd has started everything, sshd greets.
wait_droplet() {
  local name=$1 left state=''
  for ((left = 300; left > 0; left--)); do
    state=$(docker exec "$PREFIX-$name" systemctl is-system-running 2>/dev/null || true)
    case $state in
      running | degraded) break ;;
    esac
    sleep 0.2
  done
  case $state in
    running) ;;
    degraded) say "$name: degraded: $(docker exec "$PREFIX-$name" systemctl --failed --plain --no-legend | tr '\n' ';')" ;;
    *) die "$name did not start (state: ${state:-none}); see: docker exec $PREFIX-$name journalctl -b" ;;
  esac
  for ((left = 50; left > 0; left--)); do
    if ssh-keyscan -T 2 -t ed25519 -p "$(outer_ssh_port)" "$ADDRESS.$last" 2>/dev/null | grep -q ed25519; then
      return 0
    fi
    sleep 0.2
  done
  die "$name: sshd does not answer at $ADDRESS.$last:$(outer_ssh_port)"
}

# A droplet is made anew when its image or what the registry holds is another one.
droplet_label() {
  echo "$(image_ref "$image") $(cat "$WORK/registry-volume")"
}

droplet_up() {
  local name=$1 container=$PREFIX-$1 started=$SECONDS label
  local image last sshd_port user
  describe "$name"
  label=$(docker container inspect --format '{{index .Config.Labels "ops-lab"}}' "$container" 2>/dev/null) || label=''
  if [ -n "$label" ] && [ "$label" != "$(droplet_label)" ]; then
    remove_droplet "$name"
  fi
  case $(container_state "$container") in
    running) [ ! -s "$WORK/fresh/$name.tar" ] || return 0 ;;
    absent)
      create_droplet "$name"
      rm -f "$WORK/fresh/$name.tar"
      docker start "$container" >/dev/null
      ;;
    *) docker start "$container" >/dev/null ;;
  esac
  wait_droplet "$name"
  if [ ! -s "$WORK/fresh/$name.tar" ]; then
    if [ "$name" = login-1 ]; then
      docker exec "$container" systemctl disable --now docker.service docker.socket containerd.service >/dev/null 2>&1
    fi
    save_fresh "$name"
  fi
  say "$name: up at $ADDRESS.$last ($(since "$started"))"
}

remove_droplet() {
  docker rm --force --volumes "$PREFIX-$1" >/dev/null 2>&1 || true
  if [ "${2:-}" != keep-images ]; then
    docker volume rm "$PREFIX-$1-docker" >/dev/null 2>&1 || true
  fi
}

# Several droplets at once; fails when one failed.
each_droplet() {
  local action=$1 pid pids=() failed=0 name
  shift
  for name in "$@"; do
    "$action" "$name" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || failed=1
  done
  [ "$failed" = 0 ] || exit 1
}

lab_up() {
  local extra=() names name
  make_keys
  mapfile -t names < <(expand "$@")
  for name in "${names[@]}"; do
    if [ "$name" = old-1 ]; then
      extra=(droplet-old)
    fi
  done
  # shellcheck disable=SC2046
  if missing_images $(scope_images) "${extra[@]}"; then
    install_missing mmdebstrap=mmdebstrap
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || install_missing debian-keys=debian-archive-keyring
    locked images build_images "${extra[@]}"
  fi
  docker network inspect "$PREFIX" >/dev/null 2>&1 ||
    docker network create --subnet "$SUBNET.0/24" "$PREFIX" >/dev/null
  locked images services_up
  each_droplet droplet_up "${names[@]}"
  inventory "$NET" "$(port_of_sshd)" >"$WORK/ops.yaml.new"
  mv "$WORK/ops.yaml.new" "$WORK/ops.yaml"
}

cmd_up() {
  local started=$SECONDS demo=no
  if [ "${1:-}" = --demo ]; then
    demo=yes
    shift
  fi
  [ $# -gt 0 ] || set -- demo
  expand "$@" >/dev/null
  check_machine
  install_missing ssh=openssh-client git=git curl=curl ss=iproute2 flock=util-linux
  need_docker
  mkdir -p "$WORK"
  [ "$demo" = no ] || scope_of_demo
  locked "$PREFIX" lab_up "$@"
  say "up in $(since "$started"): $* (inventory: $WORK/ops.yaml)"
}
