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
  restic snapshots --json --host "$project" --tag verified </dev/null >"$store/there.json" && tagged "$store/there.json" >"$store/tagged" &&
    ids <"$store/tagged" >"$store/there" || return
  for record in "$store"/*z.json; do
    id=${record##*/} id=${id%.json}
    [ ! -e "$record" ] || grep -qxF "$id" "$store/there" || { echo "$id is not in $name after copying"; return 1; }
  done
  mkdir -p "$store/places" && mv -f "$store/there" "$store/places/$name" || return
  echo "$name has all verified backups"
}
# Prints each tag that is the id of a backup, one a line. The droplet keeps this list.
ids() { # lines of `tagged` on stdin
  tr ' ' '\n' | grep -xE '[0-9]{8}t[0-9]{6}z' | sort -u
}

forget() {
  restic forget --host "$project" --tag verified --group-by host --keep-last "$((3 + $(wrong_at "$name")))" --keep-daily "$1" --keep-weekly "$2" --keep-monthly "$3" \
    --prune --max-unused 10% </dev/null >"$store/forget" 2>&1 || { tail -n 3 "$store/forget"; return 1; }
}

# Those that backups here run with, and none that no backup there names.
copy_images() {
  secrets_are_here && engine || return
  soon 60 snapshots --json --no-lock --host "$project" || { echo "$name ($repository) cannot be read:"; tail -n 3 "$store/restic.err"; return 1; }
  cp "$store/restic.out" "$store/there.json" || return
  tagged "$store/images.json" >"$store/tagged" && image_marks >"$store/images.here" &&
    tagged "$store/there.json" >"$store/tagged" && image_marks >"$store/images.there" || return
  if [ -n "$(LC_ALL=C comm -23 "$store/images.here" "$store/images.there")" ]; then
    progress() { :; }
    into=$store/copied
    : >"$into"
    patiently restic_exec copy --host "$project" --tag image 2>"$store/restic.err" || { tail -n 3 "$store/restic.err"; return 1; }
  fi
  forget_images "$store/there.json" && echo "$name has the images that backups run with"
}
image_marks() { stored_images "$store/tagged" | cut -d ' ' -f 1 | LC_ALL=C sort -u; }

umask 077
case $verb in
  offsite-ready) ready ;;
  images) copy_images ;;
  copy) copy && forget "$@" ;;
  forget) secrets_are_here "$name" && engine && there && forget "$@" ;;
  *) exit 71 ;;
esac
