# Part of harden.sh: sshd, the keys that open it, the order of its files.

# --- sshd -----------------------------------------------------------------------------------------
sshd_asked() { sshd -T -C "user=$1,host=localhost,addr=$2"; }
# Those of its files, and those where it really listens (`ListenAddress` may have another).
ssh_ports() { { sshd -T && ss -Hltnp; } | sed -n 's/^port \([0-9]*\)$/\1/p; /"sshd"/s/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p' | sort -un; }
sshd_says() { # lines
  printf '%s\n' "$1" | while read -r user address key value; do
    [ -n "$key" ] || continue
    said=$(sshd_asked "$user" "$address") || exit
    # One word for the same, by version.
    printf '%s\n' "$said" | sed 's/ without-password$/ prohibit-password/' | grep -qxF -- "$key $value" ||
      { echo "sshd says: $(printf '%s\n' "$said" | grep "^$key " | head -n 1)"; exit 1; }
  done
}
sshd_unit() { # the state in which it is to be found
  for unit in ssh.service sshd.service ssh.socket sshd.socket; do
    ! systemctl "$1" --quiet "$unit" 2>/dev/null || { echo "$unit"; return; }
  done
  return 1
}
# Whoever left something in sshd's files that it has not read yet would find it read now.
sshd_is_settled() { # user, address
  sshd -t && ports=$(sshd_asked "$1" "$2" | sed -n 's/^port //p') && [ -n "$ports" ] || { echo 'sshd cannot read its files as they are'; return 1; }
  case $(sshd_unit is-active) in
    *.service) for port in $ports; do
      ss -Hltn | awk '{ print $4 }' | grep -q ":$port$" || { echo "sshd does not listen on port $port, as its files say: somebody changed them and did not reload it"; return 1; }
    done ;;
    *.socket) ;;
    *) echo 'no unit of sshd is active'; return 1 ;;
  esac
}
# One that a socket starts reads its files at each start.
reload_sshd() {
  unit=$(sshd_unit is-active) || { echo 'no unit of sshd is active'; return 1; }
  case $unit in *.service) systemctl reload "$unit" ;; esac
}
revive_sshd() {
  sshd_unit is-active >/dev/null || { unit=$(sshd_unit is-enabled) && systemctl reset-failed "$unit" && systemctl start "$unit"; }
}

# --- keys -----------------------------------------------------------------------------------------
# What lies in somebody's home is theirs: read and written as them, so that no link of theirs leads further than they do.
as() { # user, words
  owner=$1
  shift
  if [ "$(id -u "$owner")" = 0 ]; then "$@"; else setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups -- "$@"; fi
}
path_of() { home=$(getent passwd "$1" | cut -d: -f6) && [ -n "$home" ] && printf %s "$home/.ssh/authorized_keys"; } # user
file_of() { # user
  file=$(path_of "$1") && [ -f "$file" ] && [ ! -L "$file" ] &&
    [ "$(stat -c %u -- "$file")" = "$(id -u "$1")" ] && [ "$(stat -c %s -- "$file")" -le 1048576 ] && printf %s "$file" ||
    { echo "$1 has no authorized_keys that is a file of their own" >&2; return 1; }
}
set_keys() { # user, file; text on stdin
  as "$1" sh -c 'umask 077; cat >"$1.ops-new" && chmod --reference="$1" "$1.ops-new" && sync "$1.ops-new" && mv -f -- "$1.ops-new" "$1" && sync "${1%/*}"' sh "$2"
}
sum_in() { ssh-keygen -lf - 2>/dev/null | cut -d' ' -f2; }
# One with options is for a machine as a rule, or an authority.
PLAIN='^[[:space:]]*(ssh-|ecdsa-|sk-)'
without() { # fingerprints; lines on stdin
  while IFS= read -r line || [ -n "$line" ]; do
    sum=$(printf '%s\n' "$line" | sum_in)
    case "$1" in *" ${sum:-none} "*) ! printf %s "$line" | grep -qE "$PLAIN" || printf '# weak, written out by ops: ' ;; esac
    printf '%s\n' "$line"
  done
}
keys() { # pairs of a user and a fingerprint
  pairs=$(printf '%s %s\n' "$@") || exit
  users=$(printf '%s\n' "$pairs" | cut -d' ' -f1 | sort -u)
  for user in $users; do
    file=$(file_of "$user") && to=$(place "$file") || exit
    [ -e "$to.was" ] || { mkdir -p "$kept" && as "$user" head -c 1048577 -- "$file" >"$kept/taken" && [ "$(stat -c %s "$kept/taken")" -le 1048576 ] && put "${to##*/}" <"$kept/taken" && rm -f "$kept/taken" && sum_of "$to" | put "${to##*/}.was"; } || exit
    rehearsed keys "$file" unkeys "$user" || exit
    sums=$(printf '%s\n' "$pairs" | sed -n "s/^$user //p" | tr '\n' ' ')
    without " $sums" <"$to" | set_keys "$user" "$file" || exit
    for sum in $sums; do locked_out "$user" "$sum" || exit; done
  done
}
locked_out() { # user, fingerprint
  file=$(file_of "$1") && as "$1" head -c 1048577 -- "$file" | grep -E "$PLAIN" | sum_in | { ! grep -qxF -- "$2"; } || { echo "the key $2 of $1 is let in all the same"; return 1; }
}
# What one of them did to their file meanwhile keeps nobody else's from coming back.
unkeys() { # users
  missed=0
  for user; do
    file=$(path_of "$user") && to=$(place "$file") && [ -e "$to.was" ] || continue
    file_of "$user" >/dev/null && set_keys "$user" "$file" <"$to" && [ "$(sum_of "$file")" = "$(cat "$to.was")" ] ||
      { echo "$file did not come back as it was"; missed=1; }
  done
  return $missed
}

# --- order of sshd's files ------------------------------------------------------------------------
DROPINS=/etc/ssh/sshd_config.d
sshd_all() { sshd -T && sshd_asked "$1" "$2" && sshd_asked root "$2"; }
order() { # user, address, names
  user=$1 address=$2
  shift 2
  sshd_is_settled "$user" "$address" || exit
  for name; do
    [ -f "$DROPINS/$name" ] && [ ! -e "$DROPINS/01-$name" ] || { echo "$DROPINS/$name is not there any more, or 01-$name is"; exit 1; }
  done
  [ -e "$kept/order" ] || { sshd_all "$user" "$address" | put order.before && printf '%s\n' "$@" | put order; } || exit
  rehearsed sshd "$DROPINS/$1" unorder || exit
  for name; do mv -- "$DROPINS/$name" "$DROPINS/01-$name" || exit; done
  sync "$DROPINS" && sshd -t || exit
  # What ours says is meant; nothing else is to become another.
  for key in $(sshd_all "$user" "$address" | diff "$kept/order.before" - | sed -n 's/^[<>] \([a-z0-9]*\) .*/\1/p' | sort -u); do
    grep -qiE "^[[:space:]]*${key}[[:space:]=]" "$DROPINS/00-ops.conf" 2>/dev/null || { echo "sshd would say another $key"; exit 1; }
  done
  reload_sshd
}
unorder() {
  [ -e "$kept/order" ] || return 0
  while read -r name; do
    [ ! -e "$DROPINS/01-$name" ] || [ -e "$DROPINS/$name" ] || mv -- "$DROPINS/01-$name" "$DROPINS/$name" || exit
  done <"$kept/order"
  sync "$DROPINS" && revive_sshd && reload_sshd
}
