# What several recipes share. Sourced before a recipe; $images is the folder of the recipes.
# shellcheck shell=bash disable=SC2034

# Options of mmdebstrap: no manuals and translations, no fsync for every file.
mmdebstrap_options=(--variant=minbase --format=tar
  '--aptopt=Apt::Install-Recommends "false"'
  --dpkgopt=force-unsafe-io --dpkgopt=force-confold
  '--dpkgopt=path-exclude=/usr/share/man/*'
  '--dpkgopt=path-exclude=/usr/share/doc/*'
  '--dpkgopt=path-include=/usr/share/doc/*/copyright'
  '--dpkgopt=path-exclude=/usr/share/locale/*'
  '--dpkgopt=path-exclude=/usr/share/*/locale/*')

before_packages() { :; }

# The user of the Odoo images, with the id that the official image gives it (useradd is not there yet).
odoo_user() {
  local root=$1
  echo 'odoo:x:101:' >>"$root/etc/group"
  echo 'odoo:x:101:101::/var/lib/odoo:/usr/sbin/nologin' >>"$root/etc/passwd"
  echo 'odoo:*:19000:0:99999:7:::' >>"$root/etc/shadow"
  install -d -o 101 -g 101 "$root/var/lib/odoo"
}

odoo_rootfs() {
  local root=$1
  chroot "$root" install -d -o odoo -g odoo /var/lib/odoo /mnt/extra-addons /etc/odoo
  chroot "$root" chown odoo:odoo /etc/odoo/odoo.conf
}

# A droplet: keys and addresses come when it is made; everything else is the same for all.
droplet_rootfs() {
  local root=$1 user
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/nginx/sites-enabled/default"
  install -d "$root/var/log/journal" "$root/etc/docker"
  cat >"$root/etc/docker/daemon.json" <<'JSON'
{
  "insecure-registries": ["registry.lab:5000"],
  "bip": "10.215.0.1/24",
  "default-address-pools": [{ "base": "10.214.0.0/16", "size": 24 }],
  "log-opts": { "max-size": "10m", "max-file": "3" }
}
JSON
  for user in deploy sudopw nosudo; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    chroot "$root" install -d -o "$user" -g "$user" -m 0700 "/home/$user/.ssh"
  done
  install -d -m 0700 "$root/root/.ssh"
  echo 'sudopw:lab-sudo' | chroot "$root" chpasswd
  chroot "$root" usermod --append --groups sudo sudopw
  echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/deploy"
  chmod 0440 "$root/etc/sudoers.d/deploy"
  chroot "$root" systemctl mask systemd-modules-load.service
  chroot "$root" systemctl disable apt-daily.timer apt-daily-upgrade.timer
  chroot "$root" systemctl enable ssh.service docker.service nginx.service ufw.service
  : >"$root/etc/machine-id"
}
