# What the programs ask Docker most, without a start of Python: `ps -q` by labels, `exec`, and three templates of `inspect`. docker.py keeps the files below
# /srv/docker/fast and answers everything else.
lives() {
  read -r status 2>/dev/null <"/proc/$1/stat" || return 1
  case $status in *') Z '*) return 1 ;; esac
}
fast_ps() {
  quiet='' all='' short=yes
  for word; do
    case $word in -q) quiet=yes ;; -aq) quiet=yes all=yes ;; -a) all=yes ;; --no-trunc) short='' ;; --filter | label=?*=?*) ;; *) return 1 ;; esac
  done
  [ -n "$quiet" ] || return 1
  for one in /srv/docker/fast/*.ps; do
    [ -e "$one" ] || continue
    { read -r pid; read -r rm; labels=$(cat); } <"$one"
    if ! lives "$pid"; then [ -n "$all" ] && [ "$rm" = no ] || continue; fi
    fits=yes
    for word; do
      case $word in label=*) case "
$labels
" in *"
${word#label=}
"*) ;; *) fits='' ;; esac ;; esac
    done
    one=${one##*/} one=${one%.ps}
    [ -z "$short" ] || one=${one%????????????????????????????????????????????????????}
    [ -z "$fits" ] || echo "$one"
  done
}
fast_exec() {
  while :; do
    case $1 in -i) shift ;; --user | -u) shift 2 ;; -*) return 1 ;; *) break ;; esac
  done
  for one in "/srv/docker/fast/$1"*.exec "/srv/docker/fast/name-$1"; do
    [ -e "$one" ] || continue
    shift
    . "$one"
    lives "$pid" || return 1
    exec nsenter -t "$pid" -m -n --wd=/ "$@"
  done
  return 1
}
fast_inspect() { # template, container
  case $1 in '{{.Image}}') kind=image ;; '{{.Config.User}}') kind=user ;; '{{range .Config.Env}}{{println .}}{{end}}') kind=env ;; *) return ;; esac
  for one in "/srv/docker/fast/$2"*.$kind; do
    [ -e "$one" ] || continue
    while IFS= read -r line; do printf '%s\n' "$line"; done <"$one"
    exit
  done
}
case $1 in
  ps) (shift; fast_ps "$@") && exit ;;
  inspect) [ "$#/$2" != 4/-f ] || fast_inspect "$3" "$4" ;;
  exec)
    shift
    fast_exec "$@"
    set -- exec "$@" ;;
esac
