# shellcheck shell=bash
# The second part: no containers, volumes and networks; images stay, tags of ops go.
if ! timeout 10 docker version >/dev/null 2>&1; then
  systemctl unmask --quiet docker.service docker.socket containerd.service 2>/dev/null
  [ "$(systemctl is-enabled docker.service)" != enabled ] || systemctl restart docker.service
fi
if timeout 10 docker version >/dev/null 2>&1; then
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  docker volume ls --quiet | xargs --no-run-if-empty docker volume rm --force >/dev/null
  docker network prune --force >/dev/null
  docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^ops/' | xargs --no-run-if-empty docker rmi --force >/dev/null
fi
