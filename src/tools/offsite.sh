# Copies of verified backups in a repository somewhere else. Further arguments: its name; the repository on the droplet;
# of `copy` and `forget`: days, weeks, months. `images` copies the images that backups run with.
name=$1 from=$2
shift 2

there() {
  soon 30 cat config
  code=$?
  case $code in
    0) ;;
    10) echo "there is no repository at $name ($repository) yet: ops backup init makes it"; return 1 ;;
    12) echo "the key $key does not open $name ($repository)"; return 12 ;;
    *) echo "$name ($repository) cannot be reached:"; tail -n 3 "$store/restic.err"; return 1 ;;
  esac
}

# Made like the repository here, so that what both have is cut the same way. A bucket that is not there is made with it;
# asking for a repository in one that is not there would be tried again and again.
ready() {
  secrets_are_here "$name" && engine || return
  soon 60 init --copy-chunker-params && echo "made $name: $repository" && return
  there
}

copy() {
  secrets_are_here "$name" && engine && there || return
  soon 60 unlock || { tail -n 3 "$store/restic.err"; return 1; }
  progress() { :; }
  into=$store/copied
  : >"$into"
  patiently restic_exec copy --host "$project" --tag verified 2>"$store/restic.err" || { tail -n 3 "$store/restic.err"; return 1; }
  # Every verified one is there, by its own id.
  restic snapshots --json --host "$project" --tag verified </dev/null >"$store/there.json" || return
  for record in "$store"/*z.json; do
    id=${record##*/} id=${id%.json}
    [ ! -e "$record" ] || grep -q "\"$id\"" "$store/there.json" || { echo "$id is not in $name after copying"; return 1; }
  done
  mkdir -p "$store/places" && ids "$store/there.json" >"$store/there" && mv -f "$store/there" "$store/places/$name" || return
  echo "$name has all verified backups"
}
# Of what restic lists, a line for each tag that is an id of ours: what the droplet remembers without asking again.
ids() { tr ',[]' '\n\n\n' <"$1" | sed -n 's/^"\([0-9]\{8\}t[0-9]\{6\}z\)"$/\1/p' | sort -u; }

forget() {
  restic forget --host "$project" --tag verified --group-by host --keep-last "$((3 + $(wrong_at "$name")))" --keep-daily "$1" --keep-weekly "$2" --keep-monthly "$3" \
    --prune --max-unused 10% </dev/null >"$store/forget" 2>&1 || { tail -n 3 "$store/forget"; return 1; }
}

# Those that backups here run with, and none that no backup there names.
copy_images() {
  secrets_are_here && engine || return
  soon 60 snapshots --json --no-lock --host "$project" || { echo "$name ($repository) cannot be read:"; tail -n 3 "$store/restic.err"; return 1; }
  cp "$store/restic.out" "$store/there.json" || return
  tagged "$store/images.json" | grep ' image ' | grep -o 'image-[0-9a-f]*' | LC_ALL=C sort -u >"$store/images.here"
  tagged "$store/there.json" | grep ' image ' | grep -o 'image-[0-9a-f]*' | LC_ALL=C sort -u >"$store/images.there"
  if [ -n "$(LC_ALL=C comm -23 "$store/images.here" "$store/images.there")" ]; then
    progress() { :; }
    into=$store/copied
    : >"$into"
    patiently restic_exec copy --host "$project" --tag image 2>"$store/restic.err" || { tail -n 3 "$store/restic.err"; return 1; }
  fi
  forget_images "$store/there.json" && echo "$name has the images that backups run with"
}

umask 077
case $verb in
  offsite-ready) ready ;;
  images) copy_images ;;
  copy) copy && forget "$@" ;;
  forget) secrets_are_here "$name" && engine && there && forget "$@" ;;
  *) exit 71 ;;
esac
