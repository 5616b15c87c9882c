# shellcheck shell=bash
# The third part: files, firewall and units as they were; /run/lab-fresh.tar holds the files.
sums() {
  find "$1" -type f -exec sha256sum {} + 2>/dev/null | sort | sha256sum
}
ssh_before=$(sums /etc/ssh) docker_before=$(sums /etc/docker)

# Mounts that tests made, then the files.
awk '$2 ~ "^/(opt|srv|mnt|home|var/lib/ops)(/|$)" { print $2 }' /proc/mounts | sort -r | while read -r mount; do
  umount --lazy "$(printf '%b' "$mount")"
done
ufw --force disable >/dev/null 2>&1
iptables --flush OUTPUT
iptables --flush INPUT
# ufw takes chains that are there for its own work, jumps included, which are gone now.
for tables in iptables ip6tables; do
  "$tables" -S | sed -n 's/^-A \(.*-j ufw-.*\)/\1/p' | while read -r rule; do
    # shellcheck disable=SC2086
    "$tables" -D $rule
  done
  chains=$("$tables" -S | sed -n 's/^-N \(ufw-.*\)/\1/p')
  for verb in -F -X; do for chain in $chains; do "$tables" "$verb" "$chain"; done; done
done
iptables --flush DOCKER-USER 2>/dev/null && iptables --append DOCKER-USER --jump RETURN
(
  cd / || exit 1
  tar -xf /run/lab-fresh.tar run/lab-wanted && [ -s /run/lab-wanted ] || exit 1
  # shellcheck disable=SC2086
  find $RESET_FOLDERS -xdev -print0 | LC_ALL=C sort -z >/run/lab-there
  LC_ALL=C comm -z -13 /run/lab-wanted /run/lab-there | xargs -0 --no-run-if-empty rm -rf --
  tar -xpf /run/lab-fresh.tar
) || exit 1
rm -rf /var/lib/ops /var/lib/odoo /var/backups/ops* /run/lab-*
find /mnt -mindepth 1 -maxdepth 1 -exec rm -rf {} +
find /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' -exec rm -rf {} +

systemctl stop fail2ban.service 2>/dev/null
systemctl daemon-reload
systemctl reset-failed
[ "$(sums /etc/ssh)" = "$ssh_before" ] || systemctl restart ssh.service
[ "$(sums /etc/docker)" = "$docker_before" ] || systemctl restart docker.service
for unit in ssh nginx docker; do
  if systemctl is-enabled --quiet "$unit.service"; then
    systemctl is-active --quiet "$unit.service" || systemctl start "$unit.service"
  fi
done
systemctl reload nginx.service || systemctl restart nginx.service
