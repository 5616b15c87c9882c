# The lab's registry and git server in one container.
# shellcheck shell=bash disable=SC2034
suite=bookworm
packages=(docker-registry openssh-server git ca-certificates procps)
changes=('CMD ["/usr/local/sbin/lab-services"]')

customize() {
  local root=$1
  rm -f "$root"/etc/ssh/ssh_host_*
  chroot "$root" useradd --create-home --home-dir /srv/git --shell /usr/bin/git-shell git
  install -d -m 0700 "$root/srv/git/.ssh"
  chroot "$root" chown git:git /srv/git/.ssh
}
