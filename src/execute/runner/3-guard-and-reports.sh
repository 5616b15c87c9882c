# --- guard ----------------------------------------------------------------------------------------
# A critical section that nobody works on any more is put back: by ExecStopPost when its unit is killed,
# by these units when that, too, did not happen: the timer while it is armed, the service after a boot.

guard_unit() { echo "ops-guard-$(printf %s "$dir" | cksum | cut -d' ' -f1)"; }

arm() {
  has_systemd || return 0
  unit=$(guard_unit) units=/etc/systemd/system
  service="[Unit]
Description=ops puts back a half-done switch of $dir
After=docker.service network-online.target
Wants=docker.service
ConditionPathExists=$self
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh '$self' guard '$dir'
[Install]
WantedBy=multi-user.target"
  timer="[Unit]
Description=while a switch of $dir is under way
[Timer]
OnActiveSec=30
OnUnitInactiveSec=30"
  if [ "$(cat "$units/$unit.service" 2>/dev/null)" != "$service" ] || [ ! -e "$units/$unit.timer" ]; then
    put "$units/$unit.service" "$service" && put "$units/$unit.timer" "$timer" &&
      chmod 644 "$units/$unit.service" "$units/$unit.timer" && systemctl daemon-reload &&
      systemctl enable --quiet "$unit.service" 2>/dev/null || return 0
  fi
  systemctl start "$unit.timer" && : >"$at/armed" && sync "$at/armed"
}

disarm() {
  rm -f "$at/armed"
  systemctl stop --no-block "$(guard_unit).timer" 2>/dev/null
}

# Looks at what is armed and has no worker left. A revert that the power cut off begins again.
guard() {
  for armed in "$dir"/runs/*/sections/*/*/armed; do
    [ -e "$armed" ] || continue
    at=${armed%/armed}
    act=${at##*/} all=${at%/*}
    section=${all##*/} run=${all%/sections/*}
    run=${run##*/}
    hold
    if [ -s "$at/code" ]; then
      disarm
    elif ! worker_lives "$at"; then
      rm -rf "$at/revert.begun" "$at/onward.begun"
      abandon carry
    fi
    exec 9<&-
  done
}

# --- reports --------------------------------------------------------------------------------------

# Answers `STATE CODE LINES`: `done` with the act's code, `running -`, or `lost -` where it ended without
# one. Then, for every line of the trail from LINE on: `WHAT INDEX KIND CODE MILLIS SIZE BYTES` and so
# many bytes of its log, of the first from OFFSET on. Waits up to WAIT seconds for the end, and comes
# back earlier with news; most acts take less than a second, so it looks often at first.
report() { # line, offset, wait; $at is the act
  looks=0 most=$(($3 * 10 + 10)) state=running code=-
  while :; do
    if [ -s "$at/code" ]; then state='done' code=$(cat "$at/code"); break; fi
    if [ "$looks" -gt 12 ] && ! lives "$at"; then
      [ ! -s "$at/code" ] || continue
      state=lost
      break
    fi
    [ "$looks" -lt "$most" ] && [ "$3" -gt 0 ] || break
    [ "$looks" -lt 25 ] || ! news "$1" "$2" || break
    looks=$((looks + 1))
    if [ "$looks" -le 10 ]; then sleep 0.02; else sleep 0.1; fi
  done
  lines=$(wc -l <"$at/trail" 2>/dev/null) || lines=0
  echo "$state $code $lines"
  # Bounded: a step that prints for ever must not fill the laptop.
  n=0 skip=$2 left=1048576
  while [ "$n" -lt "$lines" ] && read -r what index kind <&5; do
    n=$((n + 1))
    [ "$n" -ge "$1" ] || continue
    here=$dir/runs/$run/steps/$what
    # Without a process for each: a report tells of many steps.
    code='- -' size=0
    [ ! -s "$here/code" ] || read -r code <"$here/code"
    [ ! -s "$here/log" ] || size=$(wc -c <"$here/log")
    some=$((size - skip))
    [ "$some" -le "$left" ] || some=$left
    [ "$some" -gt 0 ] || some=0
    echo "$what $index $kind $code $size $some"
    [ "$some" = 0 ] || tail -c "+$((skip + 1))" "$here/log" | head -c "$some"
    left=$((left - some)) skip=0
  done 5<"$at/trail"
}

news() { # line, offset
  [ "$(wc -l <"$at/trail")" -gt "$1" ] && return 0
  here=$dir/runs/$run/steps/$(sed -n "$1s/ .*//p" "$at/trail")
  [ -s "$here/log" ] && [ "$(wc -c <"$here/log")" -gt "$2" ]
}

# What there is of a run: `FENCE AGE` (0: the lock is not its own; seconds since its last heartbeat), then
# in the plan's order per section `section ID STATE CODE ACTS`, per step `step ID BEGUN DONE`; then, with
# their lengths, `plan` and `record`.
status() { # run
  name "$1"
  to=$dir/runs/$1
  [ -s "$to/sections/order" ] || bad "no such run"
  read_lock
  [ "$held_run" = "$1" ] || held_fence=0
  echo "$held_fence $(($(now) - held_beat))"
  while read -r section <&7; do
    all=$to/sections/$section state=- code=- acts=-
    if [ -s "$all/acts" ]; then
      acts=$(paste -sd, "$all/acts") state=lost
      at=$all/${acts##*,}
      if [ -s "$at/code" ]; then state='done' code=$(cat "$at/code"); elif lives "$at"; then state=running; fi
    fi
    echo "section $section $state $code $acts"
    while read -r index id limit _ <&8; do
      begun=0 finished=0
      [ ! -e "$all/$index.begun" ] || begun=1
      [ ! -e "$all/$index.done" ] || finished=1
      echo "step $id $begun $finished"
    done 8<"$all/list"
  done 7<"$to/sections/order"
  for file in plan record; do
    json=$to/$file.json
    [ "$file" = plan ] || json=$to/run.json
    echo "$file $(wc -c <"$json")"
    cat "$json"
  done
}

case $verb/$# in
  take/1) take "$1" ;;
  beat/2) beat "$@" ;;
  release/2) name "$1"; release "$@" ;;
  open/2) open "$@" ;;
  add/2) add "$@" ;;
  close/2) close "$@" ;;
  start/6) start "$@" ;;
  poll/6)
    place "$1" "$2" "$3"; number "$4"; number "$5"; number "$6"
    [ -d "$at" ] || { echo "absent - 0"; exit 0; }
    report "$4" "$5" "$6" ;;
  begin/4) begin "$@" ;;
  end/6) end "$@" ;;
  halt/3) place "$@"; [ ! -d "$at" ] || : >"$at/halt" || cannot_write ;;
  stop/4) stop "$@" ;;
  note/0) note ;;
  status/1) status "$1" ;;
  work/5) work "$@" ;;
  ended/4) ended "$@" ;;
  guard/0) guard ;;
  *) bad "$verb" ;;
esac
