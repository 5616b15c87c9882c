# The images that backups run with, told by tags of restic: a backup has a tag `image-<16 digits>` for each that it names, an image
# itself the same and `image`. So a repository says by itself which images it still needs, wherever it is.

images_of() { # a manifest, or a record
  { json_rows "$1" /images /id && json_rows "$1" /kept /id; } | sed -n 's/^sha256:\([0-9a-f]*\)$/\1/p' | sort -u
}
mark() { printf %s "image-$1" | cut -c 1-22; }
marks() { for one in $(images_of "$1"); do printf ',%s' "$(mark "$one")"; done; }

# A line for each snapshot: its id, its tags.
tagged() { # what restic says of all snapshots
  json_records "$1" >"$1.records" || return
  awk -F '\t' '{ n = split($1, at, "/"); one = at[2]; if (one + 0 >= all) all = one + 1 }
    n == 3 && at[3] == "id" && $3 !~ /[^0-9a-f]/ { id[one] = $3 }
    n == 4 && at[3] == "tags" { gsub(/ /, "_", $3); tags[one] = tags[one] " " $3 }
    END { for (one = 0; one < all; one++) if (one in id) print id[one] tags[one] }' "$1.records"
  rm -f "$1.records"
}
# A line for each image that a repository has: its tag, the snapshot.
stored_images() { # lines of `tagged`
  awk '{ own = 0; for (i = 2; i <= NF; i++) if ($i == "image") own = 1 }
    own { for (i = 2; i <= NF; i++) if ($i ~ /^image-/) print $i, $1 }' "$1"
}

# Which no verified backup of the repository names any more. Their room is given back by the next prune.
forget_images() { # what restic says of all snapshots
  tagged "$1" >"$store/tagged" || return
  awk '{
      own = verified = 0
      for (i = 2; i <= NF; i++) { if ($i == "image") own = 1; if ($i == "verified") verified = 1 }
      for (i = 2; i <= NF; i++) if ($i ~ /^image-/) { if (own) names[$1] = $i; else if (verified) needed[$i] = 1 }
    }
    END { for (one in names) if (!(names[one] in needed)) print one }' "$store/tagged" >"$store/surplus"
  set --
  while read -r one; do set -- "$@" "$one"; done <"$store/surplus"
  [ $# = 0 ] || restic forget "$@" </dev/null >/dev/null
}
