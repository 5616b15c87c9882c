# A droplet of yesterday: Debian 12 with Docker 20.10; Compose 2.26 comes from Debian 13.
# shellcheck shell=bash disable=SC2034
suite=bookworm
second_suite=trixie
packages=(systemd systemd-sysv dbus docker.io docker-compose/trixie openssh-server ufw
  iptables git curl ca-certificates sudo iproute2 procps restic nginx-light zstd pigz)
changes=('CMD ["/lib/systemd/systemd"]')

customize() {
  droplet_rootfs "$1"
}
