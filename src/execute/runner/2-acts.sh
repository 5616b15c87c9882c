# --- acts -----------------------------------------------------------------------------------------

started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Its worker works, or a guard will still put back what the worker left.
lives() { # act directory
  [ ! -s "$1/code" ] || return 1
  worker_lives "$1" && return 0
  # It may have ended between the two looks.
  [ ! -s "$1/code" ] && [ -e "$1/armed" ]
}

# Children of a worker that was killed count as the worker.
worker_lives() { # act directory
  if [ ! -s "$1/who" ]; then
    # Between mkdir and the worker's first line.
    [ $(($(now) - $(stat -c %Y "$1"))) -lt 10 ]
    return
  fi
  read -r kind who start <"$1/who"
  case $kind in
    laptop)
      # It lives as the lock does; whoever took the lock over since is somebody else.
      read_lock
      [ -n "$held_run" ] && [ "$held_fence" = "$who" ] && [ $(($(now) - held_beat)) -lt 17 ] ;;
    unit)
      # Stopping counts: a unit whose processes are being ended still has some.
      case $(systemctl show -p ActiveState --value "$who" 2>/dev/null) in ''|inactive|failed) return 1;; esac ;;
    *)
      # The pid alone could be somebody else's by now; with its start time it cannot.
      if [ -r "/proc/$who/stat" ]; then
        [ "$(started "$who")" = "$start" ]
      else
        [ "$kind" = session ] && [ -n "$(of_session "$who")" ]
      fi ;;
  esac
}
of_session() { # pids of a session's processes
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) .*) /\1 /' | awk -v s="$1" '$5 == s {print $1}'
}

place() { # run, section, act
  name "$1"; name "$2"; name "$3"
  run=$1 section=$2 act=$3
  all=$dir/runs/$run/sections/$section
  at=$all/$act
  [ -d "$all" ] || bad "no such section"
}

has_systemd() { [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] && command -v systemd-run >/dev/null; }

# Starts an act unless it was started before, then reports as `poll` does.
start() { # run, fence, section, act, wait, mode: detached, attached (stdin is the steps') or undo
  place "$1" "$3" "$4"
  number "$5"
  if [ ! -d "$at" ]; then
    make_room
    hold; ours "$1" "$2"
    if mkdir "$at" 2>/dev/null; then
      : >"$at/trail" && echo "$act" >>"$all/acts" || cannot_write
      # The flock is kept until the worker is known: a guard must not see an act without one.
      case $6 in
        attached) exec 9<&- 4<&0; fed=yes; work "$run" "$section" "$act" carry shell ;;
        detached) [ ! -e "$all/critical" ] || arm; launch carry ;;
        undo) launch undo ;;
        *) bad "mode" ;;
      esac
    fi
    exec 9<&-
    [ -d "$at" ] || cannot_write
  fi
  report 1 0 "$5"
}

launch() { # mode; starts the worker of $run $section $act
  if has_systemd; then
    unit=ops-$run-$section-$act-$1.service
    # Named before it runs, so that nobody sees an act without a worker and puts another beside it.
    put "$at/who" "unit $unit" || cannot_write
    # ExecStopPost runs whatever ended the service, so a killed act has an end on record as well. It is as nice as
    # whoever starts it, as a child would be.
    systemd-run --quiet --collect --unit="$unit" --setenv=HOME="${HOME:-/}" --setenv=PATH="$PATH" \
      -p Nice="$(nice)" -p KillMode=control-group -p TimeoutStopSec=20 \
      -p ExecStopPost="/bin/sh '$self' ended '$dir' '$run' '$section' '$act' '$1'" \
      /bin/sh "$self" work "$dir" "$run" "$section" "$act" "$1" unit </dev/null >/dev/null 2>&1 && return
  fi
  # Also where systemd-run says that it failed and did not: only one worker can begin.
  setsid /bin/sh "$self" work "$dir" "$run" "$section" "$act" "$1" session </dev/null >/dev/null 2>&1 9>&- &
}

work() { # run, section, act, mode: carry, onward (the rest of it), undo or revert; by: unit, session or shell
  place "$1" "$2" "$3"
  mkdir "$at/$4.begun" 2>/dev/null || exit 0
  [ "$5" = unit ] || put "$at/who" "$5 $$ $(started $$)"
  case $4 in
    carry | onward) carry ;;
    undo) undo ;;
    revert) revert ;;
    *) bad "mode" ;;
  esac
  settle $?
}

