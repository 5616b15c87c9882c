#!/bin/sh
# The part of a laptop in a run that none begins: it takes the lock, opens the run with what was rendered when the
# schedule was installed, looks on until its one section ended, writes the record and gives the lock back. All of that by
# the same runner; what a backup is, the section says.
#
# Arguments: what ops keeps of the project; the runner; the section; environment; project; then parts of JSON objects,
# each without its first brace: the lock's members (and without its last), the run's record, its line of the audit; rows
# of the ledger, a line for each step, without their last brace; the directory of Prometheus' textfiles (or nothing); the
# seconds of RPO and RTO that were promised (or nothing). The last one is a verb, from the unit: `work`, or `failed` when a run of it was.
dir=$1 runner=$2 section=$3 env=$4 project=$5 members=$6 record=$7 audit=$8 rows=$9
shift 9
textfile=$1 rpo=$2 rto=$3 verb=$4
set -u
umask 077
export LC_ALL=C HOME="${HOME:-/root}"
here=$dir/schedule store=$dir/backup status=$dir/backup/status.json
run='' fence='' asked='' taken_over=''

call() {
  called=$1
  shift
  /bin/sh "$runner" "$called" "$dir" "$@"
}
utc() { date -u +%Y-%m-%dT%H:%M:%SZ; }
# A text, and a file, with their lengths before them.
framed() { printf '%s\n%s' "$(printf %s "$1" | wc -c)" "$1"; }
framed_file() { wc -c <"$1" && cat "$1"; }

# --- what others are told -------------------------------------------------------------------------

