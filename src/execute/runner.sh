#!/bin/sh
# The droplet's side of a run: the lock, the journal, and steps that outlive the link.
#
# `ops` puts this file on the droplet by its content's hash and calls it as `sh runner VERB DIR ..`,
# DIR being <state_dir>/<compose project>. Answers are one line of words, then bytes; failures are exit
# codes that we define here and nobody else uses, never English:
#   71 bad call   72 the lock is not ours   73 cannot write (disk full, read-only)   75 locked
# A step runs at most once per (run, step, attempt): its directory is made with mkdir, which only one
# caller can win; every later call attaches to it and reports.
# shellcheck disable=SC2015  # in `a && b || refuse` below, refuse exits and is meant for both
set -u
umask 077
export LC_ALL=C

bad() { echo "bad call: $1" >&2; exit 71; }
cannot_write() { echo "cannot write below $dir" >&2; exit 73; }
now() { date +%s; }

# Names become paths and unit names, so they are checked here as well as on the laptop.
name() {
  case $1 in ''|.*|-*|*[!A-Za-z0-9._-]*) bad "name";; esac
  [ "${#1}" -le 150 ] || bad "name too long"
}
number() { case $1 in ''|*[!0-9]*) bad "number";; esac; }

[ $# -ge 2 ] || bad "verb and directory"
verb=$1 dir=$2
shift 2
# It stands in a unit file below, where quotes, $ and % would mean something.
case $dir in *[!A-Za-z0-9._/\ -]*|[!/]*) bad "directory";; esac
self=$0 volatile=

# A full disk must not keep a run from its journal, its undo or from giving back the lock: `ballast` is
# put aside when the lock is taken and given up when little else is free.
BALLAST=2097152
stow() {
  [ -e "$dir/ballast" ] || { head -c "$BALLAST" /dev/urandom >"$dir/ballast" && sync "$dir/ballast"; } 2>/dev/null ||
    rm -f "$dir/ballast"
}
free_kilobytes() { df -Pk "$dir" | awk 'NR == 2 {print $4}'; }
make_room() {
  [ "$(free_kilobytes)" -ge 512 ] || rm -f "$dir/ballast"
}

journal() { # run, text of further JSON members
  printf '{"at":%s,%s}\n' "$(now)" "$2" >>"$dir/runs/$1/journal.jsonl" || cannot_write
}

# --- lock -----------------------------------------------------------------------------------------
# lock/holder.json is what people and facts read; run, fence, beat and members are its pieces.

read_lock() {
  held_run='' held_fence=0 held_beat=0
  [ -s "$dir/lock/run" ] && held_run=$(cat "$dir/lock/run")
  [ -s "$dir/lock/fence" ] && held_fence=$(cat "$dir/lock/fence")
  [ -s "$dir/lock/beat" ] && held_beat=$(cat "$dir/lock/beat")
}

write_holder() { # run, fence, since, beat; the free members stand in lock/members
  {
    printf '{"run":"%s",' "$1"
    cat "$dir/lock/members"
    printf ',"since":%s,"heartbeat":%s,"fence":%s}\n' "$3" "$4" "$2"
  } >"$dir/lock/holder.tmp" && mv -f "$dir/lock/holder.tmp" "$dir/lock/holder.json"
}

