# The lab's services: registry and git server in one container, the off-site places s3 and sftp in another.
# shellcheck shell=bash disable=SC2034
suite=bookworm
packages=(docker-registry openssh-server git ca-certificates procps python3 ssh-audit)
changes=('CMD ["/usr/local/sbin/lab-services", "registry", "git"]')

customize() {
  local root=$1
  rm -f "$root"/etc/ssh/ssh_host_*
  chroot "$root" useradd --create-home --home-dir /srv/git --shell /usr/bin/git-shell git
  install -d -m 0700 "$root/srv/git/.ssh"
  chroot "$root" chown git:git /srv/git/.ssh
  # Debian has a user of that name for just this.
  chroot "$root" usermod --home /srv/backup backup
  chroot "$root" install -d -o backup -g backup -m 0700 /srv/backup
}
