# A droplet of today: Debian 13, Docker 26, Compose 2.26, systemd as PID 1.
# shellcheck shell=bash disable=SC2034
suite=trixie
packages=(systemd systemd-sysv dbus docker.io docker-cli docker-compose openssh-server ufw
  iptables git curl ca-certificates sudo iproute2 procps restic nginx-light zstd pigz lynis fail2ban python3-systemd)
changes=('CMD ["/lib/systemd/systemd"]')

customize() {
  droplet_rootfs "$1"
  # It is there, and nobody has switched it on.
  chroot "$1" systemctl disable fail2ban.service
}
