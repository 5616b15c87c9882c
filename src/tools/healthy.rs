//! Waiting on the droplet until a service's container is healthy, by Docker's own events.
//!
//! It stands inside a section, so that a laptop that is gone does not keep the droplet from its verdict.

use crate::cmd::Cmd;
use crate::program::Program;

pub(super) const WAIT: Program = Program::shell(
    "healthy.wait",
    &[r#"
project=$1 service=$2 limit=$3
find() {
  docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" \
    --filter label=com.docker.compose.oneoff=False | head -n 1
}
# Docker asks at its own interval; the container's health check says the same when it is asked now.
asked() {
  test=$(docker inspect -f '{{range .Config.Healthcheck.Test}}{{println .}}{{end}}' "$c" 2>/dev/null) || return 1
  kind=$(printf '%s\n' "$test" | head -n 1)
  rest=$(printf '%s\n' "$test" | sed 1d)
  case $kind in
    CMD-SHELL) timeout 5 docker exec "$c" /bin/sh -c "$rest" ;;
    CMD)
      set -f
      IFS='
'
      # shellcheck disable=SC2086
      timeout 5 docker exec "$c" $rest
      code=$?
      unset IFS
      set +f
      return "$code" ;;
    *) return 1 ;;
  esac
} >/dev/null 2>&1
# One look: 0 healthy, 1 wait, 2 hopeless; $why says it.
look() {
  why="no container yet"
  c=$(find)
  [ -n "$c" ] || return 1
  seen=$(docker inspect -f '{{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}none{{end}} {{.State.ExitCode}} {{.RestartCount}} {{.State.OOMKilled}}' "$c" 2>/dev/null) || return 1
  set -- $seen
  why="$1, health: $2"
  [ "$5" = false ] || { why="killed because it ran out of memory"; return 2; }
  if [ "$4" -ge 2 ]; then
    why="it stops and is restarted again and again"
    # Docker forgets the exit code while the next attempt runs.
    [ "$3" = 0 ] || why="$why (exit code $3)"
    return 2
  fi
  case $1/$2 in
    running/none|running/healthy) return 0 ;;
    running/starting) asked && return 0 ;;
    exited/*|dead/*) why="it stopped with exit code $3"; return 2 ;;
  esac
  return 1
}
seen_last() {
  [ -n "$c" ] || return
  docker inspect -f '{{with .State.Health}}{{range .Log}}{{println .Output}}{{end}}{{end}}' "$c" 2>/dev/null | tail -c 1000 | grep . | tail -n 3 | sed 's/^/last health probe: /'
  echo "last lines of its log:"
  docker logs --tail 20 "$c" 2>&1
}
look && exit 0
work=$(mktemp -d) || exit 1
mkfifo "$work/events" || exit 1
end=$(($(date +%s) + limit))
docker events --since "$(($(date +%s) - 2))" --filter type=container --filter "label=com.docker.compose.project=$project" \
  --filter "label=com.docker.compose.service=$service" --format '{{.Status}}' >"$work/events" 2>/dev/null &
events=$!
(n=0; while [ "$n" -lt 40 ]; do n=$((n + 1)); sleep 0.3; echo look; done; while sleep 5; do echo look; done) >"$work/events" 2>/dev/null &
ticks=$!
trap 'kill "$events" "$ticks" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
exec 3<"$work/events"
while :; do
  look
  case $? in
    0) exit 0 ;;
    2) echo "$service did not become healthy: $why"; seen_last; exit 1 ;;
  esac
  if [ "$(date +%s)" -ge "$end" ]; then
    # Nobody could look: that is not the same as unhealthy.
    docker version >/dev/null 2>&1 || { echo "Docker does not answer"; exit 1; }
    echo "$service did not become healthy in $limit s: $why"
    seen_last
    exit 1
  fi
  read -r _ <&3 || sleep 1
done
"#],
);

/// Ends with 0 when the container runs and is healthy (or runs, where it has no health check); with 1 as
/// soon as waiting is hopeless (exited, restarting again and again, killed for memory) or after `seconds`.
/// What it saw is its output. While Docker says "starting", the container's own health check is asked at once and
/// not at Docker's next turn. Even a lost stream of events hides a change for no longer than five seconds.
pub fn wait(project: &str, service: &str, seconds: u64) -> Cmd {
    Cmd::script(WAIT, [project, service, &seconds.to_string()])
}
