# What a repository far away has, asked from a droplet that has nothing yet: key and variables come over the connection, as
# two texts with their lengths, and are in memory for as long as this lasts. Further arguments: the nonce of the answer; the
# stack's path; the site's file; a snapshot, or nothing for the list of all.
nonce=$1 path=$2 site=$3 snapshot=$4
umask 077
real=$dir
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) && cache=$(mktemp -d) || exit 73
trap 'end_restic; rm -rf "$scratch" "$cache"' EXIT
trap 'exit 129' HUP INT TERM PIPE
dir=$scratch store=$scratch key=$scratch/key
ln -s "$cache" "$scratch/cache" || exit 73
for file in "$key" "$scratch/variables"; do
  read -r length && head -c "$length" >"$file" && [ "$(wc -c <"$file")" = "$length" ] || exit 71
done
[ -z "$secrets" ] || secrets=$scratch/variables
engine >&2 || { image='' && engine >&2; } || exit

ask() { # part, arguments of restic
  name=$1
  shift
  soon 60 "$@"
  code=$?
  if [ "$code" = 0 ]; then part "$name" 0 "$scratch/restic.out"; else part "$name" "$code" "$scratch/restic.err"; fi
  return "$code"
}

if [ -z "$snapshot" ]; then
  ask snapshots snapshots --json --no-lock --tag verified
  exit 0
fi
ask manifest dump --no-lock "$snapshot" "$VIEW/config/manifest.json" || exit 0
release=$(json_value "$scratch/restic.out" /release | grep -xE '[A-Za-z0-9._-]+')
[ -z "$release" ] || ask release dump --no-lock "$snapshot" "$VIEW/ops/releases/$release/release.json"
ask size stats --no-lock --json --mode restore-size "$snapshot"
ask images snapshots --json --no-lock --host "$project" --tag image
obstacles "$path" "$site" >"$scratch/obstacles" && part obstacles 0 "$scratch/obstacles"
exit 0
