# Odoo 14.0 from Debian 11, in the manner of the official image.
# shellcheck shell=bash disable=SC2034
suite=bullseye
one_suite=yes
packages=(odoo-14 postgresql-client-13 curl ca-certificates)
changes=('ENV LANG=C.UTF-8 ODOO_VERSION=14.0 ODOO_RC=/etc/odoo/odoo.conf' 'ENTRYPOINT ["/entrypoint.sh"]'
  'CMD ["odoo"]' 'USER odoo' 'EXPOSE 8069 8071 8072' 'VOLUME ["/var/lib/odoo","/mnt/extra-addons"]')

# The package's own user is kept; it gets the id it has in the official image.
before_packages() {
  odoo_user "$1"
}

customize() {
  odoo_rootfs "$1"
}
