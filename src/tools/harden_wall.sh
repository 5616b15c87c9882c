# Part of harden.sh: ufw, and what Docker publishes past it.

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
