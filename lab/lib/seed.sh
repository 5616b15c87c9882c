# A stack made by hand, as most users have one today, and the nginx site in front of it.
# shellcheck shell=bash disable=SC2034

cmd_site() {
  local name=${1:?which droplet?} container
  container=$PREFIX-$name
  docker exec -i "$container" sh -c 'cat >/etc/nginx/sites-enabled/odoo && nginx -t -q && systemctl reload nginx' \
    <"$LAB/droplet/nginx-odoo.conf"
  say "$name: nginx site erp.lab"
}

# seed_run DROPLET KIND BRANCH PATH BIND_DATA [NAME=VALUE..]
seed_run() {
  local name=$1 kind=$2 branch=$3 path=$4 bind_data=$5
  local image last sshd_port user variables=()
  shift 5
  describe "$name"
  for variable in "$@"; do
    variables+=(--env "$variable")
  done
  docker exec -i --user "$user" --env HOME="$([ "$user" = root ] && echo /root || echo "/home/$user")" \
    "${variables[@]}" "$PREFIX-$name" bash -s -- "$kind" "$branch" "$path" "$bind_data" <"$LAB/droplet/seed.sh"
}

# seed_trio KIND BRANCH PATH: the database on trio-db, Odoo on the three web droplets.
# The containers on a droplet do not know the names of the other droplets: the address is given.
seed_trio() {
  local password=lab-trio-password web
  seed_run trio-db "$1" "$2" "$3" no ONLY_DB=1 DB_PASSWORD="$password"
  seed_run trio-1 "$1" "$2" "$3" no DB_HOST="$SUBNET.24" DB_PASSWORD="$password"
  for web in trio-2 trio-3; do
    seed_run "$web" "$1" "$2" "$3" no DB_HOST="$SUBNET.24" DB_PASSWORD="$password" NO_INIT=1
  done
}

cmd_seed() {
  local name='' kind=standin branch='' path=/opt/odoo bind_data=no site=yes started=$SECONDS web
  while [ $# -gt 0 ]; do
    case $1 in
      standin | odoo) kind=$1 ;;
      --bind-data) bind_data=yes ;;
      --no-site) site=no ;;
      --branch) branch=${2:?--branch wants a name}; shift ;;
      --path) path=${2:?--path wants a path}; shift ;;
      -*) die "seed does not know $1" ;;
      *) name=$1 ;;
    esac
    shift
  done
  [ -n "$name" ] || die "say which droplet: lab seed DROPLET [standin|odoo]"
  if [ -z "$branch" ]; then
    case $kind:$bind_data in
      odoo:no) branch=main ;;
      odoo:yes) branch=bind-data ;;
      standin:no) branch=standin ;;
      standin:yes) branch=standin-bind-data ;;
    esac
  fi
  if [ "$name" = trio ]; then
    seed_trio "$kind" "$branch" "$path"
    [ "$site" = no ] || for web in trio-1 trio-2 trio-3; do cmd_site "$web"; done
  else
    seed_run "$name" "$kind" "$branch" "$path" "$bind_data"
    [ "$site" = no ] || cmd_site "$name"
  fi
  say "$name: seeded with $kind from branch $branch ($(since "$started"))"
}

cmd_warm() {
  local name=${1:?which droplet?} kind=${2:-standin} images=(postgres:15) image
  case $kind in
    standin) images+=(standin:1 standin:2) ;;
    odoo) images+=(odoo:14.0-a odoo:14.0-b) ;;
    *) die "say: lab warm DROPLET standin|odoo" ;;
  esac
  for image in "${images[@]}"; do
    docker exec "$PREFIX-$name" docker pull --quiet "registry.lab:5000/$image" >/dev/null
  done
}