# The newest backup that was verified, whoever made it: its id, as members of JSON.
newest() {
  newest=''
  for one in "$store"/[0-9]*t[0-9]*z.json; do [ ! -f "$one" ] || newest=$one; done
  if [ -z "$newest" ]; then
    printf '"backup":null,"bytes":null,"added":null'
  else
    id=${newest##*/}
    printf '"backup":"%s",' "${id%.json}"
    printf '"bytes":%s,"added":%s' "$(json_integer "$newest" /bytes || echo null)" "$(json_integer "$newest" /added || echo null)"
  fi
}

# The newest of a file of ids that counts at a place: of those that were not found wrong there the last time (verify.sh).
counts() { # place; ids, the newest first, on stdin
  while read -r one; do
    [ "$(last_try "$store/$one.checks" "$1")" = false ] || { echo "$one"; return; }
  done
}
# Each place and its newest, as it was when it was last asked: a line each. What is not known of here was forgotten.
places() {
  echo "droplet $(known | counts droplet)"
  for one in "$store"/places/*; do
    [ ! -f "$one" ] || echo "${one##*/} $(known | grep -xFf "$one" | counts "${one##*/}")"
  done
}
# Verified backups, the newest first.
known() {
  for one in "$store"/[0-9]*t[0-9]*z.json; do
    id=${one##*/}
    [ ! -f "$one" ] || echo "${id%.json}"
  done | sort -r
}
# The last drill of any backup: when, whether it passed, how long it took.
drilled() {
  # A line that a loss of power cut ends where its file does.
  for one in "$store"/*z.checks; do
    [ ! -f "$one" ] || { cat "$one" && echo; }
  done | json_whole_lines - /by /at /ok /seconds |
    awk -F '\t' '$1 == "drill" && $2 $4 !~ /[^0-9]/ && $2 != "" && $4 != "" && ($3 == "true" || $3 == "false") { print $2, $3, $4 }' | sort -n | tail -n 1
}
# No key here is a key of the status itself.
promised() {
  printf '"places":{'
  places | awk 'NR > 1 { printf "," } $2 == "" { printf "\"%s\":null", $1; next } { printf "\"%s\":\"%s\"", $1, $2 }'
  printf '},"drill":'
  drilled | awk '{ printf "{\"at\":%s,\"passed\":%s,\"took\":%s}", $1, $2, $3 } END { if (!NR) printf "null" }'
  printf ',"rpo":%s,"rto":%s' "${rpo:-null}" "${rto:-null}"
}

# Whole or not there, as everything that others read.
tell() { # when it ended, whether it was well, exit code, why not, seconds: all as JSON
  mkdir -p "$store"
  printf '{"schema":"ops.backup-status/1","env":"%s","project":"%s","run":"%s","started":"%s","ended":%s,"ok":%s,"exit":%s,"why":%s,"seconds":%s,%s,%s}\n' \
    "$env" "$project" "$run" "$started" "$1" "$2" "$3" "$4" "$5" "$(newest)" "$(promised)" >"$status.new" && mv -f "$status.new" "$status"
}
# A member of the status; nothing where it is null.
said() { json_value "$status" "/$1"; }

metric() { # name, value, what it is; one that is not known is left out
  case $2 in '' | null) return ;; esac
  printf '# HELP ops_backup_%s %s\n# TYPE ops_backup_%s gauge\nops_backup_%s{env="%s",project="%s"} %s\n' "$1" "$3" "$1" "$1" "$env" "$project" "$2"
}
# The same of each place: a line of its own, below one help.
of_places() {
  printf '# HELP ops_backup_place_verified_timestamp_seconds Of which moment the newest verified backup at a place is.\n# TYPE ops_backup_place_verified_timestamp_seconds gauge\n'
  places | while read -r place id; do
    [ -z "$id" ] || printf 'ops_backup_place_verified_timestamp_seconds{env="%s",project="%s",place="%s"} %s\n' "$env" "$project" "$place" "$(second "$(moment "$id")")"
  done
}
moment() { printf %s "$1" | sed 's/^\(....\)\(..\)\(..\)t\(..\)\(..\)\(..\)z$/\1-\2-\3T\4:\5:\6Z/'; }
second() { # of a time; nothing for none
  case $1 in '' | null) ;; *) date -u -d "$1" +%s ;; esac
}
metrics() {
  [ -n "$textfile" ] || { [ -d /var/lib/prometheus/node-exporter ] && textfile=/var/lib/prometheus/node-exporter; }
  [ -n "$textfile" ] || return 0
  [ -d "$textfile" ] || { echo "there is no directory $textfile for the metrics"; return 0; }
  # The collector reads names that end in .prom.
  beside=$textfile/.ops-backup-$project.new ok=$(said ok) taken=$(said backup)
  {
    metric last_start_timestamp_seconds "$(second "$(said started)")" 'When the last scheduled backup began.'
    metric last_end_timestamp_seconds "$(second "$(said ended)")" 'When it ended.'
    metric last_ok "$(case $ok in true) echo 1 ;; false) echo 0 ;; esac)" 'Whether it was verified.'
    metric last_exit_code "$(said exit)" 'As ops documents it.'
    metric last_duration_seconds "$(said seconds)" 'How long it took.'
    metric verified_timestamp_seconds "$(second "$(moment "$taken")")" 'Of which moment the newest verified backup is.'
    metric verified_bytes "$(said bytes)" 'Of all that it holds.'
    metric verified_added_bytes "$(said added)" 'By which the repository grew.'
    of_places
    # shellcheck disable=SC2046
    set -- $(drilled)
    metric drill_timestamp_seconds "${1:-}" 'When a backup was last restored to try it.'
    metric drill_ok "$(case ${2:-} in true) echo 1 ;; false) echo 0 ;; esac)" 'Whether it came back.'
    metric drill_duration_seconds "${3:-}" 'How long that took: the measured RTO.'
    metric rpo_seconds "$rpo" 'What was promised: so much of the latest work may be lost.'
    metric rto_seconds "$rto" 'What was promised: so long a way back may take.'
  } >"$beside" && chmod 644 "$beside" && mv -f "$beside" "$textfile/ops-backup-$project.prom" || echo "cannot write the metrics to $textfile"
}

# Addresses are secrets: they never stand in an argument. One that is not heard fails nothing.
ring() { # nothing, /start or /fail
  [ -s "$here/ping" ] || return 0
  sed -n 's/^PING_[0-9a-f]*=//p' "$here/ping" | while IFS= read -r url; do
    url=${url#\'} url=${url%\'}
    case $url in
      *[!A-Za-z0-9._~:/?@!\&+,\;=%-]*) echo 'an address of notify cannot be used: it has other signs than addresses have'; continue ;;
      http://* | https://*) ;;
      *) echo 'an address of notify cannot be used: it is none of http'; continue ;;
    esac
    query=${url#"${url%%\?*}"}
    url=${url%%\?*}$1$query
    if command -v curl >/dev/null; then
      printf 'url = "%s"\n' "$url" | curl --config - -fsS -m 10 --retry 3 -o /dev/null 2>/dev/null
    else
      printf '%s\n' "$url" | wget -q -T 10 -t 3 -O /dev/null -i - 2>/dev/null
    fi || echo "a notification was not heard (code $?)"
  done
}

# --- the run --------------------------------------------------------------------------------------

over() { # exit code, why
  why=null
  [ -z "$2" ] || why="\"$(printf %s "$2" | tr -cd 'A-Za-z0-9 ._:/(),-')\""
  tell "\"$(utc)\"" "$([ "$1" = 0 ] && echo true || echo false)" "$1" "$why" "$(($(date +%s) - began))"
  metrics
  # Of a failure the unit that comes after it tells.
  [ "$1" = 0 ] || { echo "$2"; exit "$1"; }
  echo "backup $(said backup) of $env is verified"
  ring ''
  exit 0
}

# Somebody who works on the stack is waited for.
lock() {
  until=$((began + ${OPS_NIGHT_WAIT:-14400})) waits=''
  while :; do
    run=$env-$(date -u +%Y%m%dT%H%M%SZ)-night
    holder=$(printf %s "$members" | call take "$run")
    code=$?
    case $code in
      0) fence=${holder#taken }; return ;;
      75) holder=$(printf %s "$holder" | json_value - /run | tr -cd 'A-Za-z0-9._-') ;;
      *) over 1 "the lock cannot be taken (code $code)" ;;
    esac
    [ -z "$asked" ] || over 130 "ended while it waited for ${holder:-the lock}, as it was asked to"
    [ "$(date +%s)" -lt "$until" ] || over 5 "${holder:-somebody} held the lock for $(($(date +%s) - began)) seconds"
    [ -n "$waits" ] || echo "${holder:-somebody} holds the lock: waiting"
    waits=yes
    sleep "${OPS_NIGHT_AGAIN:-10}"
  done
}

open() {
  begun=$(utc)
  {
    framed "{\"id\":\"$run\",\"started\":\"$begun\",$record"
    framed_file "$here/plan.json"
    framed "{\"event\":\"begin\",\"run\":\"$run\",\"at\":\"$begun\",$audit"
    cat "$here/sections"
  } | call open "$run" "$fence" || { code=$?; call release "$run" "$fence"; over 1 "the run cannot be opened (code $code)"; }
}

# The act's code in $act. Whoever took the run over by hand has its end; what it came to is seen all the same.
carry() {
  tries=0
  until call start "$run" "$fence" "$section" 1 0 detached >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 3 ] || { act=none; return; }
    sleep 2
  done
  tries=0
  while :; do
    # Of its story only how it stands: no line of it is that far.
    answer=$(call poll "$run" "$section" 1 1000000 0 10 | head -n 1)
    case $answer in
      running\ *) tries=0 ;;
      done\ *) act=${answer#done } act=${act%% *}; return ;;
      '') tries=$((tries + 1)); sleep 10; [ "$tries" -lt 30 ] || { act=lost; return; } ;;
      *) act=lost; return ;;
    esac
    call beat "$run" "$fence" 2>/dev/null || [ $? != 72 ] || taken_over=yes
    if [ "$asked" = yes ]; then call halt "$run" "$section" 1 && asked=said; fi
  done
}

# Of each step of the act that was told: its index, kind, code and milliseconds.
told() {
  while read -r what index kind; do
    code='- 0'
    [ ! -s "$dir/runs/$run/steps/$what/code" ] || read -r code <"$dir/runs/$run/steps/$what/code"
    echo "$index $kind $code"
  done <"$dir/runs/$run/sections/$section/1/trail"
}
# The rows of the plan's steps with how each ended, as the laptop has them.
ledger() {
  { told; echo rows; printf '%s\n' "$rows"; } | awk '
    !rows && $0 == "rows" { rows = 1; next }
    !rows && $2 == "carry" { outcome[$1] = $3 == "0" ? "done" : $3 == "-" ? "unknown" : "failed"; millis[$1] = $4 }
    !rows && $2 == "undo" && $3 == "0" && outcome[$1] != "failed" { outcome[$1] = "undone" }
    !rows { next }
    {
      i = n++
      printf "%s%s,\"outcome\":\"%s\",\"millis\":%d}", (i ? "," : ""), $0, (i in outcome) ? outcome[i] : "not-reached", millis[i]
    }'
}

# Why the act failed: its first step that did, whose last words go to the journal of the unit.
failure() {
  while read -r what index kind; do
    read -r code _ <"$dir/runs/$run/steps/$what/code" || continue
    case $kind/$code in carry/0 | undo/*) continue ;; esac
    tail -n 5 "$dir/runs/$run/steps/$what/log" >&2
    echo "${what%.*} failed with code $code"
    return
  done <"$dir/runs/$run/sections/$section/1/trail"
  echo 'it ended without a result'
}

close() { # exit code
  at=$(utc)
  {
    framed "{\"id\":\"$run\",\"started\":\"$begun\",\"ended\":\"$at\",\"exit\":$1,\"ledger\":[$(ledger)],$record"
    framed "{\"event\":\"end\",\"run\":\"$run\",\"at\":\"$at\",\"exit\":$1,$audit"
  } | call close "$run" "$fence" && return
  answer=$?
  [ -n "$taken_over" ] || echo "the record or the lock of $run could not be settled (code $answer)"
}

work() {
  started=$(utc) began=$(date +%s)
  trap 'asked=${asked:-yes}' TERM INT
  tell null null null null null
  ring /start
  lock
  tell null null null null null
  open
  carry
  why=''
  # As src/exit.rs has them: done, put back, a human has to look, unknown.
  case $act in
    0) code=0 ;;
    6) code=6 ;;
    7) code=7 ;;
    none) code=1 why='the section did not start' ;;
    *) code=8 ;;
  esac
  [ "$code" = 0 ] || [ -n "$why" ] || why=$(failure)
  close "$code"
  over "$code" "$why"
}

# The unit failed. Where the program was killed, it could not say so itself.
failed() {
  run=$(said run) started=$(said started)
  [ -z "$started" ] || [ -n "$(said ended)" ] || {
    tell "\"$(utc)\"" false 8 '"it was killed from outside"' null
    metrics
  }
  ring /fail
  echo "the backup of $env failed: $(said why) (run $(said run))"
}

case $verb in
  work) work ;;
  failed) failed ;;
  *) exit 71 ;;
esac
