# What a repository has, as restic tells it, and what ops wrote down of each backup when it was verified, and each time that
# it was tried since. Further arguments: the nonce of the answer; the part's name.
nonce=$1 name=$2

[ -s "$key" ] || exit 0
engine >&2 || exit
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT || exit
# Somebody may be making a backup meanwhile.
answers=$scratch
soon 60 snapshots --json --no-lock --host "$project"
code=$?
mv "$scratch/restic.out" "$scratch/snapshots"
[ "$code" = 0 ] || tail -n 3 "$scratch/restic.err" >"$scratch/snapshots"
part "$name" "$code" "$scratch/snapshots"
for record in "$store"/*z.json "$store"/*z.imported.json "$store"/*z.checks; do
  [ ! -f "$record" ] || part "${record##*/}" 0 "$record"
done
