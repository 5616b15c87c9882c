# shellcheck shell=bash
# Run on a droplet by `lab reset`, the first of three parts: nothing that tests started goes on running.
set -u

# Units of ops first: a guard must not fire in the middle of this, nor a killed section go back by itself.
rm -rf /var/lib/ops/*/bin
units() {
  systemctl list-units --all --plain --no-legend 'ops*' | awk '{ print $1 }'
}
units | grep -E '\.(timer|path)$' | xargs --no-run-if-empty systemctl stop >/dev/null 2>&1
units | xargs --no-run-if-empty systemctl kill --signal KILL >/dev/null 2>&1
units | xargs --no-run-if-empty systemctl stop >/dev/null 2>&1
rm -rf /run/systemd/transient/ops* /run/systemd/system/ops* /run/ops* /run/lock/ops*

# What was left running by a login, except the logins themselves.
grep -l 'ssh\.service' /proc/[0-9]*/cgroup 2>/dev/null | while read -r file; do
  folder=${file%/cgroup}
  case $(cat "$folder/comm" 2>/dev/null) in
    sshd*) ;;
    *) kill -KILL "${folder#/proc/}" 2>/dev/null ;;
  esac
done
