# The services of a lab: the registry (registry.lab:5000) and the git origin (git.lab); beside them, in a
# container of its own, the off-site places s3.lab:9000 and sftp.lab: what harms git must not harm sftp.
# shellcheck shell=bash

SERVICES=$PREFIX-services
OFFSITE=$PREFIX-offsite

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
  local image
  registry_master
  image=$(image_ref services)
  service_up "$SERVICES" create_services "$image $(cat "$WORK/registry-volume")"
  [ "$SCOPE" = demo ] || service_up "$OFFSITE" create_offsite "$image"
  docker exec "$SERVICES" test -d "$ORIGIN_PATH" || origin_reset
  wait_registry "$ADDRESS.9:5000"
}

# service_up CONTAINER CREATE LABEL: it runs; made anew when its label is another one.
service_up() {
  local container=$1 create=$2 label=$3
  if [ "$(docker container inspect --format '{{index .Config.Labels "ops-lab"}}' "$container" 2>/dev/null)" != "$label" ]; then
    docker rm --force "$container" >/dev/null 2>&1 || true
    "$create" "$label"
    services_files | docker cp - "$container:/"
  fi
  if [ "$(container_state "$container")" != running ]; then
    docker start "$container" >/dev/null
  fi
}

create_services() {
  docker volume rm "$PREFIX-registry" >/dev/null 2>&1 || true
  docker volume create "$PREFIX-registry" >/dev/null
  copy_registry "$(cat "$WORK/registry-volume")" "$PREFIX-registry"
  docker create --name "$SERVICES" --hostname services --label "ops-lab=$1" \
    --network "$PREFIX" --ip "$SUBNET.9" --network-alias registry.lab --network-alias git.lab \
    --publish "$ADDRESS.9:5000:5000" --publish "$ADDRESS.9:$(port_of_sshd):22" \
    --volume "$PREFIX-registry:/var/lib/docker-registry" "$(image_ref services)" >/dev/null
}

create_offsite() {
  docker create --name "$OFFSITE" --hostname offsite --label "ops-lab=$1" \
    --network "$PREFIX" --ip "$SUBNET.8" --network-alias s3.lab --network-alias sftp.lab \
    --publish "$ADDRESS.8:9000:9000" --publish "$ADDRESS.8:$(port_of_sshd):22" \
    "$(image_ref services)" lab-services s3 sftp >/dev/null
}

# A tar of what makes both containers this lab's own: host key and the keys of those who fetch and store.
services_files() {
  local tree
  tree=$(mktemp -d)
  mkdir -p "$tree/etc/ssh" "$tree/srv/git/.ssh"
  cp "$WORK/hostkeys/services" "$tree/etc/ssh/ssh_host_ed25519_key"
  cp "$WORK/hostkeys/services.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
  chmod 0600 "$tree/etc/ssh/ssh_host_ed25519_key"
  cat "$WORK/id_ed25519.pub" "$WORK/deploy_key.pub" >"$tree/srv/git/.ssh/authorized_keys"
  cp "$WORK/deploy_key.pub" "$tree/etc/ssh/backup_keys"
  tar -C "$tree" --owner=0 --group=0 -cf "$tree/out.tar" etc
  tar -C "$tree" --owner=1000 --group=1000 -rf "$tree/out.tar" srv/git/.ssh/authorized_keys
  cat "$tree/out.tar"
  rm -rf "$tree"
}

# registry|git|s3|sftp on|off, s3|sftp reset, s3 slow|broken
cmd_service() {
  local name=$1 wanted=${2:-} container=$SERVICES program=sshd port=22 folder
  case $name in
    registry) program=docker-registry port=5000 ;;
    s3) container=$OFFSITE program=lab-s3 port=9000 folder=/srv/s3 ;;
    sftp) container=$OFFSITE folder=/srv/backup ;;
  esac
  case $name:$wanted in
    *:on) service_on "$container" "$name" "$port" ;;
    *:off) docker exec "$container" sh -c "touch /run/lab/$name.off; pkill -x $program || true" ;;
    s3:slow | s3:broken)
      service_on "$container" s3 "$port"
      docker exec "$container" sh -c "echo $wanted >/run/lab/s3.fault"
      ;;
    s3:reset | sftp:reset)
      docker exec "$container" find "$folder" -mindepth 1 -delete
      service_on "$container" "$name" "$port"
      ;;
    s3:*) die "say: lab s3 on|off|reset|slow|broken" ;;
    sftp:*) die "say: lab sftp on|off|reset" ;;
    *) die "say: lab $name on|off" ;;
  esac
}

# service_on CONTAINER NAME PORT: on, without faults. Waits inside the container: a published port greets
# whether somebody listens behind it or not.
service_on() {
  local container=$1 name=$2 port=$3
  docker exec "$container" rm -f "/run/lab/$name.off" "/run/lab/$name.fault"
  docker exec "$container" timeout 10 bash -c "until (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.1; done" ||
    die "$name does not answer"
}
