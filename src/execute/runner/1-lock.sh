#!/bin/sh
# The droplet's side of a run: the lock, the journal, and sections that outlive the link.
#
# `ops` puts this file on the droplet by its content's hash and calls it as `sh runner VERB DIR ..`,
# DIR being <state_dir>/<compose project>. Answers are lines of words, then bytes; failures are exit
# codes that we define here and nobody else uses, never English:
#   71 bad call   72 the lock is not ours   73 cannot write (disk full, read-only)   75 locked
#
# A section is a list of steps with their scripts, put there when the run is opened. Carrying it out, or
# undoing it, is an *act*: a directory made with mkdir, which only one caller can win; every later call
# attaches to it and reports. So nothing runs twice, whatever the link does.
#   runs/<run>/sections/<section>/list            lines: index id limit way (back, or onward: see `steps`)
#                                 <index>.do .undo .begun .done   critical   acts (in their order)
#                                 <act>/          1, 2, .. or undo1, ..: trail who code verdict reverting armed halt
#   runs/<run>/steps/[undo.]<id>.<act>/           log code
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
case $dir in ''|*[!A-Za-z0-9._/\ -]*|[!/]*) bad "directory";; esac
self=$0 fed='' roomy=''

# A full disk must not keep a run from its journal, its undo or from giving back the lock: `ballast` is
# put aside when the lock is taken and given up when little else is free.
BALLAST=2097152
stow() {
  [ -e "$dir/ballast" ] || { head -c "$BALLAST" /dev/urandom >"$dir/ballast" && sync "$dir/ballast"; } 2>/dev/null ||
    rm -f "$dir/ballast"
}
free_kilobytes() { df -Pk "$dir" | awk 'NR == 2 {print $4}'; }
make_room() { [ "$(free_kilobytes)" -ge 512 ] || rm -f "$dir/ballast"; }

# A record is whole or not there: written beside, and renamed over.
put() { # file, text
  printf '%s\n' "$2" >"$1.tmp" && mv -f "$1.tmp" "$1"
}
journal() { # run, text of further JSON members, when (seconds)
  printf '{"at":%s,%s}\n' "$3" "$2" >>"$dir/runs/$1/journal.jsonl"
}
# Every line of the audit holds the hash of the one before it; audit.head holds that of the last. Only
# under the flock.
audit() { # one JSON object
  head=0000000000000000000000000000000000000000000000000000000000000000
  [ ! -s "$dir/audit.jsonl" ] || head=$(tail -n 1 "$dir/audit.jsonl" | hash)
  line="${1%\}},\"prev\":\"$head\"}"
  printf '%s\n' "$line" >>"$dir/audit.jsonl" && put "$dir/audit.head" "$(printf '%s\n' "$line" | hash)"
}
hash() { tr -d '\n' | sha256sum | cut -d' ' -f1; }

# --- lock -----------------------------------------------------------------------------------------
# lock/holder.json is what people and facts read; run, fence, beat and members are its pieces.

read_lock() {
  held_run='' held_fence=0 held_beat=0
  [ -s "$dir/lock/run" ] && held_run=$(cat "$dir/lock/run")
  [ -s "$dir/lock/fence" ] && held_fence=$(cat "$dir/lock/fence")
  [ -s "$dir/lock/beat" ] && held_beat=$(cat "$dir/lock/beat")
}

write_holder() { # run, fence, since, beat; the free members stand in lock/members
  put "$dir/lock/holder.json" "$(printf '{"run":"%s",' "$1"; cat "$dir/lock/members"
    printf ',"since":%s,"heartbeat":%s,"fence":%s}' "$3" "$4" "$2")"
}

# Anything of a run that is still at work on this droplet, or that a guard will still put back.
works() { # run
  for act in "$dir/runs/$1/sections"/*/*/; do
    [ -d "$act" ] && lives "${act%/}" && return 0
  done
  return 1
}

# A holder is alive while its heart beats or one of its acts lives. A lock taken by a person for
# maintenance has no heart and lives until it is released.
holder_lives() {
  case $held_run in manual-*) return 0;; esac
  [ $(($(now) - held_beat)) -lt "${OPS_STALE_AFTER:-120}" ] || works "$held_run"
}

# One caller at a time looks at the lock's files. Reading is enough for flock, so a full disk does not
# look like a held lock.
hold() {
  [ -e "$dir/lock/flock" ] || : >>"$dir/lock/flock" || cannot_write
  exec 9<"$dir/lock/flock"
  flock -w 10 9 || exit 75
}

# Whoever runs the same run again (resume, undo) inherits its lock with a higher fence, and whoever was
# at it before is refused from then on.
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
    audit "{\"at\":$(now),\"event\":\"lock-taken-over\",\"from\":\"$held_run\",\"by\":\"$1\",\"last-heartbeat\":$held_beat}" ||
      cannot_write
  fi
  fence=$((held_fence + 1)) since=$(now)
  put "$dir/lock/members" "$members" && put "$dir/lock/fence" "$fence" && put "$dir/lock/since" "$since" &&
    put "$dir/lock/beat" "$since" && write_holder "$1" "$fence" "$since" "$since" &&
    put "$dir/lock/run" "$1" || { rm -f "$dir/lock/run" "$dir/lock/holder.json"; cannot_write; }
  sync "$dir/lock/run"
  mkdir -p "$dir/runs/$1/steps" || { rm -f "$dir/lock/run" "$dir/lock/holder.json"; cannot_write; }
  stow
  echo "taken $fence"
}

