# The services of a lab: the registry (registry.lab:5000) and the git origin (git.lab).
# shellcheck shell=bash

SERVICES=$PREFIX-services

# wait_registry HOST:PORT
wait_registry() {
  local left
  for ((left = 100; left > 0; left--)); do
    curl -fsS -o /dev/null --max-time 2 "http://$1/v2/" 2>/dev/null && return 0
    sleep 0.1
  done
  die "the registry at $1 does not answer"
}

# Fill a volume with the images once, and give every lab a copy made of hard links.
registry_master() {
  local list sha volume older filler port name ref started=$SECONDS
  list=$(app_images) || exit 1
  sha=$(sha256sum <<<"$list" | cut -c 1-16)
  volume=ops-lab-registry-$sha
  if ! docker volume inspect "$volume" >/dev/null 2>&1; then
    say "registry: pushing images"
    filler=ops-lab-registry-filler
    docker rm --force "$filler" >/dev/null 2>&1 || true
    docker volume rm "$volume-new" >/dev/null 2>&1 || true
    older=$(docker volume ls --quiet --filter name=ops-lab-registry- | head -n 1)
    docker volume create "$volume-new" >/dev/null
    [ -z "$older" ] || copy_registry "$older" "$volume-new" # what it has needs no second push
    docker run --detach --name "$filler" --publish 127.0.0.1::5000 --volume "$volume-new:/var/lib/docker-registry" \
      "$(image_ref services)" >/dev/null
    port=$(docker port "$filler" 5000 | head -n 1)
    wait_registry "$port"
    while read -r name ref; do
      docker tag "$ref" "$port/$name"
      docker push --quiet "$port/$name" >/dev/null
      docker rmi "$port/$name" >/dev/null
    done <<<"$list"
    docker rm --force "$filler" >/dev/null
    docker volume create "$volume" >/dev/null
    copy_registry "$volume-new" "$volume"
    docker volume rm "$volume-new" >/dev/null
    [ -z "$older" ] || docker volume rm "$older" >/dev/null
    say "registry: filled in $(since "$started")"
  fi
  echo "$volume" >"$WORK/registry-volume"
}

# copy_registry FROM TO: blobs never change and are linked; the small files that name them are copied.
copy_registry() {
  local from to
  from=$(docker volume inspect --format '{{.Mountpoint}}' "$1")/docker/registry/v2
  to=$(docker volume inspect --format '{{.Mountpoint}}' "$2")/docker/registry/v2
  rm -rf "$to"
  mkdir -p "$to"
  cp -al "$from/blobs" "$to/blobs" 2>/dev/null || { rm -rf "$to/blobs"; cp -a "$from/blobs" "$to/blobs"; }
  cp -a "$from/repositories" "$to/repositories"
}

services_up() {
  local volume image
  registry_master
  image=$(image_ref services)
  volume=$(cat "$WORK/registry-volume")
  if [ "$(docker container inspect --format '{{index .Config.Labels "ops-lab"}}' "$SERVICES" 2>/dev/null)" != "$image $volume" ]; then
    docker rm --force "$SERVICES" >/dev/null 2>&1 || true
    docker volume rm "$PREFIX-registry" >/dev/null 2>&1 || true
    docker volume create "$PREFIX-registry" >/dev/null
    copy_registry "$volume" "$PREFIX-registry"
    docker create --name "$SERVICES" --hostname services --label "ops-lab=$image $volume" \
      --network "$PREFIX" --ip "$SUBNET.9" --network-alias registry.lab --network-alias git.lab \
      --publish "$ADDRESS.9:5000:5000" --publish "$ADDRESS.9:$(port_of_sshd):22" \
      --volume "$PREFIX-registry:/var/lib/docker-registry" "$image" >/dev/null
    services_files | docker cp - "$SERVICES:/"
  fi
  if [ "$(container_state "$SERVICES")" != running ]; then
    docker start "$SERVICES" >/dev/null
  fi
  docker exec "$SERVICES" test -d "$ORIGIN_PATH" || origin_reset
  wait_registry "$ADDRESS.9:5000"
}

# A tar of what makes this container this lab's own: host key and the keys of those who fetch.
services_files() {
  local tree
  tree=$(mktemp -d)
  mkdir -p "$tree/etc/ssh" "$tree/srv/git/.ssh"
  cp "$WORK/hostkeys/services" "$tree/etc/ssh/ssh_host_ed25519_key"
  cp "$WORK/hostkeys/services.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
  chmod 0600 "$tree/etc/ssh/ssh_host_ed25519_key"
  cat "$WORK/id_ed25519.pub" "$WORK/deploy_key.pub" >"$tree/srv/git/.ssh/authorized_keys"
  tar -C "$tree" --owner=0 --group=0 -cf "$tree/out.tar" etc
  tar -C "$tree" --owner=1000 --group=1000 -rf "$tree/out.tar" srv/git/.ssh/authorized_keys
  cat "$tree/out.tar"
  rm -rf "$tree"
}

# registry|git on|off
cmd_service() {
  local name=$1 wanted=${2:-}
  case $name:$wanted in
    *:on)
      docker exec "$SERVICES" rm -f "/run/lab/$name.off"
      [ "$name" = git ] || wait_registry "$ADDRESS.9:5000"
      ;;
    registry:off) docker exec "$SERVICES" sh -c 'touch /run/lab/registry.off; pkill -x docker-registry || true' ;;
    git:off) docker exec "$SERVICES" sh -c 'touch /run/lab/git.off; pkill -x sshd || true' ;;
    *) die "say: lab $name on|off" ;;
  esac
}
