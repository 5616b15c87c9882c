# What is changed of the droplet itself, and how it was, kept to the byte. Arguments: a verb; the directory where what was
# is kept; then of
#   write, unwrite  a file; its mode where it is new; the sum of what it was (or `none`); what takes it up; what it shall
#                   be; what sshd has to say then, as lines `user address key value`
#   modes, unmodes  pairs of a mode and a path
#   keys, unkeys    pairs of a user and a fingerprint; users
#   order, unorder  a user and an address that log in; drop-ins of sshd that are to be read after ours
#   wall, unwall    a user and an address that log in; ports that stay open beside ssh's
#   chain, unchain  nothing
#   wait            a file that is the proof; seconds
#   proof           the same file; what has to be so, as lines `sshd user address key value`, `key user fingerprint` (of one
#                   that is not let in), `ufw`, `chain` and `bans`
set -u
umask 077
export LC_ALL=C
verb=$1 kept=$2
shift 2

place() { printf '%s/%s' "$kept" "$(printf %s "$1" | sed 's/%/%25/g; s,/,%2F,g')"; }
sum_of() { if [ -e "$1" ]; then sha256sum <"$1" | cut -c 1-64; else echo none; fi; }
# Whole, and on the disk: power may be lost while what was changed waits for its proof.
put() { # name below what is kept; text on stdin
  mkdir -p "$kept" && cat >"$kept/$1.new" && sync "$kept/$1.new" && mv -f "$kept/$1.new" "$kept/$1" && sync "$kept"
}

# Once, whatever is repeated. The way back is tried before there is anything to go back from.
keep() { # file
  to=$(place "$1")
  [ ! -e "$to.was" ] || return 0
  mkdir -p "$kept" || return
  [ ! -e "$1" ] || { cp -a -- "$1" "$to" && cp -a -- "$to" "$to.tried" && cmp -s -- "$to.tried" "$1" &&
    [ "$(stat -c '%a %u %g %s' -- "$to.tried")" = "$(stat -c '%a %u %g %s' -- "$1")" ] && rm -f "$to.tried" && sync "$to"; } ||
    { echo "$1 cannot be kept as it is"; return 1; }
  sum_of "$1" | put "${to##*/}.was"
}
back() { # file
  to=$(place "$1")
  [ -e "$to.was" ] || return 0
  if [ -e "$to" ]; then cp -a -- "$to" "$1.ops-was" && mv -f -- "$1.ops-was" "$1"; else rm -f -- "$1"; fi
  [ "$(sum_of "$1")" = "$(cat "$to.was")" ] || { echo "$1 did not come back as it was"; return 1; }
}

# --- files ----------------------------------------------------------------------------------------
validated() { ! dockerd --help 2>/dev/null | grep -q -- --validate || dockerd --validate --config-file "$1" >/dev/null; }

take_up() { # who, file; where sshd: what it has to say then
  case $1 in
    sshd) mkdir -p /run/sshd && sshd -t && reload_sshd && sshd_says "${3:-}" ;;
    docker) validated "$2" && systemctl reload docker ;;
    journal) systemctl restart systemd-journald && journalctl --flush ;;
    kernel) sysctl -q -e -p "$2" && values "$2" | while IFS='=' read -r key value; do
      [ "$value" = "$(sed -n "s/^$key *= *//p" "$2" | tail -n 1)" ] || { echo "$key is $value all the same"; exit 1; }
    done ;;
    bans) fail2ban-client -t >/dev/null && systemctl enable --quiet fail2ban.service && systemctl restart fail2ban.service && bans &&
      fail2ban-client get sshd ignoreip | grep -qwF -- "$(sed -n 's/^ignoreip = .* //p' "$2")" ||
      { echo 'fail2ban does not watch sshd with it: journalctl -u fail2ban'; return 1; } ;;
    apt) [ "$(apt-config shell on APT::Periodic::Unattended-Upgrade)" = "on='1'" ] || { echo "a file that apt reads behind $2 says otherwise (apt-config dump)"; return 1; } ;;
    *) echo 'nobody takes it up'; return 1 ;;
  esac
}

# It answers a little after it was started, and says that it bans whatever becomes of that: an address of documents (RFC 5737)
# is really kept out for a moment.
bans() {
  tries=20
  until fail2ban-client set sshd banip 192.0.2.254 >/dev/null 2>&1 && iptables -w 5 -S | grep -q '192\.0\.2\.254'; do
    tries=$((tries - 1)) && [ "$tries" -gt 0 ] || return 1
    sleep 0.5
  done
  fail2ban-client set sshd unbanip 192.0.2.254 >/dev/null
  ports=$(ssh_ports) && [ -n "$ports" ] || { echo 'nobody says on which port sshd listens'; return 1; }
  for port in $ports; do
    iptables -w 5 -S INPUT | grep -- '-j f2b-sshd$' | grep -qE -- "(--dports|--dport) ([0-9,:]*,)?$port(,| )|-p tcp -j" || { echo "what fail2ban bans still reaches port $port"; return 1; }
  done
}
banned_by() { for ask in is-enabled is-active; do if systemctl "$ask" --quiet fail2ban.service; then echo yes; else echo no; fi; done; }

# What the keys of a file are set to; one that this kernel does not have is left out.
values() {
  sed -n 's/^\([a-z0-9_.]*\) *=.*/\1/p' "$1" | while read -r key; do
    value=$(sysctl -n "$key" 2>/dev/null) && printf '%s=%s\n' "$key" "$value" || :
  done
}