ours() { # run, fence; the flock is held
  name "$1"; number "$2"
  read_lock
  [ "$held_run" = "$1" ] && [ "$held_fence" = "$2" ] || { echo "lock held by ${held_run:-nobody}" >&2; exit 72; }
}

beat() { # run, fence
  [ -d "$dir/lock" ] || { echo "lock held by nobody" >&2; exit 72; }
  hold
  ours "$1" "$2"
  make_room
  beat=$(now)
  put "$dir/lock/beat" "$beat" && write_holder "$1" "$2" "$(cat "$dir/lock/since")" "$beat" || cannot_write
}

# A lock is never given back under work that goes on.
release() { # run, fence, `held` where the flock is (fence 0: whatever it is, `force`: even then; both are a person's decision)
  [ -d "$dir/lock" ] || { echo "lock held by nobody" >&2; exit 72; }
  [ "${3:-}" = held ] || hold
  case $2 in 0|force) ;; *) ours "$1" "$2";; esac
  read_lock
  [ "$held_run" = "$1" ] || { echo "lock held by ${held_run:-nobody}" >&2; exit 72; }
  if [ "$2" != force ] && works "$1"; then
    echo "a step of $1 is at work"
    exit 75
  fi
  case $2 in 0|force)
    audit "{\"at\":$(now),\"event\":\"lock-released-by-hand\",\"run\":\"$1\",\"last-heartbeat\":$held_beat}";;
  esac
  rm -f "$dir/lock/run" "$dir/lock/holder.json"
}

# A line of the audit that belongs to no run.
note() {
  IFS= read -r line || bad "line"
  mkdir -p "$dir/lock" || cannot_write
  make_room
  hold
  audit "$line" || cannot_write
}

# --- records --------------------------------------------------------------------------------------

# Bytes of stdin, their number in decimal on a line before them.
bytes() { # file
  read -r length || bad "length"
  number "$length"
  head -c "$length" >"$1" || cannot_write
  [ "$(wc -c <"$1")" -eq "$length" ] || { rm -f "$1"; bad "input is cut"; }
}

# What the run is going to do, before it does it: run.json, plan.json, the audit's line, then the sections.
open() { # run, fence
  # Nobody is kept waiting while the input comes over a slow link.
  hold; ours "$1" "$2"; exec 9<&-
  make_room
  to=$dir/runs/$1
  mkdir -p "$to" || cannot_write
  bytes "$to/run.json.tmp"; bytes "$to/plan.json.tmp"; bytes "$to/audit.tmp"
  scripts "$to/sections.new"
  hold; ours "$1" "$2"
  [ -d "$to/sections" ] || mv "$new" "$to/sections" || cannot_write
  mv -f "$to/run.json.tmp" "$to/run.json" && mv -f "$to/plan.json.tmp" "$to/plan.json" || cannot_write
  audit "$(cat "$to/audit.tmp")" && rm -f "$to/audit.tmp" || cannot_write
}

# Sections that could not be written before, because nobody knew then what they have to be told.
add() { # run, fence
  name "$1"
  make_room
  to=$dir/runs/$1
  [ -d "$to/sections" ] || bad "no such run"
  scripts "$to/sections.add"
  hold; ours "$1" "$2"
  while read -r section; do
    [ ! -d "$to/sections/$section" ] || continue
    mv "$new/$section" "$to/sections/$section" && echo "$section" >>"$to/sections/order" || cannot_write
  done <"$new/order"
  rm -rf "$new"
}

# Sections from stdin, each a line `section ID CRITICAL STEPS` and per step a line `step ID LIMIT WAY`, its script, the
# script of its undo. A line `end` follows the last one: an input that is cut between two sections is refused as well.
scripts() { # directory
  new=$1
  rm -rf "$new" && mkdir -p "$new" || cannot_write
  word=''
  while read -r word section critical steps && [ "$word" != end ]; do
    [ "$word" = section ] || bad "section"
    name "$section"; number "$steps"
    echo "$section" >>"$new/order" && mkdir "$new/$section" || cannot_write
    [ "$critical" = 0 ] || : >"$new/$section/critical"
    index=0
    while [ "$index" -lt "$steps" ]; do
      read -r word id limit way || bad "step"
      name "$id"; number "$limit"; name "$way"
      script "$new/$section/$index.do"; script "$new/$section/$index.undo"
      echo "$index $id $limit $way" >>"$new/$section/list" || cannot_write
      index=$((index + 1))
    done
  done
  [ "$word" = end ] || bad "input is cut"
  sync -f "$new"
}

script() { # file
  read -r length || bad "length"
  number "$length"
  if [ "$length" = 0 ]; then : >"$1"; else head -c "$length" >"$1"; fi || cannot_write
}

# The last record and its line in the audit. The lock stays where something is still at work.
close() { # run, fence
  name "$1"
  make_room
  to=$dir/runs/$1
  bytes "$to/run.json.tmp"; bytes "$to/audit.tmp"
  hold; ours "$1" "$2"
  mv -f "$to/run.json.tmp" "$to/run.json" && audit "$(cat "$to/audit.tmp")" && rm -f "$to/audit.tmp" || cannot_write
  release "$1" "$2" held
}

