# What is changed of the droplet itself, and how it was, kept to the byte. Arguments: a verb; the directory where what was
# is kept; then of
#   write, unwrite  a file; its mode where it is new; the sum of what it was (or `none`); what takes it up; what it shall
#                   be; what sshd has to say then, as lines `user address key value`
#   modes, unmodes  pairs of a mode and a path
#   wall, unwall    a user and an address that log in; ports that stay open beside ssh's
#   chain, unchain  nothing
#   wait            a file that is the proof; seconds
#   proof           the same file; what has to be so, as lines `sshd user address key value`, `ufw` and `chain`
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

# --- sshd -----------------------------------------------------------------------------------------
sshd_asked() { sshd -T -C "user=$1,host=localhost,addr=$2"; }
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
    apt) [ "$(apt-config shell on APT::Periodic::Unattended-Upgrade)" = "on='1'" ] || { echo "a file that apt reads behind $2 says otherwise (apt-config dump)"; return 1; } ;;
    *) echo 'nobody takes it up'; return 1 ;;
  esac
}

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
    docker) ! grep -q '"live-restore": true' "$1" 2>/dev/null || { sed -i 's/"live-restore": true/"live-restore": false/' "$1" && systemctl reload docker && sleep 1; } || exit ;;
  esac
  back "$1" || exit
  case $2 in
    sshd) revive_sshd && reload_sshd ;;
    docker) [ ! -e "$1" ] || systemctl reload docker ;;
    kernel) [ ! -s "$kept/kernel" ] || sysctl -q -e -p "$kept/kernel" ;;
    apt) ;;
    journal)
      [ ! -e "$kept/journal" ] || [ ! -d /var/log/journal ] || { journalctl --relinquish-var; mv /var/log/journal "$kept/journal.d"; }
      systemctl restart systemd-journald ;;
  esac
}

# --- modes ----------------------------------------------------------------------------------------
modes() { # pairs of a mode and a path
  while [ $# -gt 0 ]; do
    [ ! -L "$2" ] && was=$(stat -c %a -- "$2") || { echo "$2 is not there any more"; exit 1; }
    to=$(place "$2")
    [ -e "$to.mode" ] || echo "$was" | put "${to##*/}.mode" || exit
    chmod -- "$1" "$2" || exit
    shift 2
  done
}
unmodes() {
  while [ $# -gt 0 ]; do
    to=$(place "$2")
    [ ! -e "$to.mode" ] || chmod -- "$(cat "$to.mode")" "$2" || exit
    shift 2
  done
}

# --- ufw ------------------------------------------------------------------------------------------
WALL='/etc/default/ufw /etc/ufw/ufw.conf /etc/ufw/user.rules /etc/ufw/user6.rules'
ufw_is_up() { ufw status | grep -q '^Status: active'; }
# What a rule says of a port already, a limit for one, stays as it is.
named() { ufw show added 2>/dev/null | grep -E '^ufw (allow|limit) ' | grep -qE "[ :]$1(/tcp)?( |\$)"; }
policies() { for tables in iptables ip6tables; do "$tables" -w 5 -S 2>/dev/null | sed -n "s/^-P /$tables /p"; done; }

# Those that stay open are let in before the others are kept out, by IPv6 as well.
wall() { # user, address, ports
  ports=$(sshd_asked "$1" "$2" | sed -n 's/^port //p') && [ -n "$ports" ] || { echo 'sshd does not say on which port it listens'; exit 1; }
  ports="$ports $(ss -Hltnp | sed -n '/"sshd"/s/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p')"
  shift 2
  for file in $WALL; do keep "$file" || exit; done
  [ -e "$kept/ufw" ] || { policies | put policies && if ufw_is_up; then echo up; else echo down; fi | put ufw; } || exit
  rehearsed ufw /etc/ufw/user.rules unwall || exit
  if grep -q '^IPV6=' /etc/default/ufw; then sed -i 's/^IPV6=.*/IPV6=yes/' /etc/default/ufw; else echo IPV6=yes >>/etc/default/ufw; fi || exit
  for port in $ports "$@"; do named "$port" || ufw allow "$port/tcp" >/dev/null || exit; done
  ufw default deny incoming >/dev/null && ufw --force enable >/dev/null && ufw reload >/dev/null && ufw_is_up
}
unwall() {
  [ -e "$kept/ufw" ] || return 0
  was=$(cat "$kept/ufw")
  case $was in up) ;; down) ufw --force disable >/dev/null || exit ;; *) echo 'what the firewall was is not known'; exit 1 ;; esac
  for file in $WALL; do back "$file" || exit; done
  [ "$was" = down ] || ufw reload >/dev/null || exit
  while read -r tables chain target; do "$tables" -w 5 -P "$chain" "$target" || exit; done <"$kept/policies"
}