# A holder is alive while its heart beats or one of its steps runs. A lock taken by a person for
# maintenance has no heart and lives until it is released.
holder_lives() {
  case $held_run in manual-*) return 0;; esac
  [ $(($(now) - held_beat)) -lt "${OPS_STALE_AFTER:-120}" ] && return 0
  for step in "$dir/runs/$held_run/steps"/*/; do
    [ -d "$step" ] && [ ! -s "$step/code" ] && step_lives "$step" && return 0
  done
  return 1
}

# One caller at a time looks at the lock's files. Reading is enough for flock, so a full disk does not
# look like a held lock.
hold() {
  [ -e "$dir/lock/flock" ] || : >>"$dir/lock/flock" || cannot_write
  exec 9<"$dir/lock/flock"
  flock -w 10 9 || exit 75
}

take() { # run; members on stdin
  name "$1"
  members=$(cat)
  mkdir -p "$dir/lock" "$dir/releases" || cannot_write
  make_room
  hold
  read_lock
  if [ -n "$held_run" ] && [ "$held_run" != "$1" ]; then
    if holder_lives; then
      cat "$dir/lock/holder.json"
      exit 75
    fi
    printf '{"at":%s,"event":"lock-taken-over","from":"%s","by":"%s","last-heartbeat":%s}\n' \
      "$(now)" "$held_run" "$1" "$held_beat" >>"$dir/audit.jsonl" || cannot_write
  fi
  fence=$((held_fence + 1)) since=$(now)
  printf %s "$members" >"$dir/lock/members" &&
    echo "$fence" >"$dir/lock/fence" && echo "$since" >"$dir/lock/since" &&
    echo "$since" >"$dir/lock/beat" && write_holder "$1" "$fence" "$since" "$since" &&
    echo "$1" >"$dir/lock/run" || { rm -f "$dir/lock/run" "$dir/lock/holder.json"; cannot_write; }
  sync "$dir/lock/run"
  mkdir -p "$dir/runs/$1/steps" || { rm -f "$dir/lock/run" "$dir/lock/holder.json"; cannot_write; }
  stow
  echo "taken $fence"
}

ours() { # run, fence
  name "$1"; number "$2"
  read_lock
  [ "$held_run" = "$1" ] && [ "$held_fence" = "$2" ] || { echo "lock held by ${held_run:-nobody}" >&2; exit 72; }
}

beat() { # run, fence
  ours "$1" "$2"
  hold
  ours "$1" "$2"
  make_room
  now >"$dir/lock/beat" && write_holder "$1" "$2" "$(cat "$dir/lock/since")" "$(cat "$dir/lock/beat")" || cannot_write
}

release() { # run, fence (0: whatever it is, for a person who decides so)
  [ -d "$dir/lock" ] || { echo "lock held by nobody" >&2; exit 72; }
  hold
  [ "$2" = 0 ] || ours "$1" "$2"
  read_lock
  [ "$held_run" = "$1" ] || { echo "lock held by ${held_run:-nobody}" >&2; exit 72; }
  rm -f "$dir/lock/run" "$dir/lock/holder.json"
}

# Two records of a run from one stdin: the first's length in decimal on a line, the first, the second.
records() { # run, first file
  name "$1"
  read -r length || bad "length"
  number "$length"
  to=$dir/runs/$1
  mkdir -p "$to" && head -c "$length" >"$to/$2.tmp" && cat >"$to/second.tmp" &&
    mv -f "$to/$2.tmp" "$to/$2" || cannot_write
}

# --- steps ----------------------------------------------------------------------------------------

step_lives() { # step directory
  [ -s "$1/unit" ] && systemctl is-active --quiet "$(cat "$1/unit")" 2>/dev/null && return 0
  # Between mkdir and the first line of `perform` there is no pid yet.
  [ -s "$1/pid" ] || { [ ! -s "$1/unit" ] && [ $(($(now) - $(stat -c %Y "$1"))) -lt 10 ]; return; }
  # The pid alone could be somebody else's by now; with its start time it cannot.
  read -r pid started <"$1/pid"
  [ -r "/proc/$pid/stat" ] && [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)" = "$started" ]
}

place() { # run, step, attempt
  name "$1"; name "$2"; number "$3"
  at=$dir/runs/$1/steps/$2.$3
}

# Starts a step (script on stdin) unless it was started before, then reports as `poll` does.
# The call: run fence step attempt limit wait. The script's length comes first on stdin, in decimal, on
# a line of its own; what follows the script is the step's own stdin and is stored nowhere.
start() {
  ours "$1" "$2"
  run=$1 step=$3 attempt=$4 limit=$5 wait=$6 mode=$7
  place "$run" "$step" "$attempt"
  number "$limit"; number "$wait"
  make_room
  mkdir -p "$dir/runs/$run/steps" || cannot_write
  if mkdir "$at" 2>/dev/null; then
    read -r length || bad "script length"
    number "$length"
    head -c "$length" >"$at/script" || cannot_write
    [ "$(wc -c <"$at/script")" -eq "$length" ] || { rm -rf "$at"; bad "script is cut"; }
    : >"$at/log" || cannot_write
    journal "$run" "\"event\":\"begin\",\"step\":\"$step\",\"attempt\":$attempt"
    if [ "$mode" = attached ]; then
      exec 4<&0
      volatile=yes
      perform "$run" "$step" "$attempt" "$limit" <&4
    else
      detach "$run" "$step" "$attempt" "$limit"
    fi
  elif [ ! -d "$at" ]; then
    cannot_write
  fi
  report "$at" 0 "$wait"
}

detach() { # run, step, attempt, limit
  unit=ops-$1-$2-$3
  if [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] && command -v systemd-run >/dev/null; then
    echo "$unit.service" >"$at/unit"
    # ExecStopPost runs whatever ended the service, so a killed step has an end on record as well.
    systemd-run --quiet --collect --unit="$unit" --setenv=HOME="${HOME:-/}" --setenv=PATH="$PATH" \
      -p KillMode=control-group -p ExecStopPost="/bin/sh '$self' ended '$dir' '$1' '$2' '$3'" \
      /bin/sh "$self" perform "$dir" "$1" "$2" "$3" "$4" </dev/null >/dev/null 2>&1 && return
    rm -f "$at/unit"
  fi
  setsid /bin/sh "$self" perform "$dir" "$1" "$2" "$3" "$4" </dev/null >/dev/null 2>&1 9>&- &
}

# The step itself: runs the script to its end, and records that end once. Of a step on the connection
# nobody asks after a loss of power, so its end need not reach the disk.
perform() { # run, step, attempt, limit; stdin is the script's
  place "$1" "$2" "$3"
  printf '%s %s\n' $$ "$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)" >"$at/pid"
  timeout -k 10 "$4" /bin/sh "$at/script" >>"$at/log" 2>&1
  finish "$1" "$2" "$3" $?
}

finish() { # run, step, attempt, code
  place "$1" "$2" "$3"
  [ ! -s "$at/code" ] || return 0
  free=$(free_kilobytes)
  make_room
  # What the step said of it may not have found room in its own log.
  [ "$4" = 0 ] || [ "$free" -ge 512 ] || echo "the disk of $dir is full: $free kB are free" >>"$at/log"
  echo "$4" >"$at/code.tmp" && { [ -n "$volatile" ] || sync "$at/code.tmp"; } && mv -f "$at/code.tmp" "$at/code"
  journal "$1" "\"event\":\"end\",\"step\":\"$2\",\"attempt\":$3,\"code\":$4"
}

# Answers `STATE CODE OFFSET`, then the log from OFFSET: `done CODE`, `running -`, or `lost -` where
# the step ended without a code (killed, power lost). Waits up to WAIT seconds for the end; most steps
# take less than a tenth of a second, so it looks often at first.
report() { # step directory, offset, wait
  looks=0 most=$(($3 * 10 + 10)) state=running code=-
  while :; do
    if [ -s "$1/code" ]; then state='done' code=$(cat "$1/code"); break; fi
    if [ "$looks" -gt 12 ] && ! step_lives "$1"; then
      # It may have ended between the two looks.
      [ -s "$1/code" ] && continue
      state=lost
      break
    fi
    [ "$looks" -lt "$most" ] && [ "$3" -gt 0 ] || break
    [ "$looks" -lt 17 ] || [ "$(wc -c <"$1/log")" -le "$2" ] || break
    looks=$((looks + 1))
    if [ "$looks" -le 10 ]; then sleep 0.02; else sleep 0.1; fi
  done
  size=$(wc -c <"$1/log")
  echo "$state $code $size"
  # Bounded: a step that prints for ever must not fill the laptop.
  tail -c "+$(($2 + 1))" "$1/log" | head -c 1048576
}

case $verb in
  take) [ $# = 1 ] || bad take; take "$1" ;;
  beat) [ $# = 2 ] || bad beat; beat "$1" "$2" ;;
  release) [ $# = 2 ] || bad release; name "$1"; number "$2"; release "$1" "$2" ;;
  start) [ $# = 7 ] || bad start; start "$@" ;;
  poll)
    [ $# = 5 ] || bad poll
    place "$1" "$2" "$3"; number "$4"; number "$5"
    [ -d "$at" ] || { echo "absent - 0"; exit 0; }
    report "$at" "$4" "$5" ;;
  perform) [ $# = 4 ] || bad perform; perform "$@" ;;
  ended)
    [ $# = 3 ] || bad ended
    place "$1" "$2" "$3"
    # Reached with a code on record in every good end; what is left was killed from outside.
    [ -s "$at/code" ] || finish "$1" "$2" "$3" 137 ;;
  note) # run, file name; the content on stdin. For records that the laptop writes.
    [ $# = 2 ] || bad note
    name "$1"; name "$2"
    mkdir -p "$dir/runs/$1" && cat >"$dir/runs/$1/$2.tmp" && mv -f "$dir/runs/$1/$2.tmp" "$dir/runs/$1/$2" || cannot_write ;;
  open) # run; run.json and plan.json
    [ $# = 1 ] || bad open
    records "$1" run.json
    mv -f "$to/second.tmp" "$to/plan.json" || cannot_write ;;
  close) # run, fence; run.json and the audit's line
    [ $# = 2 ] || bad close
    ours "$1" "$2"
    make_room
    records "$1" run.json
    cat "$to/second.tmp" >>"$dir/audit.jsonl" && rm -f "$to/second.tmp" || cannot_write
    release "$1" "$2" ;;
  audit) [ $# = 0 ] || bad audit; cat >>"$dir/audit.jsonl" || cannot_write ;;
  *) bad "verb" ;;
esac
