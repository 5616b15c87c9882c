# Copies of verified backups in a repository somewhere else. Further arguments: its name; the repository on the droplet;
# of `copy` and `forget`: days, weeks, months.
name=$1 from=$2
shift 2

secrets_are_here() {
  [ -n "$secrets" ] || return 0
  [ -s "$secrets" ] || { echo "the secrets of $name are not on this droplet: ops backup init puts them here"; return 1; }
  # It is read by a shell, whose quotes these would leave.
  ! grep -q '`' "$secrets" || { echo "a secret of $name holds a backtick"; return 1; }
}

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
  secrets_are_here && engine || return
  soon 60 init --copy-chunker-params && echo "made $name: $repository" && return
  there
}

copy() {
  secrets_are_here && engine && there || return
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
  echo "$name has all verified backups"
}

forget() {
  restic forget --host "$project" --tag verified --group-by host --keep-last 3 --keep-daily "$1" --keep-weekly "$2" --keep-monthly "$3" \
    --prune --max-unused 10% </dev/null >"$store/forget" 2>&1 || { tail -n 3 "$store/forget"; return 1; }
}

umask 077
case $verb in
  offsite-ready) ready ;;
  copy) copy && forget "$@" ;;
  forget) secrets_are_here && engine && there && forget "$@" ;;
  *) exit 71 ;;
esac
