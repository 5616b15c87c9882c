# What was found of a backup each time that it was tried: <id>.checks, a line of JSON each (record/backup.rs: BackupCheck).

# `true` or `false`: what the last try of a backup at a place found; nothing where there was none. Lines of before there
# were places are of the droplet.
last_try() { # file, place
  [ -r "$1" ] || return 0
  json_whole_lines "$1" /place /ok | awk -F '\t' -v place="$2" '
    ($1 == "" ? "droplet" : $1) == place && ($2 == "true" || $2 == "false") { ok = $2 } END { print ok }'
}
# How many backups the last try at a place found wrong (verify.sh): they take no place of the newest three.
wrong_at() { # place
  bad=0
  for file in "$store"/*z.checks; do
    [ "$(last_try "$file" "$1")" != false ] || bad=$((bad + 1))
  done
  echo "$bad"
}
