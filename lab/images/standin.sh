# A small program with the outer shape of Odoo: seconds where Odoo needs minutes.
# shellcheck shell=bash disable=SC2034,SC2154
suite=bookworm
# nginx is here so that a stack can have one without an image of its own.
packages=(python3-minimal python3-psycopg2 curl ca-certificates nginx-light)
changes=('ENV LANG=C.UTF-8 ODOO_VERSION=14.0 ODOO_RC=/etc/odoo/odoo.conf' 'ENTRYPOINT ["/entrypoint.sh"]'
  'CMD ["odoo"]' 'USER odoo' 'EXPOSE 8069 8071 8072' 'VOLUME ["/var/lib/odoo","/mnt/extra-addons"]')

before_packages() {
  odoo_user "$1"
}

customize() {
  cp -a --no-preserve=ownership "$images/odoo/." "$1/"
  odoo_rootfs "$1"
  rm -f "$1/etc/nginx/sites-enabled/default"
}
