# One more key of a repository, for people. Further arguments: the repository's name; the file with the key, as a line
# KEY='..', which is removed.
name=$1 file=$2
trap 'rm -f "$file" "$file.plain"' EXIT
umask 077
# shellcheck source=/dev/null
. "$file" && printf '%s' "$KEY" >"$file.plain" || exit
engine || exit
target=$file.plain
soon 120 key add --new-password-file "$file.plain" --user people ||
  { echo "$name has no new key:"; tail -n 3 "$store/restic.err"; exit 1; }
echo "$name has a new key"
