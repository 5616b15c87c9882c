//! A stub systemd for the sandbox: transient services in their own session, their end, and units that start at boot.
//!
//! It does what the runner relies on: `systemd-run` comes back when the service runs; whatever ends the service, its
//! other processes are killed and `ExecStopPost` runs; `show -p ActiveState`, `stop` and `kill -s KILL` work on units.

use crate::sandbox::{Ran, Sandbox};

/// Where the stub keeps a directory for each service that has not ended: `pid`, `state`.
const SERVICES: &str = "/run/services";

/// `systemd-run [options] -p ExecStopPost=.. COMMAND ..`; options that only decorate are ignored.
const RUN: &str = r#"
unit='' post=''
while :; do
  case $1 in
    --unit=*) unit=${1#*=} ;;
    --setenv=*) export "${1#*=}" ;;
    -p) shift; case $1 in ExecStopPost=*) post=${1#*=} ;; esac ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
at=/run/services/$unit
mkdir -p /run/services && mkdir "$at" || exit 1
echo active >"$at/state"
(
  # A service inherits no file descriptor of whoever asks for it, a lock's for one.
  exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  setsid "$@" &
  echo $! >"$at/pid"
  wait $!
  echo deactivating >"$at/state"
  systemctl kill -s KILL "$unit"
  [ -z "$post" ] || setsid -w sh -c "$post"
  rm -rf "$at"
) &
until [ -s "$at/pid" ] || [ ! -d "$at" ]; do sleep 0.01; done
"#;

const CONTROL: &str = r#"
verb=$1 signal=TERM wait=yes
shift
while :; do
  case ${1:-} in
    -p) property=$2; shift ;;
    -s) signal=$2; shift ;;
    --no-block) wait=no ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
unit=${1:-} at=/run/services/${1:-none}
processes() { cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) .*) /\1 /' | awk -v s="$(cat "$at/pid")" '$5 == s && $2 != "Z" {print $1}'; }
case $verb in
  show)
    [ "$property" = ActiveState ] || exit 1
    case $unit in
      *.timer) if [ -e "/run/timers/$unit" ]; then echo active; else echo inactive; fi ;;
      *) cat "$at/state" 2>/dev/null || echo inactive ;;
    esac ;;
  start)
    case $unit in
      *.timer) [ -e "/etc/systemd/system/$unit" ] && mkdir -p /run/timers && : >"/run/timers/$unit" ;;
      *) exit 1 ;;
    esac ;;
  stop)
    case $unit in *.timer) rm -f "/run/timers/$unit"; exit 0 ;; esac
    [ -d "$at" ] || exit 0
    kill -s TERM $(processes) 2>/dev/null
    n=0
    while [ "$wait" = yes ] && [ -d "$at" ]; do n=$((n + 1)); [ $n -lt 500 ] || exit 1; sleep 0.01; done ;;
  kill) [ ! -s "$at/pid" ] || kill -s "$signal" $(processes) 2>/dev/null || : ;;
  enable) mkdir -p /etc/systemd/enabled && : >"/etc/systemd/enabled/$unit" ;;
  daemon-reload) ;;
  *) exit 1 ;;
esac
"#;

/// Makes the sandbox one whose droplet runs systemd.
pub fn install(sandbox: &Sandbox) {
    sandbox.write("/run/systemd/system/.keep", "");
    sandbox.write("/etc/systemd/system/.keep", "");
    sandbox.stub("systemd-run", RUN);
    sandbox.stub("systemctl", CONTROL);
}

/// Starts what a boot starts: every enabled service whose condition holds. Waits for their ends.
pub fn boot(sandbox: &mut Sandbox) -> Ran {
    sandbox.write("/run/systemd/system/.keep", "");
    sandbox
        .sh(r#"for one in /etc/systemd/enabled/*.service; do
  [ -e "$one" ] || continue
  unit=/etc/systemd/system/${one##*/}
  [ -e "$(sed -n 's/^ConditionPathExists=//p' "$unit")" ] || continue
  sh -c "$(sed -n 's/^ExecStart=//p' "$unit")" </dev/null || echo "$unit failed with code $?"
done"#)
        .exits(0)
}

/// Kills every process of a service at once.
pub fn kill(sandbox: &mut Sandbox, unit: &str) {
    sandbox.sh(&format!("[ -d {SERVICES}/{unit} ] && systemctl kill -s KILL {unit}")).exits(0);
}