settle() { # code of the act: 0 done, 1 failed, 3 halted, 6 failed and put back, 7 failed and not put back, 8 not finished
  make_room
  put "$at/code.new" "$1" && sync "$at/code.new" && mv -f "$at/code.new" "$at/code"
  [ ! -e "$at/armed" ] || disarm
}

carry() {
  steps
  case $? in
    0) [ ! -e "$all/critical" ] || verdict confirmed || exit 0 ;;
    3) return 3 ;;
    8) return 8 ;;
    *) [ -e "$all/critical" ] || return 1; revert ;;
  esac
}

# Steps in order, up to the first that fails. One that an earlier act left half-way is undone first. From the
# first that says `onward` on the section is confirmed: what is left is finished, whatever comes.
steps() {
  while read -r index id limit way <&5; do
    [ ! -e "$all/$index.done" ] || continue
    # Whoever reverts it meanwhile has the end of it as well.
    ! turned || exit 0
    [ -e "$all/critical" ] || [ ! -e "$at/halt" ] || return 3
    [ ! -e "$all/$index.begun" ] || undo_one || return 1
    [ "$way" != onward ] || verdict confirmed || exit 0
    : >"$all/$index.begun"
    [ ! -e "$all/critical" ] || sync "$all/$index.begun"
    if [ "$way" = onward ]; then insist || return 8; else step carry || return 1; fi
    : >"$all/$index.done"
  done 5<"$all/list"
}

# After a reboot Docker may still be starting.
insist() {
  for try in 1 2 3 4 5; do
    step carry && return
    [ "$try" = 5 ] || sleep 5
  done
  return 1
}

# Confirmed and reverted exclude each other: only one of them can be made. Whoever finds the other
# there leaves the end to it.
verdict() {
  ln -s "$1" "$at/verdict" 2>/dev/null || [ "$(readlink "$at/verdict")" = "$1" ] || return
  sync "$at"
}
turned() { [ -L "$at/verdict" ] && [ "$(readlink "$at/verdict")" = reverted ]; }

revert() {
  verdict reverted || exit 0
  : >"$at/reverting"
  for try in 1 2 3; do
    undo && return 6
    # After a reboot Docker may still be starting.
    [ "$try" = 3 ] || sleep 5
  done
  return 7
}

# What began, in reverse order. A failed undo keeps its mark, so that it can be tried again.
undo() {
  failed=0
  while read -r index id limit _ <&6; do
    [ ! -e "$all/$index.begun" ] || undo_one || failed=7
  done 6<<LIST
$(sort -rn "$all/list")
LIST
  return "$failed"
}

undo_one() {
  [ ! -s "$all/$index.undo" ] || step undo || return
  rm -f "$all/$index.done" "$all/$index.begun"
}

step() { # carry or undo; $index $id $limit say which
  begin_step "$1" || return
  script=$all/$index.do
  [ "$1" = carry ] || script=$all/$index.undo
  # A step that may end early by itself looks whether somebody asks for it.
  export OPS_HALT="$at/halt"
  if [ -n "$fed" ]; then
    timeout -k 10 "$limit" /bin/sh "$script" >>"$here/log" 2>&1 <&4
  else
    timeout -k 10 "$limit" /bin/sh "$script" >>"$here/log" 2>&1 </dev/null
  fi
  code=$?
  over=$(date +%s%N)
  millis=$(((over - begun) / 1000000))
  # `timeout -k` that had to kill says 137, as a killed program does.
  [ "$code" != 137 ] || [ "$millis" -lt $((limit * 1000)) ] || code=124
  # What the step said of it may not have found room in its own log.
  if [ "$code" != 0 ]; then
    free=$(free_kilobytes)
    make_room
    [ "$free" -ge 512 ] || echo "the disk of $dir is full: $free kB are free" >>"$here/log"
  fi
  ended_step "$code" "$millis" "$1" "${over%?????????}"
  return "$code"
}

begin_step() { # carry or undo; makes $here
  what=$id.$act
  [ "$1" = carry ] || what=undo.$id.$act
  # A second try of an undo within one act has a place of its own.
  n=1
  while ! mkdir "$dir/runs/$run/steps/$what" 2>/dev/null; do
    n=$((n + 1)) what=${what%~*}~$n
    [ "$n" -lt 20 ] || return 73
  done
  here=$dir/runs/$run/steps/$what
  : >"$here/log"
  begun=$(date +%s%N)
  # Whether there is room is asked once a second at most: most steps are over sooner.
  [ "${begun%?????????}" = "$roomy" ] || { make_room; roomy=${begun%?????????}; }
  journal "$run" "\"event\":\"begin\",\"section\":\"$section\",\"step\":\"$id\",\"act\":\"$act\",\"kind\":\"$1\"" "$roomy"
  echo "$what $index $1" >>"$at/trail"
}