# The way back is gone once before there is anything to go back from, and has to lead to where it began.
state_of() { # who, file
  sum_of "$2"
  case $1 in
    sshd) sshd -T ;;
    docker) docker info -f '{{.LiveRestoreEnabled}}' ;;
    kernel) values "$2.ops-new" ;;
    bans) banned_by ;;
    ufw) ufw status && policies ;;
    chain) iptables -w 5 -S DOCKER-USER ;;
    *) ;;
  esac
}
rehearsed() { # who, file; the way back, in words
  before=$(state_of "$1" "$2") && who=$1 file=$2 && shift 2 && ("$@") && [ "$(state_of "$who" "$file")" = "$before" ] ||
    { echo 'the way back was tried before the change, and does not lead to what was'; return 1; }
}

write() { # file, mode, sum, who, content, what sshd says
  [ "$(sum_of "$1")" = "$3" ] || { echo "$1 is not what it was when the plan was made"; exit 1; }
  [ "$4" != sshd ] || printf '%s\n' "$6" | { read -r user address _ && sshd_is_settled "$user" "$address"; } || exit
  [ "$4" != bans ] || [ -e "$kept/bans" ] || banned_by | put bans || exit
  keep "$1" && (umask 022 && mkdir -p "${1%/*}") || exit
  printf '%s' "$5" >"$1.ops-new" && chmod "$2" "$1.ops-new" || exit
  [ ! -e "$1" ] || { chmod --reference "$1" "$1.ops-new" && chown --reference "$1" "$1.ops-new"; } || exit
  case $4 in
    kernel) values "$1.ops-new" | put kernel || exit ;;
    journal) [ -d /var/log/journal ] || put journal </dev/null || exit ;;
  esac
  rehearsed "$4" "$1" unwrite "$1" "$4" || { rm -f "$1.ops-new"; exit 1; }
  sync "$1.ops-new" && mv -f -- "$1.ops-new" "$1" && sync "${1%/*}" && take_up "$4" "$1" "${6:-}"
}

unwrite() { # file, who
  [ -e "$(place "$1").was" ] || return 0
  case $2 in
    # The engine does not forget an option that is only gone from its file.
    docker) [ "$(json_value "$1" /live-restore 2>/dev/null)" != true ] || { json_set "$1" /live-restore false >"$kept/engine" && cat "$kept/engine" >"$1" && systemctl reload docker && sleep 1; } || exit ;;
  esac
  back "$1" || exit
  case $2 in
    sshd) revive_sshd && reload_sshd ;;
    docker) [ ! -e "$1" ] || systemctl reload docker ;;
    kernel) [ ! -s "$kept/kernel" ] || sysctl -q -e -p "$kept/kernel" ;;
    apt) ;;
    bans)
      # Kept before anything else is: without it nothing began.
      [ -s "$kept/bans" ] || return 0
      { read -r enabled && read -r active; } <"$kept/bans" || exit
      [ "$enabled" = yes ] || systemctl disable --quiet fail2ban.service || exit
      if [ "$active" = yes ]; then systemctl restart fail2ban.service; else systemctl stop fail2ban.service; fi ;;
    journal)
      [ ! -e "$kept/journal" ] || [ ! -d /var/log/journal ] || { journalctl --relinquish-var; mv /var/log/journal "$kept/journal.d"; }
      systemctl restart systemd-journald ;;
  esac
}

# --- modes ----------------------------------------------------------------------------------------
# Whoever could put something else in its place, root where nobody else could; fails where several could.
placer() { # a directory as it really is
  who=0 dir=$1
  while owner=$(stat -c %u -- "$dir") && rights=$(stat -c %A -- "$dir"); do
    case $owner:$rights in
      0:?????-??-?) ;;
      0:*) return 1 ;;
      "$who":*) ;;
      *) [ "$who" = 0 ] && who=$owner || return ;;
    esac
    [ "$dir" != / ] || { echo "$who"; return; }
    dir=$(dirname -- "$dir")
  done
  return 1
}
# As them: a link that they put there meanwhile leads no further than they do.
set_mode() { # uid, mode, file
  if [ "$1" = 0 ]; then chmod -- "$2" "$3"; else setpriv --reuid "$1" --regid "$(stat -c %g -- "$3")" --clear-groups -- chmod -- "$2" "$3"; fi
}
# What is not theirs whose directory it lies in is left to a person: the audit goes on to say so.
modes() { # pairs of a mode and a path
  while [ $# -gt 0 ]; do
    to=$(place "$2") dir=$(readlink -f -- "$(dirname -- "$2")") real=$dir/${2##*/}
    { [ ! -L "$real" ] && was=$(stat -c '%a %u' -- "$real"); } || { echo "$2 is not there any more"; exit 1; }
    if whose=$(placer "$dir") && { [ "$whose" = 0 ] || [ "$whose" = "${was#* }" ]; }; then
      [ -e "$to.mode" ] || echo "${was% *} $whose $real" | put "${to##*/}.mode" || exit
      set_mode "$whose" "$1" "$real" || exit
    else
      echo "$2 is left as it is: others than its owner could put another in its place"
    fi
    shift 2
  done
}
unmodes() {
  missed=0
  while [ $# -gt 0 ]; do
    to=$(place "$2")
    [ ! -e "$to.mode" ] || { read -r was whose real <"$to.mode" && set_mode "$whose" "$was" "$real"; } || missed=1
    shift 2
  done
  return $missed
}
