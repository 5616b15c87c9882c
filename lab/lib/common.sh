# Names, addresses and small helpers.
# shellcheck shell=bash disable=SC2034

NET=${OPS_LAB_NET:-0}
case $NET in
  '' | *[!0-9]*) echo "lab: OPS_LAB_NET must be a number from 0 to 200" >&2; exit 2 ;;
esac
[ "$NET" -le 200 ] || { echo "lab: OPS_LAB_NET must be a number from 0 to 200" >&2; exit 2; }

BASE=${OPS_LAB_DIR:-$HOME/.cache/ops-lab}
if [ "$NET" = 0 ]; then
  PREFIX=ops-lab
  WORK=$BASE
else
  PREFIX=ops-lab$NET
  WORK=$BASE/lab$NET
fi
# Which images are built and which services run: `all`, or those of the demo.
SCOPE=all
ADDRESS=127.0.$NET
SUBNET=10.213.$NET

say() {
  printf 'lab: %s\n' "$*" >&2
}

die() {
  printf 'lab: %s\n' "$*" >&2
  exit 1
}

# In seconds, for messages of what takes long.
since() {
  echo "$((SECONDS - $1)) s"
}

container_state() {
  local state
  state=$(docker container inspect --format '{{.State.Status}}' "$1" 2>/dev/null) || state=absent
  echo "$state"
}

# locked NAME COMMAND..: one at a time on this machine, whatever the lab. Descriptor 9 is the lock's.
locked() {
  local name=$1
  shift
  mkdir -p "$BASE"
  (
    flock 9
    "$@"
  ) 9>"$BASE/$name.lock"
}

# A port that a wildcard listener of the machine holds is published 20000 higher.
port_for() {
  local port=$1
  if ss -Hltn "sport = :$port" 2>/dev/null | awk '{print $4}' | grep -q -E '^(0\.0\.0\.0|\*|\[::\]):'; then
    port=$((port + 20000))
  fi
  echo "$port"
}

# The port of sshd of droplets whose sshd listens on 22: fixed when the lab was first made.
port_of_sshd() {
  if [ ! -s "$WORK/ssh_port" ]; then
    mkdir -p "$WORK"
    port_for 22 >"$WORK/ssh_port"
  fi
  cat "$WORK/ssh_port"
}
