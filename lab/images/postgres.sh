# PostgreSQL 15 in the manner of the official image.
# shellcheck shell=bash disable=SC2034
suite=bookworm
packages=(postgresql-15 gosu)
changes=('ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PG_MAJOR=15'
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin'
  'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]' 'EXPOSE 5432'
  'VOLUME ["/var/lib/postgresql/data"]')

before_packages() {
  mkdir -p "$1/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$1/etc/postgresql-common/createcluster.conf"
}

customize() {
  local root=$1
  rm -rf "$root/var/lib/postgresql/15" "$root/etc/postgresql/15"
  chroot "$root" install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
  chroot "$root" install -d -o postgres -g postgres -m 2775 /var/run/postgresql
  install -d "$root/docker-entrypoint-initdb.d"
  sed -ri "s/^#?(listen_addresses)\s*=.*/\1 = '*'/" \
    "$root/usr/share/postgresql/15/postgresql.conf.sample"
}