ended_step() { # code, milliseconds, carry or undo, when (seconds; else now); of $here
  journal "$run" "\"event\":\"end\",\"section\":\"$section\",\"step\":\"$id\",\"act\":\"$act\",\"kind\":\"$3\",\"code\":$1" "${4:-$(now)}"
  put "$here/code" "$1 $2"
}

# A section of one step that the laptop carries out itself: it tells of it before, and after. Told again, because an
# answer was lost, it is written once.
begin() { # run, fence, section, act
  place "$1" "$3" "$4"
  make_room
  hold; ours "$1" "$2"
  [ ! -s "$at/who" ] || return 0
  read -r index id limit way <"$all/list"
  mkdir -p "$at" && : >"$at/trail" && : >"$all/$index.begun" || cannot_write
  grep -qsxF -- "$act" "$all/acts" || echo "$act" >>"$all/acts" || cannot_write
  begin_step carry && put "$at/who" "laptop $2" || cannot_write
}
end() { # run, fence, section, act, code, milliseconds; what it printed on stdin
  place "$1" "$3" "$4"; number "$5"; number "$6"
  [ -s "$at/who" ] || bad "it did not begin"
  make_room
  bytes "$at/log"
  hold; ours "$1" "$2"
  [ ! -s "$at/code" ] || return 0
  read -r what index kind <"$at/trail"
  read -r index id limit way <"$all/list"
  here=$dir/runs/$run/steps/$what
  mv -f "$at/log" "$here/log" || cannot_write
  ended_step "$5" "$6" carry
  if [ "$5" = 0 ]; then : >"$all/$index.done"; settle 0; else settle 1; fi
  [ -s "$at/code" ] || cannot_write
}

# Reached with a code on record in every good end; what is left was killed from outside.
ended() { # run, section, act, mode
  place "$1" "$2" "$3"
  hold
  [ ! -s "$at/code" ] && [ -s "$at/who" ] || exit 0
  read -r kind who start <"$at/who"
  # A unit that lost to another worker ends as well, and has nothing to say.
  [ "$who" = "ops-$run-$section-$act-$4.service" ] || exit 0
  abandon "$4"
}

# Ends an act that is at work, for a person who decides so; a critical one is put back.
stop() { # run, fence, section, act
  place "$1" "$3" "$4"
  hold; ours "$1" "$2"; exec 9<&-
  [ -d "$at" ] && [ ! -s "$at/code" ] || return 0
  # What goes back already is left to go back.
  case $act in undo*) return 0;; esac
  [ ! -d "$at/revert.begun" ] || return 0
  [ ! -e "$at/reverting" ] || ! worker_lives "$at" || return 0
  [ ! -e "$all/critical" ] || verdict reverted || return 0
  [ -s "$at/who" ] || sleep 1
  read -r kind who start <"$at/who"
  # A laptop ends its own.
  [ "$kind" != laptop ] || return 0
  if [ "$kind" = unit ]; then
    systemctl stop "$who"
    return
  fi
  for signal in TERM KILL; do
    # shellcheck disable=SC2046
    kill -s "$signal" $(of_session "$who") 2>/dev/null
    sleep 1
  done
  hold
  [ -s "$at/code" ] || abandon carry
}

# The worker is gone without an end; the flock is held. A critical section is put back by the droplet itself, or
# finished where it was confirmed.
abandon() { # mode
  what='' index=''
  [ ! -s "$at/trail" ] || read -r what index kind <<LAST
$(tail -n 1 "$at/trail")
LAST
  here=$dir/runs/$run/steps/$what
  if [ -n "$what" ] && [ ! -s "$here/code" ]; then
    id=$(awk -v i="$index" '$1 == i {print $2}' "$all/list")
    echo "killed from outside, or the droplet lost power" >>"$here/log"
    ended_step 137 0 "$kind"
  fi
  case $1 in
    carry)
      if [ ! -e "$all/critical" ]; then settle 1
      elif [ "$(readlink "$at/verdict")" = confirmed ]; then launch onward
      else launch revert
      fi ;;
    onward) settle 8 ;;
    *) settle 7 ;;
  esac
}

