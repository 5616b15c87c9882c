# Part of harden.sh, its end: the proof of a new login, and the verbs.

# --- proof ----------------------------------------------------------------------------------------
# By the time since the start of the machine: a clock that is set meanwhile changes nothing.
seconds() { cut -d. -f1 /proc/uptime; }
wait_for() { # file, seconds
  mkdir -p "$kept" && rm -f "$1" || exit
  end=$(($(seconds) + $2))
  echo "goes back at $(date -u -d "+$2 seconds" '+%Y-%m-%d %H:%M:%S') UTC, unless a new login comes before"
  until [ -e "$1" ]; do
    [ "$(seconds)" -lt "$end" ] || { echo 'no new login came'; exit 1; }
    sleep 0.5
  done
  echo 'somebody logged in anew'
}
proof() { # file, lines
  [ -d "${1%/*}" ] || { echo 'nobody waits for it any more'; exit 1; }
  sshd_says "$(printf '%s\n' "$2" | sed -n 's/^sshd //p')" || exit
  printf '%s\n' "$2" | sed -n 's/^key //p' | { while read -r user sum; do locked_out "$user" "$sum" || exit; done; } || exit
  ! printf '%s\n' "$2" | grep -qx bans || bans || { echo 'fail2ban does not watch sshd'; exit 1; }
  ! printf '%s\n' "$2" | grep -qx ufw || ufw_is_up || { echo 'ufw is inactive'; exit 1; }
  ! printf '%s\n' "$2" | grep -qx chain || chain_stands || { echo 'the chain of ours is not there'; exit 1; }
  : >"$1"
}

case $verb in
  write) write "$@" ;;
  unwrite) unwrite "$1" "$2" ;;
  modes) modes "$@" ;;
  unmodes) unmodes "$@" ;;
  keys) keys "$@" ;;
  unkeys) unkeys "$@" ;;
  order) order "$@" ;;
  unorder) unorder ;;
  wall) wall "$@" ;;
  unwall) unwall ;;
  chain) chain ;;
  unchain) unchain ;;
  wait) wait_for "$1" "$2" ;;
  proof) proof "$1" "$2" ;;
  *) exit 71 ;;
esac
