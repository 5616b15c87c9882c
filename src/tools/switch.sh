# Points the upstreams of nginx's site at other servers, or back, without losing a request; or at a page that says
# that the site is being maintained. Arguments: do, undo, close or open; the site's file on the droplet; where the
# old one is kept; the Compose project and service of nginx (empty: nginx is on the droplet itself); names of
# upstreams; lines "NAME OLD NEW"; awk's program; the page's server, as nginx reads it (close).
verb=$1 site=$2 keep=$3 project=$4 service=$5 upstreams=$6 servers=$7 program=$8 page=$9

reach_nginx "$project" "$service" || exit

list() { OPS_UPSTREAMS=$upstreams OPS_SERVERS='' awk -v mode=list "$program"; }

# In the same file: a mount of a single file would not see another one in its place. Not emptied first: the blocks
# of the old text stay the file's, so that the old text can be written back when the disk is full.
write() {
  dd if="$1" of="$site" conv=notrunc,fsync status=none && truncate -s "$(wc -c <"$1")" -- "$site" && sync -- "$site"
}

reload() {
  before=$(workers)
  inside nginx -s reload || return
  left=300
  while [ "$left" -gt 0 ]; do
    now=$(workers)
    still=
    for pid in $before; do
      case " $(echo $now) " in *" $pid "*) still=$pid ;; esac
    done
    [ -n "$now" ] && [ -z "$still" ] && return 0
    left=$((left - 1))
    sleep 0.1
  done
  echo 'nginx was told to reload, and its workers still have the old configuration'
  return 1
}

back() {
  cmp -s "$keep" "$site" || write "$keep" || exit
  inside nginx -t || exit
  reload
}

if [ "$verb" = undo ]; then
  [ -e "$keep" ] || exit 0
  back
  exit
fi

# The page is gone with the text it was added to: the site is opened from what was kept.
from=$site
if [ "$verb" = open ]; then
  from=$keep
  [ -e "$keep" ] || { echo "$keep is gone: the site's text before its maintenance"; exit 1; }
else
  [ -e "$keep" ] || { cp -p -- "$site" "$keep.new" && sync -- "$keep.new" && mv -f -- "$keep.new" "$keep"; } || exit
fi
[ "$verb" != close ] || from=$keep
OPS_UPSTREAMS=$upstreams OPS_SERVERS=$servers awk -v mode=edit "$program" "$from" >"$keep.next" || {
  [ $? = 3 ] && echo "$site no longer has the servers that were seen"
  exit 1
}
[ "$verb" != close ] || printf '\n%s\n' "$page" >>"$keep.next" || exit
write "$keep.next" || { [ "$verb" = open ] || write "$keep"; rm -f -- "$keep.next"; exit 1; }
rm -f -- "$keep.next" || exit
# What was to be opened stays as it is, and is tried again.
fail() { [ "$verb" = open ] || back >/dev/null 2>&1; exit 1; }
inside nginx -t || fail
seen=$(inside nginx -T 2>/dev/null | list)
printf '%s\n' "$servers" | while read -r name _ new; do
  [ -n "$name" ] || continue
  printf '%s\n' "$seen" | grep -q -x -F "upstream	$name	$new" || { echo "nginx does not read $site: upstream $name has no server $new there"; exit 1; }
done || fail
reload