# --- Docker's ports -------------------------------------------------------------------------------
# They pass ufw by; the chain DOCKER-USER is the administrator's. A unit makes ours whenever the engine starts. What comes
# from outside and is new is dropped but for the site; what containers ask of each other never comes this way.
CHAIN=/usr/local/sbin/ops-docker-user UNIT=/etc/systemd/system/ops-docker-user.service
chain_script() {
  cat <<'SH'
#!/bin/sh
# Written by `ops harden`. up: what is published by Docker is reached from outside only on 80 and 443; down: as it was.
set -e
for tables in iptables ip6tables; do
  # Of IPv6 only where Docker has it.
  $tables -w -n -L DOCKER-USER >/dev/null 2>&1 || continue
  $tables -w -S DOCKER-USER | sed -n 's/^-A \(.*-j OPS-IN\)$/\1/p' | while read -r rule; do $tables -w -D $rule; done
  $tables -w -F OPS-IN 2>/dev/null && $tables -w -X OPS-IN || :
  [ "$1" = up ] || continue
  out=$(ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
  [ -n "$out" ]
  $tables -w -N OPS-IN
  $tables -w -A OPS-IN -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
  for port in 80 443; do $tables -w -A OPS-IN -p tcp -m conntrack --ctorigdstport "$port" -j RETURN; done
  $tables -w -A OPS-IN -m conntrack --ctstate NEW -j DROP
  $tables -w -I DOCKER-USER -i "$out" -j OPS-IN
done
SH
}
chain_unit() {
  printf '%s\n' '[Unit]' 'Description=what Docker publishes is reached on 80 and 443 alone (ops harden)' 'After=docker.service' \
    'PartOf=docker.service' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' "ExecStart=$CHAIN up" "ExecStop=$CHAIN down" \
    '[Install]' 'WantedBy=docker.service'
}
chain_stands() { iptables -w 5 -S DOCKER-USER | grep -q -- '-j OPS-IN$' && iptables -w 5 -S OPS-IN | grep -q -- '--ctstate NEW -j DROP$'; }
chain() {
  keep "$CHAIN" && keep "$UNIT" && rehearsed chain "$CHAIN" unchain || exit
  chain_script >"$CHAIN.ops-new" && chmod 750 "$CHAIN.ops-new" && mv -f "$CHAIN.ops-new" "$CHAIN" &&
    chain_unit >"$UNIT.ops-new" && chmod 644 "$UNIT.ops-new" && mv -f "$UNIT.ops-new" "$UNIT" && sync "$CHAIN" "$UNIT" &&
    systemctl daemon-reload && systemctl enable --quiet ops-docker-user.service && systemctl restart ops-docker-user.service && chain_stands
}
unchain() {
  [ -e "$(place "$UNIT").was" ] || return 0
  [ ! -e "$UNIT" ] || systemctl disable --quiet --now ops-docker-user.service || exit
  back "$UNIT" && back "$CHAIN" && systemctl daemon-reload || exit
  [ ! -e "$UNIT" ] || { systemctl enable --quiet ops-docker-user.service && systemctl restart ops-docker-user.service; }
}

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
  ! printf '%s\n' "$2" | grep -qx ufw || ufw_is_up || { echo 'ufw is inactive'; exit 1; }
  ! printf '%s\n' "$2" | grep -qx chain || chain_stands || { echo 'the chain of ours is not there'; exit 1; }
  : >"$1"
}

case $verb in
  write) write "$@" ;;
  unwrite) unwrite "$1" "$2" ;;
  modes) modes "$@" ;;
  unmodes) unmodes "$@" ;;
  wall) wall "$@" ;;
  unwall) unwall ;;
  chain) chain ;;
  unchain) unchain ;;
  wait) wait_for "$1" "$2" ;;
  proof) proof "$1" "$2" ;;
  *) exit 71 ;;
esac
